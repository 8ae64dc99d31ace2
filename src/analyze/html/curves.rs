//! The frames of a call, kept as columns of a drawing.
//!
//! *Promises*: at most [`MOST_COLUMNS`] columns and [`MOST_SPANS`] longer spans, whatever the length
//! of the call. A column tells the lowest and the highest frame in it, so that nothing short is lost,
//! and counts every fault.
//!
//! *Never* smooths, and never guesses: what no frame of a column knows is unknown.

use super::places::Places;
use crate::analyze::frames::{FrameRow, SideRow};
use crate::analyze::wav::{Channels, WavFile};
use sidetone_dsp::measurement::Hum;
use sidetone_dsp::units::{Dbov, FRAMES_PER_SECOND};
use std::io::{Read, Seek};

/// Two a unit of the drawing: finer is not seen.
pub const MOST_COLUMNS: u64 = 1_480;

/// What a table, or a pointer's hint, can still be read in.
pub const MOST_SPANS: u64 = 24;

/// Lengths of a span in seconds.
const SPANS_S: [u64; 14] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200,
];

/// A call's frames as they come, in bounded memory.
#[derive(Debug, Clone)]
pub struct Curves {
    pub(super) columns: Stretches,
    pub(super) spans: Stretches,
    pub(super) places: Places,
}

impl Curves {
    /// Makes room for the frames of this file.
    #[must_use]
    pub fn of<R: Read + Seek>(wav: &WavFile<R>) -> Self {
        let format = wav.format();
        let frames = wav.samples() / format.rate.frame_len() as u64;
        Self::new(frames, format.channels == Channels::Stereo)
    }

    fn new(frames: u64, stereo: bool) -> Self {
        let per_second = FRAMES_PER_SECOND as u64;
        let span = SPANS_S
            .into_iter()
            .map(|seconds| seconds * per_second)
            .find(|&each| frames.div_ceil(each) <= MOST_SPANS)
            .unwrap_or_else(|| frames.div_ceil(MOST_SPANS));
        Self {
            columns: Stretches::new(frames, frames.div_ceil(MOST_COLUMNS).max(1), stereo),
            spans: Stretches::new(frames, span, stereo),
            places: Places::default(),
        }
    }

    /// Takes the next frame.
    pub fn push(&mut self, row: &FrameRow) {
        self.columns.push(row);
        self.spans.push(row);
        self.places.push(row);
    }
}

/// Equal stretches of a call; the last one may be shorter.
#[derive(Debug, Clone)]
pub(super) struct Stretches {
    frames: u64,
    each: u64,
    pub(super) agent: Vec<Stretch>,
    pub(super) customer: Option<Vec<Stretch>>,
}

impl Stretches {
    fn new(frames: u64, each: u64, stereo: bool) -> Self {
        let count = usize::try_from(frames.div_ceil(each)).unwrap_or(0);
        let empty = vec![Stretch::default(); count];
        Self {
            frames,
            each,
            customer: stereo.then(|| empty.clone()),
            agent: empty,
        }
    }

    fn push(&mut self, row: &FrameRow) {
        let Ok(index) = usize::try_from(row.frame / self.each) else {
            return;
        };
        if let Some(stretch) = self.agent.get_mut(index) {
            stretch.add(&row.agent);
        }
        let customer = self.customer.as_mut().zip(row.customer.as_ref());
        if let Some((stretches, row)) = customer
            && let Some(stretch) = stretches.get_mut(index)
        {
            stretch.add(row);
        }
    }

    /// Where a stretch begins and ends, in seconds.
    pub(super) fn span_s(&self, index: usize) -> (f64, f64) {
        let second = |frame: u64| frame as f64 / FRAMES_PER_SECOND as f64;
        let start = index as u64 * self.each;
        (second(start), second((start + self.each).min(self.frames)))
    }

    /// Length of each in seconds.
    pub(super) fn each_s(&self) -> f64 {
        self.each as f64 / FRAMES_PER_SECOND as f64
    }
}

