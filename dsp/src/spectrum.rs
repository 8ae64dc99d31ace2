//! The spectrum of the last 20 ms, one per 10 ms frame, shared by everything that wants one.
//!
//! 320 points at 16 kHz: 161 bins, 50 Hz apart. No window, as block convolution wants it; who wants
//! a Hann window gets it from neighbouring bins ([`Bins::hann_power`]).

use crate::real_transform::{GROUP, RealTransform};
use crate::resample::{ANALYSIS_FRAME, AnalysisFrame};

/// Points of the transform: two frames.
pub(crate) const POINTS: usize = 2 * ANALYSIS_FRAME;

/// Bins that mean something: 0 Hz to 8 kHz.
pub(crate) const BINS: usize = POINTS / 2 + 1;

/// Bins kept, so that loops run in whole groups of eight; the rest is zero.
pub(crate) const PADDED: usize = BINS.next_multiple_of(8);

/// One spectrum, real and imaginary parts apart.
#[derive(Debug, Clone)]
pub(crate) struct Bins {
    pub(crate) re: [f32; PADDED],
    pub(crate) im: [f32; PADDED],
}

impl Bins {
    pub(crate) const ZERO: Self = Self {
        re: [0.0; PADDED],
        im: [0.0; PADDED],
    };

    /// Power of bin `k` (of the interior) as seen through a Hann window: a three-point sum of
    /// neighbours.
    pub(crate) fn hann_power(&self, k: usize) -> f32 {
        let re = 0.5 * self.re[k] - 0.25 * (self.re[k - 1] + self.re[k + 1]);
        let im = 0.5 * self.im[k] - 0.25 * (self.im[k - 1] + self.im[k + 1]);
        re * re + im * im
    }
}

/// Transforms of [`POINTS`] samples, both ways, without allocating.
#[derive(Debug)]
pub(crate) struct Transform {
    plan: RealTransform,
    first: AnalysisFrame,
    second: AnalysisFrame,
    scaled: Bins,
}

impl Transform {
    pub(crate) fn new() -> Self {
        Self {
            plan: RealTransform::new(POINTS),
            first: [0.0; ANALYSIS_FRAME],
            second: [0.0; ANALYSIS_FRAME],
            scaled: Bins::ZERO,
        }
    }

    /// The spectrum of `first` followed by `second`.
    pub(crate) fn forward(
        &mut self,
        first: &AnalysisFrame,
        second: &AnalysisFrame,
        out: &mut Bins,
    ) {
        let (re, _) = out.re.as_chunks_mut::<GROUP>();
        let (im, _) = out.im.as_chunks_mut::<GROUP>();
        self.plan.forward(first, second, |n, r, i| {
            re[n] = r.to_array();
            im[n] = i.to_array();
        });
        // The ends of a real signal's spectrum are real; rounding must not say otherwise.
        out.im[0] = 0.0;
        out.im[BINS - 1] = 0.0;
    }

    /// The samples of a spectrum, first and second half.
    pub(crate) fn inverse(&mut self, bins: &Bins) -> (&AnalysisFrame, &AnalysisFrame) {
        const SCALE: f32 = 1.0 / POINTS as f32;
        for k in 0..PADDED {
            self.scaled.re[k] = bins.re[k] * SCALE;
            self.scaled.im[k] = bins.im[k] * SCALE;
        }
        self.plan.inverse(
            &self.scaled.re,
            &self.scaled.im,
            &mut self.first,
            &mut self.second,
        );
        (&self.first, &self.second)
    }
}

/// The running spectrum of one stream.
#[derive(Debug)]
pub(crate) struct Spectrum {
    transform: Transform,
    last: AnalysisFrame,
    pub(crate) bins: Bins,
}

impl Spectrum {
    pub(crate) fn new() -> Self {
        Self {
            transform: Transform::new(),
            last: [0.0; ANALYSIS_FRAME],
            bins: Bins::ZERO,
        }
    }

    /// Takes the next frame into `bins`.
    pub(crate) fn push(&mut self, frame: &AnalysisFrame) {
        self.transform.forward(&self.last, frame, &mut self.bins);
        self.last = *frame;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same() {
        let mut transform = Transform::new();
        let first: AnalysisFrame = std::array::from_fn(|i| (i as f32 * 0.7).sin());
        let second: AnalysisFrame = std::array::from_fn(|i| (i as f32 * 0.3).cos());
        let mut bins = Bins::ZERO;
        transform.forward(&first, &second, &mut bins);
        let (a, b) = transform.inverse(&bins);
        for (x, y) in first.iter().chain(&second).zip(a.iter().chain(b)) {
            assert!((x - y).abs() < 1e-5);
        }
    }

    #[test]
    fn hann_power_equals_windowing_first() {
        let wave = |i: usize| (i as f32 * 0.41).sin() + 0.3 * (i as f32 * 1.7).cos();
        let hann = |i: usize| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / POINTS as f32).cos();
        let mut transform = Transform::new();
        let (mut plain, mut windowed) = (Bins::ZERO, Bins::ZERO);
        let half = |f: &dyn Fn(usize) -> f32, at: usize| -> AnalysisFrame {
            std::array::from_fn(|i| f(i + at))
        };
        transform.forward(&half(&wave, 0), &half(&wave, 160), &mut plain);
        let weighted = |i: usize| wave(i) * hann(i);
        transform.forward(&half(&weighted, 0), &half(&weighted, 160), &mut windowed);
        for k in 1..BINS - 1 {
            let want = windowed.re[k].powi(2) + windowed.im[k].powi(2);
            assert!(
                (plain.hann_power(k) - want).abs() < 1e-2 * want.max(1e-2),
                "bin {k}"
            );
        }
    }
}
