//! What the supervisor needs of a way to sound: a sound server, or plain ALSA.

use super::api::{Application, CloseReason, FarEnd, StreamSide};
use super::tap::TapReader;
use super::workers::Worker;
use crate::headset::{HeadsetIdentity, UsbPath};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A way to sound. Both calls run on disposable workers, return when told to stop, and may fail at any
/// time; the supervisor starts them again.
pub(crate) trait Backend: Send + Sync {
    /// Tells which headsets are there and how they are used, at first and on each change. Returns why it
    /// cannot go on.
    fn watch(&self, worker: &Worker, report: &mut dyn FnMut(WatchReport)) -> WatchEnd;

    /// Keeps both sides of one headset as the wish says. Returns why it cannot go on, in one sentence.
    fn capture(
        &self,
        worker: &Worker,
        wish: &WishBox,
        report: &mut dyn FnMut(CaptureReport),
    ) -> Result<(), String>;
}

/// Why a watch ended.
#[derive(Debug)]
pub(crate) enum WatchEnd {
    /// Told to.
    Stopped,
    /// There is no server: another backend may serve.
    NotThere(String),
    /// It went away or stopped answering.
    Lost(String),
}

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum WatchReport {
    /// It works.
    Up {
        /// Name and version.
        name: String,
    },
    /// All USB sound cards, as they are now.
    Headsets(Vec<Sighting>),
}

/// One USB sound card as it is now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sighting {
    pub(crate) usb: UsbPath,
    pub(crate) identity: HeadsetIdentity,
    /// The application that captures.
    pub(crate) capture: Option<Application>,
    pub(crate) far_end: FarEnd,
    pub(crate) mixer: Option<Mixer>,
    /// What to record for the agent's side.
    pub(crate) agent: Option<Target>,
    /// What to record for the customer's side.
    pub(crate) customer: Option<Target>,
    /// Sound is to be expected there now.
    pub(crate) customer_playing: bool,
    /// What to record for the customer's side if the other cannot be had.
    pub(crate) mix: Option<Target>,
}

/// The mixer's switches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mixer {
    pub(crate) microphone_muted: bool,
    pub(crate) speaker_muted: bool,
    pub(crate) speaker_volume: f32,
}

/// Something that can be recorded; each backend knows its own kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    Server(super::pulse::streams::ServerTarget),
    Alsa(super::alsa::AlsaTarget),
    /// A side of a simulated sound card.
    #[cfg(feature = "simulated")]
    Simulated(StreamSide),
}

/// What a capture worker is to record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub(crate) agent: Option<Target>,
    pub(crate) customer: Option<Target>,
    pub(crate) customer_playing: bool,
}

impl Wish {
    pub(crate) fn target(&self, side: StreamSide) -> Option<&Target> {
        match side {
            StreamSide::Agent => self.agent.as_ref(),
            StreamSide::Customer => self.customer.as_ref(),
        }
    }
}

/// A wish that the supervisor changes while a worker follows it.
#[derive(Debug, Default)]
pub(crate) struct WishBox {
    generation: AtomicU64,
    wish: Mutex<Wish>,
}

impl WishBox {
    pub(crate) fn set(&self, wish: Wish) {
        *self.wish.lock().unwrap_or_else(PoisonError::into_inner) = wish;
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The wish, if it has changed since generation `seen`.
    pub(crate) fn news(&self, seen: &mut u64) -> Option<Wish> {
        let now = self.generation.load(Ordering::Acquire);
        (now != std::mem::replace(seen, now)).then(|| {
            self.wish
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }
}

/// What a capture tells.
#[derive(Debug)]
pub(crate) enum CaptureReport {
    Opened {
        side: StreamSide,
        tap: TapReader,
    },
    Closed {
        side: StreamSide,
        reason: CloseReason,
    },
    Gap {
        side: StreamSide,
        missing: Duration,
    },
    /// Someone else holds the device for himself.
    Busy {
        reason: String,
    },
    /// This target of the customer's side cannot be had, however often it is tried.
    Unbindable {
        target: Target,
    },
}
