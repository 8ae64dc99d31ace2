//! The mean power of the pauses, unmoved by the speech that the detector missed in them.
//!
//! A histogram of the frames' levels. What lies many spreads of the noise over its median is missed
//! speech, a cough, a knock. The mean leaves it out. A rumble spreads further upwards than downwards:
//! much of its power lies below 20 Hz, where 10 ms show a part of a wave.

use crate::units::Dbov;

/// Bins of 1 dB from −100 dBov.
const BINS: usize = 104;

/// A spread is that between the median and what this share of the frames lies beyond: one standard deviation.
const OUTSIDE: f32 = 0.16;

/// Frames this many of the larger spread over the median are no noise,
const SPREADS: f32 = 3.0;

/// the upper one, which speech missed in the pauses widens, counting no further than to so many decibels,
const MOST_DB: f32 = 9.0;

/// but at least so many decibels.
const LEAST_DB: f32 = 4.0;

/// The levels of pauses.
#[derive(Debug, Clone)]
pub(super) struct PauseLevels {
    frames: [f32; BINS],
    power: [f32; BINS],
    /// The frames of the window, the oldest at `next` once it is full; empty: everything counts.
    last: Box<[f32]>,
    next: usize,
    count: u32,
    /// Of a window, kept up to date.
    summary: Summary,
}

/// What the histogram comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Summary {
    /// Mean power without what is no noise.
    mean: f32,
    /// The power over which a frame is no noise.
    limit: f32,
}

impl PauseLevels {
    /// Of the last so many frames. A window with an end: after a loud noise stops, a decaying mean
    /// takes its time constant again for every 4.3 dB of the fall.
    pub(super) fn of_last(frames: usize) -> Self {
        Self {
            frames: [0.0; BINS],
            power: [0.0; BINS],
            last: vec![0.0; frames].into_boxed_slice(),
            next: 0,
            count: 0,
            summary: Summary::default(),
        }
    }

    /// Of all frames.
    pub(super) fn of_all() -> Self {
        Self::of_last(0)
    }

    /// Takes one frame of pause.
    pub(super) fn push(&mut self, power: f32) {
        if !self.last.is_empty() {
            if self.count as usize >= self.last.len() {
                self.forget(self.last[self.next]);
            }
            self.last[self.next] = power;
            self.next = (self.next + 1) % self.last.len();
        }
        self.count = self.count.saturating_add(1);
        let bin = bin(power);
        self.frames[bin] += 1.0;
        self.power[bin] += power;
        if !self.last.is_empty() {
            self.summary = self.summarise();
        }
    }

    fn forget(&mut self, power: f32) {
        let bin = bin(power);
        self.frames[bin] -= 1.0;
        // An empty bin keeps no rounding.
        self.power[bin] = if self.frames[bin] > 0.0 {
            (self.power[bin] - power).max(0.0)
        } else {
            0.0
        };
    }

    /// Frames taken, the forgotten ones included.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    fn summarise(&self) -> Summary {
        let all: f32 = self.frames.iter().sum();
        let quantile = |share: f32| self.quantile(share * all);
        let (lower, median, upper) = (quantile(OUTSIDE), quantile(0.5), quantile(1.0 - OUTSIDE));
        let spread = median - lower;
        let upper = (SPREADS * (upper - median)).min(MOST_DB);
        let limit = median + (SPREADS * spread).max(upper).max(LEAST_DB);
        let last = (limit as usize).min(BINS - 1);
        let frames: f32 = self.frames[..=last].iter().sum();
        let power: f32 = self.power[..=last].iter().sum();
        Summary {
            mean: power / frames.max(1e-9),
            limit: 10_f32.powf((limit + Dbov::FLOOR.0) / 10.0),
        }
    }

    /// The level under which so many frames lie, in decibels over the floor.
    fn quantile(&self, wanted: f32) -> f32 {
        let mut below = 0.0;
        for (bin, &frames) in self.frames.iter().enumerate() {
            if below + frames >= wanted && frames > 0.0 {
                return bin as f32 + (wanted - below) / frames;
            }
            below += frames;
        }
        BINS as f32
    }

    /// Mean power of the noise; 0 before the first frame. Of all frames it is only now added up.
    pub(super) fn mean(&self) -> f32 {
        if self.last.is_empty() {
            self.summarise().mean
        } else {
            self.summary.mean
        }
    }

    /// Frames over this power are no noise; of a window only.
    pub(super) fn limit(&self) -> f32 {
        self.summary.limit
    }
}

/// The bin of a power.
fn bin(power: f32) -> usize {
    let db = Dbov::from_mean_square(power.into()).0 - Dbov::FLOOR.0;
    (db as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_speech_does_not_move_the_mean() {
        let mut levels = PauseLevels::of_all();
        for n in 0..1_000 {
            // Noise between −61 and −59 dBov; each tenth frame is of a word at −35 dBov.
            let db = if n % 10 == 0 {
                -35.0
            } else {
                -61.0 + 0.02 * (n % 100) as f32
            };
            levels.push(10_f32.powf(db / 10.0));
        }
        let told = 10.0 * levels.mean().log10();
        assert!((told + 60.0).abs() < 0.2, "{told}");
    }

    #[test]
    fn a_rumble_is_not_cut() {
        // Two thirds of the power in all frames alike, the rest a wave of which a frame shows a part.
        let mut levels = PauseLevels::of_all();
        let mut sum = 0.0;
        for n in 0..1_000 {
            let wave = (0.37 * n as f32).sin() * (0.011 * n as f32).sin();
            let power = 1e-5 * (0.6 + 1.6 * wave * wave);
            levels.push(power);
            sum += power;
        }
        let off = 10.0 * (levels.mean() / (sum / 1_000.0)).log10();
        assert!(off.abs() < 0.05, "{off}");
    }

    #[test]
    fn what_moves_as_a_whole_is_not_cut() {
        let mut levels = PauseLevels::of_all();
        let mut sum = 0.0;
        for n in 0..1_000 {
            let db = -50.0 + 8.0 * (n as f32).sin();
            levels.push(10_f32.powf(db / 10.0));
            sum += 10_f32.powf(db / 10.0);
        }
        let off = 10.0 * (levels.mean() / (sum / 1_000.0)).log10();
        assert!(off.abs() < 0.1, "{off}");
    }

    #[test]
    fn a_noise_that_stops_is_forgotten_within_the_window() {
        let mut levels = PauseLevels::of_last(300);
        for _ in 0..2_000 {
            levels.push(1e-3);
        }
        assert!((levels.mean() - 1e-3).abs() < 1e-6);
        for _ in 0..300 {
            levels.push(1e-8);
        }
        assert!(levels.mean() < 1.01e-8, "{}", levels.mean());
    }
}
