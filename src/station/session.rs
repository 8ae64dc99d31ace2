//! One headset: its trackers, and what follows from them.
//!
//! Every input first moves a tracker; [`Session::settle`] then tells, in one fixed order, what is
//! different from what was told before. So nothing is told twice, and nothing is forgotten whatever
//! the order of inputs.

use super::adapters::{Adapters, Candidate};
use super::call::{CallTracker, EndReason};
use super::headsets::{Headset, Part};
use super::hold::HoldMachine;
use super::io::DspCommand;
use super::mute::MuteTracker;
use super::qd::QdTracker;
use super::telemetry;
use super::truth::Truth;
use super::voice::Voice;
use crate::alerts::{HeadsetFact, How, Mute, Now};
use crate::overtalk::party;
use sidetone_devices::audio::api::{AudioCommand, FarEnd, StreamSide};
use sidetone_devices::headset::UsbPath;
use sidetone_devices::hid::leds::Leds;
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties};
use sidetone_dsp::second::SecondSummary;
use sidetone_wire::event::{EventDetail, EventType};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

mod buttons;
mod calls;
mod holds;
mod lights;
mod look;

/// A press this recent explains a microphone that falls silent.
const PRESS_EXPLAINS: Duration = Duration::from_secs(2);

/// One headset from plugging in to leaving (or, if a call runs, a little longer).
#[derive(Debug)]
pub(super) struct Session {
    pub(super) usb: UsbPath,
    pub(super) headset: Headset,
    pub(super) call: CallTracker,
    pub(super) hold: HoldMachine,
    pub(super) mute: MuteTracker,
    pub(super) qd: QdTracker,
    pub(super) truth: Truth,
    pub(super) volume: super::volume::VolumeTracker,
    /// The charge it last told, 0..1.
    pub(super) battery: Option<f64>,
    /// The application that captures.
    application: Option<String>,
    /// Where it plays.
    far_end: FarEnd,
    /// Why nothing can be heard although it should be, as `status` says it.
    pub(super) trouble: Option<&'static str>,
    /// Our streams are asked for.
    open: bool,
    gone: bool,
    /// The call's latest second, for who looks on.
    latest: Option<SecondSummary>,
    /// The overtalk that goes on, and its call.
    overtalk: Option<(Uuid, OvertalkParties)>,
    told: Told,
}

/// What was told last.
#[derive(Debug)]
struct Told {
    mute: Mute,
    quick_disconnect: Option<How>,
    far_end_usable: bool,
    excluded: bool,
    hook_off: Option<bool>,
    /// What the lights were told to show.
    lights: Option<Leds>,
    /// The call the agent is in.
    front: Option<Uuid>,
    /// Calls whose start the alert rules were told.
    started: BTreeSet<Uuid>,
}

impl Session {
    /// A headset whose first part was just seen; `learned`: its microphone is heard under mute.
    pub(super) fn new(usb: UsbPath, mut headset: Headset, learned: Option<bool>) -> Self {
        headset.live_under_mute = learned;
        Self {
            usb,
            headset,
            call: CallTracker::default(),
            hold: HoldMachine::default(),
            mute: MuteTracker::default(),
            qd: QdTracker::default(),
            truth: Truth::knowing(learned),
            volume: super::volume::VolumeTracker::default(),
            battery: None,
            application: None,
            far_end: FarEnd::Nowhere,
            trouble: None,
            open: false,
            gone: false,
            latest: None,
            overtalk: None,
            told: Told {
                mute: Mute::Unknown,
                quick_disconnect: None,
                far_end_usable: true,
                excluded: false,
                hook_off: None,
                lights: None,
                front: None,
                started: BTreeSet::new(),
            },
        }
    }

    /// It left, and no call waits for it.
    pub(super) fn is_over(&self) -> bool {
        self.gone && self.call.call().is_none()
    }

    pub(super) fn has_left(&self) -> bool {
        self.gone
    }

    /// The call plays to another device.
    pub(super) fn call_elsewhere(&self) -> bool {
        self.call.call().is_some() && self.call.capturing() && self.far_end == FarEnd::Elsewhere
    }

