//! The workstation's side: what is a call, what is muted, what a pulled quick disconnect means.
//!
//! *Promises*: sans-IO and deterministic: inputs with their time in, messages and commands out. At
//! most one call per headset, and each that starts also ends. Audio is asked for only in a call and
//! only while a foreign application captures from that headset, and given up as soon as it does not
//! (CONTRACT §9.1).
//!
//! *Fails* towards less: what nobody tells stays unknown, is absent in messages and raises nothing.
//!
//! *Never* reads a clock, blocks, or sees a sample.

/// Everything but the sessions, borrowed for one moment.
macro_rules! voice {
    ($self:ident, $now:ident, $out:ident) => {
        &mut Voice {
            now: $now,
            telemetry_every_s: $self.telemetry_every_s,
            ids: &mut $self.ids,
            adapters: &mut $self.adapters,
            hold: &$self.hold,
            alerts: &mut $self.alerts,
            reports: &mut $self.reports,
            scratch: &mut $self.scratch,
            out: $out,
        }
    };
}

mod adapters;
mod call;
mod condition;
mod controls;
mod evidence;
mod headsets;
mod hold;
mod io;
mod mic_step;
mod mute;
mod mute_truth;
mod plugs;
mod qd;
mod session;
mod settings;
mod softphones;
mod telemetry;
#[cfg(test)]
mod tests;
mod truth;
mod view;
mod voice;
mod volume;

pub use headsets::Part;
pub use io::{AudioInput, DspCommand, Input, Output};
pub use settings::Settings;
pub use view::{CallView, HeadsetView, QuickDisconnect};

use crate::alerts::config::AlertConfig;
use crate::alerts::{AlertEngine, AlertOutput, Fact, HeadsetFact, HeadsetId, IdMint, Now};
use crate::config::HoldConfig;
use crate::report::CallBook;
use crate::softphone::Adapter;
use adapters::Adapters;
use call::EndReason;
use condition::{Condition, Sound};
use session::Session;
use sidetone_devices::audio::api::{AudioCommand, CloseReason};
use sidetone_devices::event::{HeadsetEvent, HeadsetEventKind};
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertKind, ClearReason, NodeState};
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;
use voice::Voice;

/// After waking, devices and sound server need this long to come back; nothing is concluded (DESIGN §2).
const WAKE_GRACE: Duration = Duration::from_secs(5);

/// Gives a headset the id it is published under, `vid-pid-xxxxxxxx`, from its identity and (if it
/// has no serial) its plug. Must not depend on anything else.
pub type NameHeadset = Box<dyn Fn(&HeadsetIdentity, &UsbPath) -> HeadsetId + Send>;

/// What a station is made with.
pub struct StationConfig {
    /// The alert limits.
    pub alerts: AlertConfig,
    /// What a pulled quick disconnect does.
    pub hold: HoldConfig,
    /// Where call and alert ids come from.
    pub ids: IdMint,
    /// Names headsets.
    pub name_headset: NameHeadset,
    /// Seconds of a call between two messages of `telemetry/audio`; each holds one second's figures.
    pub telemetry_every_s: NonZeroU16,
    /// Sound is to be heard, so nothing is `ready` before the sound system has answered.
    pub awaits_sound: bool,
}

impl std::fmt::Debug for StationConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StationConfig")
            .field("alerts", &self.alerts)
            .finish_non_exhaustive()
    }
}

/// Awake, asleep, or just woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wakefulness {
    Awake,
    Asleep,
    Grace { until: Duration },
    Stopped,
}

/// All headsets of a workstation.
pub struct Station {
    ids: IdMint,
    name_headset: NameHeadset,
    telemetry_every_s: u64,
    hold: HoldConfig,
    adapters: Adapters,
    alerts: AlertEngine,
    reports: CallBook,
    scratch: Vec<AlertOutput>,
    sessions: BTreeMap<UsbPath, Session>,
    /// What was learned of headsets that may come back.
    learned: BTreeMap<HeadsetId, bool>,
    condition: Condition,
    wakefulness: Wakefulness,
    /// The headset that pages were told of.
    told_facts: Option<HeadsetIdentity>,
    /// The softphones that stand in the inventory.
    told_softphones: Vec<Adapter>,
    /// When the last input was taken in: what was due then has been decided.
    settled: Duration,
}

impl std::fmt::Debug for Station {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Station")
            .field("sessions", &self.sessions)
            .field("wakefulness", &self.wakefulness)
            .finish_non_exhaustive()
    }
}

