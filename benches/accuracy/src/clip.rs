//! One call to judge: what the microphone heard, the far end, who really spoke.

use crate::call::{RATE, analyse, judged};
use sidetone_dsp::measurement::Measurement;

/// A call at 16 kHz, 16 bits deep, with its truth.
#[derive(Debug, Clone)]
pub(crate) struct Clip {
    pub(crate) name: String,
    pub(crate) mic: Vec<f32>,
    pub(crate) far: Option<Vec<f32>>,
    /// The agent speaks, per 10 ms.
    pub(crate) truth: Vec<bool>,
    /// The customer speaks, per 10 ms.
    pub(crate) far_truth: Vec<bool>,
}

impl Clip {
    /// A call as a 16-bit file would hold it, so that every program judges the same samples.
    pub(crate) fn new(name: String, mic: &[f32], truth: Vec<bool>) -> Self {
        let frames = truth.len();
        Self {
            name,
            mic: as_16_bit(mic),
            far: None,
            truth,
            far_truth: vec![false; frames],
        }
    }

    pub(crate) fn with_far(self, far: &[f32], truth: Vec<bool>) -> Self {
        Self {
            far: Some(as_16_bit(far)),
            far_truth: truth,
            ..self
        }
    }

    pub(crate) fn frames(&self) -> usize {
        self.truth.len()
    }

    pub(crate) fn minutes(&self) -> f64 {
        self.mic.len() as f64 / RATE as f64 / 60.0
    }

    /// What the analyser says, through its public door.
    pub(crate) fn analyse(&self) -> Vec<Measurement> {
        analyse(&self.mic, self.far.as_deref())
    }

    /// The analyser's score of each frame: of double talk where there is a far end, else of speech.
    pub(crate) fn scores(&self, all: &[Measurement]) -> Vec<f32> {
        let score = |frame| {
            let measured = judged(all, frame);
            match measured.both {
                Some(both) => both.double_talk_score,
                None => measured.agent.speech_score,
            }
        };
        (0..self.frames()).map(score).collect()
    }

    /// The frames that count: with a far end, those in which it talks.
    pub(crate) fn counts(&self, frame: usize) -> bool {
        self.far.is_none() || self.far_truth[frame]
    }

    /// Within 50 ms of a change of the truth, where a label is a matter of taste.
    pub(crate) fn at_edge(&self, frame: usize) -> bool {
        let from = frame.saturating_sub(5);
        let to = (frame + 6).min(self.truth.len());
        self.truth[from..to].iter().any(|&t| t != self.truth[frame])
    }
}

/// Rounded to 16 bits.
pub(crate) fn as_16_bit(samples: &[f32]) -> Vec<f32> {
    let round = |x: &f32| (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0;
    samples.iter().map(round).collect()
}
