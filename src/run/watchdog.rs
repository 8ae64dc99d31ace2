//! systemd's watchdog, fed only while everything that can hang has moved.

use std::time::{Duration, Instant};

/// What must move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// The audio supervisor's heartbeat; `None` where there is no supervisor.
    pub(super) supervisor: Option<u64>,
    /// The sound thread's periods while streams are open; `None` while none are.
    pub(super) sound: Option<u64>,
}

/// Feeds the watchdog. Being called at all is the third sign of life: the runtime's tick.
#[derive(Debug)]
pub(super) struct Watchdog {
    period: Option<Duration>,
    fed: Instant,
    last: Option<Signs>,
}

impl Watchdog {
    /// As systemd asks for it; without systemd, or without `WatchdogSec=`, it does nothing.
    #[must_use]
    pub(super) fn from_environment() -> Self {
        let period = sd_notify::watchdog_enabled().map(|limit| limit / 3);
        Self {
            period,
            fed: Instant::now(),
            last: None,
        }
    }

    /// Feeds it if it is time and everything has moved since the last time.
    pub(super) fn tick(&mut self, signs: Signs) {
        let Some(period) = self.period else { return };
        if self.fed.elapsed() < period || !self.has_moved(signs) {
            return;
        }
        self.fed = Instant::now();
        self.last = Some(signs);
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]) {
            tracing::warn!("cannot reach systemd's watchdog: {error}");
        }
    }

    fn has_moved(&self, now: Signs) -> bool {
        let Some(last) = self.last else { return true };
        let moved = |then: Option<u64>, now: Option<u64>| now.is_none() || now != then;
        moved(last.supervisor, now.supervisor) && moved(last.sound, now.sound)
    }
}

#[cfg(test)]
mod tests {
    use super::{Signs, Watchdog};
    use std::time::{Duration, Instant};

    #[test]
    fn one_that_stands_still_is_enough_to_starve_it() {
        let seen = Signs {
            supervisor: Some(7),
            sound: Some(100),
        };
        let dog = Watchdog {
            period: Some(Duration::ZERO),
            fed: Instant::now(),
            last: Some(seen),
        };
        assert!(!dog.has_moved(seen));
        assert!(!dog.has_moved(Signs {
            supervisor: Some(8),
            ..seen
        }));
        assert!(!dog.has_moved(Signs {
            sound: Some(101),
            ..seen
        }));
        assert!(dog.has_moved(Signs {
            supervisor: Some(8),
            sound: Some(101)
        }));
        assert!(
            dog.has_moved(Signs {
                supervisor: Some(8),
                sound: None
            }),
            "no stream is open"
        );
    }
}
