//! Mains hum under speech.
//!
//! *Promises*: tells hum of 50 or 60 Hz mains (up to half a hertz off) some four seconds after it set in,
//! with the measured fundamental and the level of its lines together.
//!
//! *Fails* to see hum below about −80 dBov, and hum that a noise gate or a codec takes away.
//!
//! *Never* takes a single steady tone for hum, unless it is the mains' fundamental itself; nor a
//! voice, which does not keep its pitch within a hertz for seconds.
//!
//! How: half-second spectra of the signal at 2 kHz, every quarter second. Each harmonic's power is
//! compared with that of the bins beside it, in decibels and within bounds, so that the pauses of
//! speech count as much as its loudest vowels; the ratios are averaged over seconds, and the best
//! comb of harmonics around 50 or 60 Hz is tested. Phases between spectra give the exact fundamental.

use super::decimator::Decimator;
use crate::measurement::Hum;
use crate::units::{Dbov, Hz, SampleRate};
use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};
use std::f32::consts::TAU;
use std::fmt;
use std::sync::Arc;

/// Samples in a spectrum, at about 2 kHz.
const SPECTRUM: usize = 1024;
/// Samples from one spectrum to the next.
const HOP: usize = SPECTRUM / 2;
/// Harmonics looked at; the eighth of 50 Hz and the seventh of 60 Hz are within the kept band.
const HARMONICS: usize = 7;
/// Fundamentals tried, on each side of the nominal one.
const OFFSETS: usize = 5;
/// Between two fundamentals tried, hertz.
const OFFSET_HZ: f32 = 0.12;
/// Nominal mains frequencies, hertz.
const MAINS_HZ: [f32; 2] = [50.0, 60.0];
/// Bounds on the ratio of one line in one spectrum, decibels.
const RATIO_DB: (f32, f32) = (-6.0, 18.0);
/// Spectra averaged over (time constant): 4 s.
const MEMORY: f32 = 16.0;
/// Spectra before the first verdict.
const WARM_UP: u32 = 12;
/// Mean of the three best lines that is hum, and that still is once it was, decibels.
const RAISED_DB: f32 = 6.0;
const KEPT_DB: f32 = 4.0;
/// A second line must reach this, unless the fundamental alone reaches [`ALONE_DB`].
const SECOND_DB: f32 = 4.5;
const ALONE_DB: f32 = 12.0;
/// Hum below this mean square is none: −80 dBov.
const FAINTEST: f32 = 1e-8;
/// What is added to line and sides, so that quantisation noise has no lines: −90 dBov.
const FLOOR: f32 = 1e-9;

/// A line's frequency, measured by its phase, lies this near a multiple of the fundamental, hertz.
const IN_TUNE_HZ: f32 = 0.5;

/// Finds hum.
#[derive(Debug, Clone)]
pub struct HumDetector {
    decimator: Decimator,
    listener: Listener,
}

impl HumDetector {
    /// A detector that has heard nothing yet.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let decimator = Decimator::new(rate);
        let listener = Listener::new(decimator.rate_hz());
        Self {
            decimator,
            listener,
        }
    }

    /// Listens to more of the signal; says what hum there now is.
    pub fn process(&mut self, samples: &[f32]) -> Option<Hum> {
        let Self {
            decimator,
            listener,
        } = self;
        decimator.process(samples, |x| listener.push(x));
        listener.hum
    }
}

/// Works on the decimated signal.
#[derive(Clone)]
struct Listener {
    rate_hz: f32,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Box<[f32]>,
    /// The last [`SPECTRUM`] samples; of the second half, `fresh` have arrived.
    line: Box<[f32]>,
    fresh: usize,
    windowed: Box<[f32]>,
    scratch: Box<[Complex32]>,
    spectrum: Box<[Complex32]>,
    previous: Box<[Complex32]>,
    /// Power of each bin, such that the bins of a tone add up to its mean square.
    power: Box<[f32]>,
    combs: Box<[Comb]>,
    spectra: u32,
    hum: Option<Hum>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("hum", &self.hum)
            .finish_non_exhaustive()
    }
}

