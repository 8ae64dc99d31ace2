//! Pauses between attempts to connect: exponential with full jitter, so that 5,000 nodes whose
//! broker comes back do not all come at once (one core of it does about 530 TLS handshakes a second).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Longest first pause.
const FIRST: Duration = Duration::from_millis(500);

/// Grows with each failure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Backoff {
    max: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(super) fn new(max: Duration) -> Self {
        Self {
            max,
            ceiling: FIRST.min(max),
        }
    }

    /// The next pause: anything from 0 to a ceiling that doubles up to the maximum.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.ceiling.mul_f64(random());
        self.ceiling = (self.ceiling * 2).min(self.max);
        pause
    }
}

/// 0..1; the hasher's keys come from the system's random numbers.
pub(super) fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_maximum_and_differ() {
        let mut b = Backoff::new(Duration::from_secs(30));
        let pauses: Vec<Duration> = (0..200).map(|_| b.next()).collect();
        assert!(pauses[0] <= FIRST);
        let (late, max) = (&pauses[10..], Duration::from_secs(30));
        assert!(late.iter().all(|p| *p <= max));
        assert!(late.iter().any(|p| *p > max / 2) && late.iter().any(|p| *p < max / 2));
    }
}