    /// An event of this headset, with its call.
    pub(super) fn event(&self, voice: &mut Voice<'_>, kind: EventType, detail: EventDetail) {
        let detail = EventDetail {
            call: detail.call.or(self.call.call().map(|call| call.id)),
            headset: Some(self.headset.id.as_str().to_owned()),
            ..detail
        };
        voice.event(kind, detail);
    }

    /// A part of it arrived: says so if it is the first, or the first after it left.
    pub(super) fn arrived(&mut self, voice: &mut Voice<'_>, first: bool) {
        if first || self.gone {
            self.gone = false;
            self.call.evidence.back(voice.now);
            self.event(voice, EventType::HeadsetAdded, EventDetail::default());
            voice.fact(&self.headset.id, HeadsetFact::Back);
        }
        voice.message(self.headset.inventory());
    }

    /// A part of it left: a quick disconnect, or all of it.
    pub(super) fn departed(&mut self, voice: &mut Voice<'_>, asleep: bool) {
        if self.gone {
            return;
        }
        if !self.headset.is_gone() {
            if self.headset.hid == Part::Gone {
                self.call.evidence.controls_lost(voice.now);
                self.mute.controls_lost();
                self.qd.controls_lost();
                self.told.hook_off = None;
            }
            if self.headset.card == Part::Gone {
                self.qd.card_gone(voice.now);
                self.call.card_gone(voice.now);
                self.silent(voice.now);
            }
            voice.message(self.headset.inventory());
            return;
        }
        self.gone = true;
        self.trouble = None;
        self.event(voice, EventType::HeadsetRemoved, EventDetail::default());
        if !asleep {
            voice.fact(&self.headset.id, HeadsetFact::Gone);
        }
        self.call.gone(voice.now);
        self.silent(voice.now);
        self.mute.forget();
        self.qd.forget();
        self.volume = super::volume::VolumeTracker::default();
        self.battery = None;
        self.told.hook_off = None;
        voice.message(self.headset.inventory_removed());
        self.tell_audio(voice);
    }

    /// No application uses it any more.
    fn silent(&mut self, now: Now) {
        self.application = None;
        self.far_end = FarEnd::Nowhere;
        self.call.evidence.plays(now, false);
    }

    /// The sound server went, and with it what is known of applications.
    pub(super) fn server_lost(&mut self, now: Now) {
        self.call.server_lost(now);
        self.silent(now);
        self.mute.mixer_lost();
        self.qd.card_not_gone();
        self.headset.card = Part::Unknown;
    }

    /// Which foreign application uses it.
    pub(super) fn applications(
        &mut self,
        now: Now,
        adapters: &Adapters,
        application: Option<String>,
        far_end: FarEnd,
    ) {
        self.application = application;
        self.far_end = far_end;
        self.weigh_application(now, adapters);
        if self.application.is_some() {
            self.trouble = None;
        }
    }

    /// Whether the application's stream tells of a call, or an adapter tells its calls.
    pub(super) fn weigh_application(&mut self, now: Now, adapters: &Adapters) {
        let name = self.application.as_deref();
        let counts = name.is_some_and(|name| !adapters.covers(name));
        self.call.evidence.adapter_knows(adapters.knows_calls());
        self.call.capture(now, name.is_some(), counts);
        self.call
            .evidence
            .plays(now, name.is_some() && self.far_end != FarEnd::Nowhere);
    }

