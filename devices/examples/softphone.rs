//! A softphone as a sound server sees one: a single program that captures from a headset's microphone and
//! plays the customer to its speaker. The customer here is a sine, or a recording over and over.
//!
//! ```sh
//! cargo run --example softphone -- --source MIC --sink SPEAKER --hz 440 --amplitude 0.25
//! cargo run --example softphone -- --source MIC --sink SPEAKER --recording SPEECH.wav
//! ```
//!
//! A recording is mono or stereo with 16 bits.
//! `--sink` or `--source` may be left out. A line on standard input steers it: `replay` plays through a new
//! stream, `silent` ends playback, `deaf` ends capture, `hear` starts it again; the end of the input ends
//! the program. It prints `up` once its streams run, and `ok` after each line.

use futures::executor::block_on;
use pulseaudio::protocol::stream::BufferAttr;
use pulseaudio::protocol::{
    ChannelMap, ChannelVolume, PlaybackStreamParams, RecordStreamParams, SampleFormat, SampleSpec,
};
use pulseaudio::{AsPlaybackSource, Client, PlaybackStream, RecordStream};
use std::error::Error;
use std::ffi::CString;
use std::io::BufRead;
use std::path::{Path, PathBuf};

const RATE: u32 = 48_000;
const CHANNELS: u8 = 2;
/// 50 ms of what is played.
const BUFFER: u32 = RATE / 20 * CHANNELS as u32 * size_of::<f32>() as u32;

#[derive(Debug)]
struct Options {
    source: Option<CString>,
    sink: Option<CString>,
    hz: f64,
    amplitude: f64,
    recording: Option<PathBuf>,
}

impl Options {
    fn from_arguments() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            source: None,
            sink: None,
            hz: 440.0,
            amplitude: 0.25,
            recording: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(key) = arguments.next() {
            let value = arguments.next().ok_or(format!("{key} needs a value"))?;
            match key.as_str() {
                "--source" => options.source = Some(CString::new(value)?),
                "--sink" => options.sink = Some(CString::new(value)?),
                "--hz" => options.hz = value.parse()?,
                "--amplitude" => options.amplitude = value.parse()?,
                "--recording" => options.recording = Some(value.into()),
                other => {
                    return Err(format!(
                        "{other} is none of --source --sink --hz --amplitude --recording"
                    )
                    .into());
                }
            }
        }
        Ok(options)
    }
}

fn spec() -> SampleSpec {
    SampleSpec {
        format: SampleFormat::Float32Le,
        channels: CHANNELS,
        sample_rate: RATE,
    }
}

/// What is played, sample by sample, channels interleaved.
type Samples = Box<dyn FnMut() -> f32 + Send>;

fn sine(options: &Options) -> Samples {
    let step = options.hz * std::f64::consts::TAU / f64::from(RATE);
    let amplitude = options.amplitude;
    let mut played = 0_u64;
    Box::new(move || {
        let frame = played / u64::from(CHANNELS);
        played += 1;
        #[expect(clippy::cast_precision_loss, reason = "hours of frames fit")]
        let phase = frame as f64 * step;
        #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
        let sample = (phase.sin() * amplitude) as f32;
        sample
    })
}

fn recording(file: &Path) -> Result<(SampleSpec, Samples), Box<dyn Error>> {
    let mut wav = hound::WavReader::open(file)?;
    let spec = SampleSpec {
        format: SampleFormat::Float32Le,
        channels: u8::try_from(wav.spec().channels)?,
        sample_rate: wav.spec().sample_rate,
    };
    let samples: Result<Vec<i16>, _> = wav.samples().collect();
    let samples = samples?;
    let mut over_and_over = (0..samples.len()).cycle();
    let next = move || {
        let index = over_and_over.next().unwrap_or(0);
        samples.get(index).map_or(0.0, |s| f32::from(*s) / 32_768.0)
    };
    Ok((spec, Box::new(next)))
}

fn play(client: &Client, options: &Options) -> Result<Option<PlaybackStream>, Box<dyn Error>> {
    let Some(sink) = options.sink.clone() else {
        return Ok(None);
    };
    let (spec, mut next) = match &options.recording {
        Some(file) => recording(file)?,
        None => (spec(), sine(options)),
    };
    let source = move |buffer: &mut [u8]| {
        for sample in buffer.chunks_exact_mut(size_of::<f32>()) {
            sample.copy_from_slice(&next().to_le_bytes());
        }
        buffer.len()
    };
    let params = PlaybackStreamParams {
        sample_spec: spec,
        channel_map: match spec.channels {
            1 => ChannelMap::mono(),
            _ => ChannelMap::stereo(),
        },
        sink_name: Some(sink),
        buffer_attr: BufferAttr {
            max_length: u32::MAX,
            target_length: BUFFER,
            pre_buffering: u32::MAX,
            minimum_request_length: u32::MAX,
            ..BufferAttr::default()
        },
        cvolume: Some(ChannelVolume::norm(spec.channels)),
        ..PlaybackStreamParams::default()
    };
    let stream = client.create_playback_stream(params, source.as_playback_source());
    Ok(Some(block_on(stream)?))
}

fn hear(client: &Client, options: &Options) -> Result<Option<RecordStream>, Box<dyn Error>> {
    let Some(source) = options.source.clone() else {
        return Ok(None);
    };
    let params = RecordStreamParams {
        sample_spec: spec(),
        channel_map: ChannelMap::stereo(),
        source_name: Some(source),
        buffer_attr: BufferAttr {
            max_length: u32::MAX,
            fragment_size: BUFFER,
            ..BufferAttr::default()
        },
        cvolume: Some(ChannelVolume::norm(CHANNELS)),
        ..RecordStreamParams::default()
    };
    let stream = client.create_record_stream(params, |_samples: &[u8]| {});
    Ok(Some(block_on(stream)?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_arguments()?;
    let client = Client::from_env(c"Example Softphone")?;
    let mut speaker = play(&client, &options)?;
    let mut microphone = hear(&client, &options)?;
    println!("up");
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "replay" => {
                drop(speaker.take()); // dropping a stream deletes it
                speaker = play(&client, &options)?;
            }
            "silent" => drop(speaker.take()),
            "deaf" => drop(microphone.take()),
            "hear" => microphone = hear(&client, &options)?,
            other => return Err(format!("{other} is none of replay, silent, deaf, hear").into()),
        }
        println!("ok");
    }
    Ok(())
}
