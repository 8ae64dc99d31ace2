//! What else reaches the microphone or the line besides a voice.

use super::dice::Dice;
use sidetone_devices::simulated::RATE;
use std::f32::consts::TAU;

/// Amplitude of white noise from -1..1 at `dbov`.
pub(super) fn noise_gain(dbov: f32) -> f32 {
    // Even noise of amplitude 1 has a power of one third.
    10.0_f32.powf(dbov / 20.0) * 3.0_f32.sqrt()
}

/// Adds white noise.
pub(super) fn add_noise(out: &mut [f32], gain: f32, dice: &mut Dice) {
    for sample in out {
        *sample += gain * dice.noise();
    }
}

/// Mains hum of 50 Hz with overtones.
#[derive(Debug, Default)]
pub(super) struct Hum {
    phase: f32,
}

impl Hum {
    /// The overtones and their amplitudes.
    const TONES: [(f32, f32); 4] = [(1.0, 1.0), (2.0, 0.5), (3.0, 0.6), (5.0, 0.25)];

    /// Adds it; `gain` is the amplitude of the lowest tone.
    pub(super) fn add_to(&mut self, out: &mut [f32], gain: f32) {
        for sample in out {
            self.phase = (self.phase + 50.0 / RATE as f32).fract();
            for (multiple, share) in Self::TONES {
                *sample += gain * share * (TAU * multiple * self.phase).sin();
            }
        }
    }
}

/// Clicks of a bad contact.
#[derive(Debug, Default)]
pub(super) struct Crackle {
    level: f32,
}

impl Crackle {
    /// Clicks a second.
    const OFTEN: f64 = 2.5;

    pub(super) fn add_to(&mut self, out: &mut [f32], dice: &mut Dice) {
        let probability = Self::OFTEN / f64::from(RATE);
        for sample in out {
            if dice.chance(probability) {
                self.level = dice.between(0.25, 0.6) as f32;
            }
            if self.level > 1e-4 {
                *sample += self.level * dice.noise().signum();
                // Over in a third of a millisecond.
                self.level *= 0.75;
            }
        }
    }
}

/// A line that loses packets.
#[derive(Debug, Default)]
pub(super) struct Dropouts {
    left: usize,
}

impl Dropouts {
    /// Losses a second.
    const OFTEN: f64 = 1.2;

    /// Takes out what is lost.
    pub(super) fn cut(&mut self, out: &mut [f32], dice: &mut Dice) {
        let probability = Self::OFTEN * out.len() as f64 / f64::from(RATE);
        if self.left == 0 && dice.chance(probability) {
            // One to three packets of 20 ms.
            self.left = RATE as usize / 50 * (1 + dice.below(3));
        }
        let cut = self.left.min(out.len());
        self.left -= cut;
        if let Some(lost) = out.get_mut(..cut) {
            lost.fill(0.0);
        }
    }
}

/// The far end as it comes through the earpiece into the microphone: late, weak, without the low tones.
#[derive(Debug)]
pub(super) struct Leak {
    delay: Vec<f32>,
    at: usize,
    before: f32,
    gain: f32,
}

impl Leak {
    /// 12 ms later, `loss_db` weaker.
    pub(super) fn new(loss_db: f32) -> Self {
        Self {
            delay: vec![0.0; RATE as usize * 12 / 1000],
            at: 0,
            before: 0.0,
            gain: 10.0_f32.powf(-loss_db / 20.0),
        }
    }

    pub(super) fn add_to(&mut self, microphone: &mut [f32], far_end: &[f32]) {
        for (near, far) in microphone.iter_mut().zip(far_end) {
            let Some(place) = self.delay.get_mut(self.at) else {
                return;
            };
            let old = std::mem::replace(place, *far);
            self.at = (self.at + 1) % self.delay.len();
            *near += self.gain * (old - 0.7 * self.before);
            self.before = old;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(samples: &[f32]) -> f32 {
        let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
        10.0 * power.log10()
    }

    #[test]
    fn noise_has_its_level_and_hum_its_frequency() {
        let mut out = vec![0.0; 48_000];
        add_noise(&mut out, noise_gain(-50.0), &mut Dice::new(1));
        assert!((level(&out) + 50.0).abs() < 0.3, "{}", level(&out));
        let mut out = vec![0.0; 48_000];
        Hum::default().add_to(&mut out, 0.1);
        let crossings = out.windows(961).filter(|w| (w[0] - w[960]).abs() > 1e-3);
        assert_eq!(crossings.count(), 0, "it repeats every 20 ms");
    }

    #[test]
    fn a_bad_contact_clicks_and_a_bad_line_has_holes_now_and_then() {
        let mut dice = Dice::new(2);
        let mut out = vec![0.0; 480_000];
        Crackle::default().add_to(&mut out, &mut dice);
        let loud = out.chunks(480).filter(|c| c.iter().any(|s| s.abs() > 0.2));
        let clicks = loud.count();
        assert!((12..40).contains(&clicks), "{clicks} in 10 s");
        let mut out = vec![1.0; 480_000];
        let mut line = Dropouts::default();
        out.chunks_mut(480)
            .for_each(|block| line.cut(block, &mut dice));
        let lost = out.iter().filter(|s| **s == 0.0).count() as f32 / 480_000.0;
        assert!((0.015..0.12).contains(&lost), "{lost}");
    }

    #[test]
    fn the_far_end_comes_late_and_weak() {
        let mut leak = Leak::new(40.0);
        let mut microphone = vec![0.0; 1_000];
        let mut far = vec![0.0; 1_000];
        far[0] = 1.0;
        leak.add_to(&mut microphone, &far);
        let first = microphone.iter().position(|s| *s != 0.0);
        assert_eq!(first, Some(576));
        assert!((microphone[576] - 0.01).abs() < 1e-4);
    }
}
