//! Active speech level after ITU-T P.56, method B.
//!
//! *Promises*: the level and activity of everything processed since construction or the last
//! [`SpeechVoltmeter::reset`], within 0.1 dB and 0.5 points of the ITU-T reference program, whatever the length of
//! the slices it came in.
//!
//! *Fails* by saying `None` where nothing rises above the lowest threshold by the margin (digital
//! silence); the reference program says −100 dB and 0 % there.
//!
//! *Never* filters: P.56 asks for a band limit (300–3400 Hz for the telephone band), which is the
//! caller's choice. Not valid for speech with less than about 20 dB over its noise.
//!
//! Source: ITU-T P.56 (12/2011), §6 "Method B": envelope time constant T = 30 ms, hangover
//! H = 200 ms, margin M = 15.9 dB, 15 thresholds an octave apart.
//!
//! How it is fast: the thresholds are powers of two, so the binary exponent of the envelope is the
//! number of thresholds it passes; and a threshold counts as active exactly if the largest such
//! number of the last 200 ms passes it, so one running maximum replaces 15 hangover counters.
//! The rectified signal is averaged down to about 2 kHz before the envelope, which a
//! 30 ms time constant cannot tell apart (P.56 asks for at least 600 Hz).

use crate::lanes;
use crate::units::{Dbov, SampleRate};

/// Number of thresholds: 2^-15, 2^-14 … 2^-1 of full scale.
const THRESHOLDS: usize = 15;
/// Envelope time constant T, seconds.
const TIME_CONSTANT_S: f64 = 0.03;
/// Hangover H, seconds.
const HANGOVER_S: f64 = 0.2;
/// Margin M between the active level and the threshold it belongs to, decibels.
const MARGIN_DB: f64 = 15.9;
/// How well the margin must be met. The standard leaves it open; this is the reference program's,
/// and agreeing with that to a hundredth of a decibel takes the same search with the same tolerance.
const TOLERANCE_DB: f64 = 0.5;
/// Rate the rectified signal is averaged down to, hertz.
const ENVELOPE_RATE_HZ: u32 = 2_000;
/// Biased exponent of 2^-16, one octave below the lowest threshold, in an IEEE 754 double.
const EXPONENT_BELOW_LOWEST: i64 = 1023 - 16;

/// Measures the active speech level.
#[derive(Debug, Clone)]
pub struct SpeechVoltmeter {
    /// Samples averaged into one envelope step.
    step: usize,
    /// Samples already in `partial`.
    in_step: usize,
    /// Sum of rectified samples of the unfinished step.
    partial: f64,
    /// `1 − exp(−1/(rate·T))` of the envelope rate, over `step` for the first filter.
    gain_in: f64,
    gain: f64,
    /// The two cascaded one-poles.
    first: f64,
    envelope: f64,
    /// Hangover in envelope steps.
    hangover: u64,
    /// Envelope steps so far.
    now: u64,
    /// Largest number of thresholds passed within the hangover, and when that runs out.
    passed: usize,
    passed_until: u64,
    /// When the envelope last passed exactly this many thresholds, plus the hangover.
    until: [u64; THRESHOLDS + 1],
    /// Envelope steps by `passed`.
    steps_by_passed: [u64; THRESHOLDS + 1],
    sum_of_squares: f64,
    samples: u64,
}

