//! The linear echo path, learnt and taken out: a partitioned-block frequency-domain Kalman filter
//! (Enzner & Vary 2006; partitioned form after Kuech, Mabande & Enzner 2014).
//!
//! Eight partitions of 10 ms. The filter needs no double-talk detector: its own uncertainty, set
//! against the power of what it cannot explain, is its step size.
//!
//! *Never* adds: where its residual has more power than the microphone, the microphone is given.

use crate::resample::{ANALYSIS_FRAME, AnalysisFrame};
use crate::spectrum::{BINS, Bins, PADDED, POINTS, Transform};

/// Length of the path: 80 ms.
pub(super) const PARTITIONS: usize = 8;

/// Partitions whose path is cut to length per frame; each gets its turn.
const CONSTRAINED: usize = 2;

/// How constant the path is from frame to frame.
const TRANSITION: f32 = 0.9995;

/// Smoothing of the residual's power, the "noise" of the observation.
const SMOOTHING: f32 = 0.9;

/// The real path is never quite the model: this share of the echo found is not to be learnt from.
const MISMATCH: f32 = 0.01;

/// Uncertainty of a path never heard: its taps may have this power in all.
const UNKNOWN: f32 = 1.0;

/// A path that has moved may be off by this many times its power: the new one is up to 6 dB louder.
const MOVED: f32 = 4.0;

/// One partition of the path and how unsure it is.
#[derive(Debug, Clone)]
struct Partition {
    path: Bins,
    unsure: [f32; PADDED],
}

/// The filter.
#[derive(Debug)]
pub(super) struct KalmanFilter {
    partitions: Vec<Partition>,
    transform: Transform,
    residual_power: [f32; PADDED],
    /// The partition whose path is cut to its 10 ms next.
    next: usize,
    estimate: Bins,
    error: Bins,
    started: bool,
}

/// What one frame came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Cancelled {
    /// Mean square of the echo the filter found.
    pub(super) echo: f32,
    /// Mean square of what is left.
    pub(super) residual: f32,
    /// Mean square of the echo that may still be in it, by the filter's own uncertainty.
    pub(super) unsure: f32,
}

impl KalmanFilter {
    pub(super) fn new() -> Self {
        let blank = Partition {
            path: Bins::ZERO,
            unsure: [UNKNOWN; PADDED],
        };
        let mut filter = Self {
            partitions: vec![blank; PARTITIONS],
            transform: Transform::new(),
            residual_power: [0.0; PADDED],
            next: 0,
            estimate: Bins::ZERO,
            error: Bins::ZERO,
            started: false,
        };
        filter.reset();
        filter
    }

    /// Knows nothing again.
    pub(super) fn reset(&mut self) {
        for (n, partition) in self.partitions.iter_mut().enumerate() {
            partition.path = Bins::ZERO;
            // Late reflections are weaker: half the power per 10 ms or so.
            partition.unsure.fill(UNKNOWN * 0.6_f32.powi(n as i32));
        }
        self.started = false;
    }

    /// The path is no longer what it was: it may be off by a few times its own power.
    pub(super) fn doubt(&mut self) {
        for partition in &mut self.partitions {
            let path = &partition.path;
            let power: f32 = path.re.iter().chain(&path.im).map(|x| x * x).sum();
            let mean = power / BINS as f32;
            for unsure in &mut partition.unsure {
                *unsure = unsure.max(MOVED * mean);
            }
        }
        self.started = false;
    }

