//! How late the far end comes back through the microphone: cross-correlation of the two envelopes.
//!
//! Each side's log power in twelve bands, with its slow mean taken out, is correlated over delays of
//! 0 to 300 ms. Near speech lowers every correlation alike, so the peak stays where it is.

use crate::measurement::Side;
use crate::slip::{DelayChange, Slip};
use crate::spectrum::Bins;

/// Delays looked at: 0 to 300 ms in frames.
pub(super) const DELAYS: usize = 31;

/// Bands of the envelope, log-spaced over the telephone band.
pub(super) const BANDS: usize = 12;

/// Their edges in bins of 50 Hz.
const EDGES: [usize; BANDS + 1] = [4, 6, 8, 10, 13, 16, 20, 25, 31, 38, 46, 56, 68];

/// Forgetting of the slow mean: about half a second.
const MEAN_SHARE: f32 = 0.02;

/// Forgetting of the correlation: about four seconds of far-end speech.
const KEEP: f32 = 0.9975;

pub(super) type Envelope = [f32; BANDS];

/// The log power of each band.
pub(super) fn log_bands(bins: &Bins) -> Envelope {
    std::array::from_fn(|band| {
        let power: f32 = (EDGES[band]..EDGES[band + 1])
            .map(|k| bins.re[k] * bins.re[k] + bins.im[k] * bins.im[k])
            .sum();
        // The floor keeps digital silence and quantisation from counting as movement.
        (power + 1e-4).ln()
    })
}

/// The bands of one side without their slow mean.
#[derive(Debug, Clone, Default)]
struct Follower {
    mean: Envelope,
    started: bool,
}

impl Follower {
    fn push(&mut self, bins: &Bins) -> Envelope {
        let mut out = log_bands(bins);
        if !self.started {
            self.mean = out;
            self.started = true;
        }
        for (out, mean) in out.iter_mut().zip(&mut self.mean) {
            *out -= *mean;
            *mean += MEAN_SHARE * *out;
        }
        out
    }
}

/// Finds the delay.
#[derive(Debug, Clone)]
pub(super) struct DelayFinder {
    near: Follower,
    far: Follower,
    /// The far end's last envelopes; frame `n` at `n % DELAYS`.
    past: [Envelope; DELAYS],
    frame: usize,
    cross: [f32; DELAYS],
    far_energy: [f32; DELAYS],
    near_energy: f32,
    /// Frames that counted.
    seen: u32,
}

/// A delay, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peak {
    /// In frames.
    pub(super) delay: usize,
    /// Correlation there, −1..1.
    pub(super) correlation: f32,
    /// How far it stands above the mean of the other delays.
    pub(super) prominence: f32,
}

impl DelayFinder {
    pub(super) fn new() -> Self {
        Self {
            near: Follower::default(),
            far: Follower::default(),
            past: [[0.0; BANDS]; DELAYS],
            frame: 0,
            cross: [0.0; DELAYS],
            far_energy: [0.0; DELAYS],
            near_energy: 0.0,
            seen: 0,
        }
    }

    /// Takes the next frame of both sides; `counts` = the far end was heard within 300 ms.
    pub(super) fn push(&mut self, near: &Bins, far: &Bins, counts: bool) {
        let far = self.far.push(far);
        let near = self.near.push(near);
        self.past[self.frame % DELAYS] = far;
        self.frame += 1;
        if !counts {
            return;
        }
        self.seen += 1;
        let energy: f32 = near.iter().map(|x| x * x).sum();
        self.near_energy = self.near_energy * KEEP + energy;
        for delay in 0..DELAYS.min(self.frame) {
            let past = &self.past[(self.frame - 1 - delay) % DELAYS];
            let (mut cross, mut far_energy) = (0.0, 0.0);
            for (n, f) in near.iter().zip(past) {
                cross += n * f;
                far_energy += f * f;
            }
            self.cross[delay] = self.cross[delay] * KEEP + cross;
            self.far_energy[delay] = self.far_energy[delay] * KEEP + far_energy;
        }
    }

    /// A stream slipped before the next frame: what is known moves along with the delay.
    pub(super) fn realign(&mut self, side: Side, slip: Slip) {
        match (side, slip) {
            (Side::Customer, Slip::Skipped) if self.frame > 0 => {
                let newest = self.past[(self.frame - 1) % DELAYS];
                self.past[self.frame % DELAYS] = newest;
                self.frame += 1;
            }
            (Side::Customer, Slip::Repeated) => self.frame = self.frame.saturating_sub(1),
            _ => {}
        }
        for sums in [&mut self.cross, &mut self.far_energy] {
            match slip.delay_change(side) {
                DelayChange::Longer => {
                    sums.rotate_right(1);
                    sums[0] = 0.0;
                }
                DelayChange::Shorter => {
                    sums.rotate_left(1);
                    sums[DELAYS - 1] = 0.0;
                }
            }
        }
    }

    /// The far end's bands so many frames ago, without their slow mean.
    pub(super) fn far_ago(&self, delay: usize) -> &Envelope {
        &self.past[(self.frame.max(1) - 1 + DELAYS - delay.min(DELAYS - 1)) % DELAYS]
    }

    /// Frames that counted so far.
    pub(super) fn seen(&self) -> u32 {
        self.seen
    }

    /// The best delay now.
    pub(super) fn peak(&self) -> Peak {
        let mut peak = Peak {
            delay: 0,
            correlation: -1.0,
            prominence: 0.0,
        };
        let mut sum = 0.0;
        for delay in 0..DELAYS {
            let norm = (self.far_energy[delay] * self.near_energy).sqrt();
            let correlation = self.cross[delay] / norm.max(1e-9);
            sum += correlation;
            if correlation > peak.correlation {
                peak.delay = delay;
                peak.correlation = correlation;
            }
        }
        peak.prominence = peak.correlation - sum / DELAYS as f32;
        peak
    }
}
