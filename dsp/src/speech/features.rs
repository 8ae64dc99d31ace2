//! What the network hears: forty bands of the last 48 ms, every 16 ms.
//!
//! The network was trained on the logarithms of these bands. Its crate makes them with a transform of its own, which
//! takes four fifths of the instructions that the network takes; here they are made with the one everything else uses.
//!
//! *Promises*: the same figures as the crate's own way, up to rounding (the test in [`super::network`]); nothing
//! allocated after construction.
//!
//! *Fails* never: what is no number has been taken out before.

use crate::lanes::dot;
use crate::real_transform::{GROUP, RealTransform};
use std::f32::consts::TAU;
use std::ops::Range;

/// Samples of one block at 16 kHz.
pub(super) const BLOCK: usize = 256;

/// Bands of one block.
pub(super) const BANDS: usize = 40;

/// Samples seen at a time: three blocks.
const WINDOW: usize = 3 * BLOCK;

/// Points of the transform; the window and zeros.
const POINTS: usize = 1024;

/// Powers kept: the bins, and zeros for the last band's whole groups.
const POWERS: usize = POINTS / 2 + LANES;

/// Weights come in groups of so many.
const LANES: usize = 8;

/// Treble is raised by taking so much of the sample before from each.
const PRE_EMPHASIS: f32 = 0.97;

/// The bands' outer edges, hertz.
const EDGES_HZ: (f64, f64) = (72.0, 7_600.0);

/// Added to each band's power, full scale 1.0, so that silence has a logarithm.
const LEAST: f32 = 1e-20;

/// The features of one stream at 16 kHz.
pub(super) struct Features {
    transform: RealTransform,
    window: Box<[f32; WINDOW]>,
    /// The last three blocks, treble raised.
    line: Box<[f32; WINDOW]>,
    /// The last sample as it came.
    last: f32,
    windowed: Box<[f32]>,
    power: Box<[f32; POWERS]>,
    /// The bins under each band, in whole groups of [`LANES`], and their weights one band after another.
    bands: [Range<usize>; BANDS],
    weights: Box<[f32]>,
}

impl Features {
    pub(super) fn new() -> Self {
        let (bands, weights) = triangles();
        Self {
            window: Box::new(std::array::from_fn(|n| {
                0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos()
            })),
            line: Box::new([0.0; WINDOW]),
            last: 0.0,
            windowed: vec![0.0; POINTS].into_boxed_slice(),
            power: Box::new([0.0; POWERS]),
            bands,
            weights,
            transform: RealTransform::new(POINTS),
        }
    }

    /// Takes the next block, within ±1; gives the logarithm of each band's power, times `gain`.
    pub(super) fn take(&mut self, block: &[f32; BLOCK], gain: f32) -> [f32; BANDS] {
        self.line.copy_within(BLOCK.., 0);
        let fresh = &mut self.line[WINDOW - BLOCK..];
        fresh[0] = block[0] - PRE_EMPHASIS * self.last;
        for ((y, x), before) in fresh[1..].iter_mut().zip(&block[1..]).zip(block) {
            *y = x - PRE_EMPHASIS * before;
        }
        self.last = block[BLOCK - 1];

        let (sound, zeros) = self.windowed.split_at_mut(WINDOW);
        for ((y, x), w) in sound.iter_mut().zip(&*self.line).zip(&*self.window) {
            *y = x * w;
        }
        zeros.fill(0.0);
        let (power, _) = self.power.as_chunks_mut::<GROUP>();
        self.transform.forward(&self.windowed, &[], |n, re, im| {
            power[n] = (re * re + im * im).to_array();
        });

        let mut weights = &*self.weights;
        self.bands.each_ref().map(|bins| {
            let (mine, rest) = weights.split_at(bins.len());
            weights = rest;
            (gain * dot(&self.power[bins.clone()], mine) + LEAST).ln()
        })
    }

    /// Forgets what was heard.
    pub(super) fn reset(&mut self) {
        self.line.fill(0.0);
        self.last = 0.0;
    }
}

/// Triangles equally wide on the mel scale, each from the top of the one before to that of the one after.
fn triangles() -> ([Range<usize>; BANDS], Box<[f32]>) {
    let mel = |hz: f64| (1.0 + hz / 700.0).ln();
    let (low, high) = (mel(EDGES_HZ.0), mel(EDGES_HZ.1));
    let edge = |n: usize| {
        let mel = low + (high - low) * n as f64 / (BANDS + 1) as f64;
        ((POINTS + 1) as f64 * 700.0 * mel.exp_m1() / 16_000.0) as usize
    };
    let mut weights = Vec::new();
    let bands = std::array::from_fn(|band| {
        let (from, top, to) = (edge(band), edge(band + 1), edge(band + 2));
        let length = (to - from).next_multiple_of(LANES);
        weights.extend((from..from + length).map(|bin| match bin {
            _ if bin < top => (bin - from) as f32 / (top - from) as f32,
            _ if bin < to => (to - bin) as f32 / (to - top) as f32,
            _ => 0.0,
        }));
        from..from + length
    });
    (bands, weights.into_boxed_slice())
}
