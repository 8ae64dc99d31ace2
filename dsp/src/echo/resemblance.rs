//! Does what is left in the microphone move as the far end does? Then it is the far end, whatever the filter
//! or the bound of the leakage say: they know the path of a moment ago.
//!
//! The log powers of both sides' bands are correlated over the last third of a second of frames that nothing else
//! explains, each band about its own mean. Two people who talk at the same time are loud and low in different
//! bands at different moments.

use super::delay::Envelope;

/// Delays looked at around the one known: the envelopes are 10 ms apart, and a stream may have slipped by one.
const AROUND: usize = 3;

/// Forgetting: about a third of a second.
const KEEP: f32 = 0.97;

/// Fewer frames than this say nothing.
const LEAST: f32 = 8.0;

/// So many frames are enough to wake a filter that has found nothing: more than a syllable, as the start of one person's
/// turn looks like the syllable that another ended with,
const LONG: u32 = 40;

/// and no further apart than this, as that start comes again with each turn.
const APART: u64 = 30;

/// Running sums of one side's bands.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    first: Envelope,
    second: Envelope,
}

impl Sums {
    fn push(&mut self, x: &Envelope) {
        let sums = self.first.iter_mut().zip(&mut self.second);
        for ((first, second), x) in sums.zip(x) {
            *first = *first * KEEP + x;
            *second = *second * KEEP + x * x;
        }
    }

    /// Squared deviations from the bands' means, all together.
    fn spread(&self, frames: f32) -> f32 {
        let bands = self.first.iter().zip(&self.second);
        bands.map(|(a, b)| b - a * a / frames).sum()
    }
}

/// Correlates what is left with the far end.
#[derive(Debug, Clone, Default)]
pub(super) struct Resemblance {
    /// The number of the last frame taken, and how many came before it without a longer gap than [`APART`].
    last: u64,
    run: u32,
    frames: f32,
    left: Sums,
    far: [Sums; AROUND],
    both: [Envelope; AROUND],
}

impl Resemblance {
    /// Takes the bands of frame `now` that nothing explains, and those of the far end at the delays around.
    pub(super) fn push(&mut self, now: u64, left: &Envelope, far: [&Envelope; AROUND]) {
        let goes_on = now.saturating_sub(self.last) <= APART;
        self.run = if goes_on {
            self.run.saturating_add(1)
        } else {
            1
        };
        self.last = now;
        self.frames = self.frames * KEEP + 1.0;
        self.left.push(left);
        for (d, far) in far.into_iter().enumerate() {
            self.far[d].push(far);
            for (both, (left, far)) in self.both[d].iter_mut().zip(left.iter().zip(far)) {
                *both = *both * KEEP + left * far;
            }
        }
    }

    /// Whether there is enough to wake a filter that has found nothing.
    pub(super) fn is_long(&self) -> bool {
        self.run >= LONG
    }

    /// The correlation at the best of the delays, −1..1; 0 while there is too little to go by.
    pub(super) fn correlation(&self) -> f32 {
        if self.frames < LEAST {
            return 0.0;
        }
        let left = self.left.spread(self.frames);
        let at = |d: usize| {
            let means = self.left.first.iter().zip(&self.far[d].first);
            let both = self.both[d].iter().zip(means);
            let cross: f32 = both.map(|(ab, (a, b))| ab - a * b / self.frames).sum();
            cross / (left * self.far[d].spread(self.frames)).max(1e-9).sqrt()
        };
        (0..AROUND).map(at).fold(-1.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::delay::BANDS;
    use super::*;

    /// Even between −1 and 1, for each band and frame another.
    fn scatter(n: usize, band: usize) -> f32 {
        let mut x = ((n * BANDS + band) as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((x >> 40) as f32 / (1 << 23) as f32) - 1.0
    }

    fn bands(of: impl Fn(usize) -> f32) -> Envelope {
        std::array::from_fn(of)
    }

    /// The correlation after `frames` of these.
    fn after(frames: usize, left: impl Fn(usize, usize) -> f32, delay: usize) -> f32 {
        let mut resemblance = Resemblance::default();
        for n in 10..10 + frames {
            let far = [delay, delay + 1, delay + 2].map(|d| bands(|b| scatter(n - d, b)));
            resemblance.push(n as u64, &bands(|b| left(n, b)), far.each_ref());
        }
        resemblance.correlation()
    }

    #[test]
    fn what_comes_again_with_each_turn_wakes_nothing_and_what_lasts_does() {
        let long_after = |frames: usize, speaks: &dyn Fn(usize) -> bool| {
            let mut resemblance = Resemblance::default();
            for n in (0..frames).filter(|n| speaks(*n)) {
                let far = bands(|b| scatter(n, b));
                resemblance.push(n as u64, &far, [&far; AROUND]);
            }
            resemblance.is_long()
        };
        // A quarter of a second at the start of each turn of two.
        assert!(!long_after(3_000, &|n| n % 200 < 26));
        // Syllables with gaps of a tenth of a second.
        assert!(long_after(80, &|n| n % 25 < 15));
    }

    #[test]
    fn the_far_end_is_known_again_by_any_path_and_another_voice_is_not() {
        // Each band through the path with a gain of its own, and one frame later than thought.
        let leaked = |n: usize, b: usize| scatter(n - 3, b) - b as f32;
        assert!(after(30, leaked, 2) > 0.99);
        let other = |n: usize, b: usize| scatter(n + 5_000, b);
        assert!(after(30, other, 2) < 0.3);
        // Both: as much of one as of the other.
        let both = |n: usize, b: usize| leaked(n, b) + other(n, b);
        assert!((0.5..0.9).contains(&after(30, both, 2)));
    }

    #[test]
    fn a_few_frames_say_nothing() {
        assert!(after(7, |n, b| scatter(n - 3, b), 2) == 0.0);
        assert!(Resemblance::default().correlation() == 0.0);
    }

    #[test]
    fn the_running_sums_give_the_weighted_correlation() {
        let left = |n: usize, b: usize| scatter(n - 3, b) + 0.8 * scatter(n + 900, b) + b as f32;
        let told = after(60, left, 2);
        // Slowly and plainly: every frame with its weight, each band about its own mean.
        let weight = |n: usize| KEEP.powi(69 - n as i32);
        let (mut cross, mut one, mut two) = (0.0, 0.0, 0.0);
        for b in 0..BANDS {
            let mean = |of: &dyn Fn(usize) -> f32| {
                let all: f32 = (10..70).map(weight).sum();
                (10..70).map(|n| weight(n) * of(n)).sum::<f32>() / all
            };
            let far = |n: usize| scatter(n - 3, b);
            let (a, c) = (mean(&|n| left(n, b)), mean(&far));
            for n in 10..70 {
                let (x, y) = (left(n, b) - a, far(n) - c);
                cross += weight(n) * x * y;
                one += weight(n) * x * x;
                two += weight(n) * y * y;
            }
        }
        let slow = cross / (one * two).sqrt();
        assert!((told - slow).abs() < 1e-3, "{told} for {slow}");
    }
}
