//! A time without a broker: which of several is tried, when the next one's turn comes, and what was logged of it.
//!
//! *Promises*: the broker that was lost is tried for `after`, and up to half as long again (5,000 nodes must not move at
//! one moment); then each in turn gets one attempt. The first round over all of them is without pauses, later ones
//! have the growing pauses of [`Backoff`].

use super::backoff::{Backoff, random};
use super::fault::BrokerFault;
use std::time::{Duration, Instant};

/// What is known of the present time without a broker.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::uplink) struct Outage {
    /// From then on the next broker may be tried; `None` = there is no other.
    give_up: Option<Instant>,
    /// Brokers given up in a row.
    moves: usize,
    backoff: Backoff,
    /// Each kind of failure of each broker, logged once.
    logged: Vec<(usize, BrokerFault)>,
}

/// What to do after an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The same broker, after this pause.
    Again(Duration),
    /// The next broker, after this pause.
    MoveOn(Duration),
}

impl Outage {
    /// It begins now; `after`: how long the present broker is tried, if there are others.
    pub(super) fn begin(now: Instant, after: Option<Duration>, longest_pause: Duration) -> Self {
        Self {
            give_up: after.map(|after| now + after.mul_f64(1.0 + random() / 2.0)),
            moves: 0,
            backoff: Backoff::new(longest_pause),
            logged: Vec::new(),
        }
    }

    /// It begins now with a broker that has been waited for long enough.
    pub(super) fn over(now: Instant, longest_pause: Duration) -> Self {
        Self::begin(now, Some(Duration::ZERO), longest_pause)
    }

    /// Whether this failure of this broker is news.
    pub(super) fn is_news(&mut self, place: usize, fault: &BrokerFault) -> bool {
        let known = |(p, f): &(usize, BrokerFault)| *p == place && f.is_like(fault);
        let news = !self.logged.iter().any(known);
        if news {
            self.logged.push((place, fault.clone()));
        }
        news
    }

    /// An attempt has failed; there are so many brokers.
    pub(super) fn failed(&mut self, now: Instant, brokers: usize) -> Next {
        match self.give_up {
            Some(give_up) if now >= give_up => {
                self.moves += 1;
                let pause = if self.moves < brokers {
                    Duration::ZERO
                } else {
                    self.backoff.next()
                };
                Next::MoveOn(pause)
            }
            Some(give_up) => Next::Again(self.backoff.next().min(give_up - now)),
            None => Next::Again(self.backoff.next()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_lost_broker_is_tried_for_a_while_and_then_each_in_turn() {
        let began = Instant::now();
        let mut outage = Outage::begin(began, Some(10 * SECOND), 30 * SECOND);
        let mut now = began;
        let moved = loop {
            match outage.failed(now, 3) {
                Next::Again(pause) => now += pause.max(Duration::from_millis(1)),
                Next::MoveOn(pause) => break pause,
            }
        };
        assert!(now >= began + 10 * SECOND && now <= began + 16 * SECOND);
        assert_eq!(moved, Duration::ZERO);
        let once_more = outage.failed(now, 3);
        assert_eq!(
            once_more,
            Next::MoveOn(Duration::ZERO),
            "the third one's turn"
        );
        let pauses = (0..100).map(|_| outage.failed(now, 3));
        let longest = pauses.map(|next| match next {
            Next::MoveOn(pause) => pause,
            Next::Again(_) => panic!("each has one attempt"),
        });
        assert!(longest.max().unwrap() > 15 * SECOND);
    }

    #[test]
    fn an_only_broker_is_never_given_up() {
        let began = Instant::now();
        let mut outage = Outage::begin(began, None, 30 * SECOND);
        let later = outage.failed(began + 3600 * SECOND, 1);
        assert!(matches!(later, Next::Again(_)));
    }

    #[test]
    fn what_fails_alike_at_two_brokers_is_told_of_both() {
        let mut outage = Outage::begin(Instant::now(), None, SECOND);
        let url = String::new();
        let fault = BrokerFault::HangsUp { url };
        assert!(outage.is_news(0, &fault) && outage.is_news(1, &fault));
        assert!(!outage.is_news(0, &fault));
    }
}
