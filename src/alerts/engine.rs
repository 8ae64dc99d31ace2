//! Facts in, alerts out: keeps what is known of each headset and asks its rules.

use super::config::AlertConfig;
use super::fact::{Fact, HeadsetFact, HeadsetId, How, Mute, Now};
use super::ids::IdMint;
use super::inhibit::held_back;
use super::lifecycle::{AlertOutput, Lifecycle};
use super::rules::{self, Rule, View};
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::vocabulary::ClearReason;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Sound of the microphone this soon after a change of mute holds the click of the switch, not the line.
const MUTE_SETTLES: Duration = Duration::from_millis(1_500);

/// The call on a headset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallNow {
    /// The node's id of it.
    pub(super) id: Uuid,
    /// When it began, on the monotonic clock.
    pub(super) since: Duration,
}

/// What the rules may look at besides the newest fact.
#[derive(Debug)]
pub(super) struct HeadsetState {
    pub(super) call: Option<CallNow>,
    pub(super) mute: Mute,
    /// How it is known to be open; `None` when closed.
    pub(super) quick_disconnect: Option<How>,
    pub(super) held: bool,
    pub(super) far_end_usable: bool,
    pub(super) gone: bool,
    /// The microphone is still heard while the headset is muted.
    pub(super) live_under_mute: Option<bool>,
    mute_changed: Option<Duration>,
}

impl HeadsetState {
    fn new() -> Self {
        Self {
            call: None,
            mute: Mute::Unknown,
            quick_disconnect: None,
            held: false,
            far_end_usable: true,
            gone: false,
            live_under_mute: None,
            mute_changed: None,
        }
    }

    /// Whether the microphone's sound now shows the mute rather than the line or the room.
    pub(super) fn mute_disturbs(&self, now: Now) -> bool {
        self.mute.is_on() == Some(true)
            || self
                .mute_changed
                .is_some_and(|at| now.monotonic.saturating_sub(at) < MUTE_SETTLES)
    }

    fn take_in(&mut self, now: Now, fact: &HeadsetFact) {
        match fact {
            HeadsetFact::CallStarted { call } => {
                self.call = Some(CallNow {
                    id: *call,
                    since: now.monotonic,
                });
                self.held = false;
            }
            HeadsetFact::CallInFront { call, since } => {
                self.call = Some(CallNow {
                    id: *call,
                    since: *since,
                });
                self.held = false;
            }
            HeadsetFact::CallEnded => {
                self.call = None;
                self.held = false;
                self.far_end_usable = true;
            }
            HeadsetFact::Mute(mute) => {
                if self.mute.is_on() != mute.is_on() {
                    self.mute_changed = Some(now.monotonic);
                }
                self.mute = *mute;
            }
            HeadsetFact::QuickDisconnect(open) => self.quick_disconnect = *open,
            HeadsetFact::Held(held) => self.held = *held,
            HeadsetFact::FarEndUsable(usable) => self.far_end_usable = *usable,
            HeadsetFact::Gone => self.gone = true,
            HeadsetFact::Back => self.gone = false,
            HeadsetFact::LiveUnderMute(live) => self.live_under_mute = *live,
            HeadsetFact::HoldOutcome(_)
            | HeadsetFact::HoldAtOnce(_)
            | HeadsetFact::Answered { .. }
            | HeadsetFact::Line(_)
            | HeadsetFact::MuteDrift(_)
            | HeadsetFact::Overtalk(_)
            | HeadsetFact::Second(_)
            | HeadsetFact::Battery(_)
            | HeadsetFact::CaptureGap { .. } => {}
        }
    }
}

#[derive(Debug)]
struct Headset {
    state: HeadsetState,
    rules: Vec<Box<dyn Rule>>,
}

/// All alert rules of a node, for any number of headsets.
#[derive(Debug)]
pub struct AlertEngine {
    config: AlertConfig,
    headsets: BTreeMap<HeadsetId, Headset>,
    lifecycle: Lifecycle,
}

impl AlertEngine {
    /// No headset, no alert. `ids` names the alerts.
    #[must_use]
    pub fn new(config: AlertConfig, ids: IdMint) -> Self {
        Self {
            config,
            headsets: BTreeMap::new(),
            lifecycle: Lifecycle::new(ids),
        }
    }

    /// Takes in one fact and appends what it makes of it to `out`. Times must not go back.
    pub fn step(&mut self, now: Now, fact: Fact, out: &mut Vec<AlertOutput>) {
        match fact {
            Fact::Tick => {
                for (id, headset) in &mut self.headsets {
                    evaluate(
                        now,
                        id,
                        headset,
                        None,
                        &self.config,
                        &mut self.lifecycle,
                        out,
                    );
                }
            }
            Fact::About(id, fact) => {
                let headset = self.headsets.entry(id.clone()).or_insert_with(|| Headset {
                    state: HeadsetState::new(),
                    rules: rules::all(),
                });
                // A new call ends what an unended one left behind.
                let begins = matches!(
                    fact,
                    HeadsetFact::CallStarted { .. } | HeadsetFact::CallInFront { .. }
                );
                if begins && headset.state.call.is_some() {
                    headset.state.take_in(now, &HeadsetFact::CallEnded);
                    let ended = Some(&HeadsetFact::CallEnded);
                    evaluate(
                        now,
                        &id,
                        headset,
                        ended,
                        &self.config,
                        &mut self.lifecycle,
                        out,
                    );
                }
                headset.state.take_in(now, &fact);
                evaluate(
                    now,
                    &id,
                    headset,
                    Some(&fact),
                    &self.config,
                    &mut self.lifecycle,
                    out,
                );
            }
        }
    }

    /// Puts new limits in force, at any time. Alerts of rules that are now switched off are cleared with
    /// `disabled`; the others stand until they are over by the new limits: a limit that moves while an
    /// alert stands neither clears it by itself nor raises it a second time.
    pub fn configure(&mut self, now: Now, config: AlertConfig, out: &mut Vec<AlertOutput>) {
        self.config = config;
        self.step(now, Fact::Tick, out);
    }

    /// Clears every alert with `reason` and forgets all headsets (`restart` on leaving, `suspend`
    /// before sleep). Facts may follow; they start afresh.
    pub fn shutdown(&mut self, now: Now, reason: ClearReason, out: &mut Vec<AlertOutput>) {
        self.lifecycle.clear_all(now, reason, out);
        self.headsets.clear();
    }

    /// The alerts that are active now.
    pub fn active(&self) -> impl Iterator<Item = &AlertDetail> {
        self.lifecycle.active()
    }
}

fn evaluate(
    now: Now,
    id: &HeadsetId,
    headset: &mut Headset,
    fact: Option<&HeadsetFact>,
    config: &AlertConfig,
    lifecycle: &mut Lifecycle,
    out: &mut Vec<AlertOutput>,
) {
    let state = &headset.state;
    let view = View { now, state, config };
    for rule in &mut headset.rules {
        let slot = rule.slot();
        if let Some(reason) = held_back(slot, state, config) {
            rule.reset();
            lifecycle.clear(now, slot, id, reason, out);
            continue;
        }
        match rule.see(&view, fact) {
            Some(finding) => lifecycle.firing(&view, slot, id, &finding, out),
            None => lifecycle.over(&view, slot, id, out),
        }
    }
}
