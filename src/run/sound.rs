//! The one thread that analyses sound: drains the taps of every headset in a call every 40 ms, and
//! sleeps without a time-out while no headset is in one.
//!
//! *Fails* by counting: a finding for which the station has no room is dropped, not waited for.
//!
//! *Never* touches a device, a server or a socket.

use super::channel::{Channel, Finding};
use super::meter::{Meter, Reading};
use sidetone_devices::audio::api::StreamSide;
use sidetone_devices::audio::tap::TapReader;
use sidetone_devices::headset::UsbPath;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often taps are drained. In a call waking up costs more than the analysis does, and nothing that is told
/// of a call hangs on less: what the contract times there is counted in seconds.
const PERIOD: Duration = Duration::from_millis(40);

/// Told to the sound thread.
#[derive(Debug)]
pub(super) enum SoundCommand {
    /// Listen to a side, and show its level.
    Listen(UsbPath, StreamSide, TapReader, Arc<Meter>),
    /// Stop listening to it.
    Forget(UsbPath, StreamSide),
    /// A new call begins on this headset.
    Reset(UsbPath),
    /// What is heard now must not count as overtalk, or counts again.
    Exclude(UsbPath, bool),
    /// The headset is gone for good.
    Remove(UsbPath),
}

/// What the watchdog looks at.
#[derive(Debug, Default)]
pub(super) struct SoundPulse {
    /// Grows with every period while streams are open.
    periods: AtomicU64,
    /// Streams are open.
    open: AtomicBool,
    /// Findings that found no room.
    dropped: AtomicU64,
    /// Samples lost in full taps.
    lost: AtomicU64,
}

impl SoundPulse {
    /// Periods so far.
    #[must_use]
    pub(super) fn periods(&self) -> u64 {
        self.periods.load(Ordering::Relaxed)
    }

    /// Findings that found no room, since last asked.
    #[must_use]
    pub(super) fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }

    /// Samples lost because a tap was full, since the start.
    #[must_use]
    pub(super) fn lost_samples(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether streams are open, so that the periods must grow.
    #[must_use]
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }
}

/// The way to the sound thread. Dropping it ends the thread, which zeroes every tap.
#[derive(Debug)]
pub(super) struct SoundThread {
    commands: Option<Sender<SoundCommand>>,
    /// Of each headset that was listened to and is still there.
    meters: BTreeMap<UsbPath, Arc<Meter>>,
    pulse: Arc<SoundPulse>,
    thread: Option<JoinHandle<()>>,
}

impl SoundThread {
    /// Starts it; `each` takes a finding, or returns `false` if it has no room for it now.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(
        each: impl FnMut(&UsbPath, Finding) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (tell, hear) = mpsc::channel();
        let pulse = Arc::new(SoundPulse::default());
        let shared = Arc::clone(&pulse);
        let thread = std::thread::Builder::new()
            .name("sound".to_owned())
            .spawn(move || {
                Loop {
                    channels: BTreeMap::new(),
                    each,
                    pulse: shared,
                }
                .run(&hear)
            })?;
        Ok(Self {
            commands: Some(tell),
            meters: BTreeMap::new(),
            pulse,
            thread: Some(thread),
        })
    }

    /// Listens to a side.
    pub(super) fn listen(&mut self, usb: UsbPath, side: StreamSide, tap: TapReader) {
        let meter = Arc::clone(self.meters.entry(usb.clone()).or_default());
        self.command(SoundCommand::Listen(usb, side, tap, meter));
    }

    /// The headset is gone for good.
    pub(super) fn remove(&mut self, usb: UsbPath) {
        self.meters.remove(&usb);
        self.command(SoundCommand::Remove(usb));
    }

    /// The live level of a headset, while it is listened to.
    pub(super) fn reading(&self, usb: &UsbPath) -> Option<Reading> {
        self.meters.get(usb)?.read()
    }

    /// Gives a command.
    pub(super) fn command(&self, command: SoundCommand) {
        if let Some(commands) = &self.commands
            && commands.send(command).is_err()
        {
            tracing::error!("the sound thread has ended; the watchdog will restart the daemon");
        }
    }

    /// What the watchdog looks at.
    #[must_use]
    pub(super) fn pulse(&self) -> &SoundPulse {
        &self.pulse
    }
}

impl Drop for SoundThread {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the sound thread panicked");
        }
    }
}

struct Loop<F> {
    channels: BTreeMap<UsbPath, Channel>,
    each: F,
    pulse: Arc<SoundPulse>,
}

impl<F: FnMut(&UsbPath, Finding) -> bool> Loop<F> {
    fn run(&mut self, commands: &Receiver<SoundCommand>) {
        loop {
            let open = self.channels.values().any(Channel::is_open);
            self.pulse.open.store(open, Ordering::Relaxed);
            let told = if open {
                commands.recv_timeout(PERIOD)
            } else {
                commands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match told {
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        let mut lost = 0;
        for (usb, channel) in &mut self.channels {
            let (each, pulse) = (&mut self.each, &self.pulse);
            channel.drain(|finding| {
                if !each(usb, finding) {
                    pulse.dropped.fetch_add(1, Ordering::Relaxed);
                }
            });
            lost += channel.newly_lost();
        }
        self.pulse.lost.fetch_add(lost, Ordering::Relaxed);
        self.pulse.periods.fetch_add(1, Ordering::Relaxed);
    }

    fn obey(&mut self, command: SoundCommand) {
        match command {
            SoundCommand::Listen(usb, side, tap, meter) => {
                let known = self.channels.remove(&usb);
                let channel = match known.map_or_else(|| Channel::new(meter), Ok) {
                    Ok(channel) => channel,
                    Err(error) => return tracing::error!("{error}"),
                };
                let channel = self.channels.entry(usb).or_insert(channel);
                if let Err(error) = channel.listen(side, tap) {
                    tracing::warn!("{error}; this side of the call is not measured");
                }
            }
            SoundCommand::Forget(usb, side) => self.with(&usb, |channel| channel.forget(side)),
            SoundCommand::Reset(usb) => self.with(&usb, Channel::reset),
            SoundCommand::Exclude(usb, excluded) => {
                self.with(&usb, |channel| channel.exclude(excluded));
            }
            SoundCommand::Remove(usb) => {
                self.channels.remove(&usb);
            }
        }
    }

    fn with(&mut self, usb: &UsbPath, act: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.get_mut(usb) {
            act(channel);
        }
    }
}
