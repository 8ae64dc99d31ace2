//! The Fourier transform of real samples: a complex one of half the length, and what parts its halves.
//!
//! `N` real samples are taken for `N / 2` complex ones; the spectrum of these holds those of the even and of the odd
//! samples, which a twiddle each brings together (Press et al., *Numerical Recipes*, "FFT of Real Functions"). Real and
//! imaginary parts are kept apart and each bin is made on its own, so that the loops vectorise: that part was two thirds
//! of a transform when pairs of bins were made in place.
//!
//! *Promises*: no allocation after construction; as exact as a transform of single precision is. *Never* scales: there and
//! back again gives `N` times the samples, as rustfft has it.

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::TAU;
use std::sync::Arc;
use wide::f32x8;

/// Bins come in whole groups of so many; those beyond the last one are zero.
pub(crate) const GROUP: usize = 8;

/// Transforms of one even length.
pub(crate) struct RealTransform {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    packed: Box<[Complex32]>,
    scratch: Box<[Complex32]>,
    /// `-i W^k / 2` of each bin, W the principal root of unity of the whole length.
    twiddle: Parts,
    /// The complex spectrum after a group of zeros, so that it can be read from its end past its beginning.
    there: Parts,
}

/// Complex numbers, real and imaginary parts apart; a whole number of [`GROUP`]s.
struct Parts {
    re: Box<[f32]>,
    im: Box<[f32]>,
}

impl Parts {
    fn of(bins: usize, each: impl Fn(usize) -> (f64, f64)) -> Self {
        let all = (0..bins.next_multiple_of(GROUP)).map(each);
        let (re, im): (Vec<_>, Vec<_>) = all.map(|(re, im)| (re as f32, im as f32)).unzip();
        Self {
            re: re.into(),
            im: im.into(),
        }
    }

    /// Group `n` of both parts.
    #[inline(always)]
    fn group(&self, n: usize) -> (f32x8, f32x8) {
        (group(&self.re, n), group(&self.im, n))
    }

    /// Bins `half - k` for each bin `k` of group `n`; those below 0 are the zeros before.
    #[inline(always)]
    fn mirrored(&self, n: usize, half: usize) -> (f32x8, f32x8) {
        let from = half + 1 - GROUP * n;
        (reversed(&self.re, from), reversed(&self.im, from))
    }
}

#[inline(always)]
fn group(all: &[f32], n: usize) -> f32x8 {
    f32x8::from(all.as_chunks::<GROUP>().0[n])
}

/// The group that begins at `from`, its last element first.
#[inline(always)]
fn reversed(all: &[f32], from: usize) -> f32x8 {
    let group = &all[from..][..GROUP];
    f32x8::from(std::array::from_fn::<f32, GROUP, _>(|k| {
        group[GROUP - 1 - k]
    }))
}

impl std::fmt::Debug for RealTransform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RealTransform")
            .field("points", &(2 * self.packed.len()))
            .finish_non_exhaustive()
    }
}

impl RealTransform {
    /// Of `points` samples; an even number.
    pub(crate) fn new(points: usize) -> Self {
        let half = points / 2;
        let mut planner = FftPlanner::new();
        let forward = planner.plan_fft_forward(half);
        let inverse = planner.plan_fft_inverse(half);
        let scratch = forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len());
        Self {
            forward,
            inverse,
            packed: vec![Complex32::default(); half].into(),
            scratch: vec![Complex32::default(); scratch].into(),
            twiddle: Parts::of(half + 1, |k| {
                let angle = TAU * k as f64 / points as f64;
                (-0.5 * angle.sin(), -0.5 * angle.cos())
            }),
            there: Parts::of(GROUP + half + 1, |_| (0.0, 0.0)),
        }
    }

    /// The spectrum of `first` followed by `second`, as many samples together as points, each an even number: bins
    /// 0 to half the points, and up to a whole [`GROUP`] beyond.
    pub(crate) fn forward(
        &mut self,
        first: &[f32],
        second: &[f32],
        mut bin: impl FnMut(usize, f32x8, f32x8),
    ) {
        let (head, tail) = self.packed.split_at_mut(first.len() / 2);
        pack(head, first);
        pack(tail, second);
        self.forward
            .process_with_scratch(&mut self.packed, &mut self.scratch);
        let half = self.packed.len();
        for (k, z) in self.packed.iter().enumerate() {
            self.there.re[GROUP + k] = z.re;
            self.there.im[GROUP + k] = z.im;
        }
        self.there.re[GROUP + half] = self.packed[0].re;
        self.there.im[GROUP + half] = self.packed[0].im;
        for n in 0..self.twiddle.re.len() / GROUP {
            let ((zr, zi), (mr, mi)) = (self.there.group(n + 1), self.there.mirrored(n, half));
            let (wr, wi) = self.twiddle.group(n);
            // Z - conj M, to be turned by the twiddle, and half of Z + conj M.
            let (dr, di) = (zr - mr, zi + mi);
            let re = 0.5 * (zr + mr) + (wr * dr - wi * di);
            let im = 0.5 * (zi - mi) + (wr * di + wi * dr);
            bin(n, re, im);
        }
    }

    /// `first` and `second` of a spectrum, multiplied by the number of points; of bin 0 and the last one only the real
    /// part counts.
    pub(crate) fn inverse(
        &mut self,
        re: &[f32],
        im: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        let half = self.packed.len();
        self.there.re[GROUP..][..=half].copy_from_slice(&re[..=half]);
        self.there.im[GROUP..][..=half].copy_from_slice(&im[..=half]);
        self.there.im[GROUP] = 0.0;
        self.there.im[GROUP + half] = 0.0;
        let groups = self.packed.chunks_mut(GROUP);
        for (n, packed) in groups.enumerate() {
            let ((xr, xi), (mr, mi)) = (self.there.group(n + 1), self.there.mirrored(n, half));
            let (wr, wi) = self.twiddle.group(n);
            // The conjugate of the twiddle turns back; twice, as nothing is halved here.
            let (dr, di) = (xr - mr, xi + mi);
            let re = (xr + mr) + 2.0 * (wr * dr + wi * di);
            let im = (xi - mi) + 2.0 * (wr * di - wi * dr);
            for ((z, re), im) in packed.iter_mut().zip(re.to_array()).zip(im.to_array()) {
                *z = Complex32::new(re, im);
            }
        }
        self.inverse
            .process_with_scratch(&mut self.packed, &mut self.scratch);
        let (head, tail) = self.packed.split_at(first.len() / 2);
        unpack(first, head);
        unpack(second, tail);
    }
}

