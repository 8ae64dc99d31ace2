//! A few seconds of sound as a picture: time to the right, pitch upwards, the louder the brighter.
//!
//! *Promises*: levels only, coarse in time and pitch ([`COLUMNS`] by [`ROWS`], 16 shades). That is no sound, but who reads
//! such pictures may make out a word. *Never* allocates more than the picture and its samples.

use super::places::{Look, Window};
use std::f64::consts::TAU;

/// Points of the picture.
pub(super) const COLUMNS: usize = 200;
pub(super) const ROWS: usize = 64;

/// Shades, the darkest first.
pub(super) const SHADES: u8 = 16;

/// From the darkest to the brightest shade, in dB.
const RANGE_DB: f64 = 60.0;

/// The brightest shade is no lower than this, so that what is silent is dark. In dB of a full-scale tone.
const BRIGHTEST_AT_LEAST_DB: f64 = -55.0;

/// Highest pitch shown, in hertz.
const WIDE_HZ: f64 = 8_000.0;
const LOW_HZ: f64 = 500.0;

/// Length of sound under one point, in seconds.
const WIDE_S: f64 = 0.020;
const LOW_S: f64 = 0.160;

/// A look at low tones needs no more samples a second.
const LOW_RATE: usize = 2_000;

/// The picture: shades by row, the highest pitch first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spectrogram {
    pub(super) shades: Vec<u8>,
    /// Pitch of the upper edge, in hertz.
    pub(super) top_hz: f64,
}

impl Look {
    fn window_s(self) -> f64 {
        match self {
            Self::Wide => WIDE_S,
            Self::Low => LOW_S,
        }
    }
}

/// From when to when sound is needed, in seconds.
pub(super) fn needed(window: &Window) -> (f64, f64) {
    let half = window.look.window_s() / 2.0;
    ((window.from_s - half).max(0.0), window.to_s + half)
}

/// Draws it of these samples, which begin at `start_s` of the call.
pub(super) fn draw(window: &Window, samples: &[f32], start_s: f64, rate: u32) -> Spectrogram {
    let step = match window.look {
        Look::Wide => 1,
        Look::Low => (rate as usize / LOW_RATE).max(1),
    };
    let pooled: Vec<f64> = samples
        .chunks(step)
        .map(|some| some.iter().map(|x| f64::from(*x)).sum::<f64>() / some.len() as f64)
        .collect();
    let rate = f64::from(rate) / step as f64;
    let top_hz = match window.look {
        Look::Wide => WIDE_HZ.min(rate / 2.0),
        Look::Low => LOW_HZ,
    };
    let points = (window.look.window_s() * rate) as usize;
    let tones = Tones::new(points, top_hz, rate);
    let mut levels = vec![f64::NEG_INFINITY; COLUMNS * ROWS];
    let each_s = (window.to_s - window.from_s) / COLUMNS as f64;
    let mut piece = vec![0.0; points];
    for column in 0..COLUMNS {
        let middle_s = window.from_s + (column as f64 + 0.5) * each_s - start_s;
        let first = (middle_s * rate) as i64 - points as i64 / 2;
        for (index, place) in piece.iter_mut().enumerate() {
            let at = usize::try_from(first + index as i64).ok();
            *place = at.and_then(|at| pooled.get(at)).copied().unwrap_or(0.0);
        }
        for row in 0..ROWS {
            levels[row * COLUMNS + column] = tones.level_db(ROWS - 1 - row, &piece);
        }
    }
    Spectrogram {
        shades: shades(&levels),
        top_hz,
    }
}

/// The level of a whole picture's brightest points is the brightest shade.
fn shades(levels: &[f64]) -> Vec<u8> {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f64::total_cmp);
    let loud = sorted[sorted.len() - 1 - sorted.len() / 200];
    let top = loud.max(BRIGHTEST_AT_LEAST_DB);
    let last = f64::from(SHADES - 1);
    let shade = |level: &f64| ((level - top + RANGE_DB) / RANGE_DB * last).round();
    levels
        .iter()
        .map(|level| shade(level).clamp(0.0, last) as u8)
        .collect()
}

/// The tones that are looked for: one a row, each with a Hann window, of which the level is that of a sine.
struct Tones {
    points: usize,
    /// Cosine and sine by row.
    waves: Vec<(f64, f64)>,
}

