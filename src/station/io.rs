//! What the station is told and what it says.

use super::settings::Settings;
use crate::softphone::{Order, Signal};
use sidetone_devices::audio::api::{
    Application, AudioCommand, AudioEventKind, CloseReason, FarEnd, StreamSide,
};
use sidetone_devices::audio::tap::TapReader;
use sidetone_devices::event::HeadsetEvent;
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use sidetone_devices::hid::leds::Leds;
use sidetone_dsp::measurement::OvertalkEvent;
use sidetone_dsp::second::SecondSummary;
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::ClearReason;
use std::time::Duration;

/// Told to the station.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A headset's HID side did something. Its own `at` is not read; `now` counts.
    Headset(HeadsetEvent),
    /// The audio supervisor saw something.
    Audio(AudioInput),
    /// A second of sound was analysed.
    Second(UsbPath, Box<SecondSummary>),
    /// An overtalk began or ended.
    Overtalk(UsbPath, OvertalkEvent),
    /// An adapter told something of a softphone.
    Softphone(Signal),
    /// Time passes: at least ten a second while [`super::Station::is_busy`], one a second otherwise,
    /// and when [`super::Station::next_deadline`] is due.
    Tick,
    /// New settings are in force.
    Configure(Box<Settings>),
    /// The computer is about to sleep.
    Suspend,
    /// It woke up.
    Wake,
    /// The program ends; alerts are cleared with this reason.
    Shutdown(ClearReason),
}

/// An [`AudioEventKind`] without the samples.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each member is documented at AudioEventKind")]
pub enum AudioInput {
    ServerUp {
        name: String,
    },
    ServerDown {
        reason: String,
    },
    CardAdded {
        usb: UsbPath,
        identity: HeadsetIdentity,
    },
    CardRemoved {
        usb: UsbPath,
    },
    Applications {
        usb: UsbPath,
        capture: Option<Application>,
        far_end: FarEnd,
    },
    Busy {
        usb: UsbPath,
        reason: String,
    },
    Mixer {
        usb: UsbPath,
        microphone_muted: bool,
        speaker_muted: bool,
        speaker_volume: f32,
    },
    Opened {
        usb: UsbPath,
        side: StreamSide,
    },
    Closed {
        usb: UsbPath,
        side: StreamSide,
        reason: CloseReason,
    },
    Gap {
        usb: UsbPath,
        side: StreamSide,
        missing: Duration,
    },
}

impl AudioInput {
    /// Parts an audio event into what the station may know and the tap, which is for the signal
    /// processing alone.
    #[must_use]
    pub fn split(event: AudioEventKind) -> (Self, Option<TapReader>) {
        use AudioEventKind as E;
        let told = match event {
            E::Opened { usb, side, tap } => return (Self::Opened { usb, side }, Some(tap)),
            E::ServerUp { name } => Self::ServerUp { name },
            E::ServerDown { reason } => Self::ServerDown { reason },
            E::CardAdded { usb, identity } => Self::CardAdded { usb, identity },
            E::CardRemoved { usb } => Self::CardRemoved { usb },
            E::Applications {
                usb,
                capture,
                far_end,
            } => Self::Applications {
                usb,
                capture,
                far_end,
            },
            E::Busy { usb, reason } => Self::Busy { usb, reason },
            E::Mixer {
                usb,
                microphone_muted,
                speaker_muted,
                speaker_volume,
            } => Self::Mixer {
                usb,
                microphone_muted,
                speaker_muted,
                speaker_volume,
            },
            E::Closed { usb, side, reason } => Self::Closed { usb, side, reason },
            E::Gap { usb, side, missing } => Self::Gap { usb, side, missing },
        };
        (told, None)
    }
}

/// Said by the station.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are messages, and each is moved on at once"
)]
pub enum Output {
    /// For the uplink.
    Message(StationMessage),
    /// For the audio supervisor.
    Audio(AudioCommand),
    /// For the signal processing of this headset.
    Dsp(UsbPath, DspCommand),
    /// For the adapter it names.
    Softphone(Order),
    /// For the lights of this headset, while a page is registered (DESIGN §3).
    Lights(UsbPath, Leds),
    /// The headset that pages are told of; `None` = there is none.
    Facts(Option<HeadsetIdentity>),
}

/// Told to the signal processing of one headset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DspCommand {
    /// A new call begins: forget every running figure.
    Reset,
    /// Whether what is heard now must not count as overtalk (muted, held or unplugged; CONTRACT §4).
    Exclude(bool),
}
