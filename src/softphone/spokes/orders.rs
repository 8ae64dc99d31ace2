//! What the station orders, and what became of each order.
//!
//! *Promises*: an order is accepted when a page has been handed it, not before; whether it was done
//! shows in the calls. A hold that is cancelled is not handed out, or else undone.

use super::calls::HoldAsked;
use super::desk::{Desk, ORDER_LIVES, Output, Poll, Queued, UNDO_HOLD};
use super::envelope::EventKind;
use super::request::CallId;
use crate::softphone::{Action, Answer, Order, Phase, SignalKind};
use std::time::Instant;

/// Where a call is.
struct Found {
    softphone: usize,
    call: CallId,
    phase: Phase,
}

impl Desk {
    /// The station orders something.
    pub(super) fn order(&mut self, at: Instant, order: &Order) {
        if order.action == Action::Read {
            self.accept(order.number);
            return;
        }
        let Some(found) = self.find(order) else {
            let sentence = "the softphone does not know this call (any more)".to_owned();
            self.answer(order.number, Answer::Refused(sentence));
            return;
        };
        let kind = match (order.action, found.phase) {
            (Action::CancelHold, phase) => return self.cancel(at, order.number, &found, phase),
            // As it is to be: a page would not tell it again.
            (Action::Hold, Phase::Held)
            | (Action::Resume, Phase::Active)
            | (Action::Answer, Phase::Active | Phase::Held)
            | (Action::Read, _) => {
                self.accept(order.number);
                return;
            }
            (Action::Hold, _) => EventKind::Hold,
            (Action::Resume, _) => EventKind::Resume,
            (Action::Answer, _) => EventKind::Accept,
            (Action::HangUp, Phase::Ringing) => EventKind::Reject,
            (Action::HangUp, _) => EventKind::Terminate,
            (Action::Mute(true), _) => EventKind::Mute,
            (Action::Mute(false), _) => EventKind::Unmute,
        };
        if let Some(softphone) = self.softphones.get_mut(found.softphone) {
            if kind == EventKind::Hold
                && let Some(call) = order
                    .leg
                    .as_ref()
                    .and_then(|leg| softphone.calls.by_leg(leg))
            {
                call.hold = HoldAsked::Yes;
            }
            if !softphone.push(kind, found.call, Some((order.number, at + ORDER_LIVES))) {
                let sentence = "too many orders wait for the softphone's page".to_owned();
                self.answer(order.number, Answer::Refused(sentence));
            }
        }
        self.deliver(found.softphone);
    }

    fn find(&mut self, order: &Order) -> Option<Found> {
        let leg = order.leg.as_ref()?;
        self.softphones
            .iter_mut()
            .enumerate()
            .find_map(|(softphone, other)| {
                let call = other.calls.by_leg(leg)?;
                Some(Found {
                    softphone,
                    call: call.id,
                    phase: call.phase,
                })
            })
    }

    fn cancel(&mut self, at: Instant, number: u64, found: &Found, phase: Phase) {
        let Some(softphone) = self.softphones.get_mut(found.softphone) else {
            return;
        };
        let cancelled = softphone.cancel_hold(found.call);
        let mut undo = false;
        if let Some(call) = softphone.calls.by_id(found.call)
            && call.hold == HoldAsked::Yes
        {
            // One that was never handed out cannot come about. A page that was handed it may hold without
            // a word, or tell it late.
            undo = cancelled.is_empty();
            call.hold = match phase {
                Phase::Held => HoldAsked::No,
                _ if undo => HoldAsked::Cancelled(at + UNDO_HOLD),
                _ => HoldAsked::No,
            };
        }
        if undo {
            softphone.push(EventKind::Resume, found.call, None);
            self.deliver(found.softphone);
        }
        for queued in cancelled {
            self.give_up(
                &queued,
                "the hold was cancelled before the page asked for it",
            );
        }
        self.accept(number);
    }

    /// The page that waits at this poll took these events.
    pub(super) fn delivered(&mut self, at: Instant, poll: Poll, events: &[Queued]) {
        if let Some(softphone) = self.owner(poll).and_then(|n| self.softphones.get_mut(n)) {
            softphone.note(at, events);
        }
        for (number, _) in events.iter().filter_map(|queued| queued.order) {
            self.answer(number, Answer::Accepted);
        }
    }

    /// Nobody was at the other end of the poll any more: they wait for the next one.
    pub(super) fn undelivered(&mut self, poll: Poll, events: Vec<Queued>) {
        let owner = self.owner(poll);
        match owner.and_then(|index| Some((index, self.softphones.get_mut(index)?))) {
            Some((index, softphone)) => {
                for queued in events.into_iter().rev() {
                    softphone.queue.push_front(queued);
                }
                self.deliver(index);
            }
            None => {
                for queued in events {
                    self.give_up(&queued, "the softphone's page has been closed");
                }
            }
        }
    }

    /// Orders of one softphone that have waited long enough.
    pub(super) fn expire_orders(&mut self, index: usize, at: Instant) {
        let Some(softphone) = self.softphones.get_mut(index) else {
            return;
        };
        let over = |queued: &Queued| queued.order.is_some_and(|(_, end)| end <= at);
        let expired: Vec<Queued> = softphone.queue.iter().copied().filter(over).collect();
        softphone.queue.retain(|queued| !over(queued));
        for queued in expired {
            self.give_up(&queued, "the softphone's page did not ask for it in time");
        }
    }

    pub(super) fn give_up(&mut self, queued: &Queued, why: &str) {
        if let Some((number, _)) = queued.order {
            self.answer(number, Answer::Unknown(why.to_owned()));
        }
    }

    /// Accepts an order for which nothing is handed out, and tells the calls as they are.
    fn accept(&mut self, number: u64) {
        self.answer(number, Answer::Accepted);
        let legs = self.legs();
        self.tell(legs);
    }

    fn answer(&mut self, order: u64, answer: Answer) {
        self.outputs
            .push_back(Output::Signal(SignalKind::Answer { order, answer }));
    }
}
