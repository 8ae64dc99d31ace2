//! The microphone: a recorded voice, what leaks from the earpiece, and the faults, mixed sample by sample.

use crate::clock::{Frame, SAMPLES_PER_FRAME};
use crate::faults::{Crackle, Decibel, Floor, Hum, Noise};
use crate::leak::{Earpiece, Leak};
use crate::sounds::Sound;

/// What the agent does.
#[derive(Debug, Clone)]
pub enum Voice {
    /// Says nothing; the microphone is alive.
    Silent,
    /// A recording.
    Speaks {
        /// Which.
        sound: Sound,
        /// Begins again at its end.
        repeat: bool,
        /// The next sample.
        position: usize,
    },
}

impl Voice {
    fn next_sample(&mut self) -> f32 {
        let Voice::Speaks {
            sound,
            repeat,
            position,
        } = self
        else {
            return 0.0;
        };
        if *position >= sound.len() && *repeat {
            *position = 0;
        }
        match sound.sample(*position) {
            Some(sample) => {
                *position += 1;
                sample
            }
            None => {
                *self = Voice::Silent;
                0.0
            }
        }
    }
}

/// Everything that makes the microphone's signal.
#[derive(Debug)]
pub struct Microphone {
    /// What the agent says.
    pub voice: Voice,
    /// On the agent's voice.
    pub gain: Decibel,
    /// From the earpiece.
    pub leak: Option<Leak>,
    /// Mains hum.
    pub hum: Option<Hum>,
    /// Bad contact.
    pub crackle: Option<Crackle>,
    /// The room.
    pub noise: Option<Noise>,
    /// No signal at all, as a broken or disconnected capsule: digital zeros.
    pub dead: bool,
    /// Muted in the headset: digital zeros.
    pub muted: bool,
    floor: Floor,
    energy: f64,
    samples: u64,
}

impl Default for Microphone {
    fn default() -> Self {
        Self {
            voice: Voice::Silent,
            gain: Decibel(0.0),
            leak: None,
            hum: None,
            crackle: None,
            noise: None,
            dead: false,
            muted: false,
            floor: Floor::new(Decibel(-78.0)),
            energy: 0.0,
            samples: 0,
        }
    }
}

impl Microphone {
    /// Appends the samples of `frame`, 16-bit little-endian, multiplied with the feature unit's `unit_gain`.
    /// Sources run on while the microphone is muted or dead, as they do outside a real one.
    pub fn render(&mut self, frame: Frame, earpiece: &Earpiece, unit_gain: f32, out: &mut Vec<u8>) {
        let voice_gain = self.gain.amplitude();
        let open = if self.muted || self.dead {
            0.0
        } else {
            unit_gain
        };
        let start = frame.0 * SAMPLES_PER_FRAME as u64;
        for time in start..start + SAMPLES_PER_FRAME as u64 {
            let mut sum = self.voice.next_sample() * voice_gain + self.floor.next_sample();
            if let Some(leak) = &self.leak {
                sum += leak.at(earpiece, time);
            }
            if let Some(hum) = &mut self.hum {
                sum += hum.next_sample();
            }
            if let Some(crackle) = &mut self.crackle {
                sum += crackle.next_sample();
            }
            if let Some(noise) = &mut self.noise {
                sum += noise.next_sample();
            }
            let sample = (sum * open * 32768.0).round().clamp(-32768.0, 32767.0) as i16;
            self.energy += (f64::from(sample) / 32768.0).powi(2);
            self.samples += 1;
            out.extend_from_slice(&sample.to_le_bytes());
        }
    }

    /// Mean level of everything given so far.
    #[must_use]
    pub fn level(&self) -> Decibel {
        Decibel::of_power(self.energy / self.samples.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(microphone: &mut Microphone, number: u64) -> Vec<i16> {
        let mut bytes = Vec::new();
        microphone.render(Frame(number), &Earpiece::default(), 1.0, &mut bytes);
        bytes
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes([b[0], b[1]]))
            .collect()
    }

    #[test]
    fn a_voice_plays_once_or_for_ever() {
        for (repeat, expected) in [(false, 0), (true, 20_000)] {
            let mut microphone = Microphone {
                voice: Voice::Speaks {
                    sound: Sound::from_samples(vec![20_000; 48]),
                    repeat,
                    position: 0,
                },
                ..Microphone::default()
            };
            assert!(
                frame(&mut microphone, 1)
                    .iter()
                    .all(|s| s.abs_diff(20_000) < 10)
            );
            assert!(
                frame(&mut microphone, 2)
                    .iter()
                    .all(|s| s.abs_diff(expected) < 10)
            );
        }
    }

    #[test]
    fn muted_and_dead_give_digital_zeros_and_an_open_microphone_never_does() {
        let mut microphone = Microphone::default();
        assert!(frame(&mut microphone, 1).iter().any(|s| *s != 0));
        microphone.muted = true;
        assert!(frame(&mut microphone, 2).iter().all(|s| *s == 0));
        microphone.muted = false;
        microphone.dead = true;
        assert!(frame(&mut microphone, 3).iter().all(|s| *s == 0));
    }

    #[test]
    fn too_much_is_clipped_and_does_not_wrap() {
        let mut microphone = Microphone {
            voice: Voice::Speaks {
                sound: Sound::from_samples(vec![i16::MAX; 48]),
                repeat: true,
                position: 0,
            },
            gain: Decibel(6.0),
            ..Microphone::default()
        };
        assert!(frame(&mut microphone, 1).iter().all(|s| *s == i16::MAX));
    }
}
