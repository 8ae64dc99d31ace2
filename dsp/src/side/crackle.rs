//! Crackle: clicks of a bad contact, a loose plug or lost samples, under speech.
//!
//! *Promises*: finds isolated clicks of about 0.05 of full scale and more, a few samples long, under speech, and
//! counts a burst of them within 10 ms once. A click is told in its own frame or the next one.
//!
//! *Fails* at 8 kHz, where a voice fills the band: only the plainest clicks are told there, so
//! that there are few false ones. Nor does it see clicks that a filter or a codec has smoothed.
//!
//! *Never* takes a glottal pulse or a plosive for a click: what follows those rings, as the
//! mouth does; a click does not.
//!
//! How: linear prediction (order 10, over 20 ms) whitens the frame. An additive click stands out
//! most not in the prediction error but in the error of interpolating each sample from both
//! sides, which is the prediction error run through the time-reversed predictor; there it has its
//! true height. It counts if that height is far above both an absolute bound and the frame's own median.
//! Source: S. V. Vaseghi and P. J. W. Rayner, "Detection and suppression of impulsive noise in
//! speech communication systems", IEE Proceedings I 137 (1990), with a robust scale.

use crate::lanes::{dot, highest};
use crate::units::SampleRate;
use std::f32::consts::TAU;
use std::ops::Range;

/// Order of the prediction.
const ORDER: usize = 10;
/// A frame is worth the work if some sample is this far off the middle of its neighbours.
const WORTH: f32 = 0.02;
/// What belongs to the click itself, on each side, seconds.
const NEAR_S: f32 = 0.000_8;
/// Clicks nearer together than this are one, seconds.
const DEBOUNCE_S: f32 = 0.01;
/// Errors that the median is taken of.
const SAMPLED: usize = 128;

/// What makes a click.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Least height, full scale 1.0.
    least: f32,
    /// So many median errors high.
    medians: f32,
    /// So many times what else stands out within 5 to 15 ms: a voice's pulses come in rows.
    alone: f32,
}

impl Bounds {
    /// Sampled at 8 kHz a voice fills the band and a click differs less from it.
    fn of(rate: SampleRate) -> Self {
        if rate.hz() < 16_000 {
            Self {
                least: 0.06,
                medians: 14.0,
                alone: 4.5,
            }
        } else {
            Self {
                least: 0.03,
                medians: 14.0,
                alone: 2.0,
            }
        }
    }
}

/// Finds crackles.
#[derive(Debug, Clone)]
pub struct CrackleDetector {
    frame_len: usize,
    bounds: Bounds,
    near: usize,
    debounce: usize,
    /// The last two frames.
    line: Box<[f32]>,
    window: Box<[f32]>,
    windowed: Box<[f32]>,
    /// Errors of prediction and of interpolation of each sample in `line`.
    error: Box<[f32]>,
    height: Box<[f32]>,
    sampled: [f32; SAMPLED],
    /// Samples since the last click.
    since: usize,
}

