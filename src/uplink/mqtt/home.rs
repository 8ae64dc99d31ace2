//! The way back to the first broker: when it has been reachable for long enough.
//!
//! *Promises* to look with nothing but a TCP connection, closed at once: with the node's client id a broker of the same
//! cluster would end the session that stands, and another id may not be allowed. Whether the first broker really lets
//! the node in, the new session finds out before the old one is left. *Never* hurries back to a broker that does not
//! last: each time the wait doubles.

use super::backoff::random;
use super::connect::reach;
use crate::uplink::config::{BrokerConfig, Timing};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Longest time that the first broker must have been reachable, before the jitter.
const STEADY_MAX: Duration = Duration::from_secs(3600);

/// What is known of the first broker while the node is on another.
#[derive(Debug)]
pub(super) struct Home {
    probe_every: Duration,
    /// The shortest wait; the present one is `steady`, and with its jitter `wanted`.
    shortest: Duration,
    steady: Duration,
    wanted: Duration,
    came_home: Option<Instant>,
    reachable_since: Option<Instant>,
    next_look: Option<Instant>,
    looking: Option<oneshot::Receiver<bool>>,
}

impl Home {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            probe_every: timing.home_probe,
            shortest: timing.home_steady,
            steady: timing.home_steady,
            wanted: timing.home_steady,
            came_home: None,
            reachable_since: None,
            next_look: None,
            looking: None,
        }
    }

    /// The first broker has let the node in.
    pub(super) fn is_back(&mut self, now: Instant) {
        self.came_home = Some(now);
    }

    /// The first broker is left.
    pub(super) fn left(&mut self, now: Instant) {
        let short = |back: Instant| now.duration_since(back) < 10 * self.shortest;
        let hasty = self.came_home.take().is_some_and(short);
        self.steady = if hasty {
            (self.steady * 2).min(STEADY_MAX)
        } else {
            self.shortest
        };
        self.begin(now);
    }

    /// It was tried and did not let the node in: the wait begins anew.
    pub(super) fn begin(&mut self, now: Instant) {
        self.wanted = self.steady.mul_f64(1.0 + random());
        (self.reachable_since, self.looking) = (None, None);
        self.next_look = Some(now + self.probe_every.mul_f64(random()));
    }

    /// Looks now and then; `true` once the first broker has been reachable for long enough. Never waits.
    pub(super) fn is_steady(&mut self, first: &BrokerConfig, patience: Duration) -> bool {
        let now = Instant::now();
        if let Some(looking) = &mut self.looking {
            match looking.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return false,
                Ok(true) => {
                    self.reachable_since.get_or_insert(now);
                }
                Ok(false) | Err(oneshot::error::TryRecvError::Closed) => {
                    self.reachable_since = None;
                }
            }
            self.looking = None;
            self.next_look = Some(now + self.probe_every);
        }
        if self.next_look.is_none_or(|next| next <= now) {
            let (tell, hear) = oneshot::channel();
            let first = first.clone();
            tokio::spawn(async move { tell.send(reach(&first, patience).await) });
            self.looking = Some(hear);
        }
        let since = self.reachable_since;
        since.is_some_and(|since| now.duration_since(since) >= self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_for_a_broker_that_does_not_last_and_is_short_again_after_one_that_did() {
        let timing = Timing::default();
        let mut home = Home::new(&timing);
        let (second, mut now) = (Duration::from_secs(1), Instant::now());
        let mut waits = Vec::new();
        for lasted in [9, 9, 9, 9, 9, 9, 9, 9, 900, 9] {
            home.is_back(now);
            now += lasted * second;
            home.left(now);
            waits.push(home.steady.as_secs());
            assert!(home.wanted >= home.steady && home.wanted <= 2 * home.steady);
        }
        assert_eq!(waits, [120, 240, 480, 960, 1920, 3600, 3600, 3600, 60, 120]);
    }
}
