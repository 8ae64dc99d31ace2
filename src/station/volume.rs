//! The speaker's volume as the mixer says it: one event when it comes to rest, not one per pixel of
//! a dragged slider.

use crate::alerts::Now;
use std::time::Duration;

/// A slider that has not moved for this long is where the hand wanted it.
const RESTS: Duration = Duration::from_millis(500);

/// Hundredths, so that a rounding of the server is no change.
#[derive(Debug, Default)]
pub(super) struct VolumeTracker {
    told: Option<i32>,
    moving: Option<(i32, Duration)>,
}

impl VolumeTracker {
    /// The mixer's volume, 0..1 of its normal maximum.
    pub(super) fn mixer(&mut self, now: Now, volume: f32) {
        let hundredths = (volume.clamp(0.0, 10.0) * 100.0).round() as i32;
        match self.told {
            // First sight is no change.
            None => self.told = Some(hundredths),
            Some(told) if told == hundredths => self.moving = None,
            Some(_) if self.moving.is_some_and(|(known, _)| known == hundredths) => {}
            Some(_) => self.moving = Some((hundredths, now.monotonic)),
        }
    }

    /// The volume that last came to rest, 0..1.
    pub(super) fn resting(&self) -> Option<f64> {
        self.told.map(|hundredths| f64::from(hundredths) / 100.0)
    }

    /// The volume that came to rest, once.
    pub(super) fn tick(&mut self, now: Now) -> Option<f64> {
        let (hundredths, since) = self.moving?;
        if now.monotonic.saturating_sub(since) < RESTS {
            return None;
        }
        self.moving = None;
        self.told = Some(hundredths);
        Some(f64::from(hundredths) / 100.0)
    }

    /// When [`VolumeTracker::tick`] has something to say.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.moving.map(|(_, since)| since + RESTS)
    }
}
