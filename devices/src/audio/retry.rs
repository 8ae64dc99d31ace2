//! When to try again what failed.

use std::time::{Duration, Instant};

/// First and longest pause before something is tried again: short, so that a call is heard again within
/// two seconds; looking for a socket costs nothing.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const SLOWEST_RETRY: Duration = Duration::from_secs(1);

/// When to try again.
#[derive(Debug)]
pub(super) struct Retry {
    at: Instant,
    delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            at: Instant::now(),
            delay: FIRST_RETRY,
        }
    }
}

impl Retry {
    pub(super) fn failed(&mut self) {
        self.at = Instant::now() + self.delay;
        self.delay = (self.delay * 2).min(SLOWEST_RETRY);
    }

    pub(super) fn due(&self) -> bool {
        Instant::now() >= self.at
    }
}