impl Station {
    /// No headset yet.
    #[must_use]
    pub fn new(mut config: StationConfig) -> Self {
        Self {
            alerts: AlertEngine::new(config.alerts, config.ids.fork()),
            ids: config.ids,
            hold: config.hold,
            adapters: Adapters::default(),
            name_headset: config.name_headset,
            telemetry_every_s: u64::from(config.telemetry_every_s.get()),
            reports: CallBook::new(),
            scratch: Vec::new(),
            sessions: BTreeMap::new(),
            learned: BTreeMap::new(),
            condition: Condition::new(config.awaits_sound),
            wakefulness: Wakefulness::Awake,
            told_facts: None,
            told_softphones: Vec::new(),
            settled: Duration::ZERO,
        }
    }

    /// Takes in one input and appends what follows to `out`. Times must not go back.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        if self.wakefulness == Wakefulness::Stopped {
            return;
        }
        if let Wakefulness::Grace { until } = self.wakefulness
            && now.monotonic >= until
        {
            self.wakefulness = Wakefulness::Awake;
            for session in self.sessions.values_mut() {
                session.mute.awake(now);
            }
        }
        match input {
            Input::Headset(event) => self.headset(now, event, out),
            Input::Audio(input) => self.audio(now, input, out),
            Input::Second(usb, second) => {
                if let Some(session) = self.sessions.get_mut(&usb) {
                    session.second(voice!(self, now, out), *second);
                }
            }
            Input::Overtalk(usb, event) => {
                if let Some(session) = self.sessions.get_mut(&usb) {
                    session.overtalk(voice!(self, now, out), event);
                }
            }
            Input::Softphone(signal) => self.softphone(now, signal, out),
            Input::Tick => self.alerts.step(now, Fact::Tick, &mut self.scratch),
            Input::Configure(settings) => self.configure(now, *settings),
            Input::Suspend => {
                self.end_all(now, ClearReason::Suspend, EndReason::Suspend, out);
                self.wakefulness = Wakefulness::Asleep;
                self.say_state(NodeState::Stopped, Some("suspend"), out);
                return;
            }
            Input::Wake => {
                self.end_all(now, ClearReason::Suspend, EndReason::Suspend, out);
                let until = now.monotonic + WAKE_GRACE;
                self.wakefulness = Wakefulness::Grace { until };
                // Told only when it changes, so nobody would say it again.
                let voice = voice!(self, now, out);
                for session in self.sessions.values() {
                    if let Some(charge) = session.battery {
                        voice.fact(&session.headset.id, HeadsetFact::Battery(charge));
                    }
                }
            }
            Input::Shutdown(reason) => {
                self.end_all(now, reason, EndReason::Stopped, out);
                out.push(Output::Audio(AudioCommand::Shutdown));
                // `stopped` itself is the uplink's last word, after everything said here is on its way.
                self.wakefulness = Wakefulness::Stopped;
                return;
            }
        }
        self.settle(now, out);
    }

    /// When the next [`Input::Tick`] is needed at the latest for a debounce time that runs out; a
    /// regular tick is needed besides.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.sessions
            .values()
            .filter_map(|session| session.deadline(self.settled))
            .chain(self.adapters.deadline().filter(|at| *at > self.settled))
            .min()
    }

    /// Whether something runs whose timers only a tick every tenth of a second keeps on time: a call,
    /// an alert (but a battery is low for hours), or the time after waking. Otherwise a tick a second is enough.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.wakefulness != Wakefulness::Awake
            || self
                .active_alerts()
                .any(|alert| alert.kind != AlertKind::BatteryLow)
            || self
                .sessions
                .values()
                .any(|session| session.call.call().is_some())
    }

    /// The alerts that are active now.
    pub fn active_alerts(&self) -> impl Iterator<Item = &sidetone_wire::alert::AlertDetail> {
        self.alerts.active()
    }

    fn settle(&mut self, now: Now, out: &mut Vec<Output>) {
        self.settled = now.monotonic;
        let deciding = self.wakefulness == Wakefulness::Awake;
        self.place_calls(now);
        let voice = voice!(self, now, out);
        voice.pass_on();
        for session in self.sessions.values_mut() {
            session.settle(voice, deciding);
        }
        truth::remember(&self.sessions, &mut self.learned);
        self.sessions.retain(|_, session| !session.is_over());
        let facts = self
            .sessions
            .values()
            .find(|session| !session.has_left())
            .map(|session| session.headset.identity.clone());
        if facts != self.told_facts {
            self.told_facts.clone_from(&facts);
            out.push(Output::Facts(facts));
        }
        self.tell_softphones(out);
        if self.wakefulness != Wakefulness::Asleep
            && let Some((state, reason)) = self.condition.changed(self.sessions.values())
        {
            self.say_state(state, reason, out);
        }
    }

    fn say_state(&mut self, state: NodeState, reason: Option<&str>, out: &mut Vec<Output>) {
        self.condition.said(state, reason);
        out.push(Output::Message(StationMessage::State {
            state,
            reason: reason.map(str::to_owned),
        }));
    }

    /// Clears all alerts, then ends all calls, and makes every state unknown.
    fn end_all(&mut self, now: Now, clear: ClearReason, end: EndReason, out: &mut Vec<Output>) {
        let voice = voice!(self, now, out);
        voice.alerts.shutdown(now, clear, voice.scratch);
        voice.pass_on();
        for session in self.sessions.values_mut() {
            session.end_call(voice, end);
            session.forget(voice);
        }
        self.sessions.retain(|_, session| !session.is_over());
    }

    fn headset(&mut self, now: Now, event: HeadsetEvent, out: &mut Vec<Output>) {
        let usb = event.usb;
        match event.kind {
            HeadsetEventKind::Added { identity, quirk } => {
                self.condition.unreadable.remove(&usb);
                self.arrive(now, usb, identity, out, |headset| {
                    headset.hid = Part::Present;
                    headset.quirk = quirk;
                });
            }
            HeadsetEventKind::Removed => {
                self.condition.unreadable.remove(&usb);
                self.depart(now, &usb, out, |headset| headset.hid = Part::Gone);
            }
            HeadsetEventKind::Unreadable { .. } => {
                self.condition.unreadable.insert(usb);
            }
            HeadsetEventKind::Control(control) => {
                if let Some(session) = self.sessions.get_mut(&usb).filter(|s| !s.has_left()) {
                    controls::moved(session, voice!(self, now, out), control);
                }
            }
        }
    }

    fn audio(&mut self, now: Now, input: AudioInput, out: &mut Vec<Output>) {
        match input {
            AudioInput::ServerUp { .. } => self.condition.sound = Sound::Works,
            AudioInput::ServerDown { .. } => {
                self.condition.sound = Sound::Down;
                for session in self.sessions.values_mut() {
                    session.server_lost(now);
                }
            }
            AudioInput::CardAdded { usb, identity } => {
                self.arrive(now, usb, identity, out, |headset| {
                    headset.card = Part::Present;
                });
            }
            AudioInput::CardRemoved { usb } => {
                // A server that goes takes its cards along; the headset may well be there.
                let part = if self.condition.sound == Sound::Down {
                    Part::Unknown
                } else {
                    Part::Gone
                };
                self.depart(now, &usb, out, |headset| headset.card = part);
            }
            AudioInput::Applications {
                usb,
                capture,
                far_end,
            } => {
                if let Some(session) = self.sessions.get_mut(&usb).filter(|s| !s.has_left()) {
                    let application = capture.map(|application| application.name);
                    session.applications(now, &self.adapters, application, far_end);
                }
            }
            AudioInput::Busy { usb, .. } => {
                if let Some(session) = self.sessions.get_mut(&usb) {
                    session.trouble = Some("audio_busy");
                }
            }
            AudioInput::Mixer {
                usb,
                microphone_muted,
                speaker_volume,
                ..
            } => {
                if let Some(session) = self.sessions.get_mut(&usb).filter(|s| !s.has_left()) {
                    session.mute.mixer(now, microphone_muted);
                    session.volume.mixer(now, speaker_volume);
                }
            }
            AudioInput::Opened { usb, .. } => {
                if let Some(session) = self.sessions.get_mut(&usb) {
                    session.trouble = None;
                }
            }
            AudioInput::Closed {
                usb,
                reason: CloseReason::Failed(_),
                ..
            } => {
                if let Some(session) = self.sessions.get_mut(&usb) {
                    session.trouble = Some("audio_failed");
                }
            }
            // The supervisor opens again by itself; the silence meanwhile is no measurement.
            AudioInput::Closed { .. } => {}
            AudioInput::Gap { usb, side, missing } => {
                if let Some(session) = self.sessions.get(&usb) {
                    session.gap(voice!(self, now, out), side, missing);
                }
            }
        }
    }
}
