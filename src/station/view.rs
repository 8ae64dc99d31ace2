//! What a headset, its mute, its quick disconnect and its call are now, for who looks on (the local
//! socket); the outside is told by messages.
//!
//! *Never* changes anything, and reads no clock: times are those of the inputs.

use super::Station;
use super::headsets::Part;
use crate::alerts::{HeadsetId, How, Mute};
use sidetone_devices::audio::api::FarEnd;
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use sidetone_dsp::measurement::OvertalkParties;
use sidetone_wire::telemetry::AudioFigures;
use sidetone_wire::vocabulary::NodeState;
use std::time::Duration;
use uuid::Uuid;

/// One headset as the station knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadsetView<'a> {
    /// Its plug.
    pub usb: &'a UsbPath,
    /// The id it is published under.
    pub id: &'a HeadsetId,
    /// What it is.
    pub identity: &'a HeadsetIdentity,
    /// The quirk file that applies.
    pub quirk: Option<&'a str>,
    /// Whether its HID interface is there and read.
    pub controls: Part,
    /// Whether its sound card is there.
    pub sound_card: Part,
    /// Why nothing can be heard although it should be, as `status` says it.
    pub trouble: Option<&'static str>,
    /// Its hook switch; `None` until it was told.
    pub off_hook: Option<bool>,
    /// Whether the agent is muted.
    pub mute: Mute,
    /// Whether the quick disconnect is pulled.
    pub quick_disconnect: QuickDisconnect,
    /// Speaker volume as the mixer says it, 0..1 of its normal maximum.
    pub volume: Option<f64>,
    /// The charge it last told, 0..1.
    pub battery: Option<f64>,
    /// The call on it.
    pub call: Option<CallView>,
}

/// A quick disconnect and how its state is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum QuickDisconnect {
    /// Nothing tells.
    Unknown,
    /// Together.
    Closed(How),
    /// Pulled apart.
    Open(How),
}

/// A call that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct CallView {
    /// The node's id of it.
    pub id: Uuid,
    /// Since when, on the station's clock.
    pub since: Duration,
    /// How it is known.
    pub how: How,
    /// The customer is on hold.
    pub held: bool,
    /// Where the far end is heard.
    pub far_end: FarEnd,
    /// Both sides are asked for, because an application captures.
    pub heard: bool,
    /// The overtalk that goes on.
    pub overtalk: Option<OvertalkParties>,
    /// The figures of its latest second.
    pub figures: Option<Box<AudioFigures>>,
}

impl Station {
    /// Every headset that is here, or whose call waits for its return.
    pub fn view(&self) -> impl Iterator<Item = HeadsetView<'_>> {
        self.sessions.values().map(super::session::Session::view)
    }

    /// The node's state as it was last said, with its reason.
    #[must_use]
    pub fn condition(&self) -> Option<(NodeState, Option<&str>)> {
        self.condition.current()
    }
}
