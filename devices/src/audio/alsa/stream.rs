//! Reads a shared microphone, period by period, out of a ring that a busy machine does not overrun.
//!
//! cpal says what a device is, but cannot read this one: its ring always holds two periods, and whoever
//! shares a device through `dsnoop` is woken only when a period of the *device* is over. What is left from the
//! last time waits beside it, so that at some phases the ring is full at every waking, and the least delay
//! loses 43 ms of the agent's voice; which then looks like a headset that drops out (measured in the bench:
//! one call in ten, again and again). The ring here is the device's own, a third of a second.

use crate::audio::tap::TapWriter;
use alsa::pcm::{Access, Format, Frames, HwParams, IO, PCM, State};
use alsa::{Direction, Error, ValueOr};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// Longest wait for samples before the end is looked for, milliseconds.
const LOOKS_UP_MS: u32 = 100;

/// Frames read at once.
const SCRATCH_FRAMES: usize = 1024;

/// What the reading thread says about itself.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Frames read so far.
    pub(super) frames: AtomicU64,
    /// The device is gone.
    pub(super) lost: AtomicBool,
    stop: AtomicBool,
}

/// A PCM that is being read. Dropping it waits for the thread, up to a tenth of a second.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) signs: Arc<Signs>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Starts to read `pcm` into `writer`.
    ///
    /// # Errors
    /// What ALSA, or the system that has no thread left, says.
    pub(super) fn start(
        pcm: &str,
        channels: u16,
        rate: u32,
        writer: TapWriter,
    ) -> Result<Self, Error> {
        let pcm = open(pcm, channels, rate)?;
        let signs = Arc::new(Signs::default());
        let own = Arc::clone(&signs);
        let thread = std::thread::Builder::new()
            .name("alsa-capture".to_owned())
            .spawn(move || {
                if run(&pcm, usize::from(channels.max(1)), writer, &own).is_err() {
                    own.lost.store(true, Ordering::Relaxed);
                }
            })
            .map_err(|_| Error::new("clone", Errno::AGAIN.raw_os_error()))?;
        Ok(Self {
            signs,
            thread: Some(thread),
        })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.signs.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// Opens and configures it: floating point, the device's period, the largest ring there is.
fn open(pcm: &str, channels: u16, rate: u32) -> Result<PCM, Error> {
    // `plug` only changes the sample format: channels and rate are the device's own.
    let pcm = PCM::new(&format!("plug:'{pcm}'"), Direction::Capture, true)?;
    {
        let wanted = HwParams::any(&pcm)?;
        wanted.set_rate_resample(false)?;
        wanted.set_access(Access::RWInterleaved)?;
        wanted.set_format(Format::float())?;
        wanted.set_channels(u32::from(channels))?;
        wanted.set_rate(rate, ValueOr::Nearest)?;
        let most = wanted.get_buffer_size_max()?.min(Frames::from(rate) / 3);
        wanted.set_buffer_size_near(most)?;
        pcm.hw_params(&wanted)?;
    }
    pcm.start()?;
    Ok(pcm)
}

/// Reads until told to stop, or until the device is gone.
fn run(pcm: &PCM, channels: usize, mut writer: TapWriter, signs: &Signs) -> Result<(), Error> {
    let io = pcm.io_f32()?;
    let mut scratch = vec![0.0_f32; SCRATCH_FRAMES * channels];
    while !signs.stop.load(Ordering::Relaxed) {
        let read = pcm
            .wait(Some(LOOKS_UP_MS))
            .and_then(|_| drain(&io, channels, &mut scratch, &mut writer, signs));
        scratch.fill(0.0);
        if let Err(error) = read {
            // An overrun is a gap, which the frame counter shows; after a suspend the stream goes on.
            pcm.try_recover(error, true)?;
            // One that could be resumed runs already, and must not be started again.
            if pcm.state() == State::Prepared {
                pcm.start()?;
            }
        }
    }
    Ok(())
}

/// Reads everything there is.
fn drain(
    io: &IO<'_, f32>,
    channels: usize,
    scratch: &mut [f32],
    writer: &mut TapWriter,
    signs: &Signs,
) -> Result<(), Error> {
    loop {
        match io.readi(scratch) {
            Ok(0) => return Ok(()),
            Ok(frames) => {
                writer.push(&scratch[..frames * channels]);
                signs.frames.fetch_add(frames as u64, Ordering::Relaxed);
            }
            Err(error) if error.errno() == Errno::AGAIN.raw_os_error() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
