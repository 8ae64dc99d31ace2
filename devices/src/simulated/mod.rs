//! A headset made of bytes and samples, behind the same doors as a real one.
//!
//! *Promises*: only two things are simulated, the bytes of the input reports and the samples. The
//! reports are read by the reader of real headsets from a packet socket, decoded by the report
//! descriptor and the built-in quirk file of the model; the samples reach real taps through a real audio
//! supervisor, at 48 kHz and in real time, and only while it keeps a stream open.
//!
//! *Fails* as a real one does: what is unplugged sends nothing, and its streams end.
//!
//! *Never* touches a device, a sound server or a file. What is heard comes from whoever holds the
//! [`Desk`]; without a [`Scene`] a room of nobody is heard.
//!
//! ```no_run
//! use sidetone_devices::simulated::{Desk, Gesture, Model};
//! # fn main() -> std::io::Result<()> {
//! let desk = Desk::new(&Model::ALL[0], 1)?;
//! let (events, _heard) = std::sync::mpsc::channel();
//! let _monitor = desk.headsets(Default::default(), events).map_err(std::io::Error::other)?;
//! desk.plug()?;
//! desk.softphone(Some("Softphone"));
//! desk.gesture(Gesture::Hook(true));
//! # Ok(())
//! # }
//! ```

mod card;
mod hid;
mod model;

pub use model::{Gesture, Model, QuickDisconnect};

use crate::audio::api::AudioEvent;
use crate::audio::supervisor::{AudioHandle, AudioSupervisor};
use crate::event::HeadsetEvent;
use crate::headset::{HeadsetIdentity, UsbPath};
use crate::hotplug::{HeadsetMonitor, MonitorError, MonitorOptions};
use card::Card;
use hid::Port;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) use hid::Wire;

/// Sampling rate of both sides in Hz.
pub const RATE: u32 = 48_000;

/// Who and what is heard at a desk.
pub trait Scene: Send {
    /// The next block of both sides, mono at [`RATE`], full scale ±1.0: what reaches the capsule of
    /// the microphone, and what the customer's line gives. Both are all zeros when given, and equally
    /// long.
    fn block(&mut self, microphone: &mut [f32], far_end: &mut [f32]);
}

/// A desk with one headset, and the hands that move it. Clones are the same desk.
#[derive(Debug, Clone)]
pub struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    model: Model,
    identity: HeadsetIdentity,
    usb: UsbPath,
    port: Port,
    card: Arc<Card>,
    pose: Mutex<Pose>,
}

/// How the headset stands.
#[derive(Debug, Clone, Copy, Default)]
struct Pose {
    off_hook: bool,
    muted: bool,
    apart: bool,
}

impl Desk {
    /// A desk with this headset, not yet plugged in. `number` makes its port and its serial number:
    /// two desks of one process must have different ones.
    ///
    /// # Errors
    /// If the system has no file descriptor left.
    pub fn new(model: &Model, number: u16) -> io::Result<Self> {
        let identity = model.identity(number);
        let usb = UsbPath::new(PathBuf::from(format!("/simulated/usb1/1-{number}")));
        Ok(Self(Arc::new(Inner {
            model: *model,
            port: Port::new(model, &usb)?,
            card: Arc::new(Card::new(usb.clone(), identity.clone())),
            usb,
            identity,
            pose: Mutex::default(),
        })))
    }

    /// Its model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.0.model
    }

    /// Where it is plugged in.
    #[must_use]
    pub fn usb(&self) -> &UsbPath {
        &self.0.usb
    }

    /// Plugs it in: on the hook, not muted, quick disconnect closed.
    ///
    /// # Errors
    /// If the system has no file descriptor left.
    pub fn plug(&self) -> io::Result<()> {
        *self.pose() = Pose::default();
        self.0.card.muted(false);
        self.0.card.open_input(false);
        self.0.port.plug()?;
        self.0.card.plug(true);
        Ok(())
    }

    /// Pulls it out of the computer, controls and sound.
    pub fn unplug(&self) {
        self.0.port.unplug();
        self.0.card.plug(false);
    }

    /// Moves the headset: sends the reports that this model sends then, and lets its microphone behave
    /// so. What the model has not, it does not do.
    pub fn gesture(&self, gesture: Gesture) {
        let (was, now) = {
            let mut pose = self.pose();
            let was = *pose;
            pose.follow(gesture);
            (was, *pose)
        };
        for report in self.0.model.reports(gesture, was, now) {
            self.report(&report);
        }
        self.0.card.muted(now.muted);
        if was.apart != now.apart {
            match self.0.model.quick_disconnect {
                QuickDisconnect::None => {}
                QuickDisconnect::SoundCard => self.0.card.plug(!now.apart),
                QuickDisconnect::Reported { .. } | QuickDisconnect::Microphone => {
                    self.0.card.open_input(now.apart);
                }
            }
        }
    }

    /// Sends the bytes of one input report, whatever they are; lost while unplugged.
    pub fn report(&self, bytes: &[u8]) {
        self.0.port.send(bytes);
    }

    /// An application of this name captures from the headset and plays to it, or none does.
    pub fn softphone(&self, name: Option<&str>) {
        self.0.card.softphone(name);
    }

    /// The microphone's switch in the mixer.
    pub fn mixer_mutes(&self, muted: bool) {
        self.0.card.mixer_mutes(muted);
    }

    /// The speaker's volume in the mixer, 0..1.
    pub fn speaker_volume(&self, volume: f32) {
        self.0.card.speaker_volume(volume);
    }

    /// The next `length` of both sides never arrives.
    pub fn lose_sound(&self, length: Duration) {
        self.0.card.lose_sound(length);
    }

    /// From now on this is heard.
    pub fn play(&self, scene: Box<dyn Scene>) {
        self.0.card.play(scene);
    }

    /// Watches this desk as [`HeadsetMonitor::start`] watches the machine. One watch at a time.
    ///
    /// # Errors
    /// [`MonitorError`] if the system has no thread or file descriptor left.
    pub fn headsets(
        &self,
        options: MonitorOptions,
        events: Sender<HeadsetEvent>,
    ) -> Result<HeadsetMonitor, MonitorError> {
        HeadsetMonitor::of_desk(self.clone(), options, events)
    }

    /// Starts a real audio supervisor on this desk's sound card.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn sound(&self, events: Sender<AudioEvent>) -> io::Result<AudioHandle> {
        AudioSupervisor::on_card(Arc::clone(&self.0.card) as _, events)
    }

    pub(crate) fn port(&self) -> &Port {
        &self.0.port
    }

    pub(crate) fn identity(&self) -> &HeadsetIdentity {
        &self.0.identity
    }

    fn pose(&self) -> std::sync::MutexGuard<'_, Pose> {
        self.0.pose.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pose {
    fn follow(&mut self, gesture: Gesture) {
        match gesture {
            Gesture::Hook(off) => self.off_hook = off,
            Gesture::Mute(muted) => self.muted = muted,
            Gesture::QuickDisconnect(apart) => self.apart = apart,
            Gesture::Volume { .. } | Gesture::Battery(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
