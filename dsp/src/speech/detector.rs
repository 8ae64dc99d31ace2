//! The speech score: earshot's network, re-blocked from 10 ms to its 16 ms and lined up again.
//!
//! The network judges blocks of 256 samples and is surest about what it heard some 30 ms before a
//! block's end. Its scores are taken relative to those of the room ([`super::floor`]). Each 10 ms frame takes the scores around its own middle, linearly interpolated, so
//! the score of frame `n` is ready [`SPEECH_LAG_FRAMES`] frames later.

use super::features::BLOCK;
use super::floor::ScoreFloor;
use super::network::Network;
use crate::measurement::SPEECH_LAG_FRAMES;
use crate::resample::{ANALYSIS_FRAME, AnalysisFrame};

/// How far before a block's end the sound lies that its score is about, in samples. Measured: the
/// lag with the largest area under the ROC curve (benches/accuracy).
const BLOCK_LAG: usize = 440;

/// Block scores kept; must span the lag.
const KEPT: usize = 8;

/// A speech score for one stream at 16 kHz.
pub struct SpeechDetector {
    network: Box<Network>,
    floor: ScoreFloor,
    block: [f32; BLOCK],
    filled: usize,
    /// The latest block scores; block `b` is at `b % KEPT`.
    scores: [f32; KEPT],
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
            block: [0.0; BLOCK],
            filled: 0,
            scores: [0.0; KEPT],
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
                self.scores[self.blocks % KEPT] =
                    self.floor.relative(self.network.score(&self.block));
                self.blocks += 1;
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

    /// The score of the sound at sample `position`.
    fn score_at(&self, position: usize) -> f32 {
        // Block b, which ends at (b + 1) * BLOCK, is about position (b + 1) * BLOCK - BLOCK_LAG.
        let (after, share) = {
            let x = position + BLOCK_LAG;
            (x / BLOCK, (x % BLOCK) as f32 / BLOCK as f32)
        };
        let block = |b: usize| {
            if b < self.blocks && b + KEPT >= self.blocks {
                self.scores[b % KEPT]
            } else if b >= self.blocks && self.blocks > 0 {
                self.scores[(self.blocks - 1) % KEPT]
            } else {
                0.0
            }
        };
        let earlier = if after == 0 { 0.0 } else { block(after - 1) };
        earlier * (1.0 - share) + block(after) * share
    }

    /// Starts again for another call.
    pub fn reset(&mut self) {
        self.network.reset();
        self.floor = ScoreFloor::new();
        self.block = [0.0; BLOCK];
        self.filled = 0;
        self.scores = [0.0; KEPT];
        self.blocks = 0;
        self.frames = 0;
    }
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
        for n in 0..50 {
            assert_eq!(used.process(&frame(n)), fresh.process(&frame(n)));
        }
    }
}
