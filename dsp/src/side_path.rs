//! One side's way through the analysers, from samples to its half of a measurement.

use crate::analyzer::Broken;
use crate::measurement::SideMeasurement;
use crate::noise::NoiseMeter;
use crate::resample::{ANALYSIS_FRAME, AnalysisFrame, To16k};
use crate::side::{SideAnalyzer, SideFrame};
use crate::spectrum::Spectrum;
use crate::speech::{SpeechDecision, SpeechDetector};
use crate::totals::{Measured, SideSums, SideTotals};
use crate::units::{Dbov, SampleRate};

/// Samples beyond this many times full scale are broken, and would poison sums of squares.
const MAX_AMPLITUDE: f32 = 16.0;

/// All analysers of one side.
#[derive(Debug)]
pub(crate) struct SidePath {
    rate: SampleRate,
    /// The frame as it came, made harmless.
    native: Vec<f32>,
    /// The frame at 16 kHz.
    pub(crate) wide: AnalysisFrame,
    figures: SideAnalyzer,
    to_16k: To16k,
    pub(crate) spectrum: Spectrum,
    detector: SpeechDetector,
    decision: SpeechDecision,
    noise: NoiseMeter,
    sums: SideSums,
}

impl SidePath {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            native: vec![0.0; rate.frame_len()],
            wide: [0.0; ANALYSIS_FRAME],
            figures: SideAnalyzer::new(rate),
            to_16k: To16k::new(rate),
            spectrum: Spectrum::new(),
            detector: SpeechDetector::new(),
            decision: SpeechDecision::default(),
            noise: NoiseMeter::new(),
            sums: SideSums::default(),
        }
    }

    /// Takes the next frame: its own figures, and its 16 kHz form into `wide`.
    pub(crate) fn take(&mut self, frame: &[f32], broken: &mut Broken) -> SideFrame {
        let len = self.native.len();
        if frame.len() != len {
            broken.frames += 1;
        }
        let given = frame.len().min(len);
        self.native[..given].copy_from_slice(&frame[..given]);
        // NaN fails the comparison too.
        let is_good = |sample: f32| sample.abs() <= MAX_AMPLITUDE;
        let all_good = self.native[..given]
            .iter()
            .fold(true, |good, &sample| good & is_good(sample));
        if !all_good {
            for sample in self.native[..given].iter_mut().filter(|s| !is_good(**s)) {
                *sample = 0.0;
                broken.samples += 1;
            }
        }
        self.native[given..].fill(0.0);
        self.to_16k.process(&self.native, &mut self.wide);
        self.spectrum.push(&self.wide);
        // The last frame of a file may be short: what is padded is no part of the call's figures.
        let heard = if given == 0 { len } else { given };
        self.figures.process(&self.native[..heard])
    }

    /// Goes on by a frame of silence after the end: only what lags sees it, the figures don't.
    pub(crate) fn take_end(&mut self) {
        self.native.fill(0.0);
        self.to_16k.process(&self.native, &mut self.wide);
        self.spectrum.push(&self.wide);
    }

    /// The speech score of `wide`, which may have had its echo taken out since [`Self::take`].
    pub(crate) fn hear(&mut self) -> f32 {
        self.detector.process(&self.wide)
    }

    /// Decides about the lagged frame with this score. `there` = that frame is one of the call's.
    pub(crate) fn decide(&mut self, score: f32, there: bool) -> bool {
        let speech = self.decision.push(score);
        if there {
            self.sums.add_speech(speech);
        }
        speech
    }

    /// Joins the frame's figures, after [`Self::decide`]. `leaks` = the other side spoke in the
    /// lagged frame, so that its pauses are not this side's.
    pub(crate) fn measure(
        &mut self,
        now: &SideFrame,
        (score, speech): (f32, bool),
        leaks: bool,
    ) -> SideMeasurement {
        self.noise.push(now, &self.spectrum.bins, speech, leaks);
        let measurement = self.join(now, score, speech);
        self.sums.add(&measurement);
        measurement
    }

    /// The figures of a frame beside the running ones.
    pub(crate) fn join(&self, now: &SideFrame, score: f32, speech: bool) -> SideMeasurement {
        let noise = self.noise.level();
        let level = now.active_speech_level;
        SideMeasurement {
            level: now.level,
            peak: now.peak,
            active_speech_level: level,
            noise,
            noise_a: self.noise.level_a(),
            snr: self.noise.snr(level, noise),
            noise_kind: self.noise.kind(noise, level),
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

    /// Figures of a frame that is not there, after the end.
    pub(crate) fn join_end(&self, score: f32, speech: bool) -> SideMeasurement {
        let silence = SideFrame {
            level: Dbov::FLOOR,
            peak: Dbov::FLOOR,
            mean_square: 0.0,
            mean_square_ac: 0.0,
            mean_square_a: 0.0,
            peak_amplitude: 0.0,
            active_speech_level: self.figures.voltmeter().level(),
            clipped_samples: 0,
            dropouts: 0,
            dropout_ms: 0.0,
            crackles: 0,
            hum: None,
            dc_offset: 0.0,
            digital_silence: true,
        };
        self.join(&silence, score, speech)
    }

    /// What the call comes to so far.
    pub(crate) fn totals(&self) -> SideTotals {
        let meter = self.figures.voltmeter();
        let (noise, noise_a) = self.noise.whole_call();
        let level = meter.level();
        let measured = Measured {
            active_speech_level: level,
            activity: meter.activity(),
            rms: meter.rms(),
            noise,
            noise_a,
            noise_gated: self.noise.gated(),
            snr: self.noise.snr(level, noise),
            dead: self.figures.is_dead(),
        };
        self.sums.close(self.rate, measured)
    }

    /// The last judged frame itself was speech, hangover left out.
    pub(crate) fn speaks_now(&self) -> bool {
        self.decision.active()
    }
}
