//! Earshot's network on features of our own making.
//!
//! Its `Detector` is a transform, bands, and the network; half of its instructions are those of the first two, for which
//! there is something faster here already. So only the network is taken. The way to it is not among what the crate
//! promises to keep, which is why its version is pinned; the test below tells whether the scores are still its own.

use super::features::{BANDS, BLOCK, Features};
use earshot::{DefaultPredictor, Predictor};

/// Blocks the network sees at a time.
const CONTEXT: usize = 3;

/// Room the network asks for: of its first layer, and of its second.
const ROOM: usize = 288 + 144;

/// The network with its memory, for one stream at 16 kHz.
pub(super) struct Network {
    features: Features,
    predictor: DefaultPredictor,
    /// Normalised features of the last blocks, the oldest first.
    context: [f32; CONTEXT * BANDS],
    room: [f32; ROOM],
}

impl Network {
    pub(super) fn new() -> Self {
        Self {
            features: Features::new(),
            predictor: DefaultPredictor::new(),
            context: [0.0; CONTEXT * BANDS],
            room: [0.0; ROOM],
        }
    }

    /// The score of the next block, 0..1, heard with its power times `gain`. Its samples are numbers within ±1.
    pub(super) fn score(&mut self, block: &[f32; BLOCK], gain: f32) -> f32 {
        self.context.copy_within(BANDS.., 0);
        let newest = &mut self.context[(CONTEXT - 1) * BANDS..];
        newest.copy_from_slice(&self.features.take(block, gain));
        self.predictor.normalize(newest);
        self.predictor.predict(&self.context, &mut self.room)
    }

    /// Forgets what was heard.
    pub(super) fn reset(&mut self) {
        self.features.reset();
        self.predictor.reset();
        self.context.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something like speech at this level: a voice's harmonics that move, syllables, pauses, noise.
    fn sound(level: f32) -> impl Iterator<Item = [f32; BLOCK]> {
        let mut noise = crate::side::testing::Noise::new(5);
        let mut phase = 0.0_f32;
        (0..600).map(move |block| {
            std::array::from_fn(|i| {
                let t = (block * BLOCK + i) as f32 / 16_000.0;
                phase = (phase + (140.0 + 40.0 * (2.0 * t).sin()) / 16_000.0).fract();
                let voice: f32 = (1..25)
                    .map(|k| (std::f32::consts::TAU * phase * k as f32).sin() / k as f32)
                    .sum();
                let syllable = (std::f32::consts::TAU * 3.0 * t).sin().max(0.0);
                let speaks = if t % 3.0 < 2.0 { syllable } else { 0.0 };
                level * (speaks * voice * 0.3 + 0.002 * noise.uniform())
            })
        })
    }

    #[test]
    fn scores_as_the_crate_does_by_its_own_way() {
        for level in [1.0, 0.1, 1e-3, 0.0] {
            let mut network = Network::new();
            let mut whole = earshot::Detector::default_boxed();
            let mut range = (1.0_f32, 0.0_f32);
            for (n, block) in sound(level).enumerate() {
                let (ours, theirs) = (network.score(&block, 1.0), whole.predict_f32(&block));
                assert!(
                    (ours - theirs).abs() < 2e-3,
                    "block {n} at {level}: {ours} for {theirs}"
                );
                range = (range.0.min(theirs), range.1.max(theirs));
            }
            // It is speech, and it is not all the same.
            assert!(
                level == 0.0 || range.1 - range.0 > 0.1,
                "{level}: {range:?}"
            );
        }
    }

    #[test]
    fn a_gain_is_the_same_as_louder_sound() {
        let (mut soft, mut loud) = (Network::new(), Network::new());
        for (n, (block, louder)) in sound(0.05).zip(sound(0.2)).enumerate() {
            let (gained, plain) = (soft.score(&block, 16.0), loud.score(&louder, 1.0));
            assert!(
                (gained - plain).abs() < 2e-3,
                "block {n}: {gained} for {plain}"
            );
        }
    }
}
