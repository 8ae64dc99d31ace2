//! Brings a signal down to about 2 kHz, keeping what lies below 450 Hz.
//!
//! *Promises*: what could fold onto 0–450 Hz is at least 50 dB down (40 dB where it comes
//! from around 8 kHz and above), and the pass band is flat within 0.3 dB.
//!
//! *Never* keeps the exact rate: [`Decimator::rate_hz`] says what comes out (2000 Hz, or 2205 Hz from 44.1 kHz).
//!
//! How: two running sums bring the signal to about 8 kHz (a triangular window, with double zeros
//! wherever something could fold onto zero frequency), a windowed sinc takes every fourth sample.

use crate::units::SampleRate;
use std::f32::consts::{PI, TAU};

/// Rate between the two stages, hertz.
const MIDDLE_HZ: u32 = 8_000;
/// Decimation of the second stage.
const FOURTH: usize = 4;
/// Taps of the second stage.
const TAPS: usize = 32;
/// Edge of the second stage, hertz.
const EDGE_HZ: f32 = 950.0;
/// Middle samples held at a time.
const BLOCK: usize = 128;

/// Decimates.
#[derive(Debug, Clone)]
pub(crate) struct Decimator {
    /// Decimation of the first stage.
    step: usize,
    in_step: usize,
    /// The triangle that opens in this step, and the one that this step completes.
    rising: f32,
    falling: f32,
    taps: [f32; TAPS],
    /// The last `TAPS - 1` middle samples, then new ones.
    line: Box<[f32; TAPS - 1 + BLOCK]>,
    /// Middle samples until the next output.
    until_output: usize,
    rate_hz: f32,
}

impl Decimator {
    pub(crate) fn new(rate: SampleRate) -> Self {
        let step = (rate.hz() / MIDDLE_HZ).max(1) as usize;
        let middle_hz = rate.hz() as f32 / step as f32;
        let window = |tap: usize| {
            let turn = TAU * (tap as f32 + 0.5) / TAPS as f32;
            0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos()
        };
        let sinc = |tap: usize| {
            let x = 2.0 * EDGE_HZ / middle_hz * (tap as f32 + 0.5 - TAPS as f32 / 2.0);
            (PI * x).sin() / (PI * x)
        };
        let taps: [f32; TAPS] = std::array::from_fn(|tap| window(tap) * sinc(tap));
        let sum: f32 = taps.iter().sum();
        Self {
            step,
            in_step: 0,
            rising: 0.0,
            falling: 0.0,
            taps: taps.map(|tap| tap / sum),
            line: Box::new([0.0; TAPS - 1 + BLOCK]),
            until_output: FOURTH,
            rate_hz: middle_hz / FOURTH as f32,
        }
    }

    /// The rate of what comes out.
    pub(crate) fn rate_hz(&self) -> f32 {
        self.rate_hz
    }

    /// Feeds samples, gives each decimated one to `out`.
    pub(crate) fn process(&mut self, samples: &[f32], mut out: impl FnMut(f32)) {
        for block in samples.chunks(self.step * (BLOCK - 1)) {
            let fresh = self.first_stage(block);
            let mut at = self.until_output;
            while at <= fresh {
                let window = &self.line[at - 1..at - 1 + TAPS];
                out(dot(window, &self.taps));
                at += FOURTH;
            }
            self.until_output = at - fresh;
            self.line.copy_within(fresh..fresh + TAPS - 1, 0);
        }
    }

    /// Fills the line with middle samples; says how many.
    fn first_stage(&mut self, block: &[f32]) -> usize {
        if self.step == 1 {
            self.line[TAPS - 1..][..block.len()].copy_from_slice(block);
            return block.len();
        }
        let open = (self.step - self.in_step) % self.step;
        let (head, rest) = block.split_at(open.min(block.len()));
        let mut made = 0;
        if self.add_part(head) {
            self.line[TAPS - 1] = self.close_step();
            made = 1;
        }
        let whole = rest.len() / self.step;
        let (steps, tail) = rest.split_at(whole * self.step);
        let fresh = &mut self.line[TAPS - 1 + made..][..whole];
        let falling = &mut self.falling;
        match self.step {
            2 => whole_steps::<2>(steps, falling, fresh),
            3 => whole_steps::<3>(steps, falling, fresh),
            4 => whole_steps::<4>(steps, falling, fresh),
            5 => whole_steps::<5>(steps, falling, fresh),
            // No accepted rate has more.
            _ => whole_steps::<6>(steps, falling, fresh),
        }
        self.add_part(tail);
        made + whole
    }

