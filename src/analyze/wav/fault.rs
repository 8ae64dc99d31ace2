//! What can be wrong with a WAV file.

use sidetone_dsp::units::UnsupportedSampleRate;
use std::io;
use std::path::PathBuf;

/// A file that cannot be analysed.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {fault}", path = path.display())]
pub struct WavError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: WavFault,
}

/// What is wrong, and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum WavFault {
    /// It cannot be opened or read.
    #[error("cannot read it: {0}; check the name and whether it may be read")]
    Read(#[from] io::Error),
    /// No byte in it.
    #[error("the file is empty; give a WAV file with sound in it")]
    Empty,
    /// Something else than RIFF/WAVE.
    #[error("this is no WAV file ({0}); convert it to WAV")]
    NotWav(&'static str),
    /// The file ends inside its header.
    #[error("the file ends before its samples begin; it is cut off, so copy or record it again")]
    EndsInHeader,
    /// The header contradicts itself.
    #[error("the WAV header is broken ({0}); write the file again with another program")]
    Header(&'static str),
    /// Not plain samples.
    #[error(
        "its samples are encoded as {0}; convert it to 16, 24 or 32-bit integer or 32-bit float samples"
    )]
    Encoding(String),
    /// Not one or two channels.
    #[error(
        "it has {0} channels; allowed are 1 (analysed as the agent) and 2 (left = agent, right = customer)"
    )]
    Channels(u16),
    /// Another rate.
    #[error(transparent)]
    Rate(#[from] UnsupportedSampleRate),
    /// Fewer samples than announced.
    #[error(
        "the file is cut off: its header announces {announced} bytes of samples, and {present} are there; copy or record it again"
    )]
    Truncated {
        /// Bytes the header announces.
        announced: u64,
        /// Bytes that are there.
        present: u64,
    },
    /// A header, and nothing behind it.
    #[error("there are no samples in it; give a file with sound in it")]
    NoSamples,
    /// NaN or infinite.
    #[error("the sample at {at_s:.3} s is not a number; write the file again with another program")]
    NotANumber {
        /// Where, in seconds.
        at_s: f64,
    },
    /// A float sample that is not scaled to ±1.
    #[error(
        "the sample at {at_s:.3} s is {value}, but float samples must be scaled to -1..1; write the file again, scaled or as integers"
    )]
    NotScaled {
        /// Where, in seconds.
        at_s: f64,
        /// What it is.
        value: f32,
    },
}
