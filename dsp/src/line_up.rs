//! Two streams of chunks in, pairs of 10 ms frames of the same instant out.
//!
//! Sound servers hand over pieces of any size at uneven times. Each stream's own clock is its count
//! of samples; its *origin* (when sample 0 was heard) is the earliest `arrival − samples/rate` of
//! the last seconds, since a chunk can be late but never early. Frames of both streams are cut at
//! multiples of 10 ms after one common start.
//!
//! *Promises*: bounded memory, no allocation after construction, frames in order without a hole:
//! what is missing is silence, and flagged. As long as nothing is lost, every sample comes out
//! once, unchanged.
//!
//! *Fails* softly: a side that delivers nothing for [`WAIT_NS`] is taken as absent until it does
//! again (the monitor of a playback stream delivers nothing while nothing plays); a jump of more
//! than [`JUMP_NS`] becomes silence or a cut; a clock that drifts is followed by repeating or
//! leaving out a whole frame, which is counted.
//!
//! *Never* reads a clock: all time is in the arrival stamps it is given.

mod stream;

use crate::measurement::Side;
use crate::units::SampleRate;
pub use stream::FrameKind;
use stream::Stream;

/// A side this late is taken as absent: 300 ms.
pub const WAIT_NS: u64 = 300_000_000;

/// How long to wait for a side that is known to be absent, so that the other is not held up: 60 ms.
pub const ABSENT_WAIT_NS: u64 = 60_000_000;

/// What must have come before the first frame is cut, so that one late chunk does not set the
/// origin: 100 ms.
pub const SETTLE_NS: u64 = 100_000_000;

/// A stream that moves against its own clock by more than this has a gap: 30 ms.
pub const JUMP_NS: u64 = 30_000_000;

/// Sound of each stream that can wait for the other: 1 s.
pub const CAPACITY_FRAMES: usize = 100;

/// Length of a frame.
pub(crate) const FRAME_NS: u64 = 10_000_000;

/// What happened to one side's samples so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Corrections {
    /// Frames of silence put in for samples that never came.
    pub missing_frames: u64,
    /// Gaps: jumps of the stream against its own clock.
    pub gaps: u64,
    /// Frames repeated because the stream's clock is slow.
    pub repeated_frames: u64,
    /// Frames left out because it is fast.
    pub dropped_frames: u64,
    /// Samples lost because nobody took the frames in time.
    pub overrun_samples: u64,
}

/// One side of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideSamples<'a> {
    /// The samples: one frame at the side's rate. Silence if missing.
    pub samples: &'a [f32],
    /// Whether they were heard.
    pub kind: FrameKind,
}

/// The same 10 ms of both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramePair<'a> {
    /// The headset's microphone.
    pub agent: SideSamples<'a>,
    /// The far end; `None` if this call has none.
    pub customer: Option<SideSamples<'a>>,
    /// When the frame began, on the clock of the stamps.
    pub at_ns: u64,
}

/// Lines up both sides of a call.
#[derive(Debug)]
pub struct LineUp {
    agent: Stream,
    customer: Option<Stream>,
    /// Start of the next frame; `None` before anything came.
    next_ns: Option<u64>,
    /// The latest stamp of all.
    now_ns: u64,
}

impl LineUp {
    /// For streams of these rates.
    #[must_use]
    pub fn new(agent: SampleRate, customer: Option<SampleRate>) -> Self {
        Self {
            agent: Stream::new(agent),
            customer: customer.map(Stream::new),
            next_ns: None,
            now_ns: 0,
        }
    }

    /// Takes a chunk whose last sample arrived at `arrival_ns`. A customer chunk is ignored when
    /// the call has no far end.
    pub fn push(&mut self, side: Side, samples: &[f32], arrival_ns: u64) {
        self.now_ns = self.now_ns.max(arrival_ns);
        match (side, &mut self.customer) {
            (Side::Agent, _) => self.agent.push(samples, arrival_ns),
            (Side::Customer, Some(stream)) => stream.push(samples, arrival_ns),
            (Side::Customer, None) => {}
        }
    }

    /// Tells that time has passed, when no chunk did: an absent side is only noticed so.
    pub fn tick(&mut self, now_ns: u64) {
        self.now_ns = self.now_ns.max(now_ns);
    }

    /// The next pair, if both sides are there or the wait for one is over.
    pub fn pop(&mut self) -> Option<FramePair<'_>> {
        let at = self.start()?;
        let age = self.now_ns.saturating_sub(at + FRAME_NS);
        let due = self.agent.due(age) && self.customer.as_mut().is_none_or(|c| c.due(age));
        if !due {
            return None;
        }
        self.next_ns = Some(at + FRAME_NS);
        Some(FramePair {
            agent: self.agent.take(),
            customer: self.customer.as_mut().map(Stream::take),
            at_ns: at,
        })
    }

    /// Where the next frame starts. The first one starts where the earlier stream does.
    fn start(&mut self) -> Option<u64> {
        if self.next_ns.is_none() {
            let agent = self.agent.origin();
            let customer = match &self.customer {
                Some(c) => c.origin(),
                None => agent,
            };
            let waited = |o: u64, wait: u64| self.now_ns >= o.saturating_add(wait);
            self.next_ns = match (agent, customer) {
                (Some(a), Some(c)) => Some(a.min(c)).filter(|&o| waited(o, SETTLE_NS)),
                (Some(o), None) | (None, Some(o)) => Some(o).filter(|&o| waited(o, WAIT_NS)),
                (None, None) => None,
            };
            if let Some(start) = self.next_ns {
                self.agent.begin(start);
                if let Some(c) = &mut self.customer {
                    c.begin(start);
                }
            }
        }
        self.next_ns
    }

    /// What was mended on one side; `None` for a far end that this call does not have.
    #[must_use]
    pub fn corrections(&self, side: Side) -> Option<Corrections> {
        match side {
            Side::Agent => Some(self.agent.corrections()),
            Side::Customer => self.customer.as_ref().map(Stream::corrections),
        }
    }

    /// Forgets everything, for another call.
    pub fn reset(&mut self) {
        self.agent.reset();
        if let Some(c) = &mut self.customer {
            c.reset();
        }
        self.next_ns = None;
        self.now_ns = 0;
    }
}
