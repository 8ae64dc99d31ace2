//! WAV files as the analyser wants them: 10 ms at a time, full scale ±1.0.
//!
//! *Promises*: 8, 16, 24, 32, 44.1 and 48 kHz; mono or stereo; 16, 24 and 32-bit integer and 32-bit
//! float, also as `WAVE_FORMAT_EXTENSIBLE`. Memory for one frame and one read buffer, whatever the
//! file says of itself.
//!
//! *Fails* with one sentence that names the file, what is wrong with it and what is allowed; a file
//! shorter than its header says is refused before a single sample of it is used.
//!
//! *Never* guesses: no resampling, no mixing of channels, no repair.

mod fault;
mod header;
mod samples;

pub use fault::{WavError, WavFault};
pub use header::{Channels, Encoding, Format};
pub use samples::{WavFile, WavFrame};
