//! The parts at work: what each says is carried to who needs it.

use super::calls::Calls;
use super::channel::Finding;
use super::clock::Clock;
use super::disclosure::Disclosure;
use super::doors::Doors;
use super::selection::Selection;
use super::settings::{self, IDLE_TICK, TICK};
use super::sound::{SoundCommand, SoundThread};
use super::troubles::Troubles;
use super::view::{Looked, Onlooker};
use super::watchdog::{Signs, Watchdog};
use super::{RunError, announce, health};
use crate::alerts::{IdMint, Now};
use crate::config::{AudioBackend, Config};
use crate::local::state::{Broker, Node, Sound, State};
use crate::softphone::Signal;
use crate::station::{
    AudioInput, DspCommand, Input, NameHeadset, Output, Settings, Station, StationConfig,
};
use crate::uplink::OutboxStats;
use sidetone_devices::audio::api::{AudioCommand, AudioEvent, CloseReason};
use sidetone_devices::audio::supervisor::{AudioHandle, SoundSystem};
use sidetone_devices::event::HeadsetEvent;
use sidetone_devices::headset::UsbPath;
use sidetone_devices::hid::quirks::QuirkBook;
use sidetone_devices::hotplug::{HeadsetMonitor, MonitorOptions};
use sidetone_wire::command::Diagnostics;
use sidetone_wire::event::{EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::Telemetry;
use sidetone_wire::vocabulary::ClearReason;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How long something is shown to who looks on.
const NOTICE: Duration = Duration::from_secs(60);

/// What the daemon hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// A headset's HID side.
    Headset(HeadsetEvent),
    /// The audio supervisor.
    Audio(AudioEvent),
    /// The signal processing.
    Sound(UsbPath, Finding),
    /// An adapter, or the gateway's answer.
    Softphone(Signal),
    /// Time passes.
    Tick,
}

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Parts {
    clock: Clock,
    /// Times of different threads may overtake each other; the station's never goes back.
    latest: Duration,
    pub(super) station: Station,
    pub(super) outputs: Vec<Output>,
    selection: Selection,
    pub(super) disclosure: Disclosure,
    troubles: Troubles,
    say: mpsc::Sender<StationMessage>,
    outbox: watch::Receiver<OutboxStats>,
    pub(super) health_every: Duration,
    health_last: Duration,
    watchdog: Watchdog,
    onlooker: Onlooker,
    /// What streams have suffered.
    streams: Sound,
    /// There is a person whom something can be shown.
    pub(super) desktop: bool,
    /// Something for the person at the desk, and until when.
    notice: Option<(String, Duration)>,
    // Dropped in this order: no more reports, no more streams, then the taps.
    _monitor: HeadsetMonitor,
    audio: Option<AudioHandle>,
    sound: SoundThread,
    calls: Calls,
}

impl Parts {
    /// Starts the threads.
    pub(super) fn start(
        config: &Config,
        doors: &dyn Doors,
        name_headset: NameHeadset,
        calls: Calls,
        tell: mpsc::Sender<Heard>,
        say: mpsc::Sender<StationMessage>,
        outbox: watch::Receiver<OutboxStats>,
    ) -> Result<Self, RunError> {
        let findings = tell.clone();
        let sound = SoundThread::start(move |usb, finding| {
            findings
                .try_send(Heard::Sound(usb.clone(), finding))
                .is_ok()
        })?;
        let audio = match sound_system(config.audio.backend) {
            Some(system) => Some(start_audio(doors, system, tell.clone())?),
            None => None,
        };
        let monitor = start_monitor(config, doors, tell)?;
        let Settings {
            alerts,
            hold,
            telemetry_every_s,
        } = settings::station(config);
        Ok(Self {
            clock: Clock::start(),
            latest: Duration::ZERO,
            station: Station::new(StationConfig {
                alerts,
                hold,
                ids: IdMint::random(),
                name_headset,
                telemetry_every_s,
                awaits_sound: audio.is_some(),
            }),
            outputs: Vec::new(),
            selection: Selection::new(&config.devices),
            disclosure: Disclosure::new(&config.privacy),
            troubles: Troubles::default(),
            say,
            outbox,
            health_every: Duration::from_secs(config.telemetry.health_interval_s.into()),
            health_last: Duration::ZERO,
            watchdog: Watchdog::from_environment(),
            onlooker: Onlooker::default(),
            streams: Sound::default(),
            desktop: doors.softphones(),
            notice: None,
            _monitor: monitor,
            audio,
            sound,
            calls,
        })
    }

    /// When the station wants to be told that time has passed, at the latest.
    pub(super) fn next_tick(&self) -> Instant {
        let regular = Instant::now()
            + if self.station.is_busy() {
                TICK
            } else {
                IDLE_TICK
            };
        match self.station.next_deadline() {
            Some(deadline) => regular.min(self.clock.instant(deadline)),
            None => regular,
        }
    }

