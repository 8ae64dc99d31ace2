//! The ratio of speech to noise: the power while this side speaks, without the noise under it, over the noise.
//!
//! The noise under the speech is not always that of right now: a road swells, a crowd comes in.

use crate::units::{Db, Dbov};

/// Seconds of speech, in frames, before its power without the noise means anything.
const SPOKEN: u32 = 100;

/// Between these ratios of speech to noise, in decibels, P.56 takes over from the speech decisions:
/// below, noise fills its pauses; above, it is exact.
const TRUST_P56: (f32, f32) = (12.0, 20.0);

/// P.56 finds speech a little shorter than the decisions with their hangover do, by so many decibels.
const SHORTER: f32 = 0.3;

/// Less speech than this share of the noise (−10 dB) is drowned: the difference means nothing.
const DROWNED: f32 = 0.1;

/// Power of the frames decided to be this side's speech.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpeechPower {
    sum: f64,
    frames: u32,
    /// Noise power under them; `None` before a pause.
    noise: Option<f32>,
}

impl SpeechPower {
    /// Takes a frame of speech, with what is under it.
    pub(super) fn push(&mut self, power: f32) {
        self.sum += f64::from(power);
        self.frames = self.frames.saturating_add(1);
    }

    /// The noise under the frames so far has been this much.
    pub(super) fn set_noise(&mut self, power: f32) {
        self.noise = Some(power);
    }

    /// The ratio to this noise; `active` is the P.56 level. `None` where the noise drowns the speech.
    pub(super) fn ratio(&self, active: Dbov, noise: Dbov) -> Option<Db> {
        let power = |level: Dbov| 10.0_f32.powf(level.0 / 10.0);
        let now = power(noise);
        let under = self.noise.unwrap_or(now);
        let over = |with_noise: f32| {
            let ratio = (with_noise - under) / now;
            (ratio > DROWNED).then(|| 10.0 * ratio.log10())
        };
        let plain = over(power(active));
        if self.frames < SPOKEN || plain.is_some_and(|p| p >= TRUST_P56.1) {
            return plain.map(Db);
        }
        let spoken = (self.sum / f64::from(self.frames)) as f32;
        let gated = over(spoken).map(|db| db + SHORTER);
        match (plain, gated) {
            (Some(plain), Some(gated)) => {
                let trust = (plain - TRUST_P56.0) / (TRUST_P56.1 - TRUST_P56.0);
                let trust = trust.clamp(0.0, 1.0);
                Some(Db(trust * plain + (1.0 - trust) * gated))
            }
            (plain, gated) => gated.or(plain).map(Db),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_under_the_speech_is_taken_out_not_that_of_now() {
        let mut speech = SpeechPower::default();
        for _ in 0..500 {
            speech.push(2e-4);
        }
        speech.set_noise(1e-4);
        // As loud as the noise under it; the noise has fallen by 5 dB since.
        let told = speech.ratio(Dbov(-37.0), Dbov(-45.0)).unwrap();
        assert!((told.0 - 5.3).abs() < 0.1, "{told:?}");
        assert_eq!(speech.ratio(Dbov(-37.0), Dbov(-25.0)), None);
    }
}
