//! How often a line of the log that others can provoke is written.
//!
//! Sans-IO: the time is told by the caller. Whoever may publish to a node must not be able to fill its disk.

use std::time::{Duration, Instant};

/// Time between two lines of one kind, at least.
const PAUSE: Duration = Duration::from_secs(60);

/// One kind of line: the first is written at once, then at most one a minute.
#[derive(Debug, Default)]
pub(crate) struct LogLimit {
    written: Option<Instant>,
    /// What happened since, unwritten.
    kept_back: u64,
}

impl LogLimit {
    /// It happened once more. `Some` = a line is due, with how often it happened since the last one (at least 1).
    pub(crate) fn happened(&mut self, now: Instant) -> Option<u64> {
        self.happened_times(1, now)
    }

    /// The same of so many at once; none is no reason for a line.
    pub(crate) fn happened_times(&mut self, times: u64, now: Instant) -> Option<u64> {
        if times == 0 {
            return None;
        }
        self.kept_back = self.kept_back.saturating_add(times);
        let waits = |written| now.saturating_duration_since(written) < PAUSE;
        if self.written.is_some_and(waits) {
            return None;
        }
        self.written = Some(now);
        Some(std::mem::take(&mut self.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_makes_one_line_a_minute_and_none_of_it_goes_uncounted() {
        let began = Instant::now();
        let mut limit = LogLimit::default();
        // A hundred a second for 150 s.
        let lines: Vec<(u64, u64)> = (0..15_000)
            .filter_map(|n| {
                let after = Duration::from_millis(n * 10);
                let times = limit.happened(began + after)?;
                Some((after.as_secs(), times))
            })
            .collect();
        assert_eq!(lines, [(0, 1), (60, 6_000), (120, 6_000)]);
        // Hours later: at once, with what the flood left.
        let later = began + Duration::from_secs(9_000);
        assert_eq!(limit.happened(later), Some(3_000));
    }
}