impl CrackleDetector {
    /// A detector that has heard nothing yet.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let frame_len = rate.frame_len();
        let length = 2 * frame_len;
        let samples = |seconds: f32| (rate.hz() as f32 * seconds).ceil() as usize;
        let zeros = || vec![0.0; length].into_boxed_slice();
        let debounce = samples(DEBOUNCE_S);
        let hann = |n: usize| 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / length as f32).cos();
        Self {
            frame_len,
            bounds: Bounds::of(rate),
            near: samples(NEAR_S),
            debounce,
            line: zeros(),
            window: (0..length).map(hann).collect(),
            windowed: zeros(),
            error: zeros(),
            height: zeros(),
            sampled: [0.0; SAMPLED],
            since: debounce,
        }
    }

    /// Listens to a frame (of any length); says how many crackles were told.
    pub fn process(&mut self, frame: &[f32]) -> u32 {
        let length = self.line.len();
        let mut told = 0;
        for part in frame.chunks(self.frame_len) {
            self.line.copy_within(part.len().., 0);
            self.line[length - part.len()..].copy_from_slice(part);
            // Judged half a frame late, with sound on both sides.
            let end = length - self.frame_len / 2;
            told += self.judge(end - part.len()..end);
        }
        told
    }

    fn judge(&mut self, judged: Range<usize>) -> u32 {
        let fresh = judged.len();
        let start = judged.start;
        let mut told = 0;
        let mut last = None;
        if self.is_worth(judged.clone()) && self.interpolate() {
            let bound = self
                .bounds
                .least
                .max(self.bounds.medians * self.median_height());
            // Nearly always nothing reaches it, which is soon seen.
            let any = highest(&self.height[judged.clone()]) >= bound;
            for n in if any { judged } else { 0..0 } {
                let since = last.map_or(self.since + n - start, |last| n - last);
                if self.height[n] >= bound
                    && since >= self.debounce
                    && self.stands_alone(n)
                    && !self.is_edge_of_silence(n)
                {
                    told += 1;
                    last = Some(n);
                }
            }
        }
        self.since = last.map_or(self.since.saturating_add(fresh), |last| {
            start + fresh - last
        });
        told
    }

    /// Something in here bends sharply enough to be a click.
    fn is_worth(&self, judged: Range<usize>) -> bool {
        let around = &self.line[judged.start - 1..judged.end + 1];
        let middle = &around[1..];
        let after = &around[2..];
        let mut most = [0f32; 8];
        let eights = middle
            .chunks_exact(8)
            .zip(around.chunks_exact(8))
            .zip(after.chunks_exact(8));
        for ((xs, before), after) in eights {
            for lane in 0..8 {
                let bend = (xs[lane] - 0.5 * (before[lane] + after[lane])).abs();
                most[lane] = if bend > most[lane] { bend } else { most[lane] };
            }
        }
        let tail = around.len().saturating_sub(10);
        let rest = around[tail..]
            .windows(3)
            .map(|w| (w[1] - 0.5 * (w[0] + w[2])).abs());
        most.into_iter().chain(rest).any(|bend| bend > WORTH)
    }

    /// Fills `height`; false if the line holds nothing to predict from.
    fn interpolate(&mut self) -> bool {
        for ((y, x), w) in self.windowed.iter_mut().zip(&self.line).zip(&self.window) {
            *y = x * w;
        }
        let Some(predictor) = predictor(&self.windowed) else {
            return false;
        };
        let length = self.line.len();
        let energy: f32 = predictor.iter().map(|a| a * a).sum();
        for n in ORDER..length {
            let past = &self.line[n - ORDER..=n];
            self.error[n] = predictor
                .iter()
                .zip(past.iter().rev())
                .map(|(a, x)| a * x)
                .sum();
        }
        for n in ORDER..length - ORDER {
            let future = &self.error[n..=n + ORDER];
            let sum: f32 = predictor.iter().zip(future).map(|(a, e)| a * e).sum();
            self.height[n] = (sum / energy).abs();
        }
        true
    }

    fn median_height(&mut self) -> f32 {
        let known = &self.height[ORDER..self.line.len() - ORDER];
        for (i, sampled) in self.sampled.iter_mut().enumerate() {
            *sampled = known[i * known.len() / SAMPLED];
        }
        *self
            .sampled
            .select_nth_unstable_by(SAMPLED / 2, f32::total_cmp)
            .1
    }

    /// Digital silence ends or begins at `n`: a gate, a mute or a lost packet, which are told as what
    /// they are. A click with silence on both sides is a click.
    fn is_edge_of_silence(&self, n: usize) -> bool {
        // The highest sample may lie a little beside the edge.
        const BESIDE: usize = 2;
        let silent = |run: Range<usize>| self.line[run].iter().all(|&x| x == 0.0);
        let before = silent(n - BESIDE - ORDER..n - BESIDE);
        let after = silent(n + BESIDE + 1..n + BESIDE + 1 + ORDER);
        before != after
    }

    /// The height at `n` is the largest around, by far.
    fn stands_alone(&self, n: usize) -> bool {
        let (from, to) = (ORDER, self.line.len() - ORDER);
        let highest = |heights: &[f32]| heights.iter().copied().fold(0f32, f32::max);
        let near = n.saturating_sub(self.near).max(from)..(n + self.near + 1).min(to);
        let elsewhere =
            highest(&self.height[from..near.start]).max(highest(&self.height[near.end..to]));
        self.height[n] >= highest(&self.height[near])
            && self.height[n] >= self.bounds.alone * elsewhere
    }
}