    /// Carries what was heard to the station, and what it says to the others.
    pub(super) async fn take_in(&mut self, heard: Heard) {
        match heard {
            Heard::Headset(event) => {
                if self.selection.admits(&event) {
                    self.troubles.headset(&event);
                    self.tell_station(event.at, Input::Headset(event));
                }
            }
            Heard::Audio(event) => {
                let (told, tap) = AudioInput::split(event.kind);
                match (&told, tap) {
                    (AudioInput::Opened { usb, side }, Some(tap)) => {
                        self.sound.listen(usb.clone(), *side, tap);
                    }
                    (AudioInput::Closed { usb, side, reason }, _) => {
                        if matches!(reason, CloseReason::SourceGone | CloseReason::ServerLost) {
                            self.streams.streams_lost += 1;
                        }
                        self.sound.command(SoundCommand::Forget(usb.clone(), *side));
                    }
                    (AudioInput::Gap { .. }, _) => self.streams.gaps += 1,
                    (AudioInput::CardRemoved { usb }, _) => {
                        self.sound.remove(usb.clone());
                    }
                    _ => {}
                }
                if self.selection.admits_sound(&told) {
                    self.troubles.audio(&told);
                    self.tell_station(event.at, Input::Audio(told));
                }
            }
            Heard::Sound(usb, Finding::Second(second)) => {
                self.tell_station(Instant::now(), Input::Second(usb, Box::new(second)));
            }
            Heard::Sound(usb, Finding::Overtalk(event)) => {
                self.tell_station(Instant::now(), Input::Overtalk(usb, event));
            }
            Heard::Softphone(signal) => {
                self.tell_station(Instant::now(), Input::Softphone(signal));
            }
            Heard::Tick => self.tick(),
        }
        self.carry_out().await;
    }

    /// Says that the daemon has started, and what it runs on; before anything is taken in.
    pub(super) async fn announce(&mut self, config: &Config) {
        let started = announce::started(self.clock.now().utc_ms, config);
        self.outputs.extend(started.map(Output::Message));
        self.carry_out().await;
    }

    /// Ends every call and alert.
    pub(super) async fn end_calls(&mut self, reason: ClearReason) {
        self.tell_station(Instant::now(), Input::Shutdown(reason));
        self.carry_out().await;
    }

    /// Ends every call and alert, and says why the daemon ends; before the uplink stops.
    pub(super) async fn say_goodbye(&mut self, reason: &str) {
        self.tell_station(Instant::now(), Input::Shutdown(ClearReason::Restart));
        let stopped = announce::stopped(self.clock.now().utc_ms, reason);
        self.outputs.push(Output::Message(stopped));
        self.carry_out().await;
    }

    /// Says something of the daemon itself.
    pub(super) async fn say_event(&mut self, kind: EventType, detail: EventDetail) {
        let event = announce::event(self.clock.now().utc_ms, kind, detail);
        self.outputs.push(Output::Message(event));
        self.carry_out().await;
    }

    /// Shows something to who looks on, for a minute.
    pub(super) fn notice(&mut self, text: String) {
        self.notice = Some((text, self.clock.now().monotonic + NOTICE));
    }

    /// What the daemon knows of itself, as numbers and states.
    pub(super) fn facts(&self) -> Diagnostics {
        let known = health::Known {
            station: &self.station,
            troubles: self.troubles.count(),
            lost_samples: self.sound.pulse().lost_samples(),
        };
        let uptime = self.clock.now().monotonic;
        health::diagnostics(uptime, *self.outbox.borrow(), &known)
    }

    /// What is now, for who looks on.
    pub(super) fn view(&mut self, node: Node, broker: Broker) -> State {
        let looked = Looked {
            clock: &self.clock,
            station: &self.station,
            troubles: &self.troubles,
            sound: &self.sound,
            streams: self.streams,
            disclosure: &self.disclosure,
        };
        let outbox = *self.outbox.borrow();
        let mut state = self.onlooker.state(&looked, node, broker, outbox);
        let now = self.clock.now().monotonic;
        let notice = self.notice.iter().filter(|(_, until)| now < *until);
        state
            .troubles
            .splice(0..0, notice.map(|(text, _)| text.clone()));
        state
    }

    /// How long the daemon has run.
    pub(super) fn uptime(&self) -> Duration {
        self.clock.now().monotonic
    }

    /// What waits for the broker; watch it.
    pub(super) fn outbox(&self) -> &watch::Receiver<OutboxStats> {
        &self.outbox
    }