fn pack(packed: &mut [Complex32], samples: &[f32]) {
    for (z, [even, odd]) in packed.iter_mut().zip(samples.as_chunks().0) {
        *z = Complex32::new(*even, *odd);
    }
}

fn unpack(samples: &mut [f32], packed: &[Complex32]) {
    for ([even, odd], z) in samples.as_chunks_mut().0.iter_mut().zip(packed) {
        (*even, *odd) = (z.re, z.im);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realfft::RealFftPlanner;

    fn samples(points: usize) -> Vec<f32> {
        (0..points)
            .map(|n| (n as f32 * 0.7).sin() + 0.3 * (n as f32 * 2.9).cos() + 0.1)
            .collect()
    }

    fn spectrum(points: usize, samples: &[f32], first: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut re, mut im) = (Vec::new(), Vec::new());
        let (first, second) = samples.split_at(first);
        RealTransform::new(points).forward(first, second, |n, r, i| {
            assert_eq!(n * GROUP, re.len());
            re.extend(r.to_array());
            im.extend(i.to_array());
        });
        (re, im)
    }

    #[test]
    fn equals_the_sum_it_stands_for() {
        for (points, first) in [(8, 2), (30, 10), (320, 160), (1024, 1024)] {
            let x = samples(points);
            let (re, im) = spectrum(points, &x, first);
            for k in 0..=points / 2 {
                let turn = |n: usize| -TAU * (k * n % points) as f64 / points as f64;
                let sum = |part: fn(f64) -> f64| -> f64 {
                    let terms = x.iter().enumerate();
                    terms.map(|(n, &x)| f64::from(x) * part(turn(n))).sum()
                };
                let (want_re, want_im) = (sum(f64::cos), sum(f64::sin));
                let error = (f64::from(re[k]) - want_re).hypot(f64::from(im[k]) - want_im);
                assert!(error < 2e-6 * points as f64, "{points}, bin {k}: {error}");
            }
        }
    }

    #[test]
    fn is_as_exact_as_the_other_way() {
        let x = samples(1024);
        let (re, im) = spectrum(1024, &x, 1024);
        let plan = RealFftPlanner::new().plan_fft_forward(1024);
        let mut bins = plan.make_output_vec();
        plan.process(&mut x.clone(), &mut bins).unwrap();
        for (k, bin) in bins.iter().enumerate() {
            assert!((bin.re - re[k]).hypot(bin.im - im[k]) < 1e-3, "bin {k}");
        }
    }

    #[test]
    fn there_and_back_is_the_same_times_the_points() {
        for (points, first) in [(8, 4), (30, 10), (320, 160)] {
            let x = samples(points);
            let (re, mut im) = spectrum(points, &x, first);
            // What bin 0 and the last one cannot have is not looked at.
            im[0] = 7.0;
            im[points / 2] = -7.0;
            let (mut a, mut b) = (vec![0.0; first], vec![0.0; points - first]);
            RealTransform::new(points).inverse(&re, &im, &mut a, &mut b);
            for (y, x) in a.iter().chain(&b).zip(&x) {
                assert!((y / points as f32 - x).abs() < 1e-5, "{points}");
            }
        }
    }
}
