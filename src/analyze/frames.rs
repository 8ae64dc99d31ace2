//! The figures of each 10 ms frame as CSV (CONTRACT §7).
//!
//! A measurement carries the levels of its own frame and the speech scores of an earlier one; a row
//! joins what belongs to the same frame.

use sidetone_dsp::measurement::{Hum, Measurement, SPEECH_LAG_FRAMES};
use sidetone_dsp::units::{Db, Dbov, FRAMES_PER_SECOND};
use std::collections::VecDeque;
use std::fmt;

/// The first line of the CSV file.
pub const HEADER: &str = "t_s,agent_level_dbov,customer_level_dbov,agent_speech,customer_speech,\
double_talk,agent_noise_dbov,customer_noise_dbov,agent_snr_db,customer_snr_db";

/// One frame; unknown is `None`, and empty when written. [`fmt::Display`] writes the line of CSV.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameRow {
    /// Index of the frame; it starts at a hundredth of this in seconds.
    pub frame: u64,
    /// Levels of the agent.
    pub agent: SideRow,
    /// Levels of the customer; `None` for a mono file.
    pub customer: Option<SideRow>,
    /// Probability that both speak, 0..1.
    pub double_talk: Option<f32>,
}

/// One side of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideRow {
    /// RMS level.
    pub level: Dbov,
    /// Speech score, 0..1.
    pub speech: f32,
    /// Running noise level.
    pub noise: Option<Dbov>,
    /// Running signal-to-noise ratio.
    pub snr: Option<Db>,
    /// What is wrong with the sound; not among the columns of the CSV file.
    pub faults: FrameFaults,
}

/// What is wrong with one side of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameFaults {
    /// Clipped samples.
    pub clipped_samples: u32,
    /// Dropouts that ended in this frame.
    pub dropouts: u32,
    /// Milliseconds lost in them.
    pub dropout_ms: f32,
    /// Crackles.
    pub crackles: u32,
    /// Mains hum now present.
    pub hum: Option<Hum>,
}

/// Holds rows back until their speech scores are known.
#[derive(Debug, Default)]
pub struct RowBuilder {
    waiting: VecDeque<FrameRow>,
}

impl RowBuilder {
    /// Takes the next measurement; gives the row of the frame whose scores it carries.
    pub fn push(&mut self, measurement: &Measurement) -> Option<FrameRow> {
        let side = |m: &sidetone_dsp::measurement::SideMeasurement| SideRow {
            level: m.level,
            speech: 0.0,
            noise: m.noise,
            snr: m.snr,
            faults: FrameFaults {
                clipped_samples: m.clipped_samples,
                dropouts: m.dropouts,
                dropout_ms: m.dropout_ms,
                crackles: m.crackles,
                hum: m.hum,
            },
        };
        self.waiting.push_back(FrameRow {
            frame: measurement.frame,
            agent: side(&measurement.agent),
            customer: measurement.customer.as_ref().map(side),
            double_talk: None,
        });
        let judged = measurement.frame.checked_sub(SPEECH_LAG_FRAMES)?;
        let mut row = self.waiting.pop_front().filter(|row| row.frame == judged)?;
        row.agent.speech = measurement.agent.speech_score;
        if let (Some(row), Some(customer)) = (&mut row.customer, &measurement.customer) {
            row.speech = customer.speech_score;
        }
        row.double_talk = measurement.both.map(|both| both.double_talk_score);
        Some(row)
    }
}

impl fmt::Display for FrameRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let customer = self.customer.as_ref();
        let level = |level: Dbov| level.0.max(Dbov::FLOOR.0);
        let figures = [
            (Some(level(self.agent.level)), 2),
            (customer.map(|c| level(c.level)), 2),
            (Some(self.agent.speech), 6),
            (customer.map(|c| c.speech), 6),
            (self.double_talk, 6),
            (self.agent.noise.map(level), 2),
            (customer.and_then(|c| c.noise).map(level), 2),
            (self.agent.snr.map(|snr| snr.0), 2),
            (customer.and_then(|c| c.snr).map(|snr| snr.0), 2),
        ];
        let per_second = FRAMES_PER_SECOND as u64;
        let (seconds, hundredths) = (self.frame / per_second, self.frame % per_second);
        write!(f, "{seconds}.{hundredths:02}")?;
        for (figure, decimals) in figures {
            match figure.filter(|figure| figure.is_finite()) {
                Some(figure) => write!(f, ",{figure:.decimals$}")?,
                None => f.write_str(",")?,
            }
        }
        Ok(())
    }
}
