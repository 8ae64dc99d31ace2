//! A-weighted power in the time domain.
//!
//! *Promises*: inside the class 1 limits of IEC 61672-1 up to 0.45 of every accepted sampling rate.
//!
//! *Fails* never: a frame with NaN or an infinity clears the filter.
//!
//! *Never* says anything about sound pressure; that needs a calibrated headset.
//!
//! Source: IEC 61672-1:2013, annex E: poles at 20.6 Hz (double), 107.7 Hz, 737.9 Hz and 12194 Hz
//! (double), four zeros at zero frequency, 0 dB at 1 kHz.
//!
//! How: the four high-pass poles lie far below half the rate and are realised one by one. What
//! remains, the roll-off towards 12 kHz and what sampling does to it, is smooth; a bilinear transform
//! gets it wrong by 6 dB at 16 kHz. Only the power is wanted, so what is fitted at construction (least
//! squares in the relative error) is the power response, as a short series of cosines: the power is
//! that series of the high-passed signal's autocorrelation.

use crate::lanes::dot;
use crate::units::SampleRate;
use std::f64::consts::TAU;
use wide::f32x4;

/// High-pass sections, one for each pole.
const SECTIONS: usize = 4;
/// The high-pass poles, hertz, the last section's first.
const HIGH_PASS_HZ: [f64; SECTIONS] = [20.598_997, 20.598_997, 107.652_65, 737.862_23];
/// The low-pass double pole, hertz.
const LOW_PASS_HZ: f64 = 12_194.217;
/// Longest lag of the autocorrelation.
const REACH: usize = 5;
/// Terms of the fitted series, lag 0 first.
const TERMS: usize = REACH + 1;
/// Highest frequency fitted, as a share of the rate. Above it nothing is promised.
const FITTED_SHARE: f64 = 0.46;
/// Samples filtered at a time.
const BLOCK: usize = 480;

/// Measures the A-weighted mean square.
#[derive(Debug, Clone)]
pub struct AWeighting {
    /// Feedback of each high-pass section, the last one first.
    corner: [f32; SECTIONS],
    /// What each high-pass section holds back, the last one first.
    held: [f32; SECTIONS],
    terms: [f32; TERMS],
    /// Energy given too much so far, negative or zero.
    owed: f32,
    /// The last [`REACH`] high-passed samples, then room for a block.
    line: Box<[f32; REACH + BLOCK]>,
}

impl AWeighting {
    /// Designs the filter for a rate.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let rate = f64::from(rate.hz());
        Self {
            corner: HIGH_PASS_HZ.map(|pole| (1.0 - (-TAU * pole / rate).exp()) as f32),
            held: [0.0; SECTIONS],
            terms: fitted_terms(rate),
            owed: 0.0,
            line: Box::new([0.0; REACH + BLOCK]),
        }
    }

    /// Filters a frame (of any length) and returns the A-weighted mean square; 0 for an empty one.
    pub fn process(&mut self, frame: &[f32]) -> f32 {
        let mut energy = 0.0;
        for block in frame.chunks(BLOCK) {
            energy += self.filter_block(block);
        }
        if !energy.is_finite() {
            self.reset();
            return 0.0;
        }
        // At the edges of a frame the series can fall short of nothing; the next frame makes it up.
        let energy = energy + self.owed;
        self.owed = energy.min(0.0);
        let energy = energy.max(0.0);
        for held in &mut self.held {
            // Otherwise digital silence ends in denormal numbers.
            if held.abs() < 1e-20 {
                *held = 0.0;
            }
        }
        energy / frame.len().max(1) as f32
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        self.held = [0.0; SECTIONS];
        self.owed = 0.0;
        self.line.fill(0.0);
    }

    /// Energy of up to [`BLOCK`] samples after the filter.
    fn filter_block(&mut self, block: &[f32]) -> f32 {
        self.high_pass(block);
        let energy = weighted_energy(&self.line[..REACH + block.len()], &self.terms);
        self.line.copy_within(block.len()..block.len() + REACH, 0);
        energy
    }

    /// The four high-pass sections over a block, into `line`. Each takes what the one before it gave a step earlier, so
    /// that all four take a step at once; at the ends of the block those that have nothing to do rest.
    fn high_pass(&mut self, block: &[f32]) {
        const LATE: usize = SECTIONS - 1;
        let passed = &mut self.line[REACH..];
        let mut sections = Sections {
            held: f32x4::new(self.held),
            gave: f32x4::ZERO,
        };
        let corner = f32x4::new(self.corner);
        let at_work = |step: usize| {
            f32x4::new(std::array::from_fn(|lane| {
                let first = LATE - lane;
                let works = (first..first + block.len()).contains(&step);
                if works { self.corner[lane] } else { 0.0 }
            }))
        };
        for (step, &x) in block.iter().take(LATE).enumerate() {
            sections.step(x, at_work(step));
        }
        let rest = block.get(LATE..).unwrap_or_default();
        for (y, &x) in passed.iter_mut().zip(rest) {
            *y = sections.step(x, corner);
        }
        for step in block.len()..block.len() + LATE {
            let y = sections.step(0.0, at_work(step));
            if step >= LATE {
                passed[step - LATE] = y;
            }
        }
        self.held = sections.held.to_array();
    }
}