    fn tick(&mut self) {
        if self.clock.has_slept() {
            self.tell_station(Instant::now(), Input::Suspend);
            self.tell_station(Instant::now(), Input::Wake);
        }
        self.tell_station(Instant::now(), Input::Tick);
        let now = self.clock.now();
        if now.monotonic.saturating_sub(self.health_last) >= self.health_every {
            self.health_last = now.monotonic;
            let figures = health::figures(now.monotonic, *self.outbox.borrow());
            let health = Telemetry::Health {
                ts: now.utc_ms,
                figures,
            };
            self.outputs
                .push(Output::Message(StationMessage::Telemetry(health)));
        }
        let pulse = self.sound.pulse();
        let dropped = pulse.take_dropped();
        if dropped > 0 {
            tracing::warn!(
                dropped,
                "the station is too slow: seconds of sound went unjudged"
            );
        }
        self.watchdog.tick(Signs {
            supervisor: self.audio.as_ref().map(AudioHandle::heartbeat),
            sound: pulse.is_open().then(|| pulse.periods()),
        });
    }

    pub(super) fn tell_station(&mut self, at: Instant, input: Input) {
        let at = self.clock.at(at);
        self.latest = self.latest.max(at.monotonic);
        let now = Now {
            monotonic: self.latest,
            ..at
        };
        self.station.handle(now, input, &mut self.outputs);
    }

    pub(super) async fn carry_out(&mut self) {
        for output in std::mem::take(&mut self.outputs) {
            match output {
                Output::Message(mut message) => {
                    if let StationMessage::Telemetry(Telemetry::Audio { figures, .. }) =
                        &mut message
                    {
                        figures.lost_samples = Some(self.sound.pulse().lost_samples());
                    }
                    if let Some(message) = self.disclosure.filter(message)
                        && self.say.send(message).await.is_err()
                    {
                        tracing::error!("the uplink has ended");
                    }
                }
                Output::Audio(command) => self.tell_audio(command),
                Output::Lights(usb, leds) => self.calls.light(&usb, leds),
                Output::Facts(headset) => self.calls.tell_pages(headset.as_ref()),
                Output::Softphone(order) => {
                    let now = self.clock.now().utc_ms;
                    if let Some(message) = self.calls.order(now, order)
                        && self.say.send(message).await.is_err()
                    {
                        tracing::error!("the uplink has ended");
                    }
                }
                Output::Dsp(usb, DspCommand::Reset) => {
                    self.sound.command(SoundCommand::Reset(usb));
                }
                Output::Dsp(usb, DspCommand::Exclude(excluded)) => {
                    self.sound.command(SoundCommand::Exclude(usb, excluded));
                }
            }
        }
    }

    fn tell_audio(&self, command: AudioCommand) {
        if let Some(audio) = &self.audio
            && !audio.command(command)
        {
            tracing::error!("the audio supervisor has ended; the watchdog will restart the daemon");
        }
    }
}

/// Which way to sound the configuration allows; `None` = no sound is ever opened.
fn sound_system(backend: AudioBackend) -> Option<SoundSystem> {
    match backend {
        AudioBackend::Auto => Some(SoundSystem::Auto),
        AudioBackend::Pulse => Some(SoundSystem::Server),
        AudioBackend::Alsa => Some(SoundSystem::Alsa),
        AudioBackend::Off => None,
    }
}

fn start_audio(
    doors: &dyn Doors,
    system: SoundSystem,
    tell: mpsc::Sender<Heard>,
) -> std::io::Result<AudioHandle> {
    let (events, listen) = std::sync::mpsc::channel();
    forward("audio-events", listen, tell, Heard::Audio)?;
    doors.sound(system, events)
}

fn start_monitor(
    config: &Config,
    doors: &dyn Doors,
    tell: mpsc::Sender<Heard>,
) -> Result<HeadsetMonitor, RunError> {
    let (events, listen) = std::sync::mpsc::channel();
    forward("headset-events", listen, tell, Heard::Headset)?;
    let mut quirks = QuirkBook::built_in();
    if let Some(directory) = &config.devices.quirks_dir {
        for error in quirks.add_directory(directory) {
            tracing::warn!("{error}; this file is left out");
        }
    }
    let options = MonitorOptions {
        quirks: Arc::new(quirks),
    };
    Ok(doors.headsets(options, events)?)
}

/// The devices crate knows no runtime: a thread that sleeps until it says something carries it over.
fn forward<T: Send + 'static>(
    name: &str,
    listen: std::sync::mpsc::Receiver<T>,
    tell: mpsc::Sender<Heard>,
    wrap: impl Fn(T) -> Heard + Send + 'static,
) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            for event in listen {
                if tell.blocking_send(wrap(event)).is_err() {
                    return;
                }
            }
        })?;
    Ok(())
}
