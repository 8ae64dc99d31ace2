//! Noises under the speech, each at an exact level, from a seed: those a call centre has.

use super::{ANALYSIS_FRAME, RATE, Seeded, Voice, babble, mean_square};

/// What is laid under the speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    White,
    Pink,
    Babble,
    Hum,
    Office,
    Traffic,
}

impl Noise {
    pub const ALL: [Self; 6] = [
        Self::White,
        Self::Pink,
        Self::Babble,
        Self::Hum,
        Self::Office,
        Self::Traffic,
    ];

    /// So many frames of it at this level; `others` talk in the babble.
    pub fn make(self, frames: usize, others: &[Voice], dbov: f32, seed: &mut Seeded) -> Vec<f32> {
        let len = frames * ANALYSIS_FRAME;
        let raw = match self {
            Self::White => (0..len).map(|_| seed.normal()).collect(),
            Self::Pink => pink(len, seed),
            Self::Babble => babble(frames, others, dbov, seed),
            Self::Hum => hum(len, seed),
            Self::Office => office(len, seed),
            Self::Traffic => traffic(len, seed),
        };
        at_level(raw, dbov)
    }
}

fn at_level(mut samples: Vec<f32>, dbov: f32) -> Vec<f32> {
    let gain = 10_f32.powf(dbov / 20.0) / mean_square(&samples).sqrt();
    samples.iter_mut().for_each(|s| *s *= gain);
    samples
}

/// White noise through a ladder of one-poles, each a decade apart or less: −3 dB per octave.
fn pink(len: usize, seed: &mut Seeded) -> Vec<f32> {
    const POLES: [(f32, f32); 4] = [(0.998, 0.10), (0.963, 0.30), (0.57, 1.05), (0.0, 0.18)];
    let mut kept = [0.0; POLES.len()];
    (0..len)
        .map(|_| {
            let white = seed.normal();
            let ladder = kept.iter_mut().zip(POLES);
            ladder
                .map(|(kept, (pole, gain))| {
                    *kept = pole * *kept + gain * white;
                    *kept
                })
                .sum()
        })
        .collect()
}

/// Mains with falling harmonics, and a little hiss of the same plug.
fn hum(len: usize, seed: &mut Seeded) -> Vec<f32> {
    let mains = if seed.below(2) == 0 { 50.0 } else { 60.0 };
    let mains = mains + seed.between(-0.1, 0.1);
    let heights: Vec<(f32, f32)> = (1..8)
        .map(|k| {
            (
                seed.between(0.2, 1.0) / k as f32,
                seed.between(0.0, std::f32::consts::TAU),
            )
        })
        .collect();
    (0..len)
        .map(|n| {
            let turn = (f64::from(mains) * n as f64 / RATE as f64).fract() as f32;
            let waves = heights.iter().enumerate();
            let wave: f32 = waves
                .map(|(k, (a, p))| a * ((k + 1) as f32 * turn * std::f32::consts::TAU + p).sin())
                .sum();
            wave + 0.02 * seed.normal()
        })
        .collect()
}

/// Ventilation, slowly moving, and keyboards: short bursts through a resonance.
fn office(len: usize, seed: &mut Seeded) -> Vec<f32> {
    let (mut low, mut swell, mut burst) = (0.0_f32, 0.0_f32, 0.0_f32);
    let mut ring = [0.0_f32; 2];
    (0..len)
        .map(|_| {
            low = 0.85 * low + seed.normal();
            swell = 0.99997 * swell + 0.0003 * seed.normal();
            if seed.below(RATE / 5) == 0 {
                burst = seed.between(1.0, 4.0);
            }
            burst *= 0.997;
            let knock = 1.3 * ring[0] - 0.6 * ring[1] + burst * seed.normal();
            ring = [knock, ring[0]];
            low * (1.0 + swell.clamp(-0.5, 0.5)) + 0.3 * knock
        })
        .collect()
}

/// A road: low, rising and falling as the cars pass.
fn traffic(len: usize, seed: &mut Seeded) -> Vec<f32> {
    let (mut first, mut second, mut phase) = (0.0_f32, 0.0_f32, seed.unit());
    (0..len)
        .map(|_| {
            first = 0.985 * first + seed.normal();
            second = 0.95 * second + first;
            phase += 0.15 / RATE as f32;
            second * (1.0 + 0.5 * (phase * std::f32::consts::TAU).sin()) + 0.5 * seed.normal()
        })
        .collect()
}
