//! The one way samples travel: a single-producer single-consumer ring of interleaved samples, with the
//! arrival time of every chunk.
//!
//! *Promises*: [`TapWriter::push`] copies and stamps and does nothing else: no lock, no allocation, no
//! system call but the clock (which the kernel answers without entering it), and it wakes nobody.
//! [`TapReader::read`] mixes to mono without allocating. The memory is locked, left out of core dumps,
//! and zeroed when both ends are gone.
//!
//! *Fails* by losing: a chunk for which the ring has no room is dropped whole and counted, and the
//! positions of later chunks show the hole.
//!
//! *Never* blocks either end, and never hands out a sample twice.

mod locked;

pub(crate) use locked::Locked;
pub use locked::LockedMemoryError;

use locked::locked_ring;
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{CachingCons, CachingProd, HeapRb, SharedRb};
use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most frames handed to the reader's closure at once.
const PIECE: usize = 1024;

/// Room for this many chunks at least, however small the ring.
const MIN_CHUNKS: usize = 64;

/// Fewest frames per chunk for which the ring of stamps holds as long as the ring of samples. Monitors of
/// real servers were seen to deliver as little as 3 frames at times, but not on average.
const FRAMES_PER_CHUNK: usize = 16;

/// A point on `CLOCK_MONOTONIC`, the clock of [`std::time::Instant`], in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonotonicNanos(pub u64);

impl MonotonicNanos {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
        Self(seconds * 1_000_000_000 + nanos)
    }
}

/// What is known about a run of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Frames delivered on this tap before this run, lost ones included: a jump is a hole.
    pub position: u64,
    /// When the chunk this run belongs to had arrived, its last frame included.
    pub arrival: MonotonicNanos,
}

/// How the samples look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    channels: usize,
    rate: u32,
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    stamp: Stamp,
    frames: u32,
}

type Samples = Arc<SharedRb<Locked<f32>>>;
type Chunks = Arc<HeapRb<Chunk>>;

/// A tap for `channels` interleaved channels at `rate` Hz with room for `capacity` frames.
///
/// Choose the capacity well below two seconds: it bounds how long a sample can stay in memory.
///
/// # Errors
/// If the system has no memory left.
pub fn tap(
    channels: NonZeroU16,
    rate: u32,
    capacity: usize,
) -> Result<(TapWriter, TapReader), LockedMemoryError> {
    let shape = Shape {
        channels: usize::from(channels.get()),
        rate,
    };
    // A multiple of the channel count, so that a frame never straddles the end of the ring.
    let (sample_writer, sample_reader) = locked_ring(capacity.max(1) * shape.channels)?.split();
    let chunks = MIN_CHUNKS.max(capacity / FRAMES_PER_CHUNK);
    let (chunk_writer, chunk_reader) = HeapRb::new(chunks).split();
    let lost = Arc::new(AtomicU64::new(0));
    Ok((
        TapWriter {
            samples: sample_writer,
            chunks: chunk_writer,
            position: 0,
            shape,
            lost: Arc::clone(&lost),
        },
        TapReader {
            samples: sample_reader,
            chunks: chunk_reader,
            mono: Locked::zeros(PIECE)?,
            shape,
            lost,
        },
    ))
}

/// The writing end, for the audio callback or the thread that reads a sound server.
pub struct TapWriter {
    samples: CachingProd<Samples>,
    chunks: CachingProd<Chunks>,
    /// Frames offered so far.
    position: u64,
    shape: Shape,
    lost: Arc<AtomicU64>,
}

impl TapWriter {
    /// Takes a chunk of interleaved samples that has just arrived. A trailing part of a frame is dropped.
    pub fn push(&mut self, interleaved: &[f32]) {
        self.push_at(interleaved, MonotonicNanos::now());
    }

    /// [`push`](Self::push) with a known arrival time.
    pub fn push_at(&mut self, interleaved: &[f32], arrival: MonotonicNanos) {
        let frames = interleaved.len() / self.shape.channels;
        if frames == 0 {
            return;
        }
        let whole = &interleaved[..frames * self.shape.channels];
        let stamp = Stamp {
            position: self.position,
            arrival,
        };
        self.position += frames as u64;
        let fits = self.samples.vacant_len() >= whole.len() && !self.chunks.is_full();
        let Ok(counted) = u32::try_from(frames) else {
            return self.lose(frames);
        };
        if !fits {
            return self.lose(frames);
        }
        self.samples.push_slice(whole);
        let told = self.chunks.try_push(Chunk {
            stamp,
            frames: counted,
        });
        debug_assert!(told.is_ok(), "room was checked, and only we fill it");
    }

    fn lose(&self, frames: usize) {
        self.lost.fetch_add(frames as u64, Ordering::Relaxed);
    }

    /// Frames offered so far, lost ones included.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// `true` once the reader is gone: nobody listens any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        !self.samples.read_is_held()
    }
}

/// The reading end of a tap.
pub struct TapReader {
    samples: CachingCons<Samples>,
    chunks: CachingCons<Chunks>,
    /// Where a piece is mixed to mono.
    mono: Locked<f32>,
    shape: Shape,
    lost: Arc<AtomicU64>,
}

impl TapReader {
    /// Sampling rate in Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.shape.rate
    }

    /// Channels as captured; what [`read`](Self::read) gives is always mono.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// Frames lost so far because the ring was full.
    #[must_use]
    pub fn lost_frames(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// `true` once the writer is gone and everything it wrote has been read.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        // The order matters: what was written before the writer went is seen by the second test.
        !self.samples.write_is_held() && self.chunks.is_empty()
    }

    /// Hands everything that has arrived to `each`, oldest first, mixed to mono (the mean of the
    /// channels) in pieces of at most 1024 frames; returns the number of frames. The pieces of one chunk
    /// share its arrival time.
    pub fn read(&mut self, mut each: impl FnMut(&[f32], Stamp)) -> usize {
        let mut total = 0;
        while let Some(chunk) = self.chunks.try_pop() {
            let mut left = chunk.frames as usize;
            let mut stamp = chunk.stamp;
            while left > 0 {
                let piece = left.min(PIECE);
                self.mix(piece);
                each(&self.mono[..piece], stamp);
                stamp.position += piece as u64;
                left -= piece;
            }
            total += chunk.frames as usize;
        }
        total
    }

    /// Takes `frames` frames out of the ring and leaves their mean in `mono`.
    fn mix(&mut self, frames: usize) {
        let channels = self.shape.channels;
        let (first, second) = self.samples.as_slices();
        let captured = first
            .chunks_exact(channels)
            .chain(second.chunks_exact(channels));
        #[expect(clippy::cast_precision_loss, reason = "a channel count is small")]
        let share = 1.0 / channels as f32;
        for (mono, frame) in self.mono.iter_mut().zip(captured.take(frames)) {
            *mono = match frame {
                [only] => *only,
                several => several.iter().sum::<f32>() * share,
            };
        }
        self.samples.skip(frames * channels);
    }
}

impl fmt::Debug for TapWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapWriter")
            .field("shape", &self.shape)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TapReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapReader")
            .field("shape", &self.shape)
            .field("lost", &self.lost_frames())
            .finish_non_exhaustive()
    }
}