/// The prediction error filter of a windowed signal, after Levinson and Durbin.
fn predictor(signal: &[f32]) -> Option<[f32; ORDER + 1]> {
    let mut correlation = [0f32; ORDER + 1];
    for (lag, r) in correlation.iter_mut().enumerate() {
        *r = dot(&signal[lag..], &signal[..signal.len() - lag]);
    }
    // A little white noise keeps band-limited signals well-conditioned.
    correlation[0] *= 1.0001;
    let mut error = correlation[0];
    if !(error.is_finite() && error > 1e-9) {
        return None;
    }
    let mut filter = [0f32; ORDER + 1];
    filter[0] = 1.0;
    for order in 1..=ORDER {
        let sum: f32 = (0..order).map(|k| filter[k] * correlation[order - k]).sum();
        let reflection = -sum / error;
        let before = filter;
        for k in 1..=order {
            filter[k] = before[k] + reflection * before[order - k];
        }
        error *= 1.0 - reflection * reflection;
        if error.is_nan() || error <= 0.0 {
            return None;
        }
    }
    Some(filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::testing::Noise;

    fn told(rate: u32, signal: &[f32]) -> u32 {
        let mut detector = CrackleDetector::new(SampleRate::new(rate).unwrap());
        signal
            .chunks(rate as usize / 100)
            .map(|frame| detector.process(frame))
            .sum()
    }

    /// A voice whose pulses are as round as those of a throat.
    fn voice(rate: u32) -> Vec<f32> {
        let raw = Noise::new(4).voice(rate, 10.0);
        raw.windows(3)
            .map(|w| 0.4 * (0.25 * w[0] + 0.5 * w[1] + 0.25 * w[2]))
            .collect()
    }

    #[test]
    fn finds_clicks_under_a_voice_wherever_the_frame_edges_fall() {
        for rate in SampleRate::ALLOWED {
            let mut signal = voice(rate);
            let mut noise = Noise::new(1);
            for click in 1..40 {
                let at = click * rate as usize / 4 + noise.bits() as usize % (rate as usize / 8);
                let height = if rate == 8_000 { 0.4 } else { 0.1 };
                signal[at] += if click % 2 == 0 { height } else { -height };
            }
            let told = told(rate, &signal);
            let least = if rate == 8_000 { 20 } else { 37 };
            assert!((least..=40).contains(&told), "{rate} Hz: {told} of 39");
        }
    }

    #[test]
    fn a_voice_does_not_crackle() {
        for rate in SampleRate::ALLOWED {
            assert_eq!(told(rate, &voice(rate)), 0, "{rate} Hz");
        }
    }

    #[test]
    fn a_burst_counts_once() {
        let mut noise = Noise::new(3);
        let mut signal: Vec<f32> = (0..32_000).map(|_| 0.002 * noise.normal()).collect();
        for (n, x) in signal[8_000..8_006].iter_mut().enumerate() {
            *x += if n % 2 == 0 { 0.4 } else { -0.4 };
        }
        assert_eq!(told(16_000, &signal), 1);
    }

    /// The obvious way: what a sample differs from its best interpolation by its neighbours.
    #[test]
    fn heights_are_errors_of_interpolation() {
        let mut detector = CrackleDetector::new(SampleRate::new(8_000).unwrap());
        let mut signal = voice(8_000)[4_000..4_160].to_vec();
        signal[90] += 0.2;
        detector.line.copy_from_slice(&signal);
        assert!(detector.interpolate());
        let a = predictor(&detector.windowed).unwrap();
        // The least-squares interpolator's weights are the autocorrelation of the predictor.
        let weight = |lag: usize| -> f32 { (0..=ORDER - lag).map(|k| a[k] * a[k + lag]).sum() };
        for n in 2 * ORDER..140 {
            let sides: f32 = (1..=ORDER)
                .map(|l| weight(l) * (signal[n - l] + signal[n + l]))
                .sum();
            let slow = (signal[n] + sides / weight(0)).abs();
            assert!((slow - detector.height[n]).abs() < 1e-4, "{n}");
        }
        assert!(
            (detector.height[90] - 0.2).abs() < 0.05,
            "{}",
            detector.height[90]
        );
    }

    #[test]
    fn recovers_from_broken_samples() {
        let mut signal = voice(8_000);
        signal[4_000..4_080].fill(f32::NAN);
        signal[60_000] += 0.5;
        assert!(told(8_000, &signal) >= 1);
    }
}
