//! Baseline tracing: a floor that rises slowly and falls at once (Heese & Vary,
//! "Noise PSD estimation by logarithmic baseline tracing", ICASSP 2015), on the broad-band power.

use crate::units::{Db, FRAMES_PER_SECOND};

/// Smoothing of a power that rises, before the floor is traced: about 80 ms.
const SMOOTHING: f32 = 0.125;

/// The same of one that falls: about 20 ms. Between the words of somebody who does not pause the noise shows for a
/// tenth of a second only; 80 ms would follow it down by 5 dB and take the voice for its own noise.
const SMOOTHING_DOWN: f32 = 0.5;

/// The lowest floor is that of two windows of so many frames.
const WINDOW: u32 = 50;

/// Traces one power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Baseline {
    /// Rise per frame, as a factor.
    rise: f32,
    smooth: f32,
    floor: f32,
    started: bool,
    /// The lowest floor of the window that runs, and of the one before.
    lowest: [f32; 2],
    frames: u32,
}

impl Baseline {
    /// A floor that rises at most so much per second.
    pub(crate) fn new(rise_per_second: Db) -> Self {
        Self {
            rise: 10.0_f32.powf(rise_per_second.0 / 10.0 / FRAMES_PER_SECOND as f32),
            smooth: 0.0,
            floor: 0.0,
            started: false,
            lowest: [f32::INFINITY; 2],
            frames: 0,
        }
    }

    /// Takes the power of the next frame.
    pub(crate) fn push(&mut self, power: f32) {
        if self.started {
            let smoothing = if power < self.smooth {
                SMOOTHING_DOWN
            } else {
                SMOOTHING
            };
            self.smooth += (power - self.smooth) * smoothing;
            self.floor = (self.floor * self.rise).min(self.smooth);
        } else {
            self.smooth = power;
            self.floor = power;
            self.started = true;
        }
        self.lowest[0] = self.lowest[0].min(self.floor);
        self.frames += 1;
        if self.frames == WINDOW {
            self.lowest = [f32::INFINITY, self.lowest[0]];
            self.frames = 0;
        }
    }

    /// The floor; `None` before the first frame.
    pub(crate) fn power(&self) -> Option<f32> {
        self.started.then_some(self.floor)
    }

    /// The lowest floor of the last half to whole second: between two gaps of somebody in a hurry the floor climbs
    /// into the voice.
    pub(crate) fn lowest(&self) -> Option<f32> {
        self.started.then(|| self.lowest[0].min(self.lowest[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_5_db_per_second_and_falls_at_once() {
        let mut baseline = Baseline::new(Db(5.0));
        baseline.push(1e-6);
        // The smoothing follows the jump within a few frames; then only the slope limits.
        for _ in 0..100 {
            baseline.push(1e-2);
        }
        let risen = 10.0 * (baseline.power().unwrap() / 1e-6).log10();
        assert!((risen - 5.0).abs() < 0.05, "{risen}");
        for _ in 0..200 {
            baseline.push(1e-8);
        }
        assert!(baseline.power().unwrap() < 2e-8);
    }

    #[test]
    fn a_tenth_of_a_second_between_words_shows_the_noise() {
        let mut baseline = Baseline::new(Db(5.0));
        for _ in 0..10 {
            for frame in 0..60 {
                baseline.push(if frame < 50 { 1e-3 } else { 1e-7 });
            }
        }
        let above = 10.0 * (baseline.power().unwrap() / 1e-7).log10();
        assert!(above < 12.0, "{above} dB above the noise");
    }
}
