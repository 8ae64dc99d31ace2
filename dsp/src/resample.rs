//! Any accepted rate to 16 kHz, one 10 ms frame in, 160 samples out.
//!
//! *Promises*: a windowed-sinc polyphase filter (Kaiser, about 55 dB of stop band), linear phase,
//! about 1 ms of delay, the same cost for every frame, nothing allocated after construction.
//!
//! *Fails* never: a frame of another length is padded with zeros or cut.
//!
//! *Never* scales: a sine inside the pass band keeps its level. Its output may overshoot the input
//! by a few per cent, as any band limit does; who needs ±1 clamps.

use crate::lanes::dot;
use crate::units::SampleRate;

/// The rate of everything after the per-side figures.
pub const ANALYSIS_RATE: usize = 16_000;

/// Samples of a 10 ms frame at [`ANALYSIS_RATE`].
pub const ANALYSIS_FRAME: usize = ANALYSIS_RATE / 100;

/// One 10 ms frame at 16 kHz.
pub type AnalysisFrame = [f32; ANALYSIS_FRAME];

/// Kaiser window shape: 55 dB of stop-band attenuation.
const KAISER_BETA: f64 = 5.0;

/// Middle of the transition band as a share of the lower of the two Nyquist frequencies: from above,
/// and from 8 kHz, where telephone speech goes up to the edge.
const CUTOFF: f64 = 0.975;
const CUTOFF_BELOW: f64 = 0.94;

/// Converts one stream to 16 kHz.
#[derive(Debug, Clone)]
pub struct To16k {
    /// Samples of an input frame.
    frame_len: usize,
    /// Taps of each phase, at the input rate; 0 = the input is 16 kHz already.
    taps: usize,
    /// Interpolation factor: number of phases.
    up: usize,
    /// Decimation factor.
    down: usize,
    /// `up` filters of `taps` coefficients each, oldest sample first; where `up` is 1, the
    /// coefficients of one stream after those of another.
    phases: Vec<f32>,
    /// The last `taps - 1` samples, then the frame. Where the rate is a whole multiple of 16 kHz
    /// (`up` = 1) it is kept as `down` streams of every `down`-th sample instead, one after another.
    history: Vec<f32>,
}

/// Outputs made at a time where `up` is 1.
const LANES: usize = 32;

