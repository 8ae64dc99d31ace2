//! What a noise is like, from its pauses: tilt of the spectrum, movement of the level, hum, clicks.
//!
//! Rules, in this order: clicks, nothing to speak of, mains, moving as syllables do with a speech spectrum (babble),
//! low (traffic), flat and steady (hiss), and what is left (office).
//!
//! *Never* judges by a frame that voices of the call are in, unless nothing else was ever heard.

use crate::measurement::NoiseKind;
use crate::side::SideFrame;
use crate::spectrum::Bins;
use crate::units::{Db, Dbov};

/// Bands of the telephone range, in bins of 50 Hz: 100–400, 400–1000, 1000–2000, 2000–3400 Hz.
const EDGES: [usize; BANDS + 1] = [2, 8, 20, 40, 68];
pub(super) const BANDS: usize = 4;

/// Memory of the features: about three seconds of pause.
const SHARE: f32 = 1.0 / 300.0;

/// Crackles per second that make the noise "crackle": 12 per minute.
const CRACKLE_RATE: f32 = 0.2;

/// A noise under this level, or this far under the speech, is quiet.
const QUIET: (Dbov, Db) = (Dbov(-70.0), Db(40.0));

/// The movement is looked at between 400 and 2000 Hz, where voices are and a rumble is not,
const MIDDLE: [f32; BANDS] = [0.0, 12.0, 20.0, 0.0];

/// as what is left of the level without its mean of about a second,
const SLOW: f32 = 0.01;

/// no further than so many decibels downwards and upwards: a soft word that the detector missed only rises over a steady
/// noise, a crowd rises and falls,
const FURTHEST_DB: (f32, f32) = (8.0, 5.0);

/// and alike so many frames later. Noise is not: its level has forgotten itself after 20 ms, and so have the keys of a
/// keyboard; a syllable lasts for 100 to 250 ms.
const LATER: usize = 4;

/// A level that moves so far as syllables do is that of voices: on the tuning part (benches/accuracy) any limit between
/// 1.6 and 2.0 tells crowds from the other noises in between the words of a call,
const MOVING_DB: f32 = 1.9;

/// and one that moves so far without doubt.
const SURE_DB: f32 = 2.5;

/// Fewer pairs of frames than this say nothing.
const LEAST_PAIRS: u32 = 80;

/// Fewer frames than this say nothing of the spectrum.
const LEAST: u32 = 50;

/// Mean power per bin of each band, seen through a Hann window.
pub(super) fn bands(bins: &Bins) -> [f32; BANDS] {
    std::array::from_fn(|band| {
        let range = EDGES[band]..EDGES[band + 1];
        let count = range.len() as f32;
        range.map(|k| bins.hann_power(k)).sum::<f32>() / count
    })
}

/// What noise is like, of the frames it was heard alone in.
#[derive(Debug, Clone, Copy, Default)]
struct Features {
    density: [f32; BANDS],
    frames: u32,
}

impl Features {
    fn push(&mut self, density: [f32; BANDS]) {
        self.frames = self.frames.saturating_add(1);
        let share = SHARE.max(1.0 / self.frames as f32);
        for (kept, fresh) in self.density.iter_mut().zip(density) {
            *kept += (fresh - *kept) * share;
        }
    }
}

/// How far the level moves as syllables do.
#[derive(Debug, Clone, Copy, Default)]
struct Movement {
    mean: f32,
    frames: u32,
    /// The last frames about the mean, the newest first.
    last: [f32; LATER],
    /// Frames of the pause so far.
    run: usize,
    /// Mean product of a frame and the one [`LATER`], dB².
    alike: f32,
    pairs: u32,
}

impl Movement {
    fn push(&mut self, density: [f32; BANDS]) {
        let power: f32 = density.iter().zip(MIDDLE).map(|(d, w)| d * w).sum();
        let db = 10.0 * power.max(1e-12).log10();
        if self.frames == 0 {
            self.mean = db;
        }
        self.frames = self.frames.saturating_add(1);
        let about = (db - self.mean).clamp(-FURTHEST_DB.0, FURTHEST_DB.1);
        // The first frames may be the end of a word.
        self.mean += SLOW.max(1.0 / self.frames as f32) * about;
        if self.run >= LATER {
            self.pairs = self.pairs.saturating_add(1);
            let share = SHARE.max(1.0 / self.pairs as f32);
            self.alike += (about * self.last[LATER - 1] - self.alike) * share;
        }
        self.last.rotate_right(1);
        self.last[0] = about;
        self.run += 1;
    }

    /// The speech-like part of the level's standard deviation is that of voices.
    fn is_of_voices(&self) -> bool {
        self.pairs >= LEAST_PAIRS && self.alike > MOVING_DB * MOVING_DB
    }
}

/// Running features of the pauses.
#[derive(Debug, Clone, Default)]
pub(super) struct KindJudge {
    pause: Features,
    /// Of the quietest frames of what never pauses.
    valley: Features,
    movement: Movement,
    crackle_rate: f32,
    hum: Option<Dbov>,
}

