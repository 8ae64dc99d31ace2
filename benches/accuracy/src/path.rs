//! How the far end comes back through the microphone.

use crate::call::{RATE, Seeded, leak};

/// What the path from earpiece to microphone does during the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    Steady,
    /// The two sound clocks differ by 50 ppm.
    Drift,
    /// The headset is moved at half time: another response, 6 dB louder.
    Moved,
    /// One frame of the microphone is lost at half time: all that follows comes 10 ms early.
    Slip,
}

impl Change {
    pub(crate) const ALL: [Self; 4] = [Self::Steady, Self::Drift, Self::Moved, Self::Slip];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Drift => "drift of 50 ppm",
            Self::Moved => "headset moved",
            Self::Slip => "10 ms slip",
        }
    }

    /// The leakage of `far` at this echo return loss: 10 to 120 ms late, reverberating.
    pub(crate) fn leak(self, far: &[f32], erl_db: f32, seed: &mut Seeded) -> Vec<f32> {
        let late = seed.between(10.0, 120.0);
        let decay = seed.between(5.0, 15.0);
        let echo = leak(far, late, decay, erl_db, seed);
        let half = echo.len() / 2;
        match self {
            Self::Steady => echo,
            Self::Drift => drifted(&echo, 50e-6),
            Self::Moved => {
                let after = leak(far, late, seed.between(5.0, 15.0), erl_db - 6.0, seed);
                [&echo[..half], &after[half..]].concat()
            }
            Self::Slip => {
                let mut slipped = [&echo[..half], &echo[half + RATE / 100..]].concat();
                slipped.resize(echo.len(), 0.0);
                slipped
            }
        }
    }
}

/// Read out a little too slowly (straight lines between samples: the error is far below the echo).
fn drifted(samples: &[f32], by: f64) -> Vec<f32> {
    let at = |n: usize| {
        let x = n as f64 * (1.0 - by);
        let (k, share) = (x as usize, x.fract() as f32);
        let next = samples.get(k + 1).copied().unwrap_or(0.0);
        samples[k] * (1.0 - share) + next * share
    };
    (0..samples.len()).map(at).collect()
}
