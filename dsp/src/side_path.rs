//! One side's way through the analysers, from samples to its half of a measurement.

use crate::analyzer::Broken;
use crate::measurement::SideMeasurement;
use crate::noise::NoiseMeter;
use crate::resample::{ANALYSIS_FRAME, AnalysisFrame, To16k};
use crate::side::{SideAnalyzer, SideFrame};
use crate::speech::{SpeechDecision, SpeechDetector};
use crate::units::{Db, Dbov, SampleRate};

/// Samples beyond this many times full scale are broken, and would poison sums of squares.
const MAX_AMPLITUDE: f32 = 16.0;

/// All analysers of one side.
#[derive(Debug)]
pub(crate) struct SidePath {
    /// The frame as it came, made harmless.
    native: Vec<f32>,
    /// The frame at 16 kHz.
    pub(crate) wide: AnalysisFrame,
    figures: SideAnalyzer,
    to_16k: To16k,
    detector: SpeechDetector,
    decision: SpeechDecision,
    noise: NoiseMeter,
}

impl SidePath {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            native: vec![0.0; rate.frame_len()],
            wide: [0.0; ANALYSIS_FRAME],
            figures: SideAnalyzer::new(rate),
            to_16k: To16k::new(rate),
            detector: SpeechDetector::new(),
            decision: SpeechDecision::default(),
            noise: NoiseMeter::new(),
        }
    }

    /// Takes the next frame: its own figures, and its 16 kHz form into `wide`.
    pub(crate) fn take(&mut self, frame: &[f32], broken: &mut Broken) -> SideFrame {
        let len = self.native.len();
        if frame.len() != len {
            broken.frames += 1;
        }
        let given = frame.len().min(len);
        let mut bad = 0;
        for (kept, &sample) in self.native.iter_mut().zip(frame) {
            // NaN fails the comparison too.
            *kept = if sample.abs() <= MAX_AMPLITUDE {
                sample
            } else {
                bad += 1;
                0.0
            };
        }
        self.native[given..].fill(0.0);
        broken.samples += bad;
        self.to_16k.process(&self.native, &mut self.wide);
        self.figures.process(&self.native)
    }

    /// The speech score of `wide`, which may have had its echo taken out since [`Self::take`].
    pub(crate) fn hear(&mut self) -> f32 {
        self.detector.process(&self.wide)
    }

    /// Decides with this score, and joins the frame's figures.
    pub(crate) fn measure(&mut self, now: &SideFrame, score: f32, leaks: bool) -> SideMeasurement {
        let speech = self.decision.push(score);
        self.noise.push(now, speech, leaks);
        let noise = self.noise.level();
        SideMeasurement {
            level: now.level,
            peak: now.peak,
            active_speech_level: now.active_speech_level,
            noise,
            noise_a: self.noise.level_a(),
            snr: now
                .active_speech_level
                .zip(noise)
                .and_then(|(speech, noise)| snr(speech, noise)),
            noise_kind: self.noise.kind(),
            noise_gated: self.noise.gated(),
            speech_score: score,
            speech,
            clipped_samples: now.clipped_samples,
            dropouts: now.dropouts,
            dropout_ms: now.dropout_ms,
            crackles: now.crackles,
            hum: now.hum,
            dc_offset: now.dc_offset,
            digital_silence: now.digital_silence,
        }
    }

    /// The last judged frame itself was speech, hangover left out.
    pub(crate) fn speaks_now(&self) -> bool {
        self.decision.active()
    }
}

/// Active speech power without its noise, over the noise. `None` where the noise drowns the speech
/// so far that the difference means nothing (below −10 dB).
pub(crate) fn snr(speech: Dbov, noise: Dbov) -> Option<Db> {
    let power = |level: Dbov| 10.0_f32.powf(level.0 / 10.0);
    let ratio = power(speech) / power(noise) - 1.0;
    (ratio > 0.1).then(|| Db(10.0 * ratio.log10()))
}
