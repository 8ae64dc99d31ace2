//! What a noise is like, from its pauses: tilt of the spectrum, movement of the level, hum, clicks.
//!
//! A first cut by rules, in this order: clicks, mains, nothing to speak of, moving with a speech
//! spectrum (babble), low (traffic), flat and steady (hiss), and what is left (office).

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

/// Spread of the level of 10 ms frames, in decibels, over which it moves like speech.
const MOVING_DB: f32 = 2.2;

/// Mean power per bin of each band, seen through a Hann window.
pub(super) fn bands(bins: &Bins) -> [f32; BANDS] {
    std::array::from_fn(|band| {
        let range = EDGES[band]..EDGES[band + 1];
        let count = range.len() as f32;
        range.map(|k| bins.hann_power(k)).sum::<f32>() / count
    })
}

/// Running features of the pauses.
#[derive(Debug, Clone, Default)]
pub(super) struct KindJudge {
    density: [f32; BANDS],
    frames: u32,
    /// The last of them were no pauses: what the detector took for speech never paused.
    unbroken: bool,
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
        self.unbroken = false;
        self.push_density(density);
    }

    /// Takes a frame of the noise under speech that has no pauses.
    pub(super) fn push_valley(&mut self, density: [f32; BANDS]) {
        self.unbroken = true;
        self.push_density(density);
    }

    fn push_density(&mut self, density: [f32; BANDS]) {
        self.frames += 1;
        let share = SHARE.max(1.0 / self.frames as f32);
        for (kept, fresh) in self.density.iter_mut().zip(density) {
            *kept += (fresh - *kept) * share;
        }
    }

    /// The verdict on a noise of this level, whose frames spread by so many decibels.
    pub(super) fn verdict(
        &self,
        level: Dbov,
        speech: Option<Dbov>,
        spread: f32,
    ) -> Option<NoiseKind> {
        if self.frames < 50 {
            return None;
        }
        let [low, middle, upper, top] = self.density;
        let far_below = speech.is_some_and(|s| s.0 - level.0 > QUIET.1.0);
        Some(if self.crackle_rate > CRACKLE_RATE {
            NoiseKind::Crackle
        } else if self.hum.is_some_and(|hum| hum.0 > level.0 - 4.0) {
            NoiseKind::Hum
        } else if level < QUIET.0 || far_below {
            NoiseKind::Quiet
        } else if (self.unbroken || spread > MOVING_DB) && middle > 0.1 * low {
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
