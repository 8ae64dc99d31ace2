//! Retained states that stand beside the sequence: status, inventory, refreshes of active alerts.
//!
//! *Promises*: of each topic the latest state reaches the broker, however often the session breaks;
//! an older one is never sent after a newer one. What was never sent and is out of date is forgotten.

use super::outgoing::Outgoing;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A state the broker refused is offered again after this long: an access list may have been mended meanwhile.
pub(super) const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// Where a state is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Sent,
    Kept,
    /// The broker would not have it; to be offered again from then on.
    Refused(Instant),
}

#[derive(Debug)]
struct State {
    message: Outgoing,
    /// Grows with each new content, so that an old acknowledgement is not taken for a new one.
    generation: u64,
    progress: Progress,
}

/// The latest state of each topic.
#[derive(Debug, Default)]
pub(super) struct Retained {
    states: BTreeMap<String, State>,
    generation: u64,
}

impl Retained {
    /// Sets a topic's state, to be sent.
    pub(super) fn set(&mut self, message: Outgoing) {
        self.generation += 1;
        let state = State {
            generation: self.generation,
            progress: Progress::Waiting,
            message,
        };
        self.states.insert(state.message.topic.clone(), state);
    }

    /// Forgets a topic: something newer about it travels elsewhere.
    pub(super) fn forget(&mut self, topic: &str) {
        self.states.remove(topic);
    }

    /// Whether a state of this topic is kept here.
    pub(super) fn holds(&self, topic: &str) -> bool {
        self.states.contains_key(topic)
    }

    /// The broker has lost everything: all of it is sent again.
    pub(super) fn all_again(&mut self) {
        for state in self.states.values_mut() {
            state.progress = Progress::Waiting;
        }
    }

    /// The next state to send, and its generation.
    pub(super) fn next(&self) -> Option<(&Outgoing, u64)> {
        let state = self
            .states
            .values()
            .find(|s| s.progress == Progress::Waiting)?;
        Some((&state.message, state.generation))
    }

    /// It was handed to the session.
    pub(super) fn sent(&mut self, topic: &str) {
        if let Some(state) = self.states.get_mut(topic) {
            state.progress = Progress::Sent;
        }
    }

    /// The broker has it; a removal needs no further keeping.
    pub(super) fn acknowledged(&mut self, topic: &str, generation: u64) {
        let Some(state) = self.states.get_mut(topic) else {
            return;
        };
        if state.generation == generation && state.progress == Progress::Sent {
            state.progress = Progress::Kept;
            if state.message.payload.is_empty() {
                self.states.remove(topic);
            }
        }
    }

    /// The broker would not have it now.
    pub(super) fn refused(&mut self, topic: &str, generation: u64, now: Instant) {
        let state = self
            .states
            .get_mut(topic)
            .filter(|s| s.generation == generation && s.progress == Progress::Sent);
        if let Some(state) = state {
            state.progress = Progress::Refused(now + REFUSED_PAUSE);
        }
    }

    /// What was refused long enough ago is offered again.
    pub(super) fn offer_refused(&mut self, now: Instant) {
        for state in self.states.values_mut() {
            if matches!(state.progress, Progress::Refused(until) if until <= now) {
                state.progress = Progress::Waiting;
            }
        }
    }

    /// The session lost it.
    pub(super) fn reset(&mut self, topic: &str, generation: u64) {
        let state = self
            .states
            .get_mut(topic)
            .filter(|s| s.generation == generation);
        if let Some(state) = state {
            state.progress = Progress::Waiting;
        }
    }

    /// Whether everything has arrived that the broker takes.
    pub(super) fn settled(&self) -> bool {
        self.states
            .values()
            .all(|s| matches!(s.progress, Progress::Kept | Progress::Refused(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidetone_wire::MessageClass;

    fn message(payload: &str) -> Outgoing {
        Outgoing {
            topic: "t".to_owned(),
            payload: payload.into(),
            properties: Vec::new(),
            class: MessageClass::Inventory,
            superseded: false,
        }
    }

    #[test]
    fn the_latest_state_arrives_whatever_happens_to_older_ones() {
        let mut r = Retained::default();
        r.set(message("a"));
        let old = r.next().unwrap().1;
        r.sent("t");
        r.set(message("b"));
        r.acknowledged("t", old);
        assert_eq!(
            r.next().unwrap().0.payload,
            b"b",
            "an old acknowledgement counts for nothing"
        );
        let new = r.next().unwrap().1;
        r.sent("t");
        r.reset("t", new);
        assert!(!r.settled());
        r.sent("t");
        r.acknowledged("t", new);
        assert!(r.settled() && r.next().is_none());
        r.all_again();
        assert_eq!(r.next().unwrap().0.payload, b"b");
    }

    #[test]
    fn what_the_broker_refused_is_offered_again_and_holds_up_no_goodbye() {
        let (mut r, now) = (Retained::default(), Instant::now());
        r.set(message("a"));
        let generation = r.next().unwrap().1;
        r.sent("t");
        r.refused("t", generation, now);
        assert!(r.settled() && r.next().is_none());
        r.offer_refused(now + REFUSED_PAUSE / 2);
        assert!(r.next().is_none());
        r.offer_refused(now + REFUSED_PAUSE);
        assert_eq!(r.next().unwrap().0.payload, b"a");
    }

    #[test]
    fn a_removal_is_forgotten_once_the_broker_has_it() {
        let mut r = Retained::default();
        r.set(message(""));
        let generation = r.next().unwrap().1;
        r.sent("t");
        r.acknowledged("t", generation);
        r.all_again();
        assert!(r.next().is_none());
    }
}
