//! Level, peak, DC offset and digital silence of a frame.
//!
//! *Promises*: exact figures of the frame's own samples; the DC offset is the mean of the last second.
//!
//! *Fails* never: a frame with NaN or an infinity counts as silent in what is kept.
//!
//! *Never* weights or filters.

use crate::lanes;
use crate::units::FRAMES_PER_SECOND;

/// The plain figures of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Mean square of the samples; 1.0 is 0 dBov.
    pub mean_square: f32,
    /// Mean square with the frame's own mean taken out.
    pub mean_square_ac: f32,
    /// Smallest sample.
    pub lowest: f32,
    /// Largest sample.
    pub highest: f32,
    /// Largest absolute sample.
    pub peak: f32,
    /// Mean of the samples of the last second (of all, before a second has passed), −1..1.
    pub dc_offset: f32,
    /// All samples are exactly one value.
    pub digital_silence: bool,
}

/// Measures [`Levels`].
#[derive(Debug, Clone)]
pub struct LevelMeter {
    /// Means of the last frames, a second of them.
    means: [f32; FRAMES_PER_SECOND],
    next: usize,
    filled: usize,
}

impl LevelMeter {
    /// A meter that has heard nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            means: [0.0; FRAMES_PER_SECOND],
            next: 0,
            filled: 0,
        }
    }

    /// Measures one frame.
    pub fn process(&mut self, frame: &[f32]) -> Levels {
        let Totals {
            sum,
            squares,
            lowest,
            highest,
        } = Totals::of(frame);
        let count = frame.len().max(1) as f32;
        let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
        let mean = finite(sum / count);
        let mean_square = finite(squares / count);

        self.means[self.next] = mean;
        self.next = (self.next + 1) % FRAMES_PER_SECOND;
        self.filled = (self.filled + 1).min(FRAMES_PER_SECOND);
        // Unfilled entries are zero, so the sum may run over all of them.
        let dc_offset = self.means.iter().sum::<f32>() / self.filled as f32;

        Levels {
            mean_square,
            mean_square_ac: (mean_square - mean * mean).max(0.0),
            lowest: finite(lowest),
            highest: finite(highest),
            peak: if frame.is_empty() {
                0.0
            } else {
                finite(highest.max(-lowest))
            },
            dc_offset: dc_offset.clamp(-1.0, 1.0),
            digital_silence: !frame.is_empty() && lowest == highest,
        }
    }
}

impl Default for LevelMeter {
    fn default() -> Self {
        Self::new()
    }
}

/// Sums and extremes of a frame.
struct Totals {
    sum: f32,
    squares: f32,
    lowest: f32,
    highest: f32,
}

impl Totals {
    fn of(frame: &[f32]) -> Self {
        Self {
            sum: lanes::sum_of(frame, |x| x),
            squares: lanes::sum_of(frame, |x| x * x),
            lowest: lanes::lowest(frame),
            highest: lanes::highest(frame),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_wave_of_full_scale_is_0_dbov() {
        let frame: Vec<f32> = (0..160)
            .map(|i| if i % 20 < 10 { 1.0 } else { -1.0 })
            .collect();
        let levels = LevelMeter::new().process(&frame);
        assert!((levels.mean_square - 1.0).abs() < 1e-6);
        assert_eq!(levels.peak, 1.0);
        assert!(!levels.digital_silence);
    }

    #[test]
    fn the_lowest_sample_counts_for_the_peak_also_in_the_tail() {
        let mut frame = vec![0.1f32; 441];
        frame[440] = -0.75;
        assert_eq!(LevelMeter::new().process(&frame).peak, 0.75);
    }

    #[test]
    fn dc_is_the_mean_of_the_last_second_only() {
        let mut meter = LevelMeter::new();
        for _ in 0..100 {
            meter.process(&[0.5; 80]);
        }
        assert!((meter.process(&[0.5; 80]).dc_offset - 0.5).abs() < 1e-5);
        for _ in 0..50 {
            meter.process(&[0.0; 80]);
        }
        assert!((meter.process(&[0.0; 80]).dc_offset - 0.245).abs() < 1e-5);
        for _ in 0..50 {
            meter.process(&[0.0; 80]);
        }
        assert_eq!(meter.process(&[0.0; 80]).dc_offset, 0.0);
    }

    #[test]
    fn any_constant_frame_is_digital_silence_and_has_no_ac() {
        let levels = LevelMeter::new().process(&[-0.25; 160]);
        assert!(levels.digital_silence);
        assert_eq!(levels.mean_square_ac, 0.0);
        assert!((levels.mean_square - 0.0625).abs() < 1e-7);
        let mut frame = [0.0f32; 160];
        frame[159] = 1.0 / 32_768.0;
        assert!(!LevelMeter::new().process(&frame).digital_silence);
    }

    #[test]
    fn broken_samples_do_not_stay() {
        let mut meter = LevelMeter::new();
        meter.process(&[f32::NAN; 80]);
        meter.process(&[f32::INFINITY; 80]);
        meter.process(&[]);
        let levels = meter.process(&[0.5; 80]);
        assert!(levels.dc_offset.is_finite() && levels.mean_square == 0.25);
    }
}