impl KindJudge {
    /// Takes every frame: what defects it has, speech or not.
    pub(super) fn push(&mut self, now: &SideFrame) {
        // Crackles per second, over about ten seconds.
        self.crackle_rate += (100.0 * now.crackles as f32 - self.crackle_rate) * 0.001;
        self.hum = now.hum.map(|hum| hum.level);
    }

    /// Takes a frame of pause.
    pub(super) fn push_pause(&mut self, density: [f32; BANDS]) {
        self.pause.push(density);
        self.movement.push(density);
    }

    /// Takes a frame that is no pause, or not of the noise alone.
    pub(super) fn push_other(&mut self) {
        self.movement.run = 0;
    }

    /// Takes a frame of the noise under speech that has no pauses.
    pub(super) fn push_valley(&mut self, density: [f32; BANDS]) {
        self.valley.push(density);
    }

    /// The pauses move as a crowd does, beyond doubt.
    pub(super) fn is_of_a_crowd(&self) -> bool {
        self.movement.is_of_voices() && self.movement.alike > SURE_DB * SURE_DB
    }

    /// The verdict on a noise of this level; `unbroken` = no person speaks so long without a pause.
    pub(super) fn verdict(
        &self,
        level: Dbov,
        speech: Option<Dbov>,
        unbroken: bool,
    ) -> Option<NoiseKind> {
        let unbroken = self.pause.frames < LEAST || unbroken;
        let features = if unbroken { self.valley } else { self.pause };
        if features.frames < LEAST {
            return None;
        }
        let [low, middle, upper, top] = features.density;
        let far_below = speech.is_some_and(|s| s.0 - level.0 > QUIET.1.0);
        Some(if self.crackle_rate > CRACKLE_RATE {
            NoiseKind::Crackle
        } else if level < QUIET.0 || far_below {
            NoiseKind::Quiet
        } else if self.hum.is_some_and(|hum| hum.0 > level.0 - 4.0) {
            NoiseKind::Hum
        } else if unbroken || self.movement.is_of_voices() && middle > 0.1 * low {
            NoiseKind::Babble
        } else if low > 10.0 * middle {
            NoiseKind::Traffic
        } else if top > 0.25 * middle && upper > 0.25 * middle && top > 0.1 * low {
            NoiseKind::Hiss
        } else {
            NoiseKind::Office
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The judge after this level in decibels, frame by frame, in each band between 400 and 2000 Hz.
    fn moved(level: impl Fn(usize) -> f32) -> Movement {
        let mut movement = Movement::default();
        for n in 0..900 {
            // Pauses of half a second.
            if n % 50 == 0 {
                movement.run = 0;
            }
            movement.push([
                1e-6,
                10_f32.powf(level(n) / 10.0),
                10_f32.powf(level(n) / 10.0),
                1e-6,
            ]);
        }
        movement
    }

    /// Even between −1 and 1, without memory.
    fn scatter(n: usize) -> f32 {
        let mut x = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (x >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    #[test]
    fn syllables_move_and_noise_keys_and_cars_do_not() {
        let syllables = |n: usize| 5.0 * (0.25 * n as f32).sin() + scatter(n);
        assert!(moved(syllables).is_of_voices());
        assert!(!moved(|n| 3.0 * scatter(n)).is_of_voices());
        // A key of 20 ms each 170 ms, 15 dB over the rest.
        assert!(!moved(|n| if n % 17 < 2 { 15.0 } else { 0.0 }).is_of_voices());
        // A car in 6 s, 4 dB from least to most.
        assert!(!moved(|n| 2.0 * (0.0105 * n as f32).sin() + scatter(n)).is_of_voices());
    }

    #[test]
    fn a_pause_that_begins_with_the_end_of_a_word_is_no_crowd() {
        let mut movement = Movement::default();
        for n in 0..200 {
            let level = if n < 3 { 8.0 } else { scatter(n) };
            let power = 10_f32.powf(level / 10.0);
            movement.push([1e-6, power, power, 1e-6]);
        }
        assert!(!movement.is_of_voices());
    }

    #[test]
    fn a_missed_word_is_no_crowd() {
        // 250 ms in each 3 s of pause, 15 dB over a steady noise, as a word ends and begins.
        let word = |n: usize| if n % 300 < 275 { 0.0 } else { 15.0 };
        assert!(!moved(|n| word(n) + scatter(n)).is_of_voices());
    }

    #[test]
    fn the_movement_is_the_covariance_four_frames_apart() {
        let level = |n: usize| 4.0 * (0.3 * n as f32).sin() + 2.0 * scatter(n);
        let told = moved(level).alike;
        let mean = (600..900).map(level).sum::<f32>() / 300.0;
        let pairs: Vec<f32> = (600..900)
            .filter(|n| n % 50 >= LATER)
            .map(|n| (level(n) - mean) * (level(n - LATER) - mean))
            .collect();
        let slow = pairs.iter().sum::<f32>() / pairs.len() as f32;
        assert!((told - slow).abs() < 0.25 * slow, "{told} for {slow}");
    }
}