impl To16k {
    /// A converter from `rate`.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let hz = rate.hz() as usize;
        let frame_len = rate.frame_len();
        if hz == ANALYSIS_RATE {
            return Self {
                frame_len,
                taps: 0,
                up: 1,
                down: 1,
                phases: Vec::new(),
                history: Vec::new(),
            };
        }
        let shared = gcd(hz, ANALYSIS_RATE);
        let (up, down) = (ANALYSIS_RATE / shared, hz / shared);
        // 24 periods of the lower rate give the transition band (48 where it lies close to
        // telephone speech); whole groups of 8 let it vectorise.
        let taps = if hz < ANALYSIS_RATE {
            48
        } else {
            (24 * hz / ANALYSIS_RATE).next_multiple_of(8)
        };
        let kept = if up == 1 { taps - down } else { taps - 1 };
        Self {
            frame_len,
            taps,
            up,
            down,
            phases: design(hz, up, taps),
            history: vec![0.0; kept + frame_len],
        }
    }

    /// Delay of the output, in samples at 16 kHz.
    #[must_use]
    pub fn delay(&self) -> f32 {
        if self.taps == 0 {
            return 0.0;
        }
        let prototype = (self.taps * self.up - 1) as f32 / 2.0;
        // Streams take whole groups of samples: an output sees to the end of its group.
        let ahead = if self.up == 1 { self.down - 1 } else { 0 };
        (prototype - ahead as f32) / self.down as f32
    }

    /// Converts one frame.
    pub fn process(&mut self, input: &[f32], output: &mut AnalysisFrame) {
        let given = input.len().min(self.frame_len);
        if self.taps == 0 {
            output[..given].copy_from_slice(&input[..given]);
            output[given..].fill(0.0);
            return;
        }
        if self.up == 1 {
            self.take_streams(&input[..given]);
            self.fold_streams(output);
            return;
        }
        let kept = self.taps - 1;
        self.history.copy_within(self.frame_len.., 0);
        let fresh = &mut self.history[kept..];
        fresh[..given].copy_from_slice(&input[..given]);
        fresh[given..].fill(0.0);
        let (mut phase, mut start) = (0, 0);
        for y in output.iter_mut() {
            let h = &self.phases[phase * self.taps..][..self.taps];
            *y = dot(h, &self.history[start..start + self.taps]);
            phase += self.down;
            while phase >= self.up {
                phase -= self.up;
                start += 1;
            }
        }
    }

    /// Deals a frame out to the streams.
    fn take_streams(&mut self, frame: &[f32]) {
        let kept = self.taps / self.down - 1;
        for (n, stream) in self
            .history
            .chunks_exact_mut(kept + ANALYSIS_FRAME)
            .enumerate()
        {
            stream.copy_within(ANALYSIS_FRAME.., 0);
            let fresh = &mut stream[kept..];
            match self.down {
                2 => deal::<2>(frame, n, fresh),
                // 48 kHz; no accepted rate has more.
                _ => deal::<3>(frame, n, fresh),
            }
        }
    }

    /// The filter over the streams, [`LANES`] outputs at a time. The filter is symmetric: each tap
    /// stands for two samples, one in the stream `n`, one in the last but `n`.
    fn fold_streams(&self, output: &mut AnalysisFrame) {
        let taps = self.taps / self.down;
        let stream = |n: usize, at: usize| {
            &self.history[n * (taps - 1 + ANALYSIS_FRAME) + at..][..taps - 1 + LANES]
        };
        for (block, out) in output.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let at = block * LANES;
            let mut sums = [0.0_f32; LANES];
            for n in 0..self.down.div_ceil(2) {
                let mirrored = self.down - 1 - n;
                let count = if n == mirrored { taps / 2 } else { taps };
                let filter = &self.phases[n * taps..][..count];
                let forward = stream(n, at).windows(LANES);
                let backward = stream(mirrored, at).windows(LANES).rev();
                for ((tap, xs), ys) in filter.iter().zip(forward).zip(backward) {
                    let (Some(xs), Some(ys)) = (xs.first_chunk(), ys.first_chunk()) else {
                        break; // Windows of LANES are of LANES.
                    };
                    add_pairs(&mut sums, *tap, xs, ys);
                }
            }
            *out = sums;
        }
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
    }
}

/// `sums += tap * (xs + ys)`, lane by lane.
#[inline(always)]
fn add_pairs(sums: &mut [f32; LANES], tap: f32, xs: &[f32; LANES], ys: &[f32; LANES]) {
    for lane in 0..LANES {
        sums[lane] += tap * (xs[lane] + ys[lane]);
    }
}