impl Listener {
    fn new(rate_hz: f32) -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(SPECTRUM);
        let bins = vec![Complex32::default(); SPECTRUM / 2 + 1].into_boxed_slice();
        let offset = |step: usize| (step as f32 - OFFSETS as f32) * OFFSET_HZ;
        let combs = MAINS_HZ.iter().flat_map(|mains| {
            (0..=2 * OFFSETS).map(move |step| Comb::new(mains + offset(step), rate_hz))
        });
        Self {
            rate_hz,
            window: (0..SPECTRUM)
                .map(|n| 0.5 - 0.5 * (TAU * n as f32 / SPECTRUM as f32).cos())
                .collect(),
            line: vec![0.0; SPECTRUM].into_boxed_slice(),
            fresh: 0,
            windowed: vec![0.0; SPECTRUM].into_boxed_slice(),
            scratch: fft.make_scratch_vec().into_boxed_slice(),
            fft,
            spectrum: bins.clone(),
            previous: bins,
            power: vec![0.0; SPECTRUM / 2 + 1].into_boxed_slice(),
            combs: combs.collect(),
            spectra: 0,
            hum: None,
        }
    }

    fn push(&mut self, x: f32) {
        self.line[SPECTRUM - HOP + self.fresh] = if x.is_finite() { x } else { 0.0 };
        self.fresh += 1;
        if self.fresh == HOP {
            self.take_spectrum();
            self.line.copy_within(HOP.., 0);
            self.fresh = 0;
        }
    }

    fn take_spectrum(&mut self) {
        for ((y, x), w) in self.windowed.iter_mut().zip(&self.line).zip(&self.window) {
            *y = x * w;
        }
        std::mem::swap(&mut self.spectrum, &mut self.previous);
        let done = self.fft.process_with_scratch(
            &mut self.windowed,
            &mut self.spectrum,
            &mut self.scratch,
        );
        if done.is_err() {
            return; // Only if the lengths were wrong, and they are this module's own.
        }
        let scale = 16.0 / (3.0 * (SPECTRUM * SPECTRUM) as f32);
        for (power, x) in self.power.iter_mut().zip(&self.spectrum) {
            *power = x.norm_sqr() * scale;
        }
        self.spectra = self.spectra.saturating_add(1);
        // A plain mean at first, then one with a fixed memory.
        let share = (1.0 / self.spectra as f32).max(1.0 / MEMORY);
        for comb in &mut self.combs {
            comb.update(&self.power, &self.spectrum, &self.previous, share);
        }
        self.hum = self.judge();
    }

    fn judge(&self) -> Option<Hum> {
        if self.spectra < WARM_UP {
            return None;
        }
        let scored = self
            .combs
            .iter()
            .map(|comb| (comb, comb.tuned_ratios(self.rate_hz)));
        let (best, ratios) = scored.max_by(|a, b| best_three(a.1).total_cmp(&best_three(b.1)))?;
        let bound = if self.hum.is_some() {
            KEPT_DB
        } else {
            RAISED_DB
        };
        let fundamental_alone = ratios[0] >= ALONE_DB;
        let is_comb = best_three(ratios) >= bound && sorted(ratios)[1] >= SECOND_DB;
        if !(fundamental_alone || is_comb) {
            return None;
        }
        let mean_square = best.mean_square();
        (mean_square >= FAINTEST).then(|| Hum {
            fundamental: Hz(best.measured_hz(self.rate_hz)),
            level: Dbov::from_mean_square(mean_square.into()),
        })
    }
}

/// The harmonics of one supposed fundamental.
#[derive(Debug, Clone)]
struct Comb {
    fundamental_hz: f32,
    lines: [Line; HARMONICS],
}

/// What is known of one harmonic.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    /// Nearest bin.
    bin: usize,
    /// Mean ratio to the bins beside it, decibels.
    ratio_db: f32,
    /// Weighted mean of its mean square, and of the weights: quiet moments tell most.
    power: f32,
    weight: f32,
    /// Weighted mean turn of its phase from one spectrum to the next.
    turn: Complex32,
}

