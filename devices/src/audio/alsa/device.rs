//! Finds a PCM, with cpal (the one module that calls it: its interface changes with every release), and opens it.

use super::stream::Reading;
use crate::audio::tap::{TapReader, tap};
use cpal::ErrorKind;
use cpal::traits::{DeviceTrait, HostTrait};
use rustix::io::Errno;
use std::num::NonZeroU16;
use std::sync::atomic::Ordering;

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

/// A running capture. Dropping it may block: drop it on a worker.
pub(super) struct Capture {
    reading: Reading,
    pub(super) rate: u32,
}

impl Capture {
    /// Opens a PCM and starts it.
    pub(super) fn open(pcm: &str) -> Result<(Self, TapReader), OpenError> {
        let failed = |error: cpal::Error| match error.kind() {
            ErrorKind::DeviceBusy => OpenError::Busy,
            ErrorKind::DeviceNotAvailable => OpenError::Gone(pcm.to_owned()),
            _ => impossible(pcm, &error),
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
        let (writer, reader) =
            tap(channels, rate, second).map_err(|error| impossible(pcm, &error))?;
        let reading = Reading::start(pcm, channels.get(), rate, writer).map_err(|error| {
            match Errno::from_raw_os_error(error.errno()) {
                Errno::BUSY => OpenError::Busy,
                Errno::NODEV | Errno::NOENT | Errno::NXIO => OpenError::Gone(pcm.to_owned()),
                _ => impossible(pcm, &error),
            }
        })?;
        Ok((Self { reading, rate }, reader))
    }

    /// Frames captured so far.
    pub(super) fn frames(&self) -> u64 {
        self.reading.signs.frames.load(Ordering::Relaxed)
    }

    /// `true` once the device is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.reading.signs.lost.load(Ordering::Relaxed)
    }
}

fn impossible(pcm: &str, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Failed {
        pcm: pcm.to_owned(),
        reason: error.to_string(),
    }
}
