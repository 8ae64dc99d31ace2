//! The header: chunks up to the samples (Microsoft/IBM "Multimedia Programming Interface and Data
//! Specifications 1.0", RIFF; `WAVEFORMATEX` and `WAVEFORMATEXTENSIBLE` of `mmreg.h`).

use super::fault::WavFault;
use sidetone_dsp::units::SampleRate;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// How the samples are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Sampling rate.
    pub rate: SampleRate,
    /// Mono or stereo.
    pub channels: Channels,
    /// One sample's encoding.
    pub encoding: Encoding,
}

/// Mono or stereo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// The agent alone.
    Mono,
    /// Left = agent, right = customer.
    Stereo,
}

/// One sample's encoding, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// 16-bit integer.
    Int16,
    /// 24-bit integer in three bytes.
    Int24,
    /// 32-bit integer; also 24 valid bits in four bytes, which stand at the top.
    Int32,
    /// 32-bit float.
    Float32,
}

impl Channels {
    /// How many.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

impl Encoding {
    /// Bytes of one sample.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Int32 | Self::Float32 => 4,
        }
    }
}

/// The header, with the reader placed at the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) format: Format,
    /// Samples per channel.
    pub(super) samples: u64,
}

/// More than any `fmt ` chunk in use has.
const FORMAT_MAX: u32 = 1024;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;
/// What follows the first two bytes of a `SubFormat` that stands for a `wFormatTag`
/// (`KSDATAFORMAT_SUBTYPE_…`).
const SUBFORMAT_TAIL: [u8; 14] = [
    0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71,
];

/// Reads up to the first sample.
pub(super) fn read_header<R: Read + Seek>(reader: &mut R) -> Result<Header, WavFault> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(0))?;
    if length == 0 {
        return Err(WavFault::Empty);
    }
    read_riff(reader)?;
    let mut format = None;
    loop {
        let chunk: [u8; 8] = read_array(reader)?;
        let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        match &chunk[..4] {
            b"fmt " => format = Some(read_format(reader, size)?),
            b"data" => {
                let format = format.ok_or(WavFault::Header("no format before the samples"))?;
                let present = length.saturating_sub(reader.stream_position()?);
                return announce(format, u64::from(size), present);
            }
            _ => skip(reader, size)?,
        }
    }
}

fn read_riff<R: Read>(reader: &mut R) -> Result<(), WavFault> {
    let mut start = Vec::with_capacity(12);
    reader.take(12).read_to_end(&mut start)?;
    match (start.get(..4), start.get(8..12)) {
        (Some(b"RIFF"), Some(b"WAVE")) => Ok(()),
        (Some(b"RIFF"), None) => Err(WavFault::EndsInHeader),
        (Some(b"RIFF"), _) => Err(WavFault::NotWav("it is a RIFF file of another kind")),
        (Some(b"RF64" | b"BW64"), _) => Err(WavFault::NotWav("it is an RF64 file")),
        (Some(b"RIFX"), _) => Err(WavFault::NotWav("it is a big-endian RIFX file")),
        _ => Err(WavFault::NotWav("it does not begin with RIFF")),
    }
}

fn announce(format: Format, announced: u64, present: u64) -> Result<Header, WavFault> {
    if announced == 0 {
        return Err(WavFault::NoSamples);
    }
    if announced > present {
        return Err(WavFault::Truncated { announced, present });
    }
    let block = (format.channels.count() * format.encoding.bytes()) as u64;
    if !announced.is_multiple_of(block) {
        return Err(WavFault::Header(
            "the samples do not fill whole sampling points",
        ));
    }
    Ok(Header {
        format,
        samples: announced / block,
    })
}

fn read_format<R: Read + Seek>(reader: &mut R, size: u32) -> Result<Format, WavFault> {
    if !(16..=FORMAT_MAX).contains(&size) {
        return Err(WavFault::Header("its format chunk has an impossible size"));
    }
    let basic: [u8; 16] = read_array(reader)?;
    let short = |at: usize| u16::from_le_bytes([basic[at], basic[at + 1]]);
    let (mut tag, channels, block, bits) = (short(0), short(2), short(12), short(14));
    let rate = u32::from_le_bytes([basic[4], basic[5], basic[6], basic[7]]);
    let mut left = size - 16;
    if tag == EXTENSIBLE {
        if left < 24 {
            return Err(WavFault::Header("its extensible format is too short"));
        }
        let extension: [u8; 24] = read_array(reader)?;
        left -= 24;
        if extension[10..] != SUBFORMAT_TAIL {
            return Err(WavFault::Encoding("something unknown".to_owned()));
        }
        tag = u16::from_le_bytes([extension[8], extension[9]]);
    }
    skip(reader, left)?;

    let channels = match channels {
        1 => Channels::Mono,
        2 => Channels::Stereo,
        other => return Err(WavFault::Channels(other)),
    };
    let encoding = encoding(tag, bits, usize::from(block), channels)?;
    Ok(Format {
        rate: SampleRate::new(rate)?,
        channels,
        encoding,
    })
}

fn encoding(tag: u16, bits: u16, block: usize, channels: Channels) -> Result<Encoding, WavFault> {
    // The container counts: 24 valid bits may come in four bytes.
    let container = block / channels.count();
    let encoding = match (tag, container) {
        (PCM, 2) => Encoding::Int16,
        (PCM, 3) => Encoding::Int24,
        (PCM, 4) => Encoding::Int32,
        (FLOAT, 4) => Encoding::Float32,
        (PCM, _) => return Err(WavFault::Encoding(format!("{bits}-bit integers"))),
        (FLOAT, _) => return Err(WavFault::Encoding(format!("{bits}-bit floats"))),
        (other, _) => return Err(WavFault::Encoding(name_of(other))),
    };
    if encoding.bytes() * channels.count() != block || usize::from(bits) > container * 8 {
        return Err(WavFault::Header("its sample sizes contradict each other"));
    }
    let too_narrow = match encoding {
        Encoding::Int16 | Encoding::Int24 => usize::from(bits) != container * 8,
        Encoding::Int32 => bits != 24 && bits != 32,
        Encoding::Float32 => bits != 32,
    };
    if too_narrow {
        return Err(WavFault::Encoding(format!("{bits}-bit integers")));
    }
    Ok(encoding)
}

fn name_of(tag: u16) -> String {
    match tag {
        0x0002 | 0x0011 => "ADPCM".to_owned(),
        0x0006 => "A-law".to_owned(),
        0x0007 => "µ-law".to_owned(),
        0x0031 => "GSM".to_owned(),
        0x0055 => "MP3".to_owned(),
        other => format!("format {other:#06x}"),
    }
}

/// Passes over a chunk's contents; chunks begin at even positions.
fn skip<R: Seek>(reader: &mut R, size: u32) -> Result<(), WavFault> {
    let padded = i64::from(size) + i64::from(size % 2);
    reader.seek(SeekFrom::Current(padded))?;
    Ok(())
}

fn read_array<R: Read, const N: usize>(reader: &mut R) -> Result<[u8; N], WavFault> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error: io::Error| {
        if error.kind() == ErrorKind::UnexpectedEof {
            WavFault::EndsInHeader
        } else {
            WavFault::Read(error)
        }
    })?;
    Ok(bytes)
}
