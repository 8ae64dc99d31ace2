//! The two clocks of the station, and the notice that the computer has slept.

use crate::alerts::Now;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The boot-time clock ran this much ahead of the monotonic one: the computer was asleep.
const SLEPT: Duration = Duration::from_secs(2);

/// Tells the time.
#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
    /// How far the boot-time clock was ahead when last looked at.
    asleep: Duration,
}

impl Clock {
    /// Starts at zero.
    #[must_use]
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            asleep: time_asleep(),
        }
    }

    /// Now.
    #[must_use]
    pub(super) fn now(&self) -> Now {
        self.at(Instant::now())
    }

    /// A moment that has just been: `at` on both clocks.
    #[must_use]
    pub(super) fn at(&self, at: Instant) -> Now {
        let utc = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let utc_then = utc.saturating_sub(at.elapsed());
        Now {
            monotonic: at.saturating_duration_since(self.start),
            utc_ms: u64::try_from(utc_then.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The moment `monotonic` after the start.
    pub(super) fn instant(&self, monotonic: Duration) -> Instant {
        self.start + monotonic
    }

    /// `true` once after each sleep of the computer.
    pub(super) fn has_slept(&mut self) -> bool {
        let asleep = time_asleep();
        let slept = asleep.saturating_sub(self.asleep) >= SLEPT;
        self.asleep = asleep;
        slept
    }
}

/// How long this computer has slept since it was started: the monotonic clock stands still then.
fn time_asleep() -> Duration {
    reading(ClockId::Boottime).saturating_sub(reading(ClockId::Monotonic))
}

fn reading(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use std::time::{Duration, Instant};

    #[test]
    fn an_earlier_moment_is_earlier_on_both_clocks() {
        let clock = Clock::start();
        std::thread::sleep(Duration::from_millis(30));
        let (then, now) = (
            clock.at(Instant::now() - Duration::from_millis(20)),
            clock.now(),
        );
        assert!(now.monotonic - then.monotonic >= Duration::from_millis(20));
        assert!(now.utc_ms >= then.utc_ms + 19);
    }

    #[test]
    fn awake_is_not_slept() {
        assert!(!Clock::start().has_slept());
    }
}
