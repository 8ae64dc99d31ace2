//! Decides about streams.
//!
//! *Promises*: a stream is open only between [`AudioCommand::Open`] and [`AudioCommand::Close`]; servers
//! that stop, stall or come back, and headsets that are unplugged and plugged in again, are survived
//! without being told.
//!
//! *Fails* one headset at a time, as events.
//!
//! *Never* calls a sound server itself: that is done by disposable workers, so that this
//! thread always answers and its heartbeat always beats.

use super::alsa::PlainAlsa;
use super::api::{AudioCommand, AudioEvent, AudioEventKind, CloseReason, StreamSide};
use super::backend::{Backend, CaptureReport, WatchEnd, WatchReport, WishBox};
use super::headsets::{Headset, Headsets};
use super::pulse::{ServerAddress, SoundServer};
use super::retry::Retry;
use super::workers::{WorkerId, Workers};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the supervisor looks after its workers while something is to be tried again or settles.
const TICK: Duration = Duration::from_millis(250);

/// … and while all is as it should be, when only a stuck worker could be found.
const CALM_TICK: Duration = Duration::from_secs(1);

/// A worker without a sign of life for so long is stuck. Far above every time-out of its own.
const STUCK: Duration = Duration::from_secs(15);

/// A server that has just started finds its cards one by one: a card missing for so long is gone.
const SETTLE: Duration = Duration::from_secs(5);

/// How long the end may wait for workers.
const FAREWELL: Duration = Duration::from_millis(1500);

/// Without a sound server for so long at the start, there is none to come, and plain ALSA is used.
const NO_SERVER: Duration = Duration::from_secs(10);

/// Which way to sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoundSystem {
    /// A sound server; plain ALSA if none is there in the first ten seconds, until one comes. Once a
    /// server was seen, plain ALSA is never used: it could take the device from a server that restarts.
    #[default]
    Auto,
    /// PulseAudio or PipeWire only.
    Server,
    /// Plain ALSA only.
    Alsa,
}

/// Where sound is sought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioOptions {
    /// Which way.
    pub system: SoundSystem,
    /// The sound server.
    pub server: ServerAddress,
    /// Where sysfs is.
    pub sysfs: PathBuf,
    /// Where procfs is.
    pub proc: PathBuf,
}

impl Default for AudioOptions {
    /// This session's server on this machine.
    fn default() -> Self {
        Self {
            system: SoundSystem::default(),
            server: ServerAddress::default(),
            sysfs: PathBuf::from("/sys"),
            proc: PathBuf::from("/proc"),
        }
    }
}

/// What the supervisor hears.
enum Heard {
    Command(AudioCommand),
    Watch(WorkerId, WatchReport),
    WatchEnded(WorkerId, WatchEnd),
    Capture(WorkerId, CaptureReport),
    CaptureEnded(WorkerId, Result<(), String>),
}

/// The audio supervisor.
#[derive(Debug)]
pub struct AudioSupervisor;

impl AudioSupervisor {
    /// Starts it; it tells everything through `events`, and ends when the handle is dropped, on
    /// [`AudioCommand::Shutdown`], or when nobody listens to `events` any more.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        options: AudioOptions,
        events: Sender<AudioEvent>,
    ) -> std::io::Result<AudioHandle> {
        let backend = match options.system {
            SoundSystem::Auto | SoundSystem::Server => sound_server(&options),
            SoundSystem::Alsa => plain_alsa(&options),
        };
        Self::on(backend, options, events)
    }

    /// Starts it on a simulated sound card, and never on anything else.
    ///
    /// # Errors
    /// If the system gives no thread.
    #[cfg(feature = "simulated")]
    pub(crate) fn on_card(
        card: Arc<dyn Backend>,
        events: Sender<AudioEvent>,
    ) -> std::io::Result<AudioHandle> {
        let options = AudioOptions {
            system: SoundSystem::Server,
            ..AudioOptions::default()
        };
        Self::on(card, options, events)
    }

    fn on(
        backend: Arc<dyn Backend>,
        options: AudioOptions,
        events: Sender<AudioEvent>,
    ) -> std::io::Result<AudioHandle> {
        let (tell, hear) = mpsc::channel();
        let heartbeat = Arc::new(AtomicU64::new(0));
        let mut supervisor = Supervisor {
            backend,
            system: options.system,
            on_alsa: options.system == SoundSystem::Alsa,
            started: Instant::now(),
            options,
            tell: tell.clone(),
            hear,
            events: Events { listener: events },
            workers: Workers::default(),
            watch: None,
            watch_retry: Retry::default(),
            told: Told::Nothing,
            settled: Instant::now(),
            headsets: Headsets::default(),
            ending: false,
        };
        let beats = Arc::clone(&heartbeat);
        let thread = std::thread::Builder::new()
            .name("audio".to_owned())
            .spawn(move || supervisor.run(&beats))?;
        Ok(AudioHandle {
            tell,
            heartbeat,
            thread: Some(thread),
        })
    }
}

