//! How loud the voice is, and how much louder or quieter the network is to hear it.
//!
//! The network knows voices of one loudness best. Louder, and it takes the room behind them for speech too: with a
//! crowd 10 to 20 dB under a voice at −24 dBov the area under the ROC curve is .931, and .958 at 10 dB less. Much
//! quieter, and it misses weak syllables. So the mean power of what was taken for speech is followed, and the sound
//! brought to the loudness that suits the network.
//!
//! *Promises*: constant work per block and no allocation; a bounded gain; what is no speech does not move it; the same
//! gain for the same call, however loud a room without a voice is.
//!
//! *Fails* slowly: a voice is followed within some seconds of its own speech, and until then taken for one of the
//! loudness that suits.

use super::BLOCKS_PER_SECOND;

/// The mean power of speech that suits the network: −33 dBov. Measured on the tuning part (benches/accuracy): between
/// −35 and −31 the area moves by less than .002.
const SUITS: f32 = 5.0e-4;

/// So many seconds of speech as loud as that are taken to have been heard at the start.
const ASSUMED: f32 = 2.0;

/// After so many seconds of speech what was heard before counts half.
const HALF_LIFE: f32 = 20.0;

/// The gain's bounds, as powers: 12 dB quieter, 10 dB louder.
const BOUNDS: (f32, f32) = (0.063, 10.0);

/// The loudness of one stream's voice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Loudness {
    /// Blocks of speech heard, and the sum of their powers; older ones weigh less.
    blocks: f32,
    power: f32,
    /// The weight of a block one block of speech later.
    fading: f32,
}

impl Loudness {
    /// A voice that suits.
    pub(super) fn new() -> Self {
        let blocks = ASSUMED * BLOCKS_PER_SECOND;
        Self {
            blocks,
            power: blocks * SUITS,
            fading: 0.5_f32.powf(1.0 / (HALF_LIFE * BLOCKS_PER_SECOND)),
        }
    }

    /// What the power of the sound is to be multiplied by.
    pub(super) fn gain(&self) -> f32 {
        let gain = SUITS * self.blocks / self.power.max(f32::MIN_POSITIVE);
        gain.clamp(BOUNDS.0, BOUNDS.1)
    }

    /// Hears a block of this mean power (full scale 1.0) which is speech with this score, 0..1. It counts from a score
    /// of 0.5 on, and the surer the more.
    pub(super) fn hear(&mut self, power: f32, score: f32) {
        let surely = (2.0 * score - 1.0).max(0.0);
        let kept = 1.0 - surely * (1.0 - self.fading);
        self.blocks = self.blocks * kept + surely;
        self.power = self.power * kept + surely * power;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decibels(power: f32) -> f32 {
        10.0 * power.log10()
    }

    /// The gain in decibels after so many seconds of speech at this level.
    fn after(loudness: &mut Loudness, seconds: f32, dbov: f32) -> f32 {
        for _ in 0..(seconds * BLOCKS_PER_SECOND) as usize {
            loudness.hear(10_f32.powf(dbov / 10.0), 0.95);
        }
        decibels(loudness.gain())
    }

    #[test]
    fn a_voice_is_brought_to_what_suits() {
        assert!(decibels(Loudness::new().gain()).abs() < 0.1);
        for (dbov, wanted) in [(-23.0, -10.0), (-40.0, 7.0), (-10.0, -12.0), (-70.0, 10.0)] {
            let gain = after(&mut Loudness::new(), 240.0, dbov);
            assert!((gain - wanted).abs() < 0.6, "{dbov} dBov: {gain} dB");
        }
        // A loud one is known within seconds.
        let gain = after(&mut Loudness::new(), 3.0, -23.0);
        assert!((-10.0..=-6.0).contains(&gain), "{gain} dB");
    }

    #[test]
    fn what_is_no_speech_does_not_move_it() {
        let mut voice = Loudness::new();
        after(&mut voice, 30.0, -23.0);
        let before = voice;
        for _ in 0..1_000 {
            voice.hear(1e-6, 0.49);
            voice.hear(0.5, 0.1);
        }
        assert_eq!(voice, before);
    }

    #[test]
    fn digital_zeros_taken_for_speech_leave_a_bounded_gain() {
        let mut voice = Loudness::new();
        for _ in 0..100_000 {
            voice.hear(0.0, 1.0);
        }
        assert!((voice.gain() - BOUNDS.1).abs() < 1e-3);
        assert!(after(&mut voice, 60.0, -33.0).abs() < 1.5);
    }
}