    /// Adds samples to the open step; says whether they complete it.
    fn add_part(&mut self, part: &[f32]) -> bool {
        for &x in part {
            self.in_step += 1;
            self.falling += (self.step - self.in_step) as f32 * x;
            self.rising += self.in_step as f32 * x;
        }
        self.in_step == self.step
    }

    /// The middle sample of a complete step, which was the falling half of one triangle and is the
    /// rising one of the next.
    fn close_step(&mut self) -> f32 {
        let middle = self.falling / (self.step * self.step) as f32;
        self.falling = self.rising;
        self.rising = 0.0;
        self.in_step = 0;
        middle
    }
}

/// [`Decimator::close_step`] of whole steps of `N` samples, one for each of `fresh`.
fn whole_steps<const N: usize>(samples: &[f32], falling: &mut f32, fresh: &mut [f32]) {
    let scale = 1.0 / (N * N) as f32;
    for (middle, step) in fresh.iter_mut().zip(samples.as_chunks::<N>().0) {
        let (mut sum, mut rising) = (0.0, 0.0);
        for (i, &x) in step.iter().enumerate() {
            sum += x;
            rising += (i + 1) as f32 * x;
        }
        *middle = (*falling + (N as f32 * sum - rising)) * scale;
        *falling = rising;
    }
}

fn dot(window: &[f32], taps: &[f32; TAPS]) -> f32 {
    let mut sums = [0f32; 8];
    for (xs, ts) in window.chunks_exact(8).zip(taps.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += xs[lane] * ts[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean square of what is left of a tone of mean square 0.5.
    fn left(rate: SampleRate, hz: f32) -> f32 {
        let step = f64::from(hz) / f64::from(rate.hz());
        let tone: Vec<f32> = (0..rate.hz())
            .map(|n| (std::f64::consts::TAU * step * f64::from(n)).sin() as f32)
            .collect();
        let mut decimator = Decimator::new(rate);
        let mut out = Vec::new();
        tone.chunks(rate.frame_len())
            .for_each(|frame| decimator.process(frame, |x| out.push(x)));
        assert!((out.len() as f32 - decimator.rate_hz()).abs() <= 1.0);
        let settled = &out[100..];
        settled.iter().map(|x| x * x).sum::<f32>() / settled.len() as f32
    }

    #[test]
    fn passes_what_hum_is_made_of() {
        for hz in SampleRate::ALLOWED {
            for tone in [50.0, 60.0, 120.0, 250.0, 400.0, 450.0] {
                let db = 10.0 * (left(SampleRate::new(hz).unwrap(), tone) / 0.5).log10();
                assert!(db.abs() < 0.3, "{tone} Hz at {hz} Hz: {db}");
            }
        }
    }

    #[test]
    fn stops_what_would_fold_onto_it() {
        for hz in SampleRate::ALLOWED {
            let rate = SampleRate::new(hz).unwrap();
            let out = Decimator::new(rate).rate_hz();
            let foldable = (1..=7u8)
                .flat_map(|k| [-400.0, -50.0, 50.0, 400.0].map(|d| f32::from(k) * out + d));
            for tone in foldable.filter(|tone| *tone < hz as f32 * 0.49) {
                let db = 10.0 * (left(rate, tone) / 0.5).log10();
                // Around 8 kHz itself, where speech has little, the running sums alone must do.
                let wanted = if tone > 7_000.0 && hz > 8_000 {
                    -40.0
                } else {
                    -50.0
                };
                assert!(db < wanted, "{tone} Hz at {hz} Hz: {db}");
            }
        }
    }

    #[test]
    fn slices_of_any_length_give_the_same() {
        let mut noise = crate::side::testing::Noise::new(1);
        let signal: Vec<f32> = (0..44_100).map(|_| noise.uniform()).collect();
        let rate = SampleRate::new(44_100).unwrap();
        let run = |length: usize| {
            let mut decimator = Decimator::new(rate);
            let mut out = Vec::new();
            signal
                .chunks(length)
                .for_each(|slice| decimator.process(slice, |x| out.push(x)));
            out
        };
        let whole = run(44_100);
        for length in [1, 7, 441, 10_000] {
            let sliced = run(length);
            assert_eq!(sliced.len(), whole.len());
            assert!(
                sliced.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-6),
                "{length}"
            );
        }
    }
}