impl Comb {
    fn new(fundamental_hz: f32, rate_hz: f32) -> Self {
        let lines = std::array::from_fn(|k| {
            let bin = fundamental_hz * (k + 1) as f32 / rate_hz * SPECTRUM as f32;
            Line {
                bin: bin.round() as usize,
                ..Line::default()
            }
        });
        Self {
            fundamental_hz,
            lines,
        }
    }

    fn update(
        &mut self,
        power: &[f32],
        spectrum: &[Complex32],
        previous: &[Complex32],
        share: f32,
    ) {
        for line in &mut self.lines {
            let bin = line.bin;
            let sum = |bins: std::ops::RangeInclusive<usize>| power[bins].iter().sum::<f32>();
            let tone = sum(bin - 1..=bin + 1);
            let side = sum(bin - 5..=bin - 3).max(sum(bin + 3..=bin + 5));
            let ratio = 10.0 * ((tone + FLOOR) / (side + FLOOR)).log10();
            // A tone beside the line leans into it, but peaks outside.
            let highest = power[bin - 1..=bin + 1].iter().copied().fold(0.0, f32::max);
            let beside = power[bin - 2].max(power[bin + 2]);
            let most = if beside > 0.5 * highest {
                0.0
            } else {
                RATIO_DB.1
            };
            line.ratio_db += share * (ratio.clamp(RATIO_DB.0, most) - line.ratio_db);
            let weight = 1.0 / (side + 0.02 * tone + FLOOR);
            line.weight += share * (weight - line.weight);
            line.power += share * (weight * (tone - side) - line.power);
            let turn = spectrum[bin] * previous[bin].conj() * weight;
            line.turn += (turn - line.turn) * share;
        }
    }

    /// The lines' mean ratios, decibels; none for a line whose frequency is not where it should be.
    fn tuned_ratios(&self, rate_hz: f32) -> [f32; HARMONICS] {
        std::array::from_fn(|k| {
            let line = &self.lines[k];
            let supposed = self.fundamental_hz * (k + 1) as f32;
            let in_tune = (line.measured_hz(supposed, rate_hz) - supposed).abs() <= IN_TUNE_HZ;
            if in_tune {
                line.ratio_db
            } else {
                line.ratio_db.min(0.0)
            }
        })
    }

    /// Mean square of all lines that stand out.
    fn mean_square(&self) -> f32 {
        self.standing_out()
            .map(|(_, line)| (line.power / line.weight).max(0.0))
            .sum()
    }

    /// The fundamental after the phases of the lines that stand out.
    fn measured_hz(&self, rate_hz: f32) -> f32 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (harmonic, line) in self.standing_out() {
            let measured = line.measured_hz(self.fundamental_hz * harmonic, rate_hz);
            // An error of phase counts 1/harmonic in the fundamental.
            let weight = harmonic * harmonic * 10f32.powf(line.ratio_db / 10.0);
            sum += weight * measured / harmonic;
            weights += weight;
        }
        if weights > 0.0 {
            sum / weights
        } else {
            self.fundamental_hz
        }
    }

    fn standing_out(&self) -> impl Iterator<Item = (f32, &Line)> {
        let harmonics = (1..=HARMONICS).map(|k| k as f32);
        harmonics
            .zip(&self.lines)
            .filter(|(_, line)| line.ratio_db > 3.0)
    }
}

impl Line {
    /// The frequency that the phase turns with, of all possible ones the nearest to `supposed`.
    fn measured_hz(&self, supposed: f32, rate_hz: f32) -> f32 {
        let turn_hz = rate_hz / HOP as f32;
        let turns = self.turn.arg() / TAU;
        (turns + (supposed / turn_hz - turns).round()) * turn_hz
    }
}

/// In falling order.
fn sorted(mut ratios: [f32; HARMONICS]) -> [f32; HARMONICS] {
    ratios.sort_by(|a, b| b.total_cmp(a));
    ratios
}

