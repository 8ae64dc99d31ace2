//! Numbers with their units.

use std::fmt;

/// A level relative to digital overload: 0 dBov is the RMS level of a full-scale square wave, that
/// is a mean square of 1.0 (ITU-T G.100.1). Floors at [`Dbov::FLOOR`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Dbov(pub f32);

impl Dbov {
    /// What digital silence is reported as.
    pub const FLOOR: Self = Self(-100.0);

    /// The level of a mean square (power) relative to full scale.
    #[must_use]
    pub fn from_mean_square(mean_square: f64) -> Self {
        if mean_square <= 1e-10 {
            Self::FLOOR
        } else {
            Self(10.0 * mean_square.log10() as f32)
        }
    }
}

/// A ratio in decibels.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Db(pub f32);

/// A frequency.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Hz(pub f32);

/// A sampling rate the analyser accepts: 8, 16, 24, 32, 44.1 or 48 kHz, all of which have a whole
/// number of samples in a 10 ms frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SampleRate(u32);

/// A sampling rate outside [`SampleRate::ALLOWED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sampling rate {0} Hz is not supported; use 8000, 16000, 24000, 32000, 44100 or 48000 Hz")]
pub struct UnsupportedSampleRate(pub u32);

impl SampleRate {
    /// Every rate accepted, in hertz.
    pub const ALLOWED: [u32; 6] = [8_000, 16_000, 24_000, 32_000, 44_100, 48_000];

    /// Checks a rate in hertz.
    ///
    /// # Errors
    /// [`UnsupportedSampleRate`] if it is not one of [`SampleRate::ALLOWED`].
    pub fn new(hz: u32) -> Result<Self, UnsupportedSampleRate> {
        if Self::ALLOWED.contains(&hz) {
            Ok(Self(hz))
        } else {
            Err(UnsupportedSampleRate(hz))
        }
    }

    /// The rate in hertz.
    #[must_use]
    pub fn hz(self) -> u32 {
        self.0
    }

    /// Samples in one 10 ms frame.
    #[must_use]
    pub fn frame_len(self) -> usize {
        self.0 as usize / FRAMES_PER_SECOND
    }
}

/// Frames in a second: every frame is 10 ms long.
pub const FRAMES_PER_SECOND: usize = 100;

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}
