//! Is someone near the microphone, and how loud? Talk in the room is not the agent's.
//!
//! The agent's mouth is a hand's breadth from the microphone, so that the voice stands far over the
//! floor of the room. Many voices in the background keep within some decibels of theirs.

use super::ramp;
use crate::units::{Db, FRAMES_PER_SECOND};

/// Smoothing of the power: about 50 ms, a syllable.
const SMOOTHING: f32 = 0.2;

/// How fast the loudest syllable is forgotten, per second: the agent may listen for minutes.
const FORGET: Db = Db(0.2);

/// Loudest syllable over the floor, in decibels, from where nobody to where somebody is near.
const PRESENT_DB: (f32, f32) = (15.0, 19.0);

/// A frame under the loudest syllable, in decibels, from where it is not to where it is the near
/// talker's.
const BELOW_DB: (f32, f32) = (-32.0, -26.0);

/// Follows the loudest syllable near the microphone.
#[derive(Debug, Clone, Copy)]
pub(super) struct NearTalker {
    smooth: f32,
    loudest: f32,
    keep: f32,
}

impl NearTalker {
    pub(super) fn new() -> Self {
        Self {
            smooth: 0.0,
            loudest: 0.0,
            keep: 10_f32.powf(-FORGET.0 / 10.0 / FRAMES_PER_SECOND as f32),
        }
    }

    /// Takes the power of the next frame that is not leakage.
    pub(super) fn push(&mut self, power: f32) {
        self.smooth += (power - self.smooth) * SMOOTHING;
        self.loudest = (self.loudest * self.keep).max(self.smooth);
    }

    /// How far a frame of this power is the near talker's, 0..1, over this floor.
    pub(super) fn weight(&self, power: f32, floor: f32) -> f32 {
        ramp(self.loudest, floor, PRESENT_DB).min(ramp(power, self.loudest, BELOW_DB))
    }
}
