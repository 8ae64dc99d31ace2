//! The earpiece, and the path from it to the microphone: what an open or loose headset feeds back.
//!
//! Promises: the leaked sample at device time `n` is made of what was played at `n − delay` and shortly
//! before, to the sample. Before the stream began, and after it, silence leaks.

use crate::clock::{Frame, SAMPLES_PER_FRAME};
use crate::descriptors::SPEAKER_SAMPLE_BYTES;
use crate::faults::Decibel;

/// How much the earpiece remembers.
const FRAMES_KEPT: usize = 512;
/// The longest leak delay; beyond it the earpiece has forgotten.
pub const MAX_DELAY_MS: u64 = 400;

/// What the earpiece played, by frame.
#[derive(Debug)]
pub struct Earpiece {
    ring: Vec<(Frame, [f32; SAMPLES_PER_FRAME])>,
    energy: f64,
    samples: u64,
}

impl Default for Earpiece {
    fn default() -> Self {
        Self {
            ring: vec![(Frame(u64::MAX), [0.0; SAMPLES_PER_FRAME]); FRAMES_KEPT],
            energy: 0.0,
            samples: 0,
        }
    }
}

impl Earpiece {
    /// Plays one packet of 16-bit stereo in `frame`, both channels mixed, with the speaker unit's `gain`.
    pub fn play(&mut self, frame: Frame, packet: &[u8], gain: f32) {
        let mut block = [0.0; SAMPLES_PER_FRAME];
        for (out, sample) in block
            .iter_mut()
            .zip(packet.chunks_exact(SPEAKER_SAMPLE_BYTES))
        {
            if let [l0, l1, r0, r1] = *sample {
                let left = f32::from(i16::from_le_bytes([l0, l1]));
                let right = f32::from(i16::from_le_bytes([r0, r1]));
                *out = (left + right) / 65536.0 * gain;
            }
        }
        self.energy += block.iter().map(|v| f64::from(v * v)).sum::<f64>();
        self.samples += SAMPLES_PER_FRAME as u64;
        let slot = Self::slot(frame);
        self.ring[slot] = (frame, block);
    }

    /// The sample at `time`, in samples since the kernel's start; silence where none was played.
    #[must_use]
    pub fn at(&self, time: u64) -> f32 {
        let frame = Frame(time / SAMPLES_PER_FRAME as u64);
        let (stored, block) = &self.ring[Self::slot(frame)];
        if *stored == frame {
            block[(time % SAMPLES_PER_FRAME as u64) as usize]
        } else {
            0.0
        }
    }

    /// Mean level of everything played so far.
    #[must_use]
    pub fn level(&self) -> Decibel {
        Decibel::of_power(self.energy / self.samples.max(1) as f64)
    }

    fn slot(frame: Frame) -> usize {
        (frame.0 % FRAMES_KEPT as u64) as usize
    }
}

/// The path from the earpiece to the microphone: a direct sound and three reflections within 2.5 ms.
#[derive(Debug, Clone)]
pub struct Leak {
    taps: Vec<(u64, f32)>,
}

impl Leak {
    /// Delay after the direct sound in samples, and amplitude against it.
    const SHAPE: [(u64, f32); 4] = [(0, 1.0), (17, 0.2), (53, -0.2), (113, 0.1)];

    /// A path whose echo is `level` below what is played (for white sound), and begins after `delay_ms`.
    #[must_use]
    pub fn new(level: Decibel, delay_ms: u64) -> Self {
        let shape = Self::SHAPE.iter().map(|(_, g)| g * g).sum::<f32>().sqrt();
        let delay = delay_ms.min(MAX_DELAY_MS) * SAMPLES_PER_FRAME as u64;
        let gain = level.amplitude() / shape;
        Self {
            taps: Self::SHAPE
                .iter()
                .map(|(d, g)| (delay + d, g * gain))
                .collect(),
        }
    }

    /// What reaches the microphone at `time`.
    #[must_use]
    pub fn at(&self, earpiece: &Earpiece, time: u64) -> f32 {
        self.taps
            .iter()
            .map(|(delay, gain)| earpiece.at(time.wrapping_sub(*delay)) * gain)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click_in_frame(frame: u64) -> Earpiece {
        let mut earpiece = Earpiece::default();
        let mut packet = vec![0; 192];
        packet[40..44].copy_from_slice(&[0x00, 0x40, 0x00, 0x40]); // sample 10: 0.5 on both sides
        earpiece.play(Frame(frame), &packet, 1.0);
        earpiece
    }

    #[test]
    fn a_click_comes_back_after_the_delay_to_the_sample_and_at_the_level() {
        let earpiece = click_in_frame(1000);
        let leak = Leak::new(Decibel(-20.0), 30);
        let played = 1000 * 48 + 10;
        let heard: Vec<_> = (played..played + 48 * 60)
            .map(|t| leak.at(&earpiece, t))
            .collect();
        let first = heard.iter().position(|v| *v != 0.0).unwrap();
        assert_eq!(first, 30 * 48);
        let energy: f32 = heard.iter().map(|v| v * v).sum();
        assert!((energy.sqrt() - 0.05).abs() < 1e-4, "{}", energy.sqrt());
    }

    #[test]
    fn old_sound_is_silence_and_not_what_lies_in_its_place() {
        let earpiece = click_in_frame(1000);
        let later = (1000 + FRAMES_KEPT as u64) * 48 + 10;
        assert_eq!(earpiece.at(later), 0.0);
        assert_eq!(earpiece.at(later - FRAMES_KEPT as u64 * 48), 0.5);
    }
}
