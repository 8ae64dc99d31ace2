//! What of the noise lies below the voice, where it is heard all the time and not in the pauses only.
//!
//! A road, ventilation, the air in a duct are loudest under 75 Hz, and swell: the pauses of somebody who talks a lot show
//! a part of a swell. No voice is that low, so what the low end does under the words corrects the noise of the pauses.
//!
//! *Fails* to see how a noise moves that has nothing down there: its figure stays that of the pauses.
//!
//! *Never* counts a voice that reaches down: such a frame is louder at 100 Hz, and left out of pauses and speech alike.

use super::WINDOW;
use crate::spectrum::{Bins, POINTS};

/// Mean square of the power of a bin seen through a Hann window.
const SCALE: f32 = 2.0 / (0.375 * POINTS as f32 * POINTS as f32);

/// A frame outside the pauses counts no further than to so many times the mean of the pauses: breath and plosives blow
/// on the microphone. Of a noise one frame in ten thousand is so far over its mean.
const BLOW: f32 = 10.0;

/// The low end is believed to be so many times louder or softer than in the pauses (6 dB), and no more.
const SWELL: f32 = 4.0;

/// Memory of the running mean in frames: ten seconds, a car or two.
const LATELY: f32 = 1_000.0;

/// Fewer frames say nothing.
const LEAST: u32 = 50;

/// Power below 75 Hz of the frames of a spectrum; `None` where a voice reaches down.
pub(super) fn power(bins: &Bins, dc_offset: f32) -> Option<f32> {
    let offset = bins.re[0] - POINTS as f32 * dc_offset;
    let still = 0.5 * (offset - bins.re[1]);
    let re = 0.5 * bins.re[1] - 0.25 * (offset + bins.re[2]);
    let im = 0.5 * bins.im[1] - 0.25 * bins.im[2];
    // The bin at 0 Hz is there once, the others twice.
    let low = 0.5 * still * still + re * re + im * im;
    (low > bins.hann_power(2)).then_some(low * SCALE)
}

/// A mean of all frames of a kind.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    frames: u32,
}

impl Mean {
    fn push(&mut self, power: f32) {
        self.sum += f64::from(power);
        self.frames = self.frames.saturating_add(1);
    }

    fn power(self) -> Option<f32> {
        (self.frames >= LEAST).then(|| (self.sum / f64::from(self.frames)) as f32)
    }
}

/// The low end of one side.
#[derive(Debug, Clone)]
pub(super) struct Rumble {
    /// Of the last pauses, the oldest at `next`.
    last: Box<[f32]>,
    next: usize,
    sum: f64,
    count: u32,
    /// Mean of all frames lately.
    lately: f32,
    /// Of the whole call.
    pauses: Mean,
    speech: Mean,
    all: Mean,
}

impl Rumble {
    pub(super) fn new() -> Self {
        Self {
            last: vec![0.0; WINDOW].into_boxed_slice(),
            next: 0,
            sum: 0.0,
            count: 0,
            lately: 0.0,
            pauses: Mean::default(),
            speech: Mean::default(),
            all: Mean::default(),
        }
    }

    /// Takes a frame of pause.
    pub(super) fn push_pause(&mut self, power: f32) {
        self.sum += f64::from(power) - f64::from(self.last[self.next]);
        self.last[self.next] = power;
        self.next = (self.next + 1) % WINDOW;
        self.count = (self.count + 1).min(WINDOW as u32);
        self.pauses.push(power);
        self.push_any(power);
    }

    /// Takes a frame that is no pause: `speech`, or near it.
    pub(super) fn push_other(&mut self, power: f32, speech: bool) {
        let Some(pauses) = self.last_pauses() else {
            return;
        };
        let power = power.min(BLOW * pauses);
        if speech {
            self.speech.push(power);
        }
        self.push_any(power);
    }

    fn push_any(&mut self, power: f32) {
        self.all.push(power);
        self.lately += (power - self.lately) / (self.all.frames as f32).min(LATELY);
    }

    fn last_pauses(&self) -> Option<f32> {
        (self.count >= LEAST).then(|| (self.sum / f64::from(self.count)).max(0.0) as f32)
    }

    /// The noise lately, from that in the last pauses.
    pub(super) fn lately(&self, noise: f32) -> f32 {
        corrected(noise, self.last_pauses(), Some(self.lately))
    }

    /// The noise of the whole call, from that in its pauses.
    pub(super) fn whole_call(&self, noise: f32) -> f32 {
        corrected(noise, self.pauses.power(), self.all.power())
    }

    /// The noise under the speech of the call, from that in its pauses.
    pub(super) fn under_speech(&self, noise: f32) -> f32 {
        corrected(noise, self.pauses.power(), self.speech.power())
    }
}

/// A noise with the low end it had in the pauses replaced by another.
fn corrected(noise: f32, pauses: Option<f32>, other: Option<f32>) -> f32 {
    match (pauses, other) {
        (Some(pauses), Some(other)) if pauses > 0.0 => {
            let swell = (other / pauses).clamp(1.0 / SWELL, SWELL);
            noise + pauses.min(noise) * (swell - 1.0)
        }
        _ => noise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resample::{ANALYSIS_FRAME, AnalysisFrame};
    use crate::spectrum::Spectrum;
    use std::f32::consts::TAU;

    /// The low power of 20 ms of a tone.
    fn of_tone(hz: f32, amplitude: f32, dc: f32) -> Option<f32> {
        let mut spectrum = Spectrum::new();
        for frame in 0..3 {
            let samples: AnalysisFrame = std::array::from_fn(|i| {
                let n = (frame * ANALYSIS_FRAME + i) as f32;
                dc + amplitude * (TAU * hz * n / 16_000.0).sin()
            });
            spectrum.push(&samples);
        }
        power(&spectrum.bins, dc)
    }

    #[test]
    fn a_rumble_is_low_and_a_voice_and_an_offset_are_not() {
        let rumble = of_tone(50.0, 0.1, 0.0).unwrap();
        assert!((10.0 * (rumble / 0.005).log10()).abs() < 2.0, "{rumble}");
        assert_eq!(of_tone(110.0, 0.1, 0.0), None);
        let offset = of_tone(50.0, 0.01, 0.2).unwrap();
        assert!(offset < 1e-4, "{offset}");
    }

    #[test]
    fn a_swell_that_falls_under_the_words_is_counted() {
        let mut rumble = Rumble::new();
        for _ in 0..20 {
            (0..20).for_each(|_| rumble.push_pause(1e-6));
            (0..80).for_each(|_| rumble.push_other(3e-6, true));
        }
        // 0.2 of the frames at 1, 0.8 at 3, and 1 that does not swell.
        let call = rumble.whole_call(2e-6);
        assert!((call - 3.6e-6).abs() < 0.1e-6, "{call}");
        let under = rumble.under_speech(2e-6);
        assert!((under - 4e-6).abs() < 0.1e-6, "{under}");
        let lately = rumble.lately(2e-6);
        assert!((lately - 3.6e-6).abs() < 0.3e-6, "{lately}");
    }

    #[test]
    fn blows_on_the_microphone_count_little() {
        let mut rumble = Rumble::new();
        for _ in 0..20 {
            (0..50).for_each(|_| rumble.push_pause(1e-6));
            (0..49).for_each(|_| rumble.push_other(1e-6, true));
            rumble.push_other(1e-2, true);
        }
        let off = 10.0 * (rumble.whole_call(1e-6) / 1e-6).log10();
        assert!(off < 0.5, "{off} dB");
    }
}
