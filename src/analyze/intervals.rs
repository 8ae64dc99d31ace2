//! Stretches of frames in which something holds.

use super::report::rounded;
use sidetone_dsp::units::FRAMES_PER_SECOND;

/// Collects `[start_s, end_s]` of every stretch, and counts its frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Intervals {
    /// First frame of the stretch going on.
    open: Option<u64>,
    done: Vec<[f64; 2]>,
    frames: u64,
}

impl Intervals {
    /// Whether it holds in the next frame; frames must come in order.
    pub(super) fn push(&mut self, frame: u64, holds: bool) {
        self.frames += u64::from(holds);
        match (self.open, holds) {
            (None, true) => self.open = Some(frame),
            (Some(start), false) => {
                self.done.push([seconds(start), seconds(frame)]);
                self.open = None;
            }
            _ => {}
        }
    }

    /// How many frames it held in.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// The stretches; one still going on ends at `end_s`.
    pub(super) fn finish(mut self, end_s: f64) -> Vec<[f64; 2]> {
        if let Some(start) = self.open {
            self.done.push([seconds(start), rounded(end_s, 3)]);
        }
        self.done
    }
}

/// The time at which a frame starts.
pub(super) fn seconds(frame: u64) -> f64 {
    frame as f64 / FRAMES_PER_SECOND as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_start_and_end_at_their_frames() {
        let mut intervals = Intervals::default();
        for frame in 0..30 {
            intervals.push(frame, (5..9).contains(&frame) || frame >= 20);
        }
        assert_eq!(intervals.frames(), 14);
        assert_eq!(intervals.finish(0.2955), [[0.05, 0.09], [0.2, 0.296]]);
    }

    #[test]
    fn nothing_gives_no_stretch() {
        let mut intervals = Intervals::default();
        intervals.push(0, false);
        assert!(intervals.finish(1.0).is_empty());
    }
}