impl SpeechVoltmeter {
    /// A meter that has heard nothing yet.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let step = (rate.hz() / ENVELOPE_RATE_HZ).max(1);
        let envelope_rate = f64::from(rate.hz()) / f64::from(step);
        let gain = 1.0 - (-1.0 / (envelope_rate * TIME_CONSTANT_S)).exp();
        Self {
            step: step as usize,
            in_step: 0,
            partial: 0.0,
            gain_in: gain / f64::from(step),
            gain,
            first: 0.0,
            envelope: 0.0,
            hangover: (HANGOVER_S * envelope_rate).round() as u64,
            now: 0,
            passed: 0,
            passed_until: 0,
            until: [0; THRESHOLDS + 1],
            steps_by_passed: [0; THRESHOLDS + 1],
            sum_of_squares: 0.0,
            samples: 0,
        }
    }

    /// Forgets everything heard.
    pub fn reset(&mut self) {
        self.in_step = 0;
        self.partial = 0.0;
        self.first = 0.0;
        self.envelope = 0.0;
        self.now = 0;
        self.passed = 0;
        self.passed_until = 0;
        self.until = [0; THRESHOLDS + 1];
        self.steps_by_passed = [0; THRESHOLDS + 1];
        self.sum_of_squares = 0.0;
        self.samples = 0;
    }

    /// Listens to more of the signal, in slices of any length. Full scale is ±1.0. A slice that
    /// holds NaN or an infinity is skipped whole.
    pub fn process(&mut self, samples: &[f32]) {
        let energy = samples.chunks(64).map(sum_of_squares).sum::<f64>();
        if !energy.is_finite() {
            return;
        }
        self.sum_of_squares += energy;
        self.samples += samples.len() as u64;

        let missing = (self.step - self.in_step) % self.step;
        let (head, rest) = samples.split_at(missing.min(samples.len()));
        if !head.is_empty() {
            self.partial += rectified_sum(head);
            self.in_step += head.len();
            if self.in_step < self.step {
                return;
            }
            self.envelope_step(self.partial);
            self.partial = 0.0;
            self.in_step = 0;
        }
        let whole = rest.chunks_exact(self.step);
        let tail = whole.remainder();
        for step in whole {
            self.envelope_step(rectified_sum(step));
        }
        self.partial = rectified_sum(tail);
        self.in_step = tail.len();
        // After long digital silence the filters would otherwise crawl through denormal numbers.
        if self.envelope < 1e-30 {
            self.first = 0.0;
            self.envelope = 0.0;
        }
    }

    /// One step of the envelope and of the activity counters.
    fn envelope_step(&mut self, rectified: f64) {
        self.first += self.gain_in * rectified - self.gain * self.first;
        self.envelope += self.gain * (self.first - self.envelope);
        let exponent = (self.envelope.to_bits() >> 52) as i64;
        let passes = (exponent - EXPONENT_BELOW_LOWEST).clamp(0, THRESHOLDS as i64) as usize;
        let until = self.now + self.hangover;
        self.until[passes] = until;
        if passes >= self.passed {
            self.passed = passes;
            self.passed_until = until;
        } else if self.now > self.passed_until {
            // `passes` itself has not run out, so the search ends there at the latest.
            while self.until[self.passed] < self.now && self.passed > passes {
                self.passed -= 1;
            }
            self.passed_until = self.until[self.passed];
        }
        self.steps_by_passed[self.passed] += 1;
        self.now += 1;
    }

    /// The active speech level; `None` before any speech and in digital silence.
    #[must_use]
    pub fn level(&self) -> Option<Dbov> {
        self.level_db().map(|db| Dbov(db as f32))
    }

    /// The share of time that is active speech, 0..1; 0 where there is no level.
    #[must_use]
    pub fn activity(&self) -> f32 {
        self.level_db().map_or(0.0, |active| {
            let mean_square = self.sum_of_squares / self.samples as f64;
            let ratio = mean_square / 10f64.powf(active / 10.0);
            ratio.clamp(0.0, 1.0) as f32
        })
    }

    /// The long-term level, pauses included.
    #[must_use]
    pub fn rms(&self) -> Dbov {
        if self.samples == 0 {
            return Dbov::FLOOR;
        }
        Dbov::from_mean_square(self.sum_of_squares / self.samples as f64)
    }

    /// The level at which the margin holds, found between two thresholds (P.56 §6.3).
    fn level_db(&self) -> Option<f64> {
        let energy = self.sum_of_squares / self.step as f64;
        let mut active_steps: u64 = self.steps_by_passed[1..].iter().sum();
        let mut below: Option<Candidate> = None;
        for threshold in 0..THRESHOLDS {
            if active_steps == 0 {
                // No louder threshold was ever passed: a burst much shorter than the envelope.
                break;
            }
            let level = 10.0 * (energy / active_steps as f64).log10();
            let octaves = threshold as f64 - THRESHOLDS as f64;
            let excess = level - 20.0 * octaves * 2f64.log10() - MARGIN_DB;
            let here = Candidate { level, excess };
            if excess <= 0.0 {
                return Some(between(below?, here));
            }
            below = Some(here);
            active_steps -= self.steps_by_passed[threshold + 1];
        }
        below.map(|candidate| candidate.level)
    }
}

/// The level that a threshold gives, and how far above the margin it lies; decibels.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    level: f64,
    excess: f64,
}

impl Candidate {
    fn fits(self) -> bool {
        self.excess.abs() <= TOLERANCE_DB
    }

    fn middle(self, other: Self) -> Self {
        Self {
            level: (self.level + other.level) / 2.0,
            excess: (self.excess + other.excess) / 2.0,
        }
    }
}

/// Walks from the middle between two thresholds until the margin is met within the tolerance.
///
/// The reference program's walk: each step takes the middle towards the side that is missing, and
/// that *new* middle becomes the other bound, so that after overshooting it stays where it is.
fn between(mut below: Candidate, mut above: Candidate) -> f64 {
    if above.fits() {
        return above.level;
    }
    if below.fits() {
        return below.level;
    }
    let mut middle = below.middle(above);
    for _ in 0..64 {
        if middle.fits() {
            break;
        }
        if middle.excess > 0.0 {
            middle = middle.middle(above);
            below = middle;
        } else {
            middle = middle.middle(below);
            above = middle;
        }
    }
    middle.level
}

