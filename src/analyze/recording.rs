//! A WAV file from its first sample to its report.

use super::frames::{FrameRow, RowBuilder};
use super::intervals::{Intervals, seconds};
use super::replay::Replay;
use super::report::{
    Analysis, DoubleTalkReport, OvertalkReport, SCHEMA, SideReport, SpeechReport, rounded,
};
use super::wav::{Channels, WavFault, WavFile};
use crate::alerts::config::AlertConfig;
use crate::overtalk::party;
use crate::report::noise_name;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::{Measurement, OvertalkEvent, OvertalkParties, SPEECH_LAG_FRAMES};
use sidetone_dsp::totals::SideTotals;
use sidetone_dsp::units::Dbov;
use std::io::{self, Read, Seek};

/// Why a recording has no report.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file.
    #[error(transparent)]
    Wav(#[from] WavFault),
    /// What was to take the rows could not.
    #[error("cannot write the frames: {0}; check the disk")]
    Rows(#[source] io::Error),
}

/// Analyses a whole file, judges it by `limits`, and hands over the row of each whole 10 ms frame
/// (floor of a hundred times the duration) in order.
///
/// # Errors
/// [`Problem`] if the file cannot be read to its end, or `on_row` fails.
pub fn analyze<R: Read + Seek>(
    mut wav: WavFile<R>,
    limits: &AlertConfig,
    mut on_row: impl FnMut(&FrameRow) -> io::Result<()>,
) -> Result<Analysis, Problem> {
    let format = wav.format();
    let stereo = format.channels == Channels::Stereo;
    let rate = format.rate;
    let whole_frames = wav.samples() / rate.frame_len() as u64;
    let frames = wav.samples().div_ceil(rate.frame_len() as u64);
    let duration_s = wav.duration_s();

    let mut analyzer = CallAnalyzer::new(rate, stereo.then_some(rate));
    let mut replay = Replay::new(limits, rate, stereo);
    let mut story = Story::default();
    let mut rows = RowBuilder::default();
    let mut row_of = |measurement: &Measurement| match rows.push(measurement) {
        Some(row) if row.frame < whole_frames => on_row(&row).map_err(Problem::Rows),
        _ => Ok(()),
    };
    while let Some(frame) = wav.next_frame()? {
        let measurement = analyzer.process(frame.left, frame.right);
        row_of(&measurement)?;
        replay.push(&measurement);
        story.push(&measurement, frames);
    }
    for measurement in analyzer.finish() {
        row_of(&measurement)?;
        story.push(&measurement, frames);
    }

    let totals = analyzer.totals();
    let (alerts, report) = replay.finish(duration_s);
    let silent = frames.saturating_sub(story.anybody.frames());
    Ok(Analysis {
        schema: SCHEMA,
        duration_s: rounded(duration_s, 6),
        sample_rate: rate.hz(),
        agent: side_report(&totals.agent),
        customer: totals.customer.as_ref().map(side_report),
        double_talk: stereo.then(|| DoubleTalkReport {
            seconds: seconds(story.both_frames),
            ratio: share(story.both_frames, frames),
            overtalk: story.overtalk,
        }),
        speech: SpeechReport {
            agent: story.agent.finish(duration_s),
            customer: stereo.then(|| story.customer.finish(duration_s)),
        },
        silence_ratio: share(silent, frames),
        alerts,
        report,
    })
}

/// Who spoke when, as it comes.
#[derive(Debug, Default)]
struct Story {
    agent: Intervals,
    customer: Intervals,
    anybody: Intervals,
    both_frames: u64,
    overtalk: Vec<OvertalkReport>,
}

impl Story {
    /// Takes the next measurement of a file of `frames` frames: its verdicts are those of an
    /// earlier frame, and what lies beyond the file's end is left out.
    fn push(&mut self, m: &Measurement, frames: u64) {
        if let Some(OvertalkEvent::Ended {
            start_frame,
            end_frame,
            parties,
        }) = m.overtalk
        {
            self.overtalk
                .push(overtalk(start_frame, end_frame.min(frames), parties));
        }
        let Some(judged) = m.frame.checked_sub(SPEECH_LAG_FRAMES) else {
            return;
        };
        if judged >= frames {
            return;
        }
        let customer = m.customer.is_some_and(|customer| customer.speech);
        self.agent.push(judged, m.agent.speech);
        self.customer.push(judged, customer);
        self.anybody.push(judged, m.agent.speech || customer);
        self.both_frames += u64::from(m.both.is_some_and(|both| both.double_talk));
    }
}

fn overtalk(start: u64, end: u64, parties: OvertalkParties) -> OvertalkReport {
    OvertalkReport {
        start_s: seconds(start),
        end_s: seconds(end),
        floor: party(parties.floor),
        interrupter: party(parties.interrupter),
    }
}

fn share(frames: u64, of: u64) -> f64 {
    rounded(frames as f64 / of.max(1) as f64, 6)
}

fn side_report(totals: &SideTotals) -> SideReport {
    let level = |level: Dbov| decibels(level.0.max(Dbov::FLOOR.0));
    SideReport {
        active_speech_level_dbov: level(totals.active_speech_level.unwrap_or(Dbov::FLOOR)),
        activity: figure(totals.activity, 6),
        rms_dbov: level(totals.rms),
        noise_dbov: totals.noise.map(level),
        noise_dbov_a: totals.noise_a.map(level),
        noise_kind: totals.noise_kind.map(noise_name),
        noise_gated: totals.noise_gated,
        snr_db: totals.snr.map(|snr| decibels(snr.0)),
        clipped_ratio: figure(totals.clipped_ratio, 8),
        dropouts: u64::from(totals.dropouts),
        dropout_s: figure(totals.dropout_s, 4),
        hum_hz: totals.hum.map(|hum| figure(hum.fundamental.0, 3)),
        hum_dbov: totals.hum.map(|hum| level(hum.level)),
        crackle_per_min: figure(totals.crackle_per_min, 3),
        dc_offset: figure(totals.dc_offset, 6),
        peak_dbov: level(totals.peak),
        dead: totals.dead,
    }
}

fn decibels(value: f32) -> f64 {
    figure(value, 3)
}

/// A figure is always a number.
fn figure(value: f32, decimals: i32) -> f64 {
    if value.is_finite() {
        rounded(f64::from(value), decimals)
    } else {
        0.0
    }
}
