//! WAV files made in a test, byte by byte, so that each can be wrong in its own way.

/// What a file says of itself, and what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Wav {
    pub(crate) tag: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    /// Bits of the container of one sample.
    pub(crate) bits: u16,
    /// As `WAVE_FORMAT_EXTENSIBLE`, with this many valid bits.
    pub(crate) extensible: Option<u16>,
    /// Chunks between the format and the samples.
    pub(crate) between: Vec<(&'static [u8; 4], Vec<u8>)>,
    /// Length the data chunk announces, if not its own.
    pub(crate) announced: Option<u32>,
    pub(crate) data: Vec<u8>,
}

impl Wav {
    /// 16-bit PCM.
    pub(crate) fn pcm16(rate: u32, channels: u16, data: Vec<u8>) -> Self {
        Self {
            tag: 1,
            channels,
            rate,
            bits: 16,
            extensible: None,
            between: Vec::new(),
            announced: None,
            data,
        }
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let block = self.channels.wrapping_mul(self.bits / 8);
        let tag = if self.extensible.is_some() {
            0xfffe
        } else {
            self.tag
        };
        let mut format = Vec::new();
        format.extend(tag.to_le_bytes());
        format.extend(self.channels.to_le_bytes());
        format.extend(self.rate.to_le_bytes());
        format.extend(self.rate.wrapping_mul(u32::from(block)).to_le_bytes());
        format.extend(block.to_le_bytes());
        format.extend(self.bits.to_le_bytes());
        if let Some(valid) = self.extensible {
            format.extend(22u16.to_le_bytes());
            format.extend(valid.to_le_bytes());
            format.extend(0u32.to_le_bytes());
            format.extend(self.tag.to_le_bytes());
            format.extend(b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71");
        }
        let mut chunks = chunk(b"fmt ", &format, None);
        for (name, content) in &self.between {
            chunks.extend(chunk(name, content, None));
        }
        chunks.extend(chunk(b"data", &self.data, self.announced));
        let mut file = b"RIFF".to_vec();
        file.extend((chunks.len() as u32 + 4).to_le_bytes());
        file.extend(b"WAVE");
        file.extend(chunks);
        file
    }
}

fn chunk(name: &[u8; 4], content: &[u8], announced: Option<u32>) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend(announced.unwrap_or(content.len() as u32).to_le_bytes());
    chunk.extend(content);
    if content.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

/// Something like speech, −1..1: voiced syllables of changing pitch over a little noise, with pauses.
/// Deterministic; another seed is another speaker.
pub(crate) fn speech(seed: u64, rate: u32, seconds: f64) -> Vec<f32> {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    let pitch = 100.0 + 17.0 * (seed % 8) as f64;
    let mut phase = 0.0;
    let step = 1.0 / f64::from(rate);
    (0..(seconds * f64::from(rate)) as usize)
        .map(|index| {
            let t = index as f64 * step;
            let phrase = ((t + seed as f64 * 0.37) * 0.45).fract();
            let speaking = if phrase < 0.7 { 1.0 } else { 0.0 };
            let syllable = (std::f64::consts::PI * t * 4.0).sin().powi(2);
            phase += pitch * (1.0 + 0.1 * (t * 3.0).sin()) * step;
            let voice: f64 = (1..=12)
                .map(|k| (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k))
                .sum();
            (0.12 * speaking * syllable * voice + 0.0008 * noise()) as f32
        })
        .collect()
}