    /// Takes the echo of `far` (the far end's spectra, `far(p)` for partition `p`) out of `mic`. It
    /// learns only if told so: from the far end's noise it would forget the path.
    pub(super) fn process<'a>(
        &mut self,
        mic: &mut AnalysisFrame,
        far: impl Fn(usize) -> &'a Bins,
        learn: bool,
    ) -> Cancelled {
        let estimate = &mut self.estimate;
        estimate.re.fill(0.0);
        estimate.im.fill(0.0);
        for (p, partition) in self.partitions.iter().enumerate() {
            add_product(estimate, &partition.path, far(p));
        }
        let (_, echo) = self.transform.inverse(estimate);
        let mut residual = *mic;
        let (mut echo_power, mut residual_power, mut mic_power) = (0.0, 0.0, 0.0);
        for ((r, m), y) in residual.iter_mut().zip(mic.iter()).zip(echo) {
            *r -= y;
            echo_power += y * y;
            residual_power += *r * *r;
            mic_power += m * m;
        }
        let unsure = if learn {
            let zeros = [0.0; ANALYSIS_FRAME];
            self.transform.forward(&zeros, &residual, &mut self.error);
            for _ in 0..CONSTRAINED {
                self.constrain();
            }
            self.learn(&far)
        } else {
            0.0
        };
        let scale = 1.0 / ANALYSIS_FRAME as f32;
        if residual_power <= mic_power {
            *mic = residual;
        }
        Cancelled {
            echo: echo_power * scale,
            residual: residual_power.min(mic_power) * scale,
            unsure,
        }
    }

    /// The spectrum of what the last frame it learnt from left.
    pub(super) fn left(&self) -> &Bins {
        &self.error
    }

    /// One Kalman step with the error of this frame; the mean square that the path's uncertainty
    /// stood for before it.
    fn learn<'a>(&mut self, far: &impl Fn(usize) -> &'a Bins) -> f32 {
        let error = &self.error;
        let smoothing = if self.started { SMOOTHING } else { 0.0 };
        self.started = true;
        let mut total = [0.0_f32; PADDED];
        for (p, partition) in self.partitions.iter().enumerate() {
            let x = far(p);
            for (k, total) in total.iter_mut().enumerate() {
                // Half: one of the two blocks of a transform is fresh.
                *total += 0.5 * partition.unsure[k] * (x.re[k] * x.re[k] + x.im[k] * x.im[k]);
            }
        }
        // Parseval: both halves of the spectrum, over the points, over the fresh samples.
        let unsure_power = total.iter().sum::<f32>() * 2.0 / (POINTS * ANALYSIS_FRAME) as f32;
        for (k, total) in total.iter_mut().enumerate() {
            let power = error.re[k] * error.re[k] + error.im[k] * error.im[k];
            let kept = &mut self.residual_power[k];
            *kept = smoothing * *kept + (1.0 - smoothing) * power;
            let found = self.estimate.re[k] * self.estimate.re[k]
                + self.estimate.im[k] * self.estimate.im[k];
            *total = 1.0 / (*total + kept.max(power) + MISMATCH * found + 1e-6);
        }
        let forget = TRANSITION * TRANSITION;
        for (p, partition) in self.partitions.iter_mut().enumerate() {
            let x = far(p);
            let Partition { path, unsure } = partition;
            for k in 0..PADDED {
                let step = unsure[k] * total[k];
                let (re, im) = (x.re[k], x.im[k]);
                path.re[k] += step * (re * error.re[k] + im * error.im[k]);
                path.im[k] += step * (re * error.im[k] - im * error.re[k]);
                let power = path.re[k] * path.re[k] + path.im[k] * path.im[k];
                let left = 1.0 - 0.5 * step * (re * re + im * im);
                unsure[k] = forget * unsure[k] * left + (1.0 - forget) * power;
            }
        }
        unsure_power
    }

    /// Cuts one partition's path back to its 160 taps; each gets its turn.
    fn constrain(&mut self) {
        let path = &mut self.partitions[self.next].path;
        self.next = (self.next + 1) % PARTITIONS;
        let mut taps = [0.0; ANALYSIS_FRAME];
        taps.copy_from_slice(self.transform.inverse(path).0);
        self.transform.forward(&taps, &[0.0; ANALYSIS_FRAME], path);
    }
}

/// `sum += a * b`, bin by bin.
fn add_product(sum: &mut Bins, a: &Bins, b: &Bins) {
    for k in 0..PADDED {
        sum.re[k] += a.re[k] * b.re[k] - a.im[k] * b.im[k];
        sum.im[k] += a.re[k] * b.im[k] + a.im[k] * b.re[k];
    }
}
