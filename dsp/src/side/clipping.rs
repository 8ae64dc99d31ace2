//! Clipping: flat tops at the loudest the signal gets, also below full scale.
//!
//! *Promises*: every run of three or more equal samples at the running extreme of its polarity
//! counts, at any level from [`QUIETEST`] up; a run is counted whole, in the frame in which it ends.
//!
//! *Fails* to see clipping that was resampled or re-filtered afterwards: its tops are round again.
//!
//! *Never* takes a quantisation step for a flat top: the edges of a run must be steeper than a
//! slow wave's are, and tops of companded speech (G.711, steps of 3–6 %) must be longer.

/// Extremes below this are not judged; full scale is 1.0.
pub const QUIETEST: f32 = 0.1;
/// Shortest flat top.
const SHORTEST: u32 = 3;
/// Shortest flat top of a companded signal, whose coarse steps alone make shorter ones; at 8 kHz.
const SHORTEST_COMPANDED: u32 = 9;
/// A run this near the extreme is at it.
const AT_EXTREME: f32 = 0.98;
/// Least fall at both ends of a flat top together, full scale 1.0: eight steps of 16-bit.
const EDGES: f32 = 8.0 / 32_768.0;
/// What the running extreme keeps over one frame: it halves in 14 s.
const KEPT: f32 = 0.999_5;
/// Longest flat top in seconds; what is longer is a stuck input.
const LONGEST_S: f32 = 0.025;

use crate::units::SampleRate;

/// Counts clipped samples.
#[derive(Debug, Clone)]
pub struct ClippingDetector {
    longest: u32,
    shortest_companded: u32,
    /// Running extremes: of positive samples, of negated negative ones.
    extremes: [f32; 2],
    /// The run that is open: its value, its length and the sample before it.
    value: f32,
    length: u32,
    before: f32,
}

impl ClippingDetector {
    /// A detector that has heard nothing yet.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        Self {
            longest: (rate.hz() as f32 * LONGEST_S) as u32,
            shortest_companded: SHORTEST_COMPANDED * rate.hz() / 8_000,
            extremes: [0.0; 2],
            value: 0.0,
            length: 0,
            before: 0.0,
        }
    }

    /// The clipped samples of all flat tops that end in this frame. `lowest` and `highest` are the
    /// frame's own extremes.
    pub fn process(&mut self, frame: &[f32], lowest: f32, highest: f32) -> u32 {
        let peaks = [highest, -lowest];
        for (extreme, peak) in self.extremes.iter_mut().zip(peaks) {
            let kept = *extreme * KEPT;
            *extreme = if peak > kept && peak.is_finite() {
                peak
            } else {
                kept
            };
        }
        let loud = |polarity: usize| peaks[polarity] >= self.bound(polarity);
        if self.length < 2 && !loud(0) && !loud(1) {
            // Nothing in this frame can be part of a flat top.
            if let [.., before, last] = *frame {
                (self.before, self.value, self.length) = (before, last, 1);
            }
            return 0;
        }
        let mut clipped = 0;
        for &x in frame {
            if x == self.value {
                self.length = self.length.saturating_add(1);
            } else {
                if self.length >= SHORTEST && self.is_flat_top(x) {
                    clipped += self.length;
                }
                (self.before, self.value, self.length) = (self.value, x, 1);
            }
        }
        clipped
    }

    /// What a sample of this polarity must reach to be at the extreme.
    fn bound(&self, polarity: usize) -> f32 {
        (self.extremes[polarity] * AT_EXTREME).max(QUIETEST)
    }

    /// Judges the open run, which `after` ends.
    fn is_flat_top(&self, after: f32) -> bool {
        let sign = self.value.signum();
        let height = self.value * sign;
        let (rise, fall) = (height - self.before * sign, height - after * sign);
        let companded = [self.before, self.value, after]
            .into_iter()
            .all(is_companded);
        let shortest = if companded {
            self.shortest_companded
        } else {
            SHORTEST
        };
        height >= self.bound(usize::from(sign < 0.0))
            && (shortest..=self.longest).contains(&self.length)
            && rise > 0.0
            && fall > 0.0
            && rise + fall > EDGES
    }
}

