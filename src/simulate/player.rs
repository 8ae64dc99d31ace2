//! Plays recordings at 48 kHz, a little faster or slower as another voice.

use super::voices::Prompt;
use sidetone_dsp::resample::{ANALYSIS_FRAME, To16k};
use sidetone_dsp::units::{SampleRate, UnsupportedSampleRate};
use std::sync::Arc;

/// Samples of 10 ms at the rate of the prompts.
const FRAME: usize = super::voices::PROMPT_RATE as usize / 100;

/// Steps of a third of a 16 kHz sample give 48 kHz.
const STEP: f32 = 1.0 / 3.0;

/// From 16 kHz samples to 48 kHz: a curve through four of them (Catmull-Rom).
#[derive(Debug, Clone, Default)]
struct Curve {
    points: [f32; 4],
    /// Where between the two in the middle, 0..1.
    at: f32,
}

impl Curve {
    /// The next sample; `next` gives samples as they are needed.
    fn sample(&mut self, step: f32, mut next: impl FnMut() -> f32) -> f32 {
        self.at += step;
        while self.at >= 1.0 {
            self.at -= 1.0;
            self.points.rotate_left(1);
            self.points[3] = next();
        }
        let [a, b, c, d] = self.points;
        let t = self.at;
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    }
}

/// One mouth: at most one prompt at a time.
#[derive(Debug)]
pub(super) struct Player {
    to_16k: To16k,
    curve: Curve,
    step: f32,
    playing: Option<Prompt>,
    /// The next sample of the prompt.
    position: usize,
    frame: [f32; ANALYSIS_FRAME],
    used: usize,
}

impl Player {
    /// `pitch` is the speed of playing, about 1.
    ///
    /// # Errors
    /// Never in practice: the rate of the prompts is a supported one.
    pub(super) fn new(pitch: f32) -> Result<Self, UnsupportedSampleRate> {
        Ok(Self {
            to_16k: To16k::new(SampleRate::new(super::voices::PROMPT_RATE)?),
            curve: Curve::default(),
            step: STEP * pitch,
            playing: None,
            position: 0,
            frame: [0.0; ANALYSIS_FRAME],
            used: ANALYSIS_FRAME,
        })
    }

    /// Begins a prompt; one that is still being spoken breaks off.
    pub(super) fn speak(&mut self, prompt: Prompt) {
        self.playing = Some(prompt);
        self.position = 0;
    }

    /// Adds what is spoken to `out`.
    pub(super) fn add_to(&mut self, out: &mut [f32], gain: f32) {
        if self.playing.is_none() {
            return;
        }
        let step = self.step;
        let mut curve = std::mem::take(&mut self.curve);
        for sample in out {
            *sample += gain * curve.sample(step, || self.next_16k());
        }
        self.curve = curve;
    }

    fn next_16k(&mut self) -> f32 {
        if self.used >= ANALYSIS_FRAME {
            self.used = 0;
            self.next_frame();
        }
        let sample = self.frame.get(self.used).copied().unwrap_or(0.0);
        self.used += 1;
        sample
    }

    fn next_frame(&mut self) {
        let mut input = [0.0; FRAME];
        let left = self
            .playing
            .as_deref()
            .and_then(|prompt| prompt.get(self.position..))
            .unwrap_or_default();
        let over = left.is_empty();
        for (to, from) in input.iter_mut().zip(left) {
            *to = f32::from(*from) / 32_768.0;
        }
        if over {
            self.playing = None;
        }
        self.position += FRAME;
        self.to_16k.process(&input, &mut self.frame);
    }
}

/// A recording at 16 kHz, over and over.
#[derive(Debug)]
pub(super) struct Loop {
    sound: Arc<[f32]>,
    position: usize,
    curve: Curve,
}

impl Loop {
    /// Begins at `start` of 0..1 of its length.
    pub(super) fn new(sound: Arc<[f32]>, start: f64) -> Self {
        let position = (sound.len() as f64 * start) as usize;
        Self {
            sound,
            position,
            curve: Curve::default(),
        }
    }

    /// Adds the next piece to `out`.
    pub(super) fn add_to(&mut self, out: &mut [f32], gain: f32) {
        for sample in out {
            *sample += gain
                * self.curve.sample(STEP, || {
                    self.position = (self.position + 1) % self.sound.len().max(1);
                    self.sound.get(self.position).copied().unwrap_or(0.0)
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, seconds: f64) -> Prompt {
        let sample = |n: u32| (f64::from(n) / 8_000.0 * hz * std::f64::consts::TAU).sin();
        let count = (seconds * 8_000.0) as u32;
        (0..count).map(|n| (sample(n) * 16_000.0) as i16).collect()
    }

    /// Amplitude of `hz` in `samples` at 48 kHz.
    fn amplitude(samples: &[f32], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let phase = n as f64 / 48_000.0 * hz * std::f64::consts::TAU;
            re += f64::from(*sample) * phase.cos();
            im += f64::from(*sample) * phase.sin();
        }
        2.0 * re.hypot(im) / samples.len() as f64
    }

    #[test]
    fn a_tone_keeps_its_level_and_takes_the_voices_pitch() {
        for (pitch, heard) in [(1.0, 1_000.0), (0.9, 900.0)] {
            let mut player = Player::new(pitch).unwrap();
            player.speak(tone(1_000.0, 2.0));
            let mut out = vec![0.0; 48_000];
            player.add_to(&mut out, 1.0);
            let settled = &out[24_000..];
            let level = amplitude(settled, heard);
            assert!((0.46..0.51).contains(&level), "{level} at {pitch}");
            // What a curve adds mirrored at 16 kHz stays far below.
            let mirrored = amplitude(settled, 16_000.0 - heard);
            assert!(mirrored < 0.005, "{mirrored}");
        }
    }

    #[test]
    fn after_the_prompt_there_is_silence() {
        let mut player = Player::new(1.0).unwrap();
        player.speak(tone(500.0, 0.5));
        let mut out = vec![0.0; 48_000];
        out.chunks_mut(480)
            .for_each(|block| player.add_to(block, 1.0));
        assert!(out[..23_000].iter().any(|s| s.abs() > 0.4));
        assert!(out[26_000..].iter().all(|s| *s == 0.0));
    }
}
