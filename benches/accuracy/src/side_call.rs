//! One side's speech for the detectors of faults: real voices with their pauses and a quiet floor.

use crate::call::{RATE, Track, add_white};
use crate::clip::as_16_bit;
use crate::material::Material;
use sidetone_dsp::side::{SideAnalyzer, SideFrame};
use sidetone_dsp::units::{SampleRate, UnsupportedSampleRate};

/// Samples of one side at some rate.
#[derive(Debug, Clone)]
pub(crate) struct SideCall {
    pub(crate) rate: u32,
    pub(crate) samples: Vec<f32>,
}

impl SideCall {
    /// A minute at 16 kHz, speech at −26 dBov, floor at −70.
    pub(crate) fn new(material: &Material, row: u64, n: usize) -> Self {
        let mut seed = material.seed(row, n);
        let mut talk = Track::talk(6_000, material.voice(n), (20, 150), &mut seed);
        add_white(&mut talk.samples, -70.0, &mut seed);
        Self {
            rate: RATE as u32,
            samples: as_16_bit(&talk.samples),
        }
    }

    /// The same at three times the rate, band-limited as before.
    pub(crate) fn at_48_khz(&self) -> Self {
        const REACH: usize = 16;
        const TIMES: usize = 3;
        let tap = |phase: usize, k: usize| {
            let x = k as f32 - REACH as f32 + 1.0 - phase as f32 / TIMES as f32;
            let y = std::f32::consts::PI * x;
            let sinc = if y.abs() < 1e-6 { 1.0 } else { y.sin() / y };
            sinc * (0.5 + 0.5 * (y / (REACH as f32 + 1.0)).cos())
        };
        let taps: [[f32; 2 * REACH]; TIMES] =
            std::array::from_fn(|phase| std::array::from_fn(|k| tap(phase, k)));
        let padded = [&[0.0; REACH - 1], self.samples.as_slice(), &[0.0; REACH]].concat();
        let raised = padded.windows(2 * REACH).flat_map(|window| {
            let sum =
                |taps: &[f32; 2 * REACH]| window.iter().zip(taps).map(|(x, t)| x * t).sum::<f32>();
            [sum(&taps[0]), sum(&taps[1]), sum(&taps[2])]
        });
        Self {
            rate: self.rate * TIMES as u32,
            samples: as_16_bit(&raised.collect::<Vec<_>>()),
        }
    }

    /// The same at half the rate.
    pub(crate) fn at_8_khz(&self) -> Self {
        const REACH: isize = 32;
        // A sinc of half the band: what is above 4 kHz would come back below it.
        let taps: Vec<f32> = (-REACH..=REACH)
            .map(|k| {
                let y = std::f32::consts::PI * k as f32 / 2.0;
                let sinc = if k == 0 { 1.0 } else { y.sin() / y };
                let window =
                    0.5 + 0.5 * (std::f32::consts::PI * k as f32 / (REACH + 1) as f32).cos();
                0.5 * sinc * window
            })
            .collect();
        let edge = vec![0.0; REACH as usize];
        let padded = [&edge, self.samples.as_slice(), &edge].concat();
        let halved: Vec<f32> = padded
            .windows(taps.len())
            .step_by(2)
            .map(|window| window.iter().zip(&taps).map(|(x, t)| x * t).sum())
            .collect();
        Self {
            rate: self.rate / 2,
            samples: as_16_bit(&halved),
        }
    }

    /// Somebody is in full voice there: the 20 ms around are above −40 dBov.
    pub(crate) fn voiced(&self, at: usize) -> bool {
        let half = self.rate as usize / 100;
        let to = (at + half).min(self.samples.len());
        let part = &self.samples[at.saturating_sub(half).min(to)..to];
        part.iter().map(|x| x * x).sum::<f32>() / part.len().max(1) as f32 > 1e-4
    }

    pub(crate) fn analyse(
        &self,
        mut each: impl FnMut(usize, &SideFrame),
    ) -> Result<(), UnsupportedSampleRate> {
        let rate = SampleRate::new(self.rate)?;
        let mut analyser = SideAnalyzer::new(rate);
        for (n, frame) in self.samples.chunks_exact(rate.frame_len()).enumerate() {
            each(n, &analyser.process(frame));
        }
        Ok(())
    }
}
