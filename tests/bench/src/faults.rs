//! What can be wrong with a microphone's signal: hum, crackle, noise of the room, and the floor every real
//! microphone has. All are repeatable: the same commands give the same samples.

use crate::sounds::Sound;
use std::f32::consts::TAU;

const RATE: f32 = 48_000.0;

/// A level or a gain. Levels are RMS against digital full scale (dBov: a full-scale square wave is 0).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Decibel(pub f64);

impl Decibel {
    /// As a factor on samples in −1..1.
    #[must_use]
    pub fn amplitude(self) -> f32 {
        10f64.powf(self.0 / 20.0) as f32
    }

    /// Of a mean square; −100 at the least.
    #[must_use]
    pub fn of_power(power: f64) -> Self {
        Self((10.0 * power.log10()).max(-100.0))
    }
}

/// Mains hum: a fundamental with its second and third harmonic, at a total RMS level.
#[derive(Debug, Clone)]
pub struct Hum {
    phase: f32,
    step: f32,
    amplitude: f32,
}

impl Hum {
    /// Amplitudes against the fundamental.
    const HARMONICS: [f32; 3] = [1.0, 0.5, 0.3];

    /// Hum at `hertz`.
    #[must_use]
    pub fn new(hertz: f64, level: Decibel) -> Self {
        let power: f32 = Self::HARMONICS.iter().map(|a| a * a / 2.0).sum();
        Self {
            phase: 0.0,
            step: hertz as f32 / RATE,
            amplitude: level.amplitude() / power.sqrt(),
        }
    }

    /// The next sample.
    pub fn next_sample(&mut self) -> f32 {
        self.phase = (self.phase + self.step).fract();
        let sum: f32 = Self::HARMONICS
            .iter()
            .zip([1.0, 2.0, 3.0])
            .map(|(a, n)| a * (TAU * n * self.phase).sin())
            .sum();
        sum * self.amplitude
    }
}

/// A bad contact: short impulses of 0.3 to 0.6 of full scale at irregular times.
#[derive(Debug, Clone)]
pub struct Crackle {
    random: Random,
    chance: f32,
    ringing: f32,
}

impl Crackle {
    /// Per sample, so that an impulse is over within 0.3 ms.
    const DECAY: f32 = -0.6;

    /// `per_minute` impulses on average.
    #[must_use]
    pub fn new(per_minute: f64) -> Self {
        Self {
            random: Random(0x5eed_c4ac),
            chance: (per_minute / 60.0) as f32 / RATE,
            ringing: 0.0,
        }
    }

    /// The next sample.
    pub fn next_sample(&mut self) -> f32 {
        self.ringing *= Self::DECAY;
        if self.random.unit() < self.chance {
            self.ringing = 0.3 + 0.3 * self.random.unit();
        }
        self.ringing
    }
}

/// The room: a recording in a loop, at an RMS level.
#[derive(Debug, Clone)]
pub struct Noise {
    sound: Sound,
    position: usize,
    gain: f32,
}

impl Noise {
    /// `sound`, scaled so that its own RMS becomes `level`.
    #[must_use]
    pub fn new(sound: Sound, level: Decibel) -> Self {
        let gain = level.amplitude() / sound.level().amplitude();
        Self {
            sound,
            position: 0,
            gain,
        }
    }

    /// The next sample.
    pub fn next_sample(&mut self) -> f32 {
        let sample = self.sound.sample(self.position).unwrap_or(0.0);
        self.position = (self.position + 1) % self.sound.len().max(1);
        sample * self.gain
    }
}

/// The electronic floor of microphone and converter: white, and never digital zero for long.
#[derive(Debug, Clone)]
pub struct Floor {
    random: Random,
    amplitude: f32,
}

impl Floor {
    /// White noise of `level`.
    #[must_use]
    pub fn new(level: Decibel) -> Self {
        Self {
            random: Random(0x5eed_f100),
            amplitude: level.amplitude() * 3f32.sqrt(),
        }
    }

    /// The next sample.
    pub fn next_sample(&mut self) -> f32 {
        (2.0 * self.random.unit() - 1.0) * self.amplitude
    }
}

/// Marsaglia's xorshift64*: enough for noise, and the same on every run.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        bits as f32 / (1u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(mut next: impl FnMut() -> f32, seconds: usize) -> f64 {
        let n = 48_000 * seconds;
        let energy: f64 = (0..n).map(|_| f64::from(next()).powi(2)).sum();
        Decibel::of_power(energy / n as f64).0
    }

    #[test]
    fn hum_noise_and_floor_have_the_level_they_were_asked_for() {
        let mut hum = Hum::new(50.0, Decibel(-40.0));
        assert!((level(|| hum.next_sample(), 1) + 40.0).abs() < 0.05);
        let mut floor = Floor::new(Decibel(-78.0));
        assert!((level(|| floor.next_sample(), 1) + 78.0).abs() < 0.1);
        let sound = Sound::from_samples((0..4800).map(|i| ((i * 7919) % 2000) as i16 - 1000));
        let mut noise = Noise::new(sound, Decibel(-30.0));
        assert!((level(|| noise.next_sample(), 1) + 30.0).abs() < 0.05);
    }

    #[test]
    fn crackle_comes_as_often_as_asked_and_is_short() {
        let mut crackle = Crackle::new(120.0);
        let samples: Vec<f32> = (0..48_000 * 60).map(|_| crackle.next_sample()).collect();
        let onsets = samples
            .windows(2)
            .filter(|w| w[0].abs() < 0.01 && w[1] > 0.25)
            .count();
        assert!((90..150).contains(&onsets), "{onsets}");
        let loud = samples.iter().filter(|v| v.abs() > 0.01).count();
        assert!(
            loud < onsets * 15,
            "{loud} loud samples for {onsets} impulses"
        );
    }
}
