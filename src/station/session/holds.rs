//! The hold machine's orders and outcomes, carried out and told.

use super::Session;
use crate::alerts::{HeadsetFact, How};
use crate::softphone::Answer;
use crate::station::hold::{Sight, Step};
use crate::station::voice::Voice;
use sidetone_wire::event::{EventDetail, EventType};
use sidetone_wire::vocabulary::HoldOutcome;

/// An inferred quick disconnect acts, if it may at all, from this confidence on (CONTRACT §6).
const SURE_ENOUGH: f64 = 0.95;

impl Session {
    /// The quick disconnect opened (how that is known) or closed. What is known of the hold at once (nobody
    /// to ask, held already) is in the alert's raise; what takes time changes it later.
    pub(super) fn tell_quick_disconnect(&mut self, voice: &mut Voice<'_>, open: Option<How>) {
        let steps = self.quick_disconnect_moved(voice, open);
        let at_once = steps.iter().find_map(|step| match step {
            Step::Outcome(outcome) => Some(HeadsetFact::HoldAtOnce(*outcome)),
            _ => None,
        });
        if let Some(outcome) = at_once.filter(|_| open.is_some()) {
            voice.fact(&self.headset.id, outcome);
        }
        voice.fact(&self.headset.id, HeadsetFact::QuickDisconnect(open));
        self.carry_out(voice, steps);
    }

    fn quick_disconnect_moved(&mut self, voice: &mut Voice<'_>, open: Option<How>) -> Vec<Step> {
        if !voice.hold.on_quick_disconnect {
            return Vec::new();
        }
        let acts = match open {
            Some(How::Inferred(confidence)) => {
                voice.hold.on_inferred && confidence.get() >= SURE_ENOUGH
            }
            Some(_) => true,
            None => false,
        };
        let reported = self.qd.reported().unwrap_or(voice.now.monotonic);
        let hold = &mut self.hold;
        let mut sight = Sight {
            now: voice.now,
            config: voice.hold,
            calls: &self.call,
            adapters: voice.adapters,
        };
        if acts {
            hold.pulled(&mut sight, reported)
        } else if open.is_none() {
            hold.together(&mut sight)
        } else {
            Vec::new()
        }
    }

    /// An adapter answered an order.
    pub(in crate::station) fn answered(
        &mut self,
        voice: &mut Voice<'_>,
        order: u64,
        answer: &Answer,
    ) {
        let mut sight = Sight {
            now: voice.now,
            config: voice.hold,
            calls: &self.call,
            adapters: voice.adapters,
        };
        let steps = self.hold.answer(&mut sight, order, answer);
        self.carry_out(voice, steps);
    }

    /// Whether the call shows what was asked for, or the time is over.
    pub(super) fn watch_hold(&mut self, voice: &mut Voice<'_>) {
        let mut sight = Sight {
            now: voice.now,
            config: voice.hold,
            calls: &self.call,
            adapters: voice.adapters,
        };
        let steps = self.hold.look(&mut sight);
        self.carry_out(voice, steps);
    }

    fn carry_out(&mut self, voice: &mut Voice<'_>, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Order(order) => voice.order(order),
                Step::Requested { call, adapter } => {
                    let detail = EventDetail {
                        call: Some(call),
                        adapter: Some(adapter.as_str().to_owned()),
                        ..EventDetail::default()
                    };
                    self.event(voice, EventType::HoldRequested, detail);
                }
                Step::Done {
                    call,
                    adapter,
                    took,
                } => {
                    let detail = EventDetail {
                        call: Some(call),
                        adapter: Some(adapter.as_str().to_owned()),
                        hold: Some(HoldOutcome::Held),
                        latency_ms: Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
                        ..EventDetail::default()
                    };
                    self.event(voice, EventType::HoldDone, detail);
                }
                Step::Failed {
                    call,
                    adapter,
                    reason,
                } => {
                    let detail = EventDetail {
                        call: Some(call),
                        adapter: adapter.map(|adapter| adapter.as_str().to_owned()),
                        hold: Some(HoldOutcome::Failed),
                        reason: Some(reason.to_owned()),
                        ..EventDetail::default()
                    };
                    self.event(voice, EventType::HoldFailed, detail);
                }
                Step::Outcome(outcome) => {
                    voice.fact(&self.headset.id, HeadsetFact::HoldOutcome(outcome));
                }
                Step::GatewayHolds(holds) => {
                    self.call.gateway_holds(holds);
                    for change in self.call.decide(voice.now, voice.ids) {
                        self.tell_call(voice, change);
                    }
                }
            }
        }
    }
}
