//! The speech score: earshot's network, re-blocked from 10 ms to its 16 ms and lined up again.
//!
//! The network judges blocks of 256 samples, brought to the loudness it knows ([`super::loudness`]), and is surest
//! about what it heard some 30 ms before a block's end. Its log odds are taken relative to those of the room
//! ([`super::floor`]), then averaged over nine blocks, four of them later ones: it wavers within syllables, and a person
//! does not stop for 16 ms. Each 10 ms frame takes those around its own middle, linearly interpolated, so the score of
//! frame `n` is ready [`SPEECH_LAG_FRAMES`] frames later.

use super::features::BLOCK;
use super::floor::ScoreFloor;
use super::loudness::Loudness;
use super::network::Network;
use crate::lanes::dot;
use crate::measurement::SPEECH_LAG_FRAMES;
use crate::resample::{ANALYSIS_FRAME, AnalysisFrame};

/// How far before a block's end the sound lies that its score is about, in samples. Measured: the
/// lag with the largest area under the ROC curve (benches/accuracy).
const BLOCK_LAG: usize = 440;

/// Scores no nearer to 0 and 1 than this.
const LEAST: f32 = 1e-4;

/// Log odds kept; must span the lag and the blocks around.
const KEPT: usize = 16;

/// A block's log odds are the mean of its own and of so many before and after it. Measured on the tuning part and
/// real meetings (benches/accuracy): five help the meetings a little more and cost the others as much; a window
/// that lies mostly in the past costs .002 to .006 of the area.
const AROUND: usize = 4;

/// A speech score for one stream at 16 kHz.
pub struct SpeechDetector {
    network: Box<Network>,
    floor: ScoreFloor,
    loudness: Loudness,
    /// Mean power of the block before.
    power: f32,
    block: [f32; BLOCK],
    filled: usize,
    /// Log odds of the latest blocks; block `b` is at `b % KEPT`.
    odds: [f32; KEPT],
    /// Blocks judged so far.
    blocks: usize,
    /// Frames heard so far.
    frames: usize,
}

impl std::fmt::Debug for SpeechDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpeechDetector")
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Default for SpeechDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl SpeechDetector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            network: Box::new(Network::new()),
            floor: ScoreFloor::new(),
            loudness: Loudness::new(),
            power: 0.0,
            block: [0.0; BLOCK],
            filled: 0,
            odds: [0.0; KEPT],
            blocks: 0,
            frames: 0,
        }
    }

    /// Hears one frame; gives the score of the frame [`SPEECH_LAG_FRAMES`] earlier (0 while there
    /// is no such frame).
    pub fn process(&mut self, frame: &AnalysisFrame) -> f32 {
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.filled));
            rest = later;
            for (kept, &sample) in self.block[self.filled..].iter_mut().zip(now) {
                // The network's range is ±1; a resampler overshoots, and NaN would stay in its memory.
                let finite = if sample.is_finite() { sample } else { 0.0 };
                *kept = finite.clamp(-1.0, 1.0);
            }
            self.filled += now.len();
            if self.filled == BLOCK {
                self.filled = 0;
                self.judge_block();
            }
        }
        self.frames += 1;
        let lag = SPEECH_LAG_FRAMES as usize;
        if self.frames <= lag {
            return 0.0;
        }
        let judged = self.frames - 1 - lag;
        self.score_at(judged * ANALYSIS_FRAME + ANALYSIS_FRAME / 2)
    }

    /// Judges the block that has just been filled.
    fn judge_block(&mut self) {
        let score = self.network.score(&self.block, self.loudness.gain());
        let relative = self.floor.relative(log_odds(score));
        self.odds[self.blocks % KEPT] = relative;
        // The score is about the block before this one.
        self.loudness.hear(self.power, probability(relative));
        self.power = dot(&self.block, &self.block) / BLOCK as f32;
        self.blocks += 1;
    }

    /// The score of the sound at sample `position`.
    fn score_at(&self, position: usize) -> f32 {
        // Block b, which ends at (b + 1) * BLOCK, is about position (b + 1) * BLOCK - BLOCK_LAG.
        let x = position + BLOCK_LAG;
        let (after, share) = (x / BLOCK, (x % BLOCK) as f32 / BLOCK as f32);
        let earlier = self.smoothed(after.saturating_sub(1));
        probability(earlier + share * (self.smoothed(after) - earlier))
    }

    /// The mean of the log odds around block `b`, of those there are.
    fn smoothed(&self, b: usize) -> f32 {
        let around = b.saturating_sub(AROUND)..(b + AROUND + 1).min(self.blocks);
        let count = around.len().max(1) as f32;
        around.map(|b| self.odds[b % KEPT]).sum::<f32>() / count
    }

    /// Starts again for another call.
    pub fn reset(&mut self) {
        self.network.reset();
        self.floor = ScoreFloor::new();
        self.loudness = Loudness::new();
        self.power = 0.0;
        self.block = [0.0; BLOCK];
        self.filled = 0;
        self.odds = [0.0; KEPT];
        self.blocks = 0;
        self.frames = 0;
    }
}

/// The log odds of a score, finite.
fn log_odds(score: f32) -> f32 {
    let score = score.clamp(LEAST, 1.0 - LEAST);
    (score / (1.0 - score)).ln()
}

/// The score with these log odds, 0..1.
fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_samples_leave_no_trace() {
        let mut detector = SpeechDetector::new();
        for _ in 0..20 {
            let score = detector.process(&[f32::NAN; ANALYSIS_FRAME]);
            assert!((0.0..=1.0).contains(&score));
        }
        for _ in 0..20 {
            let score = detector.process(&[7.0; ANALYSIS_FRAME]);
            assert!((0.0..=1.0).contains(&score));
        }
    }

    #[test]
    fn reset_forgets() {
        let mut used = SpeechDetector::new();
        let mut fresh = SpeechDetector::new();
        let frame = |n: usize| -> AnalysisFrame {
            std::array::from_fn(|i| ((n * ANALYSIS_FRAME + i) as f32 * 0.13).sin() * 0.3)
        };
        for n in 0..37 {
            used.process(&frame(n));
        }
        used.reset();
        assert_eq!(used.floor, fresh.floor);
        assert_eq!(used.loudness, fresh.loudness);
        for n in 0..50 {
            assert_eq!(used.process(&frame(n)), fresh.process(&frame(n)));
        }
    }

    #[test]
    fn a_score_is_that_of_the_blocks_around() {
        let mut detector = SpeechDetector::new();
        // One block of doubt within a word, and one loud click in a pause.
        for (doubt, sure) in [(-3.0, 2.5), (4.0, -1.2)] {
            detector.odds = [sure; KEPT];
            detector.odds[7] = doubt;
            detector.blocks = KEPT;
            let middle = 8 * BLOCK - BLOCK_LAG;
            let score = detector.score_at(middle);
            assert!((score >= 0.5) == (sure > 0.0), "{score}");
            // Five blocks on there is nothing of it.
            let later = detector.score_at(middle + (AROUND + 1) * BLOCK);
            assert!((later - probability(sure)).abs() < 1e-5, "{later}");
        }
    }

    #[test]
    fn a_loud_voice_is_made_quieter() {
        let mut voice = crate::side::testing::Noise::new(3);
        let mut detector = SpeechDetector::new();
        for frame in voice.voice(16_000, 20.0).chunks_exact(ANALYSIS_FRAME) {
            detector.process(&std::array::from_fn(|i| (frame[i] * 3.0).clamp(-1.0, 1.0)));
        }
        assert!(detector.loudness.gain() < 0.5, "{:?}", detector.loudness);
    }
}