/// The way to the supervisor. Dropping it ends the supervisor and closes every stream.
#[derive(Debug)]
pub struct AudioHandle {
    tell: Sender<Heard>,
    heartbeat: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl AudioHandle {
    /// Gives a command; `false` if the supervisor has ended.
    pub fn command(&self, command: AudioCommand) -> bool {
        self.tell.send(Heard::Command(command)).is_ok()
    }

    /// Grows at least every quarter of a second as long as the supervisor works.
    #[must_use]
    pub fn heartbeat(&self) -> u64 {
        self.heartbeat.load(Ordering::Relaxed)
    }
}

impl Drop for AudioHandle {
    fn drop(&mut self) {
        self.command(AudioCommand::Shutdown);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the audio supervisor panicked");
        }
    }
}

/// The way to whoever listens.
pub(super) struct Events {
    listener: Sender<AudioEvent>,
}

impl Events {
    /// Tells an event; `false` if nobody listens any more.
    pub(super) fn tell(&self, kind: AudioEventKind) -> bool {
        let at = Instant::now();
        self.listener.send(AudioEvent { at, kind }).is_ok()
    }
}

/// What was last told of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Up,
    Down,
}

struct Supervisor {
    options: AudioOptions,
    backend: Arc<dyn Backend>,
    /// What may still be chosen: no longer `Auto` once a server was seen.
    system: SoundSystem,
    on_alsa: bool,
    started: Instant,
    tell: Sender<Heard>,
    hear: Receiver<Heard>,
    events: Events,
    workers: Workers,
    watch: Option<WorkerId>,
    watch_retry: Retry,
    told: Told,
    /// From here on a missing card is gone.
    settled: Instant,
    headsets: Headsets,
    ending: bool,
}

