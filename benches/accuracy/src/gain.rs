//! A gain that somebody changes while the call goes on.

use crate::call::{RATE, Seeded};

/// The steps there are, in dB.
pub(crate) const STEPS: [f32; 4] = [-12.0, -6.0, 6.0, 12.0];

/// Below what a call starts at, so that 12 dB more do not cut its peaks off.
const HEADROOM_DB: f32 = -8.0;

/// As a factor.
pub(crate) fn factor(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// Every 4 to 10 s another of the steps, or back to where it was.
pub(crate) fn wander(samples: &mut [f32], seed: &mut Seeded) {
    let (mut at, mut step) = (0, 0.0);
    while at < samples.len() {
        let next = (at + (seed.between(4.0, 10.0) * RATE as f32) as usize).min(samples.len());
        let gain = factor(HEADROOM_DB + step);
        samples[at..next].iter_mut().for_each(|s| *s *= gain);
        at = next;
        step = if step == 0.0 {
            STEPS[seed.below(STEPS.len())]
        } else {
            0.0
        };
    }
}