/// What the frames of a stretch come to, one side.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Stretch {
    frames: u32,
    /// Lowest and highest level of a frame.
    levels: Option<(f32, f32)>,
    power: f64,
    /// Noise as its last frame knows it.
    pub(super) noise: Option<f32>,
    /// The same of the signal-to-noise ratio.
    pub(super) snr: Option<f32>,
    pub(super) clipped_samples: u64,
    pub(super) dropouts: u32,
    pub(super) dropout_ms: f64,
    pub(super) crackles: u32,
    /// The loudest hum.
    pub(super) hum: Option<Hum>,
}

impl Stretch {
    fn add(&mut self, row: &SideRow) {
        let level = row.level.0.max(Dbov::FLOOR.0);
        let (low, high) = self.levels.unwrap_or((level, level));
        self.levels = Some((low.min(level), high.max(level)));
        self.frames += 1;
        if level > Dbov::FLOOR.0 {
            self.power += 10.0_f64.powf(f64::from(level) / 10.0);
        }
        self.noise = row.noise.map(|noise| noise.0.max(Dbov::FLOOR.0));
        self.snr = row.snr.map(|snr| snr.0).filter(|snr| snr.is_finite());
        self.clipped_samples += u64::from(row.faults.clipped_samples);
        self.dropouts += row.faults.dropouts;
        self.dropout_ms += f64::from(row.faults.dropout_ms);
        self.crackles += row.faults.crackles;
        let louder = |hum: &Hum| self.hum.is_none_or(|known| hum.level > known.level);
        if let Some(hum) = row.faults.hum.filter(louder) {
            self.hum = Some(hum);
        }
    }

    /// Lowest and highest level of a frame, dBov; `None` if no frame fell into it.
    pub(super) fn levels(&self) -> Option<(f64, f64)> {
        self.levels
            .map(|(low, high)| (f64::from(low), f64::from(high)))
    }

    /// Level of all its frames together, dBov.
    pub(super) fn rms(&self) -> Option<f64> {
        let mean = self.power / f64::from(self.frames.max(1));
        (self.frames > 0).then(|| f64::from(Dbov::from_mean_square(mean).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::frames::FrameFaults;
    use sidetone_dsp::units::Db;

    fn row(frame: u64, level: f32) -> FrameRow {
        let agent = SideRow {
            level: Dbov(level),
            speech: 0.0,
            noise: Some(Dbov(level - 20.0)),
            snr: Some(Db(20.0)),
            faults: FrameFaults {
                clipped_samples: 1,
                dropouts: 0,
                dropout_ms: 0.0,
                crackles: 2,
                hum: None,
            },
        };
        FrameRow {
            frame,
            agent,
            customer: None,
            double_talk: None,
        }
    }

    #[test]
    fn a_column_keeps_the_lowest_the_highest_and_every_fault() {
        let mut curves = Curves::new(14_800, false);
        let level = |frame: u64| if frame == 25 { -3.0 } else { -40.0 };
        for frame in 0..14_800 {
            curves.push(&row(frame, level(frame)));
        }
        let columns = &curves.columns;
        assert_eq!(columns.agent.len(), 1_480);
        assert_eq!(columns.agent[1].levels(), Some((-40.0, -40.0)));
        assert_eq!(columns.agent[2].levels(), Some((-40.0, -3.0)));
        assert_eq!(columns.span_s(2), (0.2, 0.3));
        let mean = columns.agent[2].rms().unwrap();
        assert!((mean - -12.99).abs() < 0.01, "{mean}");
        let crackles: u32 = columns.agent.iter().map(|column| column.crackles).sum();
        assert_eq!(crackles, 29_600);
    }

    #[test]
    fn any_length_has_a_bounded_number_of_columns_and_spans() {
        for frames in [
            0,
            1,
            99,
            100,
            1_480,
            1_481,
            720_000,
            8_640_000,
            u64::from(u32::MAX),
        ] {
            let curves = Curves::new(frames, true);
            for (stretches, most) in [(&curves.columns, MOST_COLUMNS), (&curves.spans, MOST_SPANS)]
            {
                let count = stretches.agent.len() as u64;
                assert!(
                    count <= most && (count > 0) == (frames > 0),
                    "{frames}: {count}"
                );
                if let Some(last) = stretches.agent.len().checked_sub(1) {
                    assert_eq!(stretches.span_s(last).1, frames as f64 / 100.0);
                }
            }
        }
    }
}