impl Supervisor {
    fn run(&mut self, heartbeat: &AtomicU64) {
        while !self.ending {
            heartbeat.fetch_add(1, Ordering::Relaxed);
            self.look_after_workers();
            match self.hear.recv_timeout(self.tick()) {
                Ok(heard) => self.heard(heard),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for headset in self.headsets.iter_mut() {
            headset.open = false;
            stop_capture(headset, &self.workers, &self.events, &CloseReason::Asked);
        }
        self.workers.end(FAREWELL);
    }

    fn tick(&self) -> Duration {
        let settled = self.told == Told::Up && Instant::now() >= self.settled;
        let mut headsets = self.headsets.iter();
        let to_try = headsets.any(|headset| headset.wants_capture() && headset.capture.is_none());
        if self.watch.is_some() && settled && !to_try {
            CALM_TICK
        } else {
            TICK
        }
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Command(AudioCommand::Open(usb)) => {
                let headset = self.headsets.entry(usb);
                headset.open = true;
                headset.retry = Retry::default();
            }
            Heard::Command(AudioCommand::Close(usb)) => {
                let headset = self.headsets.entry(usb);
                headset.open = false;
                stop_capture(headset, &self.workers, &self.events, &CloseReason::Asked);
            }
            Heard::Command(AudioCommand::Shutdown) => self.ending = true,
            // What an abandoned worker still says is not heard.
            Heard::Watch(id, report) if self.watch == Some(id) => self.seen(report),
            Heard::WatchEnded(id, end) if self.watch == Some(id) => self.watch_ended(end),
            Heard::Capture(id, report) => self.captured(id, report),
            Heard::CaptureEnded(id, end) => self.capture_ended(id, end),
            Heard::Watch(..) | Heard::WatchEnded(..) => {}
        }
    }

    fn look_after_workers(&mut self) {
        for id in self.workers.stuck(STUCK) {
            tracing::warn!("a call into the sound system does not return; abandoned");
            let reason = "the sound server does not answer; restart it if this stays".to_owned();
            if self.watch == Some(id) {
                self.watch_ended(WatchEnd::Lost(reason));
            } else {
                self.capture_ended(id, Err(reason));
            }
        }
        self.remove_missing();
        if self.watch.is_none() && self.watch_retry.due() {
            self.start_watch();
        }
        for headset in self.headsets.iter_mut() {
            // What to record is known only from a server that is there.
            let due = self.told == Told::Up && headset.retry.due();
            if due && headset.capture.is_none() && headset.wants_capture() {
                start_capture(headset, &mut self.workers, &self.backend, &self.tell);
            }
        }
    }

    fn start_watch(&mut self) {
        let (backend, tell) = (Arc::clone(&self.backend), self.tell.clone());
        self.watch = self.workers.start("audio-watch", move |worker| {
            let id = worker.id();
            let end = backend.watch(&worker, &mut |report| {
                // Fails only if the supervisor has ended.
                let _ = tell.send(Heard::Watch(id, report));
            });
            let _ = tell.send(Heard::WatchEnded(id, end));
        });
        if self.watch.is_none() {
            self.watch_retry.failed();
        }
    }

    fn seen(&mut self, report: WatchReport) {
        match report {
            WatchReport::Up { name } => {
                self.told = Told::Up;
                if self.system == SoundSystem::Auto && !self.on_alsa {
                    self.system = SoundSystem::Server;
                }
                self.watch_retry = Retry::default();
                self.settled = Instant::now() + SETTLE;
                self.headsets.forget_seen();
                for headset in self.headsets.iter_mut() {
                    headset.retry = Retry::default();
                }
                self.ending |= !self.events.tell(AudioEventKind::ServerUp { name });
            }
            WatchReport::Headsets(sightings) => {
                self.headsets.update(sightings, &self.events);
                self.remove_missing();
            }
        }
    }

    fn remove_missing(&mut self) {
        let settled = self.told == Told::Up && Instant::now() >= self.settled;
        for usb in self.headsets.remove_missing(settled, &self.events) {
            let headset = self.headsets.entry(usb);
            let reason = CloseReason::SourceGone;
            stop_capture(headset, &self.workers, &self.events, &reason);
            headset.retry = Retry::default();
        }
    }

    fn watch_ended(&mut self, end: WatchEnd) {
        self.watch = None;
        self.watch_retry.failed();
        let choosing = self.system == SoundSystem::Auto && matches!(end, WatchEnd::NotThere(_));
        if choosing {
            self.choose();
        }
        let (WatchEnd::Lost(reason) | WatchEnd::NotThere(reason)) = end else {
            return;
        };
        // At the start of a station without a server nothing is wrong: plain ALSA answers soon.
        let all_well = choosing && self.told == Told::Nothing;
        if !all_well && self.told != Told::Down {
            self.told = Told::Down;
            self.ending |= !self.events.tell(AudioEventKind::ServerDown { reason });
        }
    }

    /// No server is there, or one has come while plain ALSA was used.
    fn choose(&mut self) {
        if self.on_alsa {
            self.on_alsa = false;
            self.backend = sound_server(&self.options);
            for headset in self.headsets.iter_mut() {
                stop_capture(
                    headset,
                    &self.workers,
                    &self.events,
                    &CloseReason::ServerLost,
                );
            }
        } else if self.started.elapsed() > NO_SERVER {
            self.on_alsa = true;
            self.backend = plain_alsa(&self.options);
        }
    }

    fn captured(&mut self, id: WorkerId, report: CaptureReport) {
        let Some(headset) = self.headsets.captured_by(id) else {
            return;
        };
        let usb = headset.usb.clone();
        let kind = match report {
            CaptureReport::Opened { side, tap } => {
                headset.retry = Retry::default();
                headset.set_side(side, true);
                AudioEventKind::Opened { usb, side, tap }
            }
            CaptureReport::Closed { side, reason } => {
                headset.set_side(side, false);
                AudioEventKind::Closed { usb, side, reason }
            }
            CaptureReport::Gap { side, missing } => AudioEventKind::Gap { usb, side, missing },
            CaptureReport::Busy { reason } => AudioEventKind::Busy { usb, reason },
            CaptureReport::Unbindable { target } => {
                headset.unbindable = Some(target);
                headset.tell_applications(&self.events);
                return headset.tell_wish();
            }
        };
        self.ending |= !self.events.tell(kind);
    }

    fn capture_ended(&mut self, id: WorkerId, end: Result<(), String>) {
        let Some(headset) = self.headsets.captured_by(id) else {
            return;
        };
        if let Err(reason) = end {
            tracing::info!("capture on {} ended: {reason}", headset.usb);
        }
        headset.retry.failed();
        stop_capture(
            headset,
            &self.workers,
            &self.events,
            &CloseReason::ServerLost,
        );
    }
}

fn sound_server(options: &AudioOptions) -> Arc<dyn Backend> {
    Arc::new(SoundServer {
        address: options.server.clone(),
        sysfs: options.sysfs.clone(),
    })
}

fn plain_alsa(options: &AudioOptions) -> Arc<dyn Backend> {
    let auto = options.system == SoundSystem::Auto;
    Arc::new(PlainAlsa {
        sysfs: options.sysfs.clone(),
        proc: options.proc.clone(),
        gives_way_to: auto.then(|| options.server.clone()),
    })
}

fn start_capture(
    headset: &mut Headset,
    workers: &mut Workers,
    backend: &Arc<dyn Backend>,
    tell: &Sender<Heard>,
) {
    let wish = Arc::new(WishBox::default());
    let (backend, tell, followed) = (Arc::clone(backend), tell.clone(), Arc::clone(&wish));
    let started = workers.start("audio-capture", move |worker| {
        let id = worker.id();
        let end = backend.capture(&worker, &followed, &mut |report| {
            // Fails only if the supervisor has ended.
            let _ = tell.send(Heard::Capture(id, report));
        });
        let _ = tell.send(Heard::CaptureEnded(id, end));
    });
    match started {
        Some(id) => {
            headset.capture = Some((id, wish));
            headset.tell_wish();
        }
        None => headset.retry.failed(),
    }
}

/// Ends a headset's capture and tells so of each side that was open.
fn stop_capture(headset: &mut Headset, workers: &Workers, events: &Events, reason: &CloseReason) {
    if let Some((id, _)) = headset.capture.take() {
        workers.stop(id);
    }
    for side in [StreamSide::Agent, StreamSide::Customer] {
        if headset.set_side(side, false) {
            let (usb, reason) = (headset.usb.clone(), reason.clone());
            events.tell(AudioEventKind::Closed { usb, side, reason });
        }
    }
}
