//! Finds samples that are missing, as opposed to samples that are late.

use super::tap::MonotonicNanos;
use std::time::Duration;

/// A hole of at least this long is told.
const SHORTEST: Duration = Duration::from_millis(100);

/// Late samples have this long to come; then they count as missing.
const WINDOW: Duration = Duration::from_secs(2);

/// Compares the frames that came with the time that passed. A stream whose samples are only late catches
/// up: the *least* lateness in a window of two seconds stays the same. If it has grown by more than 100 ms
/// from one window to the next, that much sound is missing. The drift between two clocks (some 100 ppm)
/// stays far below within a window.
#[derive(Debug)]
pub(crate) struct GapMeter {
    rate: u64,
    frames: u64,
    window_ends: Option<u64>,
    least: i128,
    baseline: Option<i128>,
}

impl GapMeter {
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            rate: u64::from(rate.max(1)),
            frames: 0,
            window_ends: None,
            least: i128::MAX,
            baseline: None,
        }
    }

    /// `frames` more have arrived; returns how long a hole has become certain.
    pub(crate) fn arrived(&mut self, frames: usize, at: MonotonicNanos) -> Option<Duration> {
        self.frames += frames as u64;
        let played = i128::from(self.frames) * 1_000_000_000 / i128::from(self.rate);
        self.least = self.least.min(i128::from(at.0) - played);
        let window = u64::try_from(WINDOW.as_nanos()).unwrap_or(u64::MAX);
        let ends = *self.window_ends.get_or_insert(at.0 + window);
        if at.0 < ends {
            return None;
        }
        let missing = self.baseline.map_or(0, |before| self.least - before);
        self.baseline = Some(self.least);
        self.least = i128::MAX;
        self.window_ends = Some(at.0 + window);
        let missing = Duration::from_nanos(u64::try_from(missing).unwrap_or(0));
        (missing > SHORTEST).then_some(missing)
    }

    /// A pause that is nobody's fault (the application paused, the device was suspended).
    pub(crate) fn pause(&mut self) {
        self.window_ends = None;
        self.baseline = None;
        self.least = i128::MAX;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Feeds 20 ms chunks for `seconds`; `arrival` gives each chunk's arrival (ms), or `None` for lost.
    fn holes(seconds: u64, arrival: impl Fn(u64) -> Option<u64>) -> Vec<Duration> {
        let mut meter = GapMeter::new(48_000);
        (0..seconds * 50)
            .filter_map(|chunk| {
                let at = arrival(chunk * 20)?;
                meter.arrived(960, MonotonicNanos(at * MS))
            })
            .collect()
    }

    #[test]
    fn jitter_bursts_and_drift_are_no_holes() {
        assert!(holes(30, |t| Some(t + t * 7 % 60)).is_empty(), "jitter");
        assert!(
            holes(30, |t| Some(t.next_multiple_of(700))).is_empty(),
            "bursts"
        );
        assert!(holes(3600, |t| Some(t + t / 2000)).is_empty(), "500 ppm");
    }

    #[test]
    fn lost_sound_is_told_once_with_its_length() {
        let found = holes(20, |t| (!(9_000..9_300).contains(&t)).then_some(t));
        assert_eq!(found.len(), 1);
        assert!((290..=310).contains(&found[0].as_millis()), "{found:?}");
    }

    #[test]
    fn a_pause_is_no_hole() {
        let mut meter = GapMeter::new(48_000);
        let mut told = Vec::new();
        for chunk in 0..500_u64 {
            let pause = if chunk < 250 { 0 } else { 3_000 };
            if chunk == 250 {
                meter.pause();
            }
            told.extend(meter.arrived(960, MonotonicNanos((chunk * 20 + pause) * MS)));
        }
        assert!(told.is_empty());
    }
}