impl Tones {
    fn new(points: usize, top_hz: f64, rate: f64) -> Self {
        let mut waves = Vec::with_capacity(points * ROWS);
        for row in 0..ROWS {
            let hz = (row as f64 + 0.5) * top_hz / ROWS as f64;
            for n in 0..points {
                let hann = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / points as f64).cos();
                // The window's mean is a half, and a sine has half its amplitude on either side of zero.
                let weight = hann * 4.0 / points as f64;
                let (sine, cosine) = (TAU * hz * n as f64 / rate).sin_cos();
                waves.push((cosine * weight, sine * weight));
            }
        }
        Self { points, waves }
    }

    /// In dB of a full-scale sine.
    fn level_db(&self, row: usize, piece: &[f64]) -> f64 {
        let waves = &self.waves[row * self.points..(row + 1) * self.points];
        let (mut re, mut im) = (0.0, 0.0);
        for ((cosine, sine), x) in waves.iter().zip(piece) {
            re += cosine * x;
            im += sine * x;
        }
        10.0 * (re * re + im * im).log10()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(look: Look) -> Window {
        Window {
            finding: 0,
            customer: false,
            from_s: 1.0,
            to_s: 4.0,
            look,
        }
    }

    fn brightest_row(picture: &Spectrogram, column: usize) -> usize {
        let shade = |row: &usize| picture.shades[row * COLUMNS + column];
        (0..ROWS).rev().max_by_key(shade).unwrap()
    }

    #[test]
    fn a_tone_is_a_line_at_its_pitch_and_level_makes_it_bright() {
        for (look, hz, rate, row) in [
            (Look::Wide, 1_250.0, 16_000, 53),
            (Look::Wide, 7_950.0, 48_000, 0),
            (Look::Wide, 1_025.0, 8_000, 47),
            (Look::Low, 50.0, 16_000, 57),
            (Look::Low, 100.0, 44_100, 51),
        ] {
            let (start_s, end_s) = needed(&window(look));
            let count = ((end_s - start_s) * f64::from(rate)) as usize;
            let samples: Vec<f32> = (0..count)
                .map(|n| (0.1 * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32)
                .collect();
            let picture = draw(&window(look), &samples, start_s, rate);
            assert_eq!(picture.shades.len(), COLUMNS * ROWS);
            for column in [0, COLUMNS / 2, COLUMNS - 1] {
                let brightest = brightest_row(&picture, column);
                assert!(brightest.abs_diff(row) <= 1, "{hz} Hz: row {brightest}");
            }
            let dark = picture.shades.iter().filter(|shade| **shade < 4).count();
            assert!(dark > COLUMNS * ROWS / 2, "{hz} Hz: {dark}");
        }
    }

    #[test]
    fn a_click_is_an_upright_stroke_and_a_hole_a_dark_one() {
        let (start_s, end_s) = needed(&window(Look::Wide));
        let mut noise = 1_u32;
        let mut samples: Vec<f32> = (0..((end_s - start_s) * 16_000.0) as usize)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (f64::from(noise >> 8) / f64::from(1 << 24) * 0.002 - 0.001) as f32
            })
            .collect();
        let at = |second: f64| ((second - start_s) * 16_000.0) as usize;
        samples[at(2.0)] = 0.9;
        samples[at(3.0)..at(3.1)].fill(0.0);
        let picture = draw(&window(Look::Wide), &samples, start_s, 16_000);
        let mean = |second: f64| {
            let column = ((second - 1.0) / 3.0 * COLUMNS as f64) as usize;
            let shades = (0..ROWS).map(|row| u32::from(picture.shades[row * COLUMNS + column]));
            shades.sum::<u32>() / ROWS as u32
        };
        let (click, hole, else_) = (mean(2.0), mean(3.05), mean(1.5));
        assert!(click > else_ + 3 && hole == 0, "{click} {hole} {else_}");
    }

    #[test]
    fn silence_is_dark() {
        let samples = vec![0.0; 64_000];
        for look in [Look::Wide, Look::Low] {
            let picture = draw(&window(look), &samples, 0.9, 16_000);
            assert!(picture.shades.iter().all(|shade| *shade == 0));
        }
    }
}