    /// What it offers a softphone's call that looks for its headset.
    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            usb: &self.usb,
            here: !self.gone,
            application: self.application.as_deref(),
            off_hook: self.told.hook_off == Some(true),
        }
    }

    /// The hook switch moved.
    pub(super) fn hook(&mut self, voice: &mut Voice<'_>, off_hook: bool) {
        self.call.evidence.hook(voice.now, off_hook);
        let known = self.told.hook_off.replace(off_hook);
        // Its first rest position is no movement.
        if known.unwrap_or(false) != off_hook {
            self.hook_for_softphone(voice, off_hook);
            let kind = if off_hook {
                EventType::HookOff
            } else {
                EventType::HookOn
            };
            let provenance = Some(How::Reported.provenance());
            self.event(
                voice,
                kind,
                EventDetail {
                    provenance,
                    ..EventDetail::default()
                },
            );
        }
    }

    /// A second of the call's sound.
    pub(super) fn second(&mut self, voice: &mut Voice<'_>, second: SecondSummary) {
        if let Some(customer) = second.customer.filter(|_| self.open) {
            let zeros = customer.digital_silence_ratio;
            self.call.evidence.far_end_second(voice.now, zeros);
        }
        let Some(call) = self.call.call().map(|call| call.id).filter(|_| self.open) else {
            return;
        };
        let now = voice.now;
        self.mute.second(now, &second);
        if self.qd.open().is_none() {
            self.truth.second(now, &self.mute, &second);
        }
        let pressed_lately = self
            .mute
            .pressed()
            .is_some_and(|at| now.monotonic.saturating_sub(at) <= PRESS_EXPLAINS);
        let muted = self.mute.state().is_on();
        self.qd
            .second(&second, pressed_lately || muted == Some(true));
        self.tell_states(voice);
        let about = telemetry::About {
            headset: &self.headset.id,
            call,
            far_end: self.far_end,
            muted,
            mute_drift: self.truth.drifts(),
            line: self.truth.line_now(now),
        };
        if second.second.is_multiple_of(voice.telemetry_every_s) {
            voice.message(telemetry::audio(now, &about, &second));
        }
        self.latest = Some(second.clone());
        voice.fact(&self.headset.id, HeadsetFact::Second(second));
    }

    /// An overtalk began or ended.
    pub(super) fn overtalk(&mut self, voice: &mut Voice<'_>, event: OvertalkEvent) {
        let Some(call) = self.call.call().map(|call| call.id).filter(|_| self.open) else {
            return;
        };
        match event {
            OvertalkEvent::Started { parties, .. } => {
                self.end_overtalk(voice, None);
                self.overtalk = Some((call, parties));
                self.event(voice, EventType::OvertalkStarted, overtalk(parties, None));
            }
            OvertalkEvent::Ended {
                start_frame,
                end_frame,
                ..
            } => {
                let frames = end_frame.saturating_sub(start_frame);
                self.end_overtalk(voice, Some(Duration::from_millis(frames * 10)));
            }
        }
        voice.fact(&self.headset.id, HeadsetFact::Overtalk(event));
    }

    /// Says that the running overtalk is over; how long it lasted, only if the analyser told.
    fn end_overtalk(&mut self, voice: &mut Voice<'_>, lasted: Option<Duration>) {
        if let Some((call, parties)) = self.overtalk.take() {
            let detail = EventDetail {
                call: Some(call),
                ..overtalk(parties, lasted)
            };
            self.event(voice, EventType::OvertalkEnded, detail);
        }
    }

    /// Samples were missing.
    pub(super) fn gap(&self, voice: &mut Voice<'_>, side: StreamSide, missing: Duration) {
        if side == StreamSide::Agent && self.open {
            voice.fact(&self.headset.id, HeadsetFact::CaptureGap { missing });
        }
    }

    /// Lets times run out and tells what changed. `deciding` is false while nothing may be concluded
    /// about calls (asleep, or just woken).
    pub(super) fn settle(&mut self, voice: &mut Voice<'_>, deciding: bool) {
        self.qd.tick(voice.now);
        if let Some(volume) = self.volume.tick(voice.now) {
            let detail = EventDetail {
                volume: Some(volume),
                ..EventDetail::default()
            };
            self.event(voice, EventType::VolumeChanged, detail);
        }
        self.tell_states(voice);
        if deciding {
            for change in self.call.decide(voice.now, voice.ids) {
                self.tell_call(voice, change);
            }
        }
        let muted = self.call.front_leg().and_then(|(_, leg)| leg.muted);
        self.mute.softphone(voice.now, muted);
        self.tell_states(voice);
        self.watch_hold(voice);
        self.tell_audio(voice);
        self.tell_lights(voice);
    }

    /// Ends the call, if any, for a reason from outside.
    pub(super) fn end_call(&mut self, voice: &mut Voice<'_>, reason: EndReason) {
        for change in self.call.end(reason) {
            self.tell_call(voice, change);
        }
        self.hold.forget();
        self.tell_audio(voice);
    }

    /// Another headset is in its plug.
    pub(super) fn replaced(&mut self, voice: &mut Voice<'_>) {
        self.gone = true;
        self.end_call(voice, EndReason::HeadsetGone);
    }

    /// All states are unknown: before and after sleep.
    pub(super) fn forget(&mut self, voice: &mut Voice<'_>) {
        self.call.forget(voice.now);
        self.mute.asleep();
        self.truth.untold();
        self.qd.forget();
        self.told.hook_off = None;
        // Nobody looks any more, which is not the same as closed.
        if self.told.quick_disconnect.take().is_some() {
            voice.fact(&self.headset.id, HeadsetFact::QuickDisconnect(None));
        }
        self.tell_states(voice);
        self.tell_audio(voice);
    }

    /// When, after `settled`, something may happen without an input.
    pub(super) fn deadline(&self, settled: Duration) -> Option<Duration> {
        [
            self.qd.deadline(),
            self.call.deadline(),
            self.hold.deadline(),
            self.mute.deadline(),
            self.volume.deadline(),
        ]
        .into_iter()
        .flatten()
        .filter(|at| *at > settled)
        .min()
    }

    fn tell_states(&mut self, voice: &mut Voice<'_>) {
        let mute = self.mute.state();
        if mute != self.told.mute {
            let before = self.told.mute.is_on();
            self.told.mute = mute;
            let event = match mute {
                Mute::On { how, .. } if before != Some(true) => Some((EventType::MuteOn, how)),
                Mute::Off { how } if before == Some(true) => Some((EventType::MuteOff, how)),
                _ => None,
            };
            if let Some((kind, how)) = event {
                self.event(voice, kind, known(how));
            }
            voice.fact(&self.headset.id, HeadsetFact::Mute(mute));
        }
        let open = self.qd.open();
        let before = self.told.quick_disconnect;
        if open != before {
            self.told.quick_disconnect = open;
            match (before, open) {
                (None, Some(how)) => self.event(voice, EventType::QdOpen, known(how)),
                (Some(how), None) => self.event(voice, EventType::QdClosed, known(how)),
                _ => {}
            }
            self.tell_quick_disconnect(voice, open);
        }
        self.tell_truth(voice);
    }

    /// Opens and closes our streams: only in a call, and only while a foreign application captures
    /// (CONTRACT §9.1).
    fn tell_audio(&mut self, voice: &mut Voice<'_>) {
        let wanted = self.call.listens() && !self.gone;
        if wanted != self.open {
            self.open = wanted;
            self.trouble = None;
            // What is not heard any more has no end that anybody tells.
            self.end_overtalk(voice, None);
            voice.audio(if wanted {
                AudioCommand::Open(self.usb.clone())
            } else {
                AudioCommand::Close(self.usb.clone())
            });
        }
        let Some(call) = self.call.call() else {
            return;
        };
        let held = call.held;
        let usable = self.far_end != FarEnd::Elsewhere;
        if usable != self.told.far_end_usable {
            self.told.far_end_usable = usable;
            voice.fact(&self.headset.id, HeadsetFact::FarEndUsable(usable));
        }
        let excluded =
            held || self.told.mute.is_on() == Some(true) || self.told.quick_disconnect.is_some();
        if excluded != self.told.excluded {
            self.told.excluded = excluded;
            self.end_overtalk(voice, None);
            voice.dsp(&self.usb, DspCommand::Exclude(excluded));
        }
    }
}

/// An event's provenance.
fn known(how: How) -> EventDetail {
    EventDetail {
        provenance: Some(how.provenance()),
        confidence: how.confidence(),
        ..EventDetail::default()
    }
}

fn overtalk(parties: OvertalkParties, lasted: Option<Duration>) -> EventDetail {
    EventDetail {
        floor: Some(party(parties.floor)),
        interrupter: Some(party(parties.interrupter)),
        duration_s: lasted.map(seconds),
        ..EventDetail::default()
    }
}

/// Seconds to the millisecond.
fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1_000.0).round() / 1_000.0
}
