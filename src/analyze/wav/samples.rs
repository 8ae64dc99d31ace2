//! The samples, one 10 ms frame after the other.

use super::fault::{WavError, WavFault};
use super::header::{Channels, Encoding, Format, Header, read_header};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

/// Float samples beyond ten times full scale are not sound scaled to ±1.
const FLOAT_LIMIT: f32 = 10.0;

/// A WAV file being read.
#[derive(Debug)]
pub struct WavFile<R> {
    reader: R,
    header: Header,
    /// Samples per channel read so far.
    read: u64,
    /// One frame as it is in the file.
    bytes: Vec<u8>,
    left: Vec<f32>,
    right: Vec<f32>,
}

/// 10 ms of sound; the last frame of a file may be shorter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WavFrame<'f> {
    /// The only channel, or the left one.
    pub left: &'f [f32],
    /// The right channel of a stereo file, as long as the left one.
    pub right: Option<&'f [f32]>,
}

impl WavFile<BufReader<File>> {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`WavError`] if it cannot be read or is no WAV file of the kinds allowed.
    pub fn open(path: &Path) -> Result<Self, WavError> {
        let open = || {
            let file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(WavFault::NotWav("it is a directory"));
            }
            Self::new(BufReader::with_capacity(1 << 16, file))
        };
        open().map_err(|fault| WavError {
            path: path.to_owned(),
            fault,
        })
    }
}

impl<R: Read + Seek> WavFile<R> {
    /// Reads the header of anything that can be read and rewound.
    ///
    /// # Errors
    /// [`WavFault`] if it is no WAV file of the kinds allowed.
    pub fn new(mut reader: R) -> Result<Self, WavFault> {
        let header = read_header(&mut reader)?;
        let format = header.format;
        let points = format.rate.frame_len();
        Ok(Self {
            reader,
            header,
            read: 0,
            bytes: vec![0; points * format.channels.count() * format.encoding.bytes()],
            left: Vec::with_capacity(points),
            right: Vec::with_capacity(points),
        })
    }

    /// How the samples are laid out.
    #[must_use]
    pub fn format(&self) -> Format {
        self.header.format
    }

    /// Samples per channel in the whole file.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.header.samples
    }

    /// Length of the whole file in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.header.samples as f64 / f64::from(self.header.format.rate.hz())
    }

    /// The next 10 ms; `None` at the end.
    ///
    /// # Errors
    /// [`WavFault`] if the file cannot be read on, or holds a sample that is no number or not scaled.
    pub fn next_frame(&mut self) -> Result<Option<WavFrame<'_>>, WavFault> {
        let Format {
            rate,
            channels,
            encoding,
        } = self.header.format;
        let remaining = self.header.samples - self.read;
        if remaining == 0 {
            return Ok(None);
        }
        let points = remaining.min(rate.frame_len() as u64) as usize;
        let bytes = &mut self.bytes[..points * channels.count() * encoding.bytes()];
        self.reader.read_exact(bytes)?;

        self.left.clear();
        self.right.clear();
        for (index, sample) in bytes.chunks_exact(encoding.bytes()).enumerate() {
            let value = decode(encoding, sample);
            if encoding == Encoding::Float32 && (value.is_nan() || value.abs() > FLOAT_LIMIT) {
                let at = self.read + (index / channels.count()) as u64;
                let at_s = at as f64 / f64::from(rate.hz());
                return Err(if value.is_finite() {
                    WavFault::NotScaled { at_s, value }
                } else {
                    WavFault::NotANumber { at_s }
                });
            }
            if index % channels.count() == 0 {
                self.left.push(value);
            } else {
                self.right.push(value);
            }
        }
        self.read += points as u64;
        let right = match channels {
            Channels::Mono => None,
            Channels::Stereo => Some(self.right.as_slice()),
        };
        Ok(Some(WavFrame {
            left: &self.left,
            right,
        }))
    }
}

/// One sample, full scale ±1.0.
fn decode(encoding: Encoding, bytes: &[u8]) -> f32 {
    match (encoding, bytes) {
        (Encoding::Int16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        (Encoding::Int24, &[a, b, c]) => from_i32(i32::from_le_bytes([0, a, b, c])),
        (Encoding::Int32, &[a, b, c, d]) => from_i32(i32::from_le_bytes([a, b, c, d])),
        (Encoding::Float32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
        // Not reached: the chunks have the encoding's size.
        _ => 0.0,
    }
}

fn from_i32(value: i32) -> f32 {
    (f64::from(value) / 2_147_483_648.0) as f32
}
