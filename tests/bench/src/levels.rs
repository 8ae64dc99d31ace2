//! Looks at what was captured: how loud, how much digital silence, and where and how strongly a known
//! recording is in it. A test's own yardstick, independent of the program under test.

use crate::faults::Decibel;

/// Level and silence of a capture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Length in milliseconds.
    pub length_ms: u64,
    /// RMS of the whole.
    pub level: Decibel,
    /// The longest run of digital zeros in milliseconds.
    pub longest_zeros_ms: u64,
}

const PER_MS: usize = 48;

/// Measures 48 kHz mono samples.
#[must_use]
pub fn measure(samples: &[i16]) -> Levels {
    let energy: f64 = samples
        .iter()
        .map(|s| (f64::from(*s) / 32768.0).powi(2))
        .sum();
    let (mut run, mut longest) = (0, 0);
    for sample in samples {
        run = if *sample == 0 { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    Levels {
        length_ms: (samples.len() / PER_MS) as u64,
        level: Decibel::of_power(energy / samples.len().max(1) as f64),
        longest_zeros_ms: (longest / PER_MS) as u64,
    }
}

/// A known recording found in a capture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Where its beginning lies in the capture.
    pub offset_ms: f64,
    /// How much weaker than the recording it is there (least squares).
    pub gain: Decibel,
    /// Correlation 0..1 over the compared stretch; 1 = nothing but the recording, scaled.
    pub correlation: f64,
}

/// The stretch of the reference that is searched for: one second, from half a second on.
const STRETCH: std::ops::Range<usize> = 500 * PER_MS..1500 * PER_MS;
/// The coarse search runs at 4 kHz.
const COARSE: usize = 12;

/// Looks for `reference` in `capture`: coarsely everywhere, then to the sample. `None` if either is too short.
#[must_use]
pub fn find(capture: &[i16], reference: &[i16]) -> Option<Found> {
    let wanted: Vec<f32> = to_float(reference.get(STRETCH)?);
    let heard: Vec<f32> = to_float(capture);
    let (coarse_wanted, coarse_heard) = (thin(&wanted), thin(&heard));
    let coarse = best(&coarse_heard, &coarse_wanted, 0..coarse_heard.len())?.0 * COARSE;
    let near = coarse.saturating_sub(COARSE)..coarse + COARSE;
    let (at, gain, correlation) = best(&heard, &wanted, near)?;
    Some(Found {
        offset_ms: (at as f64 - STRETCH.start as f64) / PER_MS as f64,
        gain: Decibel(20.0 * gain.abs().max(1e-9).log10()),
        correlation: correlation.abs(),
    })
}

fn best(
    heard: &[f32],
    wanted: &[f32],
    offsets: std::ops::Range<usize>,
) -> Option<(usize, f64, f64)> {
    let energy: f64 = wanted.iter().map(|v| f64::from(v * v)).sum();
    offsets
        .filter_map(|at| {
            let window = heard.get(at..at + wanted.len())?;
            let (mut cross, mut power) = (0.0f32, 0.0f32);
            for (h, w) in window.iter().zip(wanted) {
                cross += h * w;
                power += h * h;
            }
            let (cross, power) = (f64::from(cross), f64::from(power));
            let correlation = cross / (energy * power).sqrt().max(1e-12);
            Some((at, cross / energy.max(1e-12), correlation))
        })
        .max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))
}

fn to_float(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|s| f32::from(*s) / 32768.0).collect()
}

fn thin(samples: &[f32]) -> Vec<f32> {
    samples
        .chunks_exact(COARSE)
        .map(|c| c.iter().sum::<f32>() / COARSE as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice_like(length: usize) -> Vec<i16> {
        let mut random = 1u32;
        let mut low = 0.0f32;
        (0..length)
            .map(|i| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                low = 0.97 * low + ((random >> 16) as f32 - 32768.0) * 0.1;
                (low * (0.6 + 0.4 * (i as f32 / 9000.0).sin())) as i16
            })
            .collect()
    }

    #[test]
    fn a_weakened_copy_is_found_where_it_is_and_as_strong_as_it_is() {
        let reference = voice_like(48_000 * 2);
        let mut capture = vec![0; 48_000 / 4 + 5];
        capture.extend(reference.iter().map(|s| s / 10));
        let found = find(&capture, &reference).unwrap();
        assert!((found.offset_ms - 250.1).abs() < 0.03, "{found:?}");
        assert!((found.gain.0 + 20.0).abs() < 0.1, "{found:?}");
        assert!(found.correlation > 0.99, "{found:?}");
        let other: Vec<i16> = capture.iter().rev().copied().collect();
        assert!(find(&other, &reference).unwrap().correlation < 0.5);
    }

    #[test]
    fn zeros_are_counted_as_one_run() {
        let mut samples = vec![100; 4800];
        samples[1000..1000 + 960].fill(0);
        let levels = measure(&samples);
        assert_eq!((levels.length_ms, levels.longest_zeros_ms), (100, 20));
    }
}