/// Energy of a run of samples.
fn sum_of_squares(samples: &[f32]) -> f64 {
    f64::from(lanes::sum_of(samples, |x| x * x))
}

/// Sum of absolute values of a few samples.
fn rectified_sum(samples: &[f32]) -> f64 {
    f64::from(lanes::sum_of(samples, f32::abs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::testing::Noise;

    /// The standard as it is written: every sample, every threshold, its own hangover counter.
    fn slow(rate: u32, signal: &[f32]) -> Option<(f64, f64)> {
        let g = (-1.0 / (f64::from(rate) * 0.03)).exp();
        let hangover = (0.2 * f64::from(rate)).round() as u32;
        let (mut p, mut q, mut energy) = (0.0, 0.0, 0.0);
        let mut active = [0u32; 15];
        let mut idle = [hangover; 15];
        for &x in signal {
            let x = f64::from(x);
            energy += x * x;
            p = g * p + (1.0 - g) * x.abs();
            q = g * q + (1.0 - g) * p;
            for j in 0..15 {
                if q >= 2f64.powi(j as i32 - 15) {
                    active[j] += 1;
                    idle[j] = 0;
                } else if idle[j] < hangover {
                    active[j] += 1;
                    idle[j] += 1;
                }
            }
        }
        let point = |j: usize| {
            let level = 10.0 * (energy / f64::from(active[j])).log10();
            let excess = level - 20.0 * 2f64.powi(j as i32 - 15).log10() - 15.9;
            Candidate { level, excess }
        };
        let j = (1..15).find(|&j| active[j] > 0 && point(j).excess <= 0.0)?;
        // The search between two thresholds is held against the ITU-T program elsewhere.
        let level = between(point(j - 1), point(j));
        Some((
            level,
            energy / signal.len() as f64 / 10f64.powf(level / 10.0),
        ))
    }

    #[test]
    fn agrees_with_the_standard_as_written_at_every_rate_and_level() {
        for (seed, hz) in SampleRate::ALLOWED.into_iter().enumerate() {
            for gain in [0.02f32, 0.3, 1.0] {
                let mut signal = Noise::new(seed as u64).voice(hz, 6.0);
                signal.iter_mut().for_each(|x| *x *= gain);
                let (level, activity) = slow(hz, &signal).unwrap();
                let mut meter = SpeechVoltmeter::new(SampleRate::new(hz).unwrap());
                signal
                    .chunks(hz as usize / 100)
                    .for_each(|frame| meter.process(frame));
                let fast = f64::from(meter.level().unwrap().0);
                assert!(
                    (fast - level).abs() < 0.02,
                    "{hz} Hz × {gain}: {fast} {level}"
                );
                let difference = f64::from(meter.activity()) - activity;
                assert!(difference.abs() < 0.002, "{hz} Hz × {gain}: {difference}");
            }
        }
    }

    #[test]
    fn the_length_of_the_slices_does_not_matter() {
        let signal = Noise::new(9).voice(44_100, 4.0);
        let rate = SampleRate::new(44_100).unwrap();
        let mut whole = SpeechVoltmeter::new(rate);
        whole.process(&signal);
        for length in [1, 3, 441, 1_000] {
            let mut meter = SpeechVoltmeter::new(rate);
            signal.chunks(length).for_each(|frame| meter.process(frame));
            let difference = meter.level().unwrap().0 - whole.level().unwrap().0;
            assert!(difference.abs() < 1e-3, "{length}: {difference}");
        }
    }

    #[test]
    fn digital_silence_has_no_level_and_no_activity() {
        let mut meter = SpeechVoltmeter::new(SampleRate::new(8_000).unwrap());
        assert_eq!(
            (meter.level(), meter.activity(), meter.rms()),
            (None, 0.0, Dbov::FLOOR)
        );
        meter.process(&vec![0.0; 8_000]);
        assert_eq!(
            (meter.level(), meter.activity(), meter.rms()),
            (None, 0.0, Dbov::FLOOR)
        );
    }

    #[test]
    fn reset_forgets() {
        let rate = SampleRate::new(16_000).unwrap();
        let signal = Noise::new(1).voice(16_000, 3.0);
        let mut meter = SpeechVoltmeter::new(rate);
        meter.process(&vec![0.9; 12_345]);
        meter.reset();
        meter.process(&signal);
        let mut fresh = SpeechVoltmeter::new(rate);
        fresh.process(&signal);
        assert_eq!(meter.level(), fresh.level());
    }

    #[test]
    fn broken_samples_are_skipped() {
        let rate = SampleRate::new(8_000).unwrap();
        let signal = Noise::new(1).voice(8_000, 3.0);
        let mut meter = SpeechVoltmeter::new(rate);
        meter.process(&signal);
        let level = meter.level();
        meter.process(&[0.1, f32::NAN, 0.1]);
        meter.process(&[f32::NEG_INFINITY]);
        assert_eq!(meter.level(), level);
    }
}
