//! What a page does without telling.
//!
//! The library of the largest cloud softphone remembers what a headset asked for as already done, and
//! then leaves out the word that it *was* done: no `HoldCall` follows our *hold*, no `AnswerCall` our
//! *accept*, no `TerminateCall` our *terminate*. So an event that was handed out counts as done when its page
//! asks for events again: then it has run the event's code, lives, and has not said otherwise. What a page does
//! say wins, at once.
//!
//! *Never* more than an assumption about the far side: a page whose telephone system refused the hold says
//! nothing either.

use super::calls::HoldAsked;
use super::desk::{EVENTS, Queued, Softphone};
use super::envelope::{CallEvent, EventKind};
use super::request::{CallId, Step};
use crate::softphone::Phase;
use std::time::{Duration, Instant};

/// A poll sooner than this after an event may have been on its way before the event arrived.
pub(super) const UNDER_WAY: Duration = Duration::from_millis(100);

/// An event that was handed out.
#[derive(Debug, Clone, Copy)]
pub(super) struct HandedOut {
    at: Instant,
    event: CallEvent,
}

impl Softphone {
    /// The page took these.
    pub(super) fn note(&mut self, at: Instant, events: &[Queued]) {
        let events = events.iter().map(|queued| queued.event);
        self.handed_out
            .extend(events.map(|event| HandedOut { at, event }));
        let surplus = self.handed_out.len().saturating_sub(EVENTS);
        self.handed_out.drain(..surplus);
    }

    /// The page said this step itself: it need not be assumed, nor its contrary.
    pub(super) fn said(&mut self, call: CallId, step: Step) {
        self.handed_out.retain(|handed| {
            let same = match handed.event.kind {
                EventKind::Hold | EventKind::Resume => {
                    matches!(step, Step::Held | Step::Resumed)
                }
                EventKind::Accept => step == Step::Answered,
                _ => false,
            };
            handed.event.call != call || !(same || step == Step::Ended)
        });
    }

    /// The page said whether the agent is muted.
    pub(super) fn said_muted(&mut self) {
        let mute = |kind| matches!(kind, EventKind::Mute | EventKind::Unmute);
        self.handed_out.retain(|handed| !mute(handed.event.kind));
    }

    /// The page asks again.
    pub(super) fn assume_done(&mut self, at: Instant) {
        let (done, open) = self
            .handed_out
            .drain(..)
            .partition(|handed| handed.at + UNDER_WAY <= at);
        self.handed_out = open;
        let done: Vec<HandedOut> = done;
        for HandedOut { event, .. } in done {
            self.take_effect(at, event);
        }
    }

    fn take_effect(&mut self, at: Instant, event: CallEvent) {
        match event.kind {
            EventKind::Mute => self.muted = Some(true),
            EventKind::Unmute => self.muted = Some(false),
            EventKind::Terminate => {
                self.calls.step(at, event.call, Step::Ended);
                self.push(EventKind::Ended, event.call, None);
            }
            kind => {
                let Some(call) = self.calls.by_id(event.call) else {
                    return;
                };
                match (kind, call.phase) {
                    (EventKind::Hold, Phase::Active | Phase::Dialing)
                        if call.hold == HoldAsked::Yes =>
                    {
                        call.phase = Phase::Held;
                    }
                    (EventKind::Resume, Phase::Held) => {
                        call.phase = Phase::Active;
                        call.hold = HoldAsked::No;
                    }
                    (EventKind::Accept, Phase::Ringing) => call.phase = Phase::Active,
                    _ => {}
                }
            }
        }
    }
}