/// Every `N`-th sample of a frame from the `n`-th; zeros after its end.
fn deal<const N: usize>(frame: &[f32], n: usize, to: &mut [f32]) {
    let (groups, rest) = frame.as_chunks::<N>();
    for (to, group) in to.iter_mut().zip(groups) {
        *to = group[n];
    }
    if let Some((first, beyond)) = to
        .get_mut(groups.len()..)
        .and_then(<[f32]>::split_first_mut)
    {
        *first = rest.get(n).copied().unwrap_or(0.0);
        beyond.fill(0.0);
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The phases of the prototype low-pass, each reversed so that it runs along the history.
fn design(hz: usize, up: usize, taps: usize) -> Vec<f32> {
    use std::f64::consts::PI;
    let length = taps * up;
    let centre = (length - 1) as f64 / 2.0;
    let lower = hz.min(ANALYSIS_RATE) as f64;
    // In cycles per sample of the interpolated rate `hz * up`.
    let share = if hz < ANALYSIS_RATE {
        CUTOFF_BELOW
    } else {
        CUTOFF
    };
    let cutoff = share * lower / 2.0 / (hz * up) as f64;
    let prototype: Vec<f64> = (0..length)
        .map(|n| {
            let t = n as f64 - centre;
            let sinc = if t == 0.0 {
                2.0 * cutoff
            } else {
                (2.0 * PI * cutoff * t).sin() / (PI * t)
            };
            let r = t / (centre + 0.5);
            sinc * bessel_i0(KAISER_BETA * (1.0 - r * r).sqrt()) / bessel_i0(KAISER_BETA)
        })
        .collect();
    if up == 1 {
        let streams = hz / ANALYSIS_RATE;
        let sum: f64 = prototype.iter().sum();
        let stream = |n: usize| prototype.iter().skip(n).step_by(streams);
        return (0..streams)
            .flat_map(stream)
            .map(|tap| (tap / sum) as f32)
            .collect();
    }
    let mut phases = vec![0.0_f32; length];
    for phase in 0..up {
        let sum: f64 = (0..taps).map(|k| prototype[k * up + phase]).sum();
        for k in 0..taps {
            // Each phase passes a constant unchanged: no image of DC.
            phases[phase * taps + taps - 1 - k] = (prototype[k * up + phase] / sum) as f32;
        }
    }
    phases
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn gain_db(rate: u32, hz: f64) -> f64 {
        let rate = SampleRate::new(rate).unwrap();
        let mut converter = To16k::new(rate);
        let mut out = [0.0; ANALYSIS_FRAME];
        let (mut power, mut count) = (0.0, 0);
        for frame in 0..60 {
            let input: Vec<f32> = (0..rate.frame_len())
                .map(|i| {
                    let n = (frame * rate.frame_len() + i) as f64;
                    (TAU * hz * n / f64::from(rate.hz())).sin() as f32 * 0.5
                })
                .collect();
            converter.process(&input, &mut out);
            if frame >= 10 {
                power += out.iter().map(|&y| f64::from(y * y)).sum::<f64>();
                count += out.len();
            }
        }
        10.0 * (power / f64::from(count as u32) / 0.125).log10()
    }

    #[test]
    fn keeps_the_speech_band_and_stops_what_would_alias() {
        for rate in SampleRate::ALLOWED {
            let top = if rate == 8_000 { 3_400.0 } else { 6_800.0 };
            for hz in [100.0, 1_000.0, 3_000.0, top] {
                let db = gain_db(rate, hz);
                assert!(db.abs() < 0.1, "{rate} Hz: {db:.2} dB at {hz} Hz");
            }
            for hz in [9_000.0, 11_000.0, 15_000.0, 20_000.0] {
                if hz < f64::from(rate) / 2.0 && rate > 16_000 {
                    let db = gain_db(rate, hz);
                    assert!(db < -55.0, "{rate} Hz: {db:.1} dB at {hz} Hz");
                }
            }
        }
    }

    #[test]
    fn agrees_with_the_definition_of_band_limited_interpolation() {
        // The slow, obvious reference: a delayed sine, sampled where the filter says it is.
        for rate in SampleRate::ALLOWED {
            let rate = SampleRate::new(rate).unwrap();
            let mut converter = To16k::new(rate);
            let delay = f64::from(converter.delay());
            let mut out = [0.0; ANALYSIS_FRAME];
            for frame in 0..20 {
                let input: Vec<f32> = (0..rate.frame_len())
                    .map(|i| {
                        let t = (frame * rate.frame_len() + i) as f64 / f64::from(rate.hz());
                        (TAU * 440.0 * t).sin() as f32
                    })
                    .collect();
                converter.process(&input, &mut out);
                for (i, &y) in out.iter().enumerate() {
                    if frame >= 2 {
                        let t = ((frame * ANALYSIS_FRAME + i) as f64 - delay) / 16_000.0;
                        let want = (TAU * 440.0 * t).sin();
                        assert!((f64::from(y) - want).abs() < 0.01, "{rate} {y} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn wrong_lengths_do_not_panic() {
        let mut converter = To16k::new(SampleRate::new(48_000).unwrap());
        let mut out = [1.0; ANALYSIS_FRAME];
        converter.process(&[], &mut out);
        assert_eq!(out, [0.0; ANALYSIS_FRAME]);
        converter.process(&[0.5; 2_000], &mut out);
    }
}