/// The high-pass sections at work, the last one first.
struct Sections {
    held: f32x4,
    /// What each gave in the last step.
    gave: f32x4,
}

impl Sections {
    /// One step of all sections, the first one of which takes `x`; what the last one gives. A section whose feedback is
    /// 0 keeps what it holds.
    #[inline(always)]
    fn step(&mut self, x: f32, corner: f32x4) -> f32 {
        let [_, third, second, first] = self.gave.to_array();
        self.gave = f32x4::new([third, second, first, x]) - self.held;
        self.held += corner * self.gave;
        self.gave.to_array()[0]
    }
}

/// The series of the autocorrelation of `line`, whose first [`REACH`] samples are the past's.
fn weighted_energy(line: &[f32], terms: &[f32; TERMS]) -> f32 {
    let fresh = line.len().saturating_sub(REACH);
    let lags = terms.iter().enumerate();
    lags.map(|(lag, term)| term * dot(&line[REACH..], &line[REACH - lag..][..fresh]))
        .sum()
}

/// The analogue weighting's magnitude, not yet 1 at 1 kHz.
fn analogue_magnitude(hz: f64) -> f64 {
    let high_pass: f64 = HIGH_PASS_HZ
        .iter()
        .map(|pole| hz / hz.hypot(*pole))
        .product();
    high_pass / (1.0 + (hz / LOW_PASS_HZ).powi(2))
}

/// Magnitude of the four realised high-pass sections.
fn high_pass_magnitude(hz: f64, rate: f64) -> f64 {
    let w = TAU * hz / rate;
    let zero = 2.0 * (w / 2.0).sin();
    HIGH_PASS_HZ
        .iter()
        .map(|pole| {
            let p = (-TAU * pole / rate).exp();
            zero / (1.0 - 2.0 * p * w.cos() + p * p).sqrt()
        })
        .product()
}

/// Terms whose series is the power that the high-pass sections lack.
fn fitted_terms(rate: f64) -> [f32; TERMS] {
    let scale = 1.0 / analogue_magnitude(1_000.0);
    // Least squares over a grid: the sum over k of c_k cos(k w) / wanted should be 1.
    let mut normal = [[0f64; TERMS + 1]; TERMS];
    let points = 256;
    for point in 0..points {
        let hz = (f64::from(point) + 0.5) / f64::from(points) * FITTED_SHARE * rate;
        let wanted = (scale * analogue_magnitude(hz) / high_pass_magnitude(hz, rate)).powi(2);
        let row: [f64; TERMS] =
            std::array::from_fn(|k| (k as f64 * TAU * hz / rate).cos() / wanted);
        for i in 0..TERMS {
            for j in 0..TERMS {
                normal[i][j] += row[i] * row[j];
            }
            normal[i][TERMS] += row[i];
        }
    }
    let cosines = solve(normal);
    let fitted = |hz: f64| -> f64 {
        cosines
            .iter()
            .enumerate()
            .map(|(k, c)| c * (k as f64 * TAU * hz / rate).cos())
            .sum()
    };
    // The reference point of the standard is met exactly.
    let exact = 1.0 / (fitted(1_000.0) * high_pass_magnitude(1_000.0, rate).powi(2));
    cosines.map(|cosine| (cosine * exact) as f32)
}

