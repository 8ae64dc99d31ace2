//! One stream of a [`super::LineUp`]: its samples in a ring, its own clock, and the mending.
//!
//! Samples are counted from the stream's first one; silence put in counts too, so that an index
//! always stands for a time: `base + index / rate`.

use super::{
    ABSENT_WAIT_NS, CAPACITY_FRAMES, Corrections, FRAME_NS, JUMP_NS, SideSamples, WAIT_NS,
};
use crate::slip::Slip;
use crate::units::SampleRate;

/// Length of one block of the sliding minimum: 0.5 s.
const BLOCK_NS: u64 = 500_000_000;

/// Blocks the origin's minimum runs over: 4 s.
const BLOCKS: usize = 8;

/// A stream must be late for so long to have a gap; a shorter time is a late delivery: 250 ms.
const LATE_NS: u64 = 250_000_000;

/// Stretches of silence put in that can be remembered at once.
const HOLES: usize = 8;

/// Whether a frame was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// All samples came from the stream.
    Heard,
    /// Some or all are silence for samples that never came, or came too late.
    Missing,
    /// The frame before it once more: the stream's clock is slow.
    Repeated,
    /// All samples came from the stream, but the frame before it was left out: the stream's clock is fast.
    Skipped,
}

impl FrameKind {
    /// What was done before this frame to follow the stream's clock.
    #[must_use]
    pub fn slip(self) -> Option<Slip> {
        match self {
            Self::Repeated => Some(Slip::Repeated),
            Self::Skipped => Some(Slip::Skipped),
            Self::Heard | Self::Missing => None,
        }
    }
}

/// Times can lie before the first stamp, so origins are signed.
type SignedNs = i64;

#[derive(Debug)]
pub(super) struct Stream {
    hz: u64,
    frame_len: u64,
    ring: Vec<f32>,
    /// One past the newest sample.
    head: u64,
    /// Next sample to give; may be past `head` while the side is absent.
    read: u64,
    frame: Vec<f32>,
    /// Time of index 0 as the frames are cut; `None` before the first chunk.
    base: Option<SignedNs>,
    /// Lowest origin seen in each of the last blocks of time.
    lowest: [SignedNs; BLOCKS],
    block_until: u64,
    /// Since when the chunks are late, the index it began at, and the least lateness since.
    late: Option<(u64, u64, SignedNs)>,
    holes: [(u64, u64); HOLES],
    begun: bool,
    absent: bool,
    corrections: Corrections,
}

