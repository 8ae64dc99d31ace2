//! The one module that calls cpal, whose interface changes with every release.

use crate::audio::tap::{TapReader, TapWriter, tap};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, FromSample, I24, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize,
};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Frames per period: 20 ms at 48 kHz. Below 480 frames `snd-aloop` stumbles.
const PERIOD: u32 = 960;

/// Opening may not take longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// Samples converted at once in the callback.
const SCRATCH: usize = 1024;

/// Why a PCM does not open.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// Someone has it for himself.
    #[error("busy")]
    Busy,
    /// Not there, or not any more.
    #[error("{0} is not there; is systemd/asound.conf installed as /etc/asound.conf?")]
    Gone(String),
    /// Anything else.
    #[error("{pcm} cannot be recorded ({reason}); check /etc/asound.conf")]
    Failed { pcm: String, reason: String },
}

/// What the callback says about itself.
#[derive(Debug, Default)]
struct Signs {
    frames: AtomicU64,
    lost: AtomicBool,
}

/// A running capture. Dropping it may block: drop it on a worker.
pub(super) struct Capture {
    _stream: cpal::Stream,
    signs: Arc<Signs>,
    pub(super) rate: u32,
}

impl Capture {
    /// Opens a PCM and starts it.
    pub(super) fn open(pcm: &str) -> Result<(Self, TapReader), OpenError> {
        let failed = |error: cpal::Error| match error.kind() {
            ErrorKind::DeviceBusy => OpenError::Busy,
            ErrorKind::DeviceNotAvailable => OpenError::Gone(pcm.to_owned()),
            _ => OpenError::Failed {
                pcm: pcm.to_owned(),
                reason: error.to_string(),
            },
        };
        let host = cpal::host_from_id(cpal::HostId::Alsa).map_err(failed)?;
        let id = cpal::DeviceId::new(cpal::HostId::Alsa, pcm);
        let device = host
            .device_by_id(&id)
            .ok_or_else(|| OpenError::Gone(pcm.to_owned()))?;
        let native = device.default_input_config().map_err(failed)?;
        let channels = NonZeroU16::new(native.channels()).unwrap_or(NonZeroU16::MIN);
        let rate = native.sample_rate();
        let second = usize::try_from(rate).unwrap_or(usize::MAX);
        let impossible = |reason: String| OpenError::Failed {
            pcm: pcm.to_owned(),
            reason,
        };
        let (writer, reader) =
            tap(channels, rate, second).map_err(|error| impossible(error.to_string()))?;
        let config = StreamConfig {
            channels: channels.get(),
            sample_rate: rate,
            buffer_size: period(native.buffer_size()),
        };
        let start = match native.sample_format() {
            SampleFormat::I16 => start::<i16>,
            SampleFormat::I24 => start::<I24>,
            SampleFormat::I32 => start::<i32>,
            SampleFormat::F32 => start::<f32>,
            other => return Err(impossible(format!("its samples are {other}"))),
        };
        let signs = Arc::new(Signs::default());
        let stream = start(&device, config, writer, &signs);
        let stream = stream.map_err(failed)?;
        stream.play().map_err(failed)?;
        let capture = Self {
            _stream: stream,
            signs,
            rate,
        };
        Ok((capture, reader))
    }

    /// Frames captured so far.
    pub(super) fn frames(&self) -> u64 {
        self.signs.frames.load(Ordering::Relaxed)
    }

    /// `true` once the device is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.signs.lost.load(Ordering::Relaxed)
    }
}

/// What a shared device runs at is settled by who opened it first; 20 ms only where there is a choice.
fn period(possible: &SupportedBufferSize) -> BufferSize {
    match possible {
        SupportedBufferSize::Range { min, max } => BufferSize::Fixed(PERIOD.min(*max).max(*min)),
        SupportedBufferSize::Unknown => BufferSize::Default,
    }
}

fn start<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut writer: TapWriter,
    signs: &Arc<Signs>,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let (counted, failing) = (Arc::clone(signs), Arc::clone(signs));
    let channels = usize::from(config.channels.max(1));
    let whole = SCRATCH - SCRATCH % channels;
    let mut scratch = [0.0_f32; SCRATCH];
    device.build_input_stream(
        config,
        move |samples: &[T], _: &cpal::InputCallbackInfo| {
            for part in samples.chunks(whole) {
                for (place, sample) in scratch.iter_mut().zip(part) {
                    *place = f32::from_sample_(*sample);
                }
                writer.push(&scratch[..part.len()]);
            }
            scratch.fill(0.0);
            let frames = samples.len() / channels;
            counted.frames.fetch_add(frames as u64, Ordering::Relaxed);
        },
        move |error: cpal::Error| {
            // An overrun is a gap, which the frame counter shows; without real-time priority the
            // stream runs on.
            if !matches!(error.kind(), ErrorKind::Xrun | ErrorKind::RealtimeDenied) {
                failing.lost.store(true, Ordering::Relaxed);
            }
        },
        Some(PATIENCE),
    )
}
