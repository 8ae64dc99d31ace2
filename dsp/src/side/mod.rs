//! The analysers of one side of a call that work on its samples as they come, at the native rate.
//!
//! *Promises*: [`SideAnalyzer::process`] takes one 10 ms frame, allocates nothing, and does not
//! panic whatever the samples are.
//!
//! *Fails* by leaving out what it cannot know.
//!
//! *Never* judges speech or noise; that is done above it, with both sides in view.

pub mod a_weighting;
pub mod clipping;
pub mod crackle;
pub mod dead;
mod decimator;
pub mod dropout;
pub mod hum;
pub mod levels;
pub mod p56;
#[cfg(test)]
pub(crate) mod testing;

use crate::measurement::Hum;
use crate::units::{Dbov, SampleRate};
use a_weighting::AWeighting;
use clipping::ClippingDetector;
use crackle::CrackleDetector;
use dead::DeadChannel;
use dropout::DropoutDetector;
use hum::HumDetector;
use levels::LevelMeter;
use p56::SpeechVoltmeter;

/// What the native-rate pass says of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideFrame {
    /// RMS level of the frame, flat.
    pub level: Dbov,
    /// Largest absolute sample of the frame, as a level of its square.
    pub peak: Dbov,
    /// Mean square of the frame, flat; 1.0 is 0 dBov.
    pub mean_square: f32,
    /// Mean square of the frame without its own mean (no DC).
    pub mean_square_ac: f32,
    /// Mean square of the frame, A-weighted.
    pub mean_square_a: f32,
    /// Largest absolute sample of the frame.
    pub peak_amplitude: f32,
    /// Active speech level (P.56) since the start or the last reset.
    pub active_speech_level: Option<Dbov>,
    /// Clipped samples of the frame.
    pub clipped_samples: u32,
    /// Dropouts that ended in the frame.
    pub dropouts: u32,
    /// Milliseconds lost in them.
    pub dropout_ms: f32,
    /// Crackles found in the frame.
    pub crackles: u32,
    /// Mains hum now present.
    pub hum: Option<Hum>,
    /// Mean of the last second's samples, −1..1.
    pub dc_offset: f32,
    /// All samples of the frame are exactly one value.
    pub digital_silence: bool,
}

/// All native-rate analysers of one side.
#[derive(Debug, Clone)]
pub struct SideAnalyzer {
    levels: LevelMeter,
    a_weighting: AWeighting,
    voltmeter: SpeechVoltmeter,
    dead: DeadChannel,
    clipping: ClippingDetector,
    dropout: DropoutDetector,
    hum: HumDetector,
    crackle: CrackleDetector,
}

impl SideAnalyzer {
    /// Analysers for one side at this rate.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        Self {
            levels: LevelMeter::new(),
            a_weighting: AWeighting::new(rate),
            voltmeter: SpeechVoltmeter::new(rate),
            dead: DeadChannel::new(),
            clipping: ClippingDetector::new(rate),
            dropout: DropoutDetector::new(rate),
            hum: HumDetector::new(rate),
            crackle: CrackleDetector::new(rate),
        }
    }

    /// Analyses one frame of [`SampleRate::frame_len`] samples; full scale is ±1.0.
    pub fn process(&mut self, frame: &[f32]) -> SideFrame {
        let levels = self.levels.process(frame);
        self.dead.process(&levels);
        self.voltmeter.process(frame);
        let dropouts = self.dropout.process(frame);
        SideFrame {
            level: Dbov::from_mean_square(levels.mean_square.into()),
            peak: Dbov::from_mean_square(f64::from(levels.peak).powi(2)),
            mean_square: levels.mean_square,
            mean_square_ac: levels.mean_square_ac,
            mean_square_a: self.a_weighting.process(frame),
            peak_amplitude: levels.peak,
            active_speech_level: self.voltmeter.level(),
            clipped_samples: self.clipping.process(frame, levels.lowest, levels.highest),
            dropouts: dropouts.count,
            dropout_ms: dropouts.lost_ms,
            crackles: self.crackle.process(frame),
            hum: self.hum.process(frame),
            dc_offset: levels.dc_offset,
            digital_silence: levels.digital_silence,
        }
    }

    /// The P.56 meter: level, activity and RMS since the start or the last reset of it.
    #[must_use]
    pub fn voltmeter(&self) -> &SpeechVoltmeter {
        &self.voltmeter
    }

    /// Starts the P.56 measurement anew.
    pub fn reset_voltmeter(&mut self) {
        self.voltmeter.reset();
    }

    /// Nothing above the electronic floor has been heard so far.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.is_dead()
    }
}