/// Solves a small positive definite system by elimination; the last column is the right-hand side.
fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> [f64; N] {
    for pivot in 0..N {
        let head = rows[pivot];
        for row in rows.iter_mut().skip(pivot + 1) {
            let factor = row[pivot] / head[pivot];
            for (x, h) in row.iter_mut().zip(head) {
                *x -= factor * h;
            }
        }
    }
    let mut solution = [0f64; N];
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|j| rows[i][j] * solution[j]).sum();
        solution[i] = (rows[i][N] - known) / rows[i][i];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::FRAMES_PER_SECOND;

    /// IEC 61672-1, tables 2 and 3: nominal frequency, weighting, class 1 tolerance above and below.
    #[rustfmt::skip]
    const CLASS_1: [(f64, f64, f64, f64); 31] = [
        (20.0, -50.5, 2.0, 2.0), (25.0, -44.7, 2.0, 1.5), (31.5, -39.4, 1.5, 1.5),
        (40.0, -34.6, 1.0, 1.0), (50.0, -30.2, 1.0, 1.0), (63.0, -26.2, 1.0, 1.0),
        (80.0, -22.5, 1.0, 1.0), (100.0, -19.1, 1.0, 1.0), (125.0, -16.1, 1.0, 1.0),
        (160.0, -13.4, 1.0, 1.0), (200.0, -10.9, 1.0, 1.0), (250.0, -8.6, 1.0, 1.0),
        (315.0, -6.6, 1.0, 1.0), (400.0, -4.8, 1.0, 1.0), (500.0, -3.2, 1.0, 1.0),
        (630.0, -1.9, 1.0, 1.0), (800.0, -0.8, 1.0, 1.0), (1000.0, 0.0, 0.7, 0.7),
        (1250.0, 0.6, 1.0, 1.0), (1600.0, 1.0, 1.0, 1.0), (2000.0, 1.2, 1.0, 1.0),
        (2500.0, 1.3, 1.0, 1.0), (3150.0, 1.2, 1.0, 1.0), (4000.0, 1.0, 1.0, 1.0),
        (5000.0, 0.5, 1.5, 1.5), (6300.0, -0.1, 1.5, 2.0), (8000.0, -1.1, 1.5, 2.5),
        (10000.0, -2.5, 2.0, 3.0), (12500.0, -4.3, 2.0, 5.0), (16000.0, -6.6, 2.5, 16.0),
        (20000.0, -9.3, 3.0, 100.0),
    ];

    /// What the filter really does to a tone, measured on its output power.
    fn measured_db(rate: SampleRate, hz: f64) -> f64 {
        let mut filter = AWeighting::new(rate);
        let step = TAU * hz / f64::from(rate.hz());
        let tone: Vec<f32> = (0..rate.hz())
            .map(|n| (0.5 * (step * f64::from(n)).sin()) as f32)
            .collect();
        let powers: Vec<f32> = tone
            .chunks(rate.frame_len())
            .map(|frame| filter.process(frame))
            .collect();
        let half = &powers[FRAMES_PER_SECOND / 2..];
        let power = half.iter().map(|p| f64::from(*p)).sum::<f64>() / half.len() as f64;
        10.0 * (power / 0.125).log10()
    }

    #[test]
    fn inside_class_1_up_to_0_45_of_every_rate() {
        for hz in SampleRate::ALLOWED {
            let rate = SampleRate::new(hz).unwrap();
            for (nominal, weight, above, below) in CLASS_1 {
                // The exact base-ten frequency behind the nominal one, as the standard asks.
                let exact = 1000.0 * 10f64.powf((10.0 * (nominal / 1000.0).log10()).round() / 10.0);
                if exact > 0.45 * f64::from(hz) {
                    continue;
                }
                let error = measured_db(rate, exact) - weight;
                assert!(
                    error < above && error > -below,
                    "{nominal} Hz at {rate}: {error:+.2} dB"
                );
            }
        }
    }

    /// Between the table's frequencies and up to the promised edge, against the formula.
    #[test]
    fn follows_the_formula_up_to_the_edge() {
        for hz in SampleRate::ALLOWED {
            let rate = SampleRate::new(hz).unwrap();
            let edge = 0.45 * f64::from(hz);
            for step in 0..40 {
                let f = 20.0 * (edge / 20.0).powf(f64::from(step) / 39.0);
                let formula = 20.0 * (analogue_magnitude(f) / analogue_magnitude(1_000.0)).log10();
                let error = measured_db(rate, f) - formula;
                assert!(error.abs() < 0.35, "{f:.0} Hz at {rate}: {error:+.2} dB");
            }
        }
    }

    /// The obvious way: one sample at a time, f64 throughout.
    fn slow_power(rate: SampleRate, signal: &[f32]) -> f64 {
        let terms = fitted_terms(f64::from(rate.hz()));
        let mut held = [0f64; 4];
        let passed: Vec<f64> = signal
            .iter()
            .map(|&x| {
                let mut y = f64::from(x);
                for (held, pole) in held.iter_mut().zip(HIGH_PASS_HZ) {
                    y -= *held;
                    *held += (1.0 - (-TAU * pole / f64::from(rate.hz())).exp()) * y;
                }
                y
            })
            .collect();
        let correlation = |lag: usize| -> f64 {
            let late = passed.iter().skip(lag);
            late.zip(&passed).map(|(x, y)| x * y).sum()
        };
        let energy: f64 = (0..TERMS)
            .map(|lag| f64::from(terms[lag]) * correlation(lag))
            .sum();
        energy / signal.len() as f64
    }

    #[test]
    fn blocks_of_any_length_give_what_the_slow_way_gives() {
        let rate = SampleRate::new(44_100).unwrap();
        let mut noise = crate::side::testing::Noise::new(3);
        let signal: Vec<f32> = (0..44_100).map(|_| noise.uniform()).collect();
        let slow = slow_power(rate, &signal);
        for length in [1, 7, 441, 480, 1_000] {
            let mut filter = AWeighting::new(rate);
            let energy: f64 = signal
                .chunks(length)
                .map(|c| f64::from(filter.process(c)) * c.len() as f64)
                .sum();
            let fast = energy / signal.len() as f64;
            assert!((fast / slow - 1.0).abs() < 1e-4, "{length}: {fast} {slow}");
        }
    }

    #[test]
    fn recovers_from_broken_samples() {
        let rate = SampleRate::new(8_000).unwrap();
        let mut filter = AWeighting::new(rate);
        assert_eq!(filter.process(&[f32::NAN; 80]), 0.0);
        assert_eq!(filter.process(&[]), 0.0);
        let power = filter.process(&[0.5, -0.5, 0.5, -0.5]);
        assert!(power.is_finite() && power > 0.0);
    }
}