impl Stream {
    pub(super) fn new(rate: SampleRate) -> Self {
        let frame_len = rate.frame_len();
        Self {
            hz: rate.hz().into(),
            frame_len: frame_len as u64,
            ring: vec![0.0; CAPACITY_FRAMES * frame_len],
            head: 0,
            read: 0,
            frame: vec![0.0; frame_len],
            base: None,
            lowest: [SignedNs::MAX; BLOCKS],
            block_until: 0,
            late: None,
            holes: [(0, 0); HOLES],
            begun: false,
            absent: false,
            corrections: Corrections::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.ring.fill(0.0);
        self.frame.fill(0.0);
        self.head = 0;
        self.read = 0;
        self.base = None;
        self.lowest = [SignedNs::MAX; BLOCKS];
        self.block_until = 0;
        self.late = None;
        self.holes = [(0, 0); HOLES];
        self.begun = false;
        self.absent = false;
        self.corrections = Corrections::default();
    }

    /// Time of the first sample, as known so far; never before the clock's zero.
    pub(super) fn origin(&self) -> Option<u64> {
        self.base.map(|b| u64::try_from(b).unwrap_or(0))
    }

    pub(super) fn corrections(&self) -> Corrections {
        self.corrections
    }

    /// The frames start at this time.
    pub(super) fn begin(&mut self, start_ns: u64) {
        self.begun = true;
        let Some(base) = self.base else {
            // Nothing has come yet: index 0 stands for the start, and reading runs ahead.
            self.base = Some(to_signed(start_ns));
            return;
        };
        let early = to_signed(start_ns) - base;
        if early >= 0 {
            self.read = self.to_samples(early.unsigned_abs());
        } else {
            // The other side began earlier: silence until this one does.
            self.base = Some(to_signed(start_ns));
            let missing = self.to_samples(early.unsigned_abs());
            self.insert(0, missing);
            self.lowest = [SignedNs::MAX; BLOCKS];
        }
    }

    pub(super) fn push(&mut self, samples: &[f32], arrival_ns: u64) {
        if samples.is_empty() {
            return;
        }
        let count = samples.len() as u64;
        if let Some(base) = self.base.filter(|_| self.begun && self.read > self.head) {
            self.resume(self.origin_of(self.head + count, arrival_ns), base);
        }
        self.append(samples);
        let now = self.origin_of(self.head, arrival_ns);
        self.note(now, arrival_ns);
        match self.base {
            Some(base) if self.begun => self.follow(base, now, arrival_ns, count),
            Some(base) => self.base = Some(base.min(now)),
            None => self.base = Some(now),
        }
    }

    /// When index 0 was heard, if the sample before `end` arrived then.
    fn origin_of(&self, end: u64, arrival_ns: u64) -> SignedNs {
        let whole = end / self.hz * 1_000_000_000;
        let rest = end % self.hz * 1_000_000_000 / self.hz;
        to_signed(arrival_ns) - to_signed(whole + rest)
    }

    /// Sound comes again after an absence: silence up to where it belongs.
    fn resume(&mut self, origin: SignedNs, base: SignedNs) {
        let shortfall = origin - base;
        if shortfall > 0 {
            let samples = self.to_samples(shortfall.unsigned_abs());
            self.insert(self.head, samples);
            if samples >= self.frame_len {
                self.corrections.gaps += 1;
            }
        }
        self.late = None;
        self.lowest = [SignedNs::MAX; BLOCKS];
    }

    /// Keeps the stream on its clock: cuts, gaps, drift.
    fn follow(&mut self, base: SignedNs, now: SignedNs, arrival_ns: u64, count: u64) {
        let jump = to_signed(JUMP_NS);
        if now < base - jump {
            // More sound than time: what is too much is cut.
            let cut = self.to_samples((base - now).unsigned_abs());
            self.read += cut;
            self.base = Some(now);
            self.corrections.gaps += 1;
            self.late = None;
        } else if now > base + jump {
            let (since, index, least) =
                self.late
                    .unwrap_or((arrival_ns, self.head - count, SignedNs::MAX));
            let least = least.min(now);
            if arrival_ns.saturating_sub(since) >= LATE_NS {
                let missing = self.to_samples((least - base).unsigned_abs());
                self.insert(index.max(self.read).min(self.head), missing);
                self.corrections.gaps += 1;
                self.late = None;
                self.lowest = [SignedNs::MAX; BLOCKS];
            } else {
                self.late = Some((since, index, least));
            }
        } else {
            self.late = None;
        }
    }

    /// Remembers an origin for the drift.
    fn note(&mut self, origin: SignedNs, arrival_ns: u64) {
        if arrival_ns >= self.block_until {
            self.lowest.rotate_right(1);
            self.lowest[0] = SignedNs::MAX;
            self.block_until = arrival_ns + BLOCK_NS;
        }
        self.lowest[0] = self.lowest[0].min(origin);
    }

    /// How far the stream's clock has run ahead (positive) or behind; only once a whole window of
    /// time has been seen.
    fn drift(&self) -> SignedNs {
        let full = self.lowest.iter().all(|&l| l != SignedNs::MAX);
        let lowest = self.lowest.iter().copied().min();
        match (self.base, lowest) {
            (Some(base), Some(lowest)) if full => base - lowest,
            _ => 0,
        }
    }

    /// Whether the next frame can be given, `age_ns` after its end.
    pub(super) fn due(&mut self, age_ns: u64) -> bool {
        if self.head >= self.read + self.frame_len {
            self.absent = false;
            return true;
        }
        let wait = if self.absent { ABSENT_WAIT_NS } else { WAIT_NS };
        self.absent |= age_ns >= wait;
        age_ns >= wait
    }

    /// The next frame.
    pub(super) fn take(&mut self) -> SideSamples<'_> {
        let drift = self.drift();
        let frame_ns = to_signed(FRAME_NS);
        if drift <= -frame_ns && self.read >= self.frame_len {
            self.base = self.base.map(|b| b + frame_ns);
            self.corrections.repeated_frames += 1;
            return SideSamples {
                samples: &self.frame,
                kind: FrameKind::Repeated,
            };
        }
        let skips = drift >= frame_ns && self.head >= self.read + 2 * self.frame_len;
        if skips {
            self.base = self.base.map(|b| b - frame_ns);
            self.read += self.frame_len;
            self.corrections.dropped_frames += 1;
        }
        let kind = match self.copy_frame() {
            FrameKind::Heard if skips => FrameKind::Skipped,
            kind => kind,
        };
        self.read += self.frame_len;
        SideSamples {
            samples: &self.frame,
            kind,
        }
    }

    fn copy_frame(&mut self) -> FrameKind {
        let size = self.ring.len() as u64;
        let oldest = self.head.saturating_sub(size);
        let (first, end) = (self.read, self.read + self.frame_len);
        let mut kind = FrameKind::Heard;
        for (index, out) in (first..end).zip(&mut self.frame) {
            let there = index >= oldest && index < self.head;
            *out = if there {
                self.ring[(index % size) as usize]
            } else {
                kind = FrameKind::Missing;
                0.0
            };
        }
        if first < oldest {
            self.corrections.overrun_samples += oldest.min(end) - first;
        }
        if self.holes.iter().any(|h| h.0 < end && first < h.1) {
            kind = FrameKind::Missing;
        }
        if kind == FrameKind::Missing {
            self.corrections.missing_frames += 1;
        }
        kind
    }

    fn append(&mut self, samples: &[f32]) {
        let size = self.ring.len();
        for &sample in samples {
            self.ring[self.head as usize % size] = sample;
            self.head += 1;
        }
    }

    /// Puts silence before the sample `at`; what follows moves back.
    fn insert(&mut self, at: u64, count: u64) {
        let size = self.ring.len() as u64;
        let oldest = (self.head + count).saturating_sub(size);
        let mut from = self.head;
        while from > at && from + count > oldest {
            from -= 1;
            self.ring[((from + count) % size) as usize] = self.ring[(from % size) as usize];
        }
        for index in at.max(oldest)..at + count {
            self.ring[(index % size) as usize] = 0.0;
        }
        self.head += count;
        self.holes.rotate_right(1);
        self.holes[0] = (at, at + count);
    }

    fn to_samples(&self, ns: u64) -> u64 {
        // Rounded: stamps are not multiples of a sample.
        let ticks = u128::from(ns) * u128::from(self.hz) + 500_000_000;
        u64::try_from(ticks / 1_000_000_000).unwrap_or(u64::MAX)
    }
}

fn to_signed(ns: u64) -> SignedNs {
    SignedNs::try_from(ns).unwrap_or(SignedNs::MAX)
}