/// The sample lies on the grid of G.711 µ-law or A-law (as 16-bit).
fn is_companded(x: f32) -> bool {
    let scaled = (x * 32_768.0).abs();
    if scaled.fract() != 0.0 || !(256.0..=32_768.0).contains(&scaled) {
        return false;
    }
    let linear = scaled as u32;
    // Segments double; within each there are 16 steps, and values sit in the middle of a step.
    let middle_of_step = |value: u32, mantissa_bits: u32| {
        let step_bits = value.ilog2() - mantissa_bits;
        value & ((1 << step_bits) - 1) == 1 << (step_bits - 1)
    };
    middle_of_step(linear + 132, 4) || middle_of_step(linear, 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::testing::Noise;

    fn clipped(rate: u32, signal: &[f32]) -> u32 {
        let rate = SampleRate::new(rate).unwrap();
        let mut detector = ClippingDetector::new(rate);
        let frames = signal.chunks(rate.frame_len());
        frames
            .map(|frame| {
                let lowest = frame.iter().copied().fold(f32::INFINITY, f32::min);
                let highest = frame.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                detector.process(frame, lowest, highest)
            })
            .sum()
    }

    fn voice(rate: u32, gain: f32, limit: f32) -> Vec<f32> {
        let loud = Noise::new(5).voice(rate, 5.0);
        let peak = loud.iter().fold(0f32, |peak, x| peak.max(x.abs()));
        let steps = |x: f32| (x * 32_768.0).round() / 32_768.0;
        loud.iter()
            .map(|x| steps((x / peak * gain).clamp(-limit, limit)))
            .collect()
    }

    /// What was really cut off: runs of three at the limit.
    fn cut(signal: &[f32], limit: f32) -> u32 {
        let limit = (limit * 32_768.0).round() / 32_768.0;
        let runs = signal.chunk_by(|a, b| a == b);
        runs.filter(|run| run.len() >= 3 && run[0].abs() == limit)
            .map(|run| run.len() as u32)
            .sum()
    }

    #[test]
    fn finds_all_flat_tops_at_every_level_and_rate() {
        for rate in SampleRate::ALLOWED {
            for limit in [0.15, 0.3, 0.7, 0.9] {
                let signal = voice(rate, 3.0 * limit, limit);
                let (found, truth) = (clipped(rate, &signal), cut(&signal, limit));
                assert!(truth > 20, "the signal must be clipped: {truth}");
                assert!(found <= truth, "{rate} Hz at {limit}: {found} of {truth}");
                let missed = truth - found;
                assert!(
                    missed * 200 <= truth,
                    "{rate} Hz at {limit}: {missed} of {truth} missed"
                );
            }
        }
    }

    #[test]
    fn does_not_find_what_is_not_there() {
        for rate in SampleRate::ALLOWED {
            assert_eq!(clipped(rate, &voice(rate, 0.8, 1.0)), 0, "{rate} Hz");
        }
    }

    #[test]
    fn slow_quantised_waves_are_not_clipped() {
        let wave = |n: u32| (std::f32::consts::TAU * 30.0 * n as f32 / 48_000.0).sin();
        let steps = |x: f32| (x * 0.5 * 32_768.0).round() / 32_768.0;
        let signal: Vec<f32> = (0..48_000).map(|n| steps(wave(n))).collect();
        assert!(
            signal
                .windows(3)
                .any(|w| w[0] > 0.49 && w[0] == w[1] && w[1] == w[2])
        );
        assert_eq!(clipped(48_000, &signal), 0);
    }

    #[test]
    fn a_flat_top_across_a_frame_edge_counts_once() {
        let mut signal = voice(8_000, 0.4, 1.0);
        signal[797..803].fill(0.6);
        (signal[796], signal[803]) = (0.3, 0.3);
        assert_eq!(clipped(8_000, &signal), 6);
    }

    #[test]
    fn a_stuck_input_is_not_clipping() {
        let mut signal = voice(8_000, 0.4, 1.0);
        signal[797..1_603].fill(0.6);
        assert_eq!(clipped(8_000, &signal), 0);
    }

    #[test]
    fn knows_the_companding_grids() {
        // G.711 µ-law decodes to 4(2m + 33)·2^s − 132, A-law to 8(2m + 33)·2^(s − 1), as 16-bit.
        for (segment, step) in [(5u32, 3u32), (6, 15), (7, 0)] {
            let mu = ((4 * (2 * step + 33)) << segment) - 132;
            let a = (8 * (2 * step + 33)) << (segment - 1);
            assert!(is_companded(mu as f32 / 32_768.0) && is_companded(-(a as f32) / 32_768.0));
            assert!(!is_companded((mu + 1) as f32 / 32_768.0));
            assert!(!is_companded(a as f32 / 32_768.0 + 1e-5));
        }
    }
}
