//! Polls that are held, and time: when a page is answered that asked what it is to do.
//!
//! *Promises*: every poll is answered, at the latest after [`HOLD_POLL`]; an order goes to the oldest one that
//! waits, at once.

use super::desk::{Desk, HOLD_POLL, Outcome, Output, POLLS, Poll};
use super::envelope::Reply;
use super::request::SoftphoneName;
use crate::config::WebOrigin;
use std::time::Instant;

impl Desk {
    pub(super) fn poll(&mut self, at: Instant, site: &WebOrigin, name: SoftphoneName) -> Outcome {
        let reply = self.with(at, site, name.clone(), |softphone| {
            softphone.assume_done(at);
            Reply::Done(true)
        });
        self.tell_changes();
        let number = self.new_number();
        let index = self.index(site, &name);
        let Some((index, softphone)) = index.and_then(|n| Some((n, self.softphones.get_mut(n)?)))
        else {
            return Outcome::Now(reply);
        };
        let poll = Poll {
            softphone: softphone.number,
            number,
        };
        softphone.polls.push_back((poll, at + HOLD_POLL));
        if softphone.prompt {
            softphone.prompt = false;
            let newest = softphone.polls.pop_back();
            self.hand_out(index, newest.map(|(poll, _)| poll));
        }
        self.deliver(index);
        self.let_go(index, at);
        Outcome::Later(poll)
    }

    /// Has something to do for this softphone: hands it to its oldest poll.
    pub(super) fn deliver(&mut self, index: usize) {
        let oldest = self
            .softphones
            .get_mut(index)
            .filter(|softphone| !softphone.queue.is_empty())
            .and_then(|softphone| softphone.polls.pop_front());
        self.hand_out(index, oldest.map(|(poll, _)| poll));
    }

    /// Answers the polls that have waited long enough, and those that are too many.
    fn let_go(&mut self, index: usize, at: Instant) {
        while let Some(softphone) = self.softphones.get_mut(index)
            && let Some((poll, end)) = softphone.polls.front().copied()
            && (end <= at || softphone.polls.len() > POLLS)
        {
            softphone.polls.pop_front();
            self.hand_out(index, Some(poll));
        }
    }

    /// Answers a poll with all that waits.
    fn hand_out(&mut self, index: usize, poll: Option<Poll>) {
        if let (Some(poll), Some(softphone)) = (poll, self.softphones.get_mut(index)) {
            let events = softphone.queue.drain(..).collect();
            self.outputs.push_back(Output::Deliver { poll, events });
        }
    }

    /// Where the softphone is whose poll this was.
    pub(super) fn owner(&self, poll: Poll) -> Option<usize> {
        self.softphones
            .iter()
            .position(|softphone| softphone.number == poll.softphone)
    }

    /// Time passes: polls are let go, orders given up, silent pages forgotten.
    pub(super) fn tick(&mut self, at: Instant) {
        for index in (0..self.softphones.len()).rev() {
            self.expire_orders(index, at);
            let Some(softphone) = self.softphones.get_mut(index) else {
                continue;
            };
            if !softphone.polls.is_empty() {
                softphone.seen = at;
            }
            if softphone.silent_at() <= at {
                self.remove(index, "the softphone's page has been closed");
            } else {
                self.let_go(index, at);
            }
        }
        self.tell_changes();
    }

    /// When [`Desk::tick`] has something to do.
    #[must_use]
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let softphones = self.softphones.iter();
        softphones
            .flat_map(|softphone| {
                let poll = softphone.polls.front().map(|(_, end)| *end);
                let orders = softphone.queue.iter().filter_map(|queued| queued.order);
                // A page whose poll is held is there; the poll ends first.
                let silent = softphone.polls.is_empty().then(|| softphone.silent_at());
                poll.into_iter()
                    .chain(orders.map(|(_, end)| end))
                    .chain(silent)
            })
            .min()
    }
}
