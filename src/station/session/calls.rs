//! What is told of calls: events, facts for the alerts, a fresh analysis.

use super::{Session, known, seconds};
use crate::alerts::HeadsetFact;
use crate::station::call::{Call, Change};
use crate::station::io::DspCommand;
use crate::station::voice::Voice;
use sidetone_wire::event::{EventDetail, EventType};

impl Session {
    /// Tells one change of the calls on this headset.
    pub(super) fn tell_call(&mut self, voice: &mut Voice<'_>, change: Change) {
        match change {
            Change::Started(call) => {
                let detail = EventDetail {
                    call: Some(call.id),
                    ..known(call.how)
                };
                self.event(voice, EventType::CallStarted, detail);
            }
            Change::Held(call) => self.tell_hold(voice, &call, true),
            Change::Resumed(call) => self.tell_hold(voice, &call, false),
            Change::InFront(Some(call)) => self.tell_front(voice, &call),
            Change::InFront(None) if self.told.front.is_some() => self.end_front(voice),
            Change::InFront(None) => {}
            Change::Ended(call, reason) => {
                if self.told.front == Some(call.id) {
                    self.end_front(voice);
                }
                let lasted = voice.now.monotonic.saturating_sub(call.since);
                let detail = EventDetail {
                    call: Some(call.id),
                    duration_s: Some(seconds(lasted)),
                    reason: Some(reason.as_str().to_owned()),
                    battery: self.battery,
                    report: voice.reports.take(voice.now, &self.headset.id, call.id),
                    ..EventDetail::default()
                };
                self.told.started.remove(&call.id);
                self.event(voice, EventType::CallEnded, detail);
                self.tell_states(voice);
            }
        }
    }

    fn tell_hold(&mut self, voice: &mut Voice<'_>, call: &Call, held: bool) {
        let kind = if held {
            EventType::CallHeld
        } else {
            EventType::CallResumed
        };
        let detail = EventDetail {
            call: Some(call.id),
            ..known(call.how)
        };
        self.event(voice, kind, detail);
        if self.told.front == Some(call.id) {
            voice.fact(&self.headset.id, HeadsetFact::Held(held));
        }
    }

    /// The agent is in this call now: what was measured in another does not belong to it.
    fn tell_front(&mut self, voice: &mut Voice<'_>, call: &Call) {
        self.leave_front(voice);
        self.told.front = Some(call.id);
        self.mute.call_started();
        self.truth.other_call();
        voice.dsp(&self.usb, DspCommand::Reset);
        self.told.excluded = false;
        self.told.far_end_usable = true;
        let fact = if self.told.started.insert(call.id) {
            HeadsetFact::CallStarted { call: call.id }
        } else {
            HeadsetFact::CallInFront {
                call: call.id,
                since: call.since,
            }
        };
        voice.fact(&self.headset.id, fact);
        if call.leg.is_some() {
            let fact = HeadsetFact::Answered {
                after: call.rang,
                direction: call.direction,
            };
            voice.fact(&self.headset.id, fact);
        }
        if call.held {
            voice.fact(&self.headset.id, HeadsetFact::Held(true));
        }
    }

    /// The call the agent was in is over.
    fn end_front(&mut self, voice: &mut Voice<'_>) {
        self.leave_front(voice);
        self.qd.call_ended();
        self.mute.call_ended();
        voice.fact(&self.headset.id, HeadsetFact::CallEnded);
    }

    /// The agent is not in this call any more.
    fn leave_front(&mut self, voice: &mut Voice<'_>) {
        if self.told.front.take().is_some() {
            self.latest = None;
            self.end_overtalk(voice, None);
            self.truth.other_call();
        }
    }
}
