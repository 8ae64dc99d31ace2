//! What the audio supervisor is told and what it tells.

use crate::headset::{HeadsetIdentity, UsbPath};
use std::time::{Duration, Instant};

/// Told to the audio supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioCommand {
    /// Open both sides of the call on this headset, and keep them open until [`AudioCommand::Close`],
    /// through server restarts and new application streams.
    Open(UsbPath),
    /// Close them.
    Close(UsbPath),
    /// Close everything and end the supervisor.
    Shutdown,
}

/// Told by the audio supervisor.
#[derive(Debug)]
pub struct AudioEvent {
    /// When it was seen.
    pub at: Instant,
    /// What.
    pub kind: AudioEventKind,
}

/// The kinds of [`AudioEvent`].
#[derive(Debug)]
pub enum AudioEventKind {
    /// The sound server answers, or plain ALSA has taken its place. This or [`Self::ServerDown`] is the
    /// first event; it takes ten seconds where [`SoundSystem::Auto`](super::supervisor::SoundSystem::Auto)
    /// waits for a server that never comes.
    ServerUp {
        /// Its name and version as it says them.
        name: String,
    },
    /// No sound server, or it stopped answering.
    ServerDown {
        /// One sentence.
        reason: String,
    },
    /// A headset's sound card is there.
    CardAdded {
        /// Which plug.
        usb: UsbPath,
        /// What it is, as far as the card's properties say.
        identity: HeadsetIdentity,
    },
    /// It is gone.
    CardRemoved {
        /// Which plug.
        usb: UsbPath,
    },
    /// Which foreign applications use the headset now (told on every change; own streams never count).
    Applications {
        /// Which plug.
        usb: UsbPath,
        /// The application that captures from the headset's microphone, if any.
        capture: Option<Application>,
        /// Where that application plays to.
        far_end: FarEnd,
    },
    /// The card is there, but held by someone else so that it cannot be listened to (plain ALSA).
    Busy {
        /// Which plug.
        usb: UsbPath,
        /// One sentence that says what to do.
        reason: String,
    },
    /// The mixer's switches (told at first sight and on change).
    Mixer {
        /// Which plug.
        usb: UsbPath,
        /// Microphone switched off in the mixer.
        microphone_muted: bool,
        /// Speaker switched off in the mixer.
        speaker_muted: bool,
        /// Speaker volume, 0..1 of the mixer's normal maximum.
        speaker_volume: f32,
    },
    /// A side is open; its samples arrive in this tap from now on.
    Opened {
        /// Which plug.
        usb: UsbPath,
        /// Which side.
        side: StreamSide,
        /// The reading end.
        tap: super::tap::TapReader,
    },
    /// A side is closed; its tap gives no more samples.
    Closed {
        /// Which plug.
        usb: UsbPath,
        /// Which side.
        side: StreamSide,
        /// Why.
        reason: CloseReason,
    },
    /// Samples are missing.
    Gap {
        /// Which plug.
        usb: UsbPath,
        /// Which side.
        side: StreamSide,
        /// How long nothing came.
        missing: Duration,
    },
}

/// A foreign application with a stream on the headset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The name it gives itself.
    pub name: String,
    /// Its process, if the server knows.
    pub process_id: Option<u32>,
}

/// Where the far end of the capturing application is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FarEnd {
    /// A playback stream of that application on this headset.
    OnHeadset,
    /// It plays to another device (`call_not_on_headset`).
    Elsewhere,
    /// It plays nothing (yet).
    Nowhere,
    /// Only the whole sink can be heard, so other sounds are mixed in (`far_source:"mix"`).
    Mix,
}

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamSide {
    /// The headset's microphone.
    Agent,
    /// The far end.
    Customer,
}

/// Why a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// Told to.
    Asked,
    /// The device, or the application's stream, went away.
    SourceGone,
    /// The server went away or stopped answering; it is opened again by itself.
    ServerLost,
    /// Could not be opened; one sentence.
    Failed(String),
}
