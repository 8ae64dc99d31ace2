//! Baseline tracing: a floor that rises at most 5 dB per second and falls at once (Heese & Vary,
//! "Noise PSD estimation by logarithmic baseline tracing", ICASSP 2015), on the broad-band power.

/// Rise per frame: 5 dB/s at 100 frames per second.
const RISE: f32 = 1.011_579_5;

/// Smoothing of the power before the floor is traced: about 80 ms.
const SMOOTHING: f32 = 0.125;

/// Traces one power.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Baseline {
    smooth: f32,
    floor: f32,
    started: bool,
}

impl Baseline {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes the power of the next frame.
    pub(super) fn push(&mut self, power: f32) {
        if self.started {
            self.smooth += (power - self.smooth) * SMOOTHING;
            self.floor = (self.floor * RISE).min(self.smooth);
        } else {
            *self = Self {
                smooth: power,
                floor: power,
                started: true,
            };
        }
    }

    /// The floor; `None` before the first frame.
    pub(super) fn power(&self) -> Option<f32> {
        self.started.then_some(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_5_db_per_second_and_falls_at_once() {
        let mut baseline = Baseline::new();
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
}
