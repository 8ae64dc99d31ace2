//! "N of the last M seconds".

use crate::alerts::config::LONGEST_WINDOW_S;

/// A yes or no for each of the last seconds of audio. Starts all no.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seconds(u64);

impl Seconds {
    /// Appends a second.
    pub(super) fn push(&mut self, yes: bool) {
        self.0 = (self.0 << 1) | u64::from(yes);
    }

    /// How many of the last `window` seconds were yes (at most [`LONGEST_WINDOW_S`]).
    pub(super) fn count(self, window: u32) -> u32 {
        let window = window.clamp(1, LONGEST_WINDOW_S);
        (self.0 & (u64::MAX >> (64 - window))).count_ones()
    }

    /// How many seconds back the oldest yes within the last `window` seconds began, counting the
    /// newest second as 1; 0 without any.
    pub(super) fn oldest(self, window: u32) -> u32 {
        let window = window.clamp(1, LONGEST_WINDOW_S);
        64 - (self.0 & (u64::MAX >> (64 - window))).leading_zeros()
    }
}

#[cfg(test)]
mod tests {
    use super::Seconds;

    #[test]
    fn counts_only_the_window() {
        let mut s = Seconds::default();
        for i in 0..20 {
            s.push(i < 10);
        }
        assert_eq!(s.count(15), 5);
        assert_eq!(s.count(60), 10);
        assert_eq!(s.count(10), 0);
        assert_eq!(s.oldest(60), 20);
        assert_eq!(s.oldest(15), 15);
        assert_eq!(s.oldest(10), 0);
    }
}
