//! A softphone, as the sound server sees one: a single client that captures from the headset's microphone
//! and plays the customer's voice to the headset, for as long as the call lasts.
//!
//! Commands on standard input: `play NAME.wav [loop]`, `stop`, `quit`. Log lines on standard output as
//! `SECONDS WHAT`, seconds since 1970. While nobody speaks the customer's line is silent, not stopped, as it
//! is in a call.
//! Fails: with one sentence if the server, the source or the sink is not there.

use crate::clock::unix_seconds;
use crate::sounds::{Library, Sound, SoundError};
use futures::executor::block_on;
use pulseaudio::protocol::{
    ChannelMap, ChannelVolume, PlaybackStreamParams, Prop, Props, RecordStreamParams, SampleFormat,
    SampleSpec,
    stream::{BufferAttr, StreamFlags},
};
use pulseaudio::{AsPlaybackSource, Client, ClientError};
use std::ffi::{CString, NulError};
use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// Why a call cannot be made.
#[derive(Debug, Error)]
pub enum SoftphoneError {
    /// The sound server said no.
    #[error("the sound server does not give the call its streams: {0}")]
    Server(#[from] ClientError),
    /// A name with a zero byte.
    #[error("the name of a source or sink holds a zero byte: {0}")]
    Name(#[from] NulError),
    /// The capture file cannot be made.
    #[error("the capture file cannot be written: {0}")]
    Capture(#[from] std::io::Error),
    /// A recording is not there.
    #[error(transparent)]
    Sound(#[from] SoundError),
}

/// 20 ms of 48 kHz mono 16-bit: how much is asked for and sent at a time.
const FRAGMENT_BYTES: u32 = 20 * 48 * 2;

/// What the customer says next.
#[derive(Debug, Default)]
struct Customer {
    sound: Option<Sound>,
    repeat: bool,
    position: usize,
}

impl Customer {
    fn fill(&mut self, buffer: &mut [u8]) -> usize {
        for pair in buffer.chunks_exact_mut(2) {
            let sample = self.next_sample();
            pair.copy_from_slice(&sample.to_le_bytes());
        }
        buffer.len() / 2 * 2
    }

    fn next_sample(&mut self) -> i16 {
        let Some(sound) = &self.sound else { return 0 };
        if self.position >= sound.len() && self.repeat {
            self.position = 0;
        }
        let sample = sound.samples().get(self.position).copied();
        self.position += 1;
        sample.unwrap_or_else(|| {
            self.sound = None;
            0
        })
    }
}

/// Makes a call over `source` and `sink` until `quit` or the end of standard input. What the microphone gives
/// goes to `capture` as raw 48 kHz mono 16-bit, if given.
///
/// # Errors
/// [`SoftphoneError`].
pub fn call(
    source: &str,
    sink: &str,
    capture: Option<&Path>,
    library: &Library,
) -> Result<(), SoftphoneError> {
    let client = Client::from_env(c"Bench Softphone")?;
    let customer = Arc::new(Mutex::new(Customer::default()));
    let mut file = capture.map(File::create).transpose()?.map(BufWriter::new);
    let keep = move |data: &[u8]| {
        if let Some(file) = &mut file {
            // A full disk shows as a short capture, which the test sees.
            let _ = file.write_all(data).and_then(|()| file.flush());
        }
    };
    let record = block_on(client.create_record_stream(record_params(source)?, keep))?;
    let speaks = Arc::clone(&customer);
    let fill = move |buffer: &mut [u8]| lock(&speaks).fill(buffer);
    let params = playback_params(sink)?;
    let playback = block_on(client.create_playback_stream(params, fill.as_playback_source()))?;
    say("CALL");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let (sound, repeat) = match words.as_slice() {
            ["play", name] => (Some(library.get(name)?), false),
            ["play", name, "loop"] => (Some(library.get(name)?), true),
            ["stop"] => (None, false),
            ["quit"] => break,
            _ => {
                say(&format!(
                    "ERROR '{line}' is none of: play NAME.wav [loop], stop, quit"
                ));
                continue;
            }
        };
        *lock(&customer) = Customer {
            sound,
            repeat,
            position: 0,
        };
        say(&format!("COMMAND {line}"));
    }
    say("HANGUP");
    block_on(playback.delete())?;
    block_on(record.delete())?;
    Ok(())
}

fn lock(customer: &Mutex<Customer>) -> std::sync::MutexGuard<'_, Customer> {
    customer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn record_params(source: &str) -> Result<RecordStreamParams, SoftphoneError> {
    Ok(RecordStreamParams {
        sample_spec: format(),
        channel_map: ChannelMap::mono(),
        source_name: Some(CString::new(source)?),
        cvolume: Some(ChannelVolume::norm(1)),
        buffer_attr: BufferAttr {
            fragment_size: FRAGMENT_BYTES,
            ..BufferAttr::default()
        },
        flags: flags(),
        props: props("Call: microphone")?,
        ..RecordStreamParams::default()
    })
}

fn playback_params(sink: &str) -> Result<PlaybackStreamParams, SoftphoneError> {
    Ok(PlaybackStreamParams {
        sample_spec: format(),
        channel_map: ChannelMap::mono(),
        sink_name: Some(CString::new(sink)?),
        cvolume: Some(ChannelVolume::norm(1)),
        buffer_attr: BufferAttr {
            target_length: 3 * FRAGMENT_BYTES,
            ..BufferAttr::default()
        },
        flags: flags(),
        props: props("Call: customer")?,
        ..PlaybackStreamParams::default()
    })
}

fn format() -> SampleSpec {
    SampleSpec {
        format: SampleFormat::S16Le,
        channels: 1,
        sample_rate: 48_000,
    }
}

fn flags() -> StreamFlags {
    StreamFlags {
        adjust_latency: true,
        start_muted: Some(false),
        ..StreamFlags::default()
    }
}

/// What `libpulse` would say of a softphone.
fn props(name: &str) -> Result<Props, NulError> {
    let mut props = Props::new();
    props.set(Prop::MediaName, CString::new(name)?);
    props.set(Prop::MediaRole, c"phone");
    props.set(Prop::ApplicationName, c"Bench Softphone");
    props.set(Prop::ApplicationProcessBinary, c"softphone");
    let id = std::process::id().to_string();
    props.set(Prop::ApplicationProcessId, CString::new(id)?);
    Ok(props)
}

fn say(what: &str) {
    println!("{:.6} {what}", unix_seconds());
}
