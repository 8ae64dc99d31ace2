//! What the rules are told, and when.

use crate::softphone::{Direction, LineFigures};
use sidetone_dsp::measurement::OvertalkEvent;
use sidetone_dsp::second::SecondSummary;
use sidetone_wire::vocabulary::{HoldOutcome, Provenance};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// One moment on both clocks. Timers use `monotonic`, messages carry `utc_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the program's start, never going back.
    pub monotonic: Duration,
    /// Milliseconds since 1970 UTC; may jump.
    pub utc_ms: u64,
}

impl Now {
    /// The UTC time of an earlier monotonic moment, by today's clock.
    #[must_use]
    pub fn utc_of(self, earlier: Duration) -> u64 {
        let ago = self.monotonic.saturating_sub(earlier).as_millis();
        self.utc_ms
            .saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX))
    }
}

/// The published id of a headset, `vid-pid-xxxxxxxx` (CONTRACT §2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeadsetId(Arc<str>);

impl HeadsetId {
    /// Wraps a published id.
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeadsetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How sure an inference is, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// Clamps to 0..1; not-a-number becomes 0.
    #[must_use]
    pub const fn new(value: f64) -> Self {
        if value >= 1.0 {
            Self(1.0)
        } else if value > 0.0 {
            Self(value)
        } else {
            Self(0.0)
        }
    }

    /// The number, 0..1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// How a state is known; only an inference carries a confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    /// The device said so.
    Reported,
    /// The sound mixer said so.
    Mixer,
    /// A softphone said so.
    Softphone,
    /// Concluded.
    Inferred(Confidence),
}

impl How {
    /// As the contract names it.
    #[must_use]
    pub const fn provenance(self) -> Provenance {
        match self {
            Self::Reported => Provenance::Reported,
            Self::Mixer => Provenance::Mixer,
            Self::Softphone => Provenance::Softphone,
            Self::Inferred(_) => Provenance::Inferred,
        }
    }

    /// 0..1, only for an inference.
    #[must_use]
    pub const fn confidence(self) -> Option<f64> {
        match self {
            Self::Inferred(confidence) => Some(confidence.get()),
            Self::Reported | Self::Mixer | Self::Softphone => None,
        }
    }
}

/// Whether the agent is muted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mute {
    /// Nothing has decided yet.
    Unknown,
    /// Muted.
    On {
        /// How it is known.
        how: How,
        /// Since when, on the monotonic clock; may lie before the moment it became known.
        since: Duration,
    },
    /// Not muted.
    Off {
        /// How it is known.
        how: How,
    },
}

impl Mute {
    /// `None` while unknown.
    #[must_use]
    pub const fn is_on(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::On { .. } => Some(true),
            Self::Off { .. } => Some(false),
        }
    }
}

/// Something the rules weigh.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are seconds of sound, and each is moved on at once"
)]
pub enum Fact {
    /// Time has passed; at least ten a second keep the alerts on time.
    Tick,
    /// Something about one headset.
    About(HeadsetId, HeadsetFact),
}

/// What can be said of one headset.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are seconds of sound, and each is moved on at once"
)]
pub enum HeadsetFact {
    /// A call began on it.
    CallStarted {
        /// The node's id of the call.
        call: Uuid,
    },
    /// A call that began earlier is the one the agent is in again.
    CallInFront {
        /// The node's id of the call.
        call: Uuid,
        /// When it began, on the monotonic clock.
        since: Duration,
    },
    /// The call is over.
    CallEnded,
    /// The mute state, at every change.
    Mute(Mute),
    /// The quick disconnect: how it is known to be open, or `None` when closed.
    QuickDisconnect(Option<How>),
    /// The call is on hold (or no longer).
    Held(bool),
    /// The same, where it is known before the quick disconnect is told: nobody to ask, held already.
    HoldAtOnce(HoldOutcome),
    /// What came of the hold that a pulled quick disconnect asked for.
    HoldOutcome(HoldOutcome),
    /// The call is a softphone's, and how it began.
    Answered {
        /// How long it rang or was dialled, if that was seen.
        after: Option<Duration>,
        /// Who began it, if the softphone says so.
        direction: Option<Direction>,
    },
    /// How the network carries the call, whenever the softphone tells.
    Line(LineFigures),
    /// For more than a moment the softphone says something else about mute than the headset and the
    /// mixer do (or no longer).
    MuteDrift(bool),
    /// Whether this headset's microphone is still heard while it is muted, once that is known.
    LiveUnderMute(Option<bool>),
    /// Whether the far end is truly heard; `false` for a call on another device.
    FarEndUsable(bool),
    /// An overtalk began or ended.
    Overtalk(OvertalkEvent),
    /// One second of both sides.
    Second(SecondSummary),
    /// The headset left: HID and sound card both gone.
    Gone,
    /// It is back.
    Back,
    /// The battery's charge, 0..1.
    Battery(f64),
    /// The microphone gave nothing for a while although open.
    CaptureGap {
        /// How long.
        missing: Duration,
    },
}