/// Mean of the three best.
fn best_three(ratios: [f32; HARMONICS]) -> f32 {
    sorted(ratios)[..3].iter().sum::<f32>() / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::testing::Noise;

    fn hum(rate: u32, mains: f64, level_db: f32, harmonics: &[usize], seconds: f32) -> Vec<f32> {
        let amplitude = 10f32.powf(level_db / 20.0) * (2.0 / harmonics.len() as f32).sqrt();
        let turn = std::f64::consts::TAU * mains / f64::from(rate);
        let wave = |n: usize, k: usize| (turn * (n * k) as f64).sin() as f32;
        (0..(rate as f32 * seconds) as usize)
            .map(|n| amplitude * harmonics.iter().map(|&k| wave(n, k)).sum::<f32>())
            .collect()
    }

    fn mixed(a: &[f32], b: &[f32]) -> Vec<f32> {
        a.iter().zip(b).map(|(a, b)| a + b).collect()
    }

    fn quiet_voice(rate: u32, seconds: f32) -> Vec<f32> {
        let mut voice = Noise::new(11).voice(rate, seconds);
        voice.iter_mut().for_each(|x| *x *= 0.5);
        voice
    }

    fn heard(rate: u32, signal: &[f32]) -> Option<Hum> {
        let mut detector = HumDetector::new(SampleRate::new(rate).unwrap());
        signal
            .chunks(rate as usize / 100)
            .map(|frame| detector.process(frame))
            .last()
            .flatten()
    }

    #[test]
    fn measures_hum_under_a_voice_at_every_rate() {
        for rate in SampleRate::ALLOWED {
            for mains in [49.6, 50.0, 59.98, 60.4] {
                let voice = quiet_voice(rate, 10.0);
                let signal = mixed(&voice, &hum(rate, mains, -50.0, &[1, 2, 3, 5], 10.0));
                let found = heard(rate, &signal);
                let found = found.unwrap_or_else(|| panic!("{mains} Hz not found at {rate} Hz"));
                let off = f64::from(found.fundamental.0) - mains;
                assert!(off.abs() < 0.03, "{mains} Hz at {rate} Hz: {off}");
                assert!((found.level.0 + 50.0).abs() < 2.0, "{:?}", found.level);
            }
        }
    }

    #[test]
    fn a_voice_is_not_hum() {
        for rate in SampleRate::ALLOWED {
            assert_eq!(heard(rate, &quiet_voice(rate, 10.0)), None, "{rate} Hz");
        }
    }

    #[test]
    fn one_steady_tone_is_not_hum_but_the_fundamental_is() {
        for tone in [2, 3, 6, 7] {
            assert_eq!(
                heard(8_000, &hum(8_000, 50.0, -30.0, &[tone], 8.0)),
                None,
                "{tone}"
            );
        }
        assert!(heard(8_000, &hum(8_000, 50.0, -30.0, &[1], 8.0)).is_some());
    }

    #[test]
    fn other_combs_and_noise_are_not_hum() {
        for pitch in [46.0, 53.0, 57.0, 65.0, 110.0] {
            assert_eq!(
                heard(8_000, &hum(8_000, pitch, -30.0, &[1, 2, 3, 4], 8.0)),
                None,
                "{pitch}"
            );
        }
        let mut noise = Noise::new(1);
        let signal: Vec<f32> = (0..80_000).map(|_| 0.1 * noise.normal()).collect();
        assert_eq!(heard(8_000, &signal), None);
        assert_eq!(heard(8_000, &vec![0.25; 80_000]), None);
    }

    #[test]
    fn hum_that_ends_is_soon_not_there() {
        let mut signal = mixed(
            &quiet_voice(8_000, 20.0),
            &hum(8_000, 50.0, -40.0, &[1, 3], 20.0),
        );
        let voice = quiet_voice(8_000, 20.0);
        signal[80_000..].copy_from_slice(&voice[80_000..]);
        assert!(heard(8_000, &signal[..80_000]).is_some());
        assert_eq!(heard(8_000, &signal), None);
    }

    #[test]
    fn recovers_from_broken_samples() {
        let mut signal = mixed(
            &quiet_voice(8_000, 16.0),
            &hum(8_000, 50.0, -40.0, &[1, 3], 16.0),
        );
        signal[8_000..8_080].fill(f32::NAN);
        assert!(heard(8_000, &signal).is_some());
    }
}
