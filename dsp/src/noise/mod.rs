//! The noise under the speech: its level, flat and A-weighted, its kind, and whether the microphone
//! gates it away.
//!
//! *Promises*: the level is the mean power of the pauses (200 ms after speech to 50 ms before it),
//! of the last seconds of pause; where no pause has come for long, a slope-limited minimum of the
//! power (baseline tracing, Heese & Vary 2015).
//!
//! *Fails* by saying nothing: no figure before half a second of pause or two seconds of sound, and
//! none at all of a gated microphone.
//!
//! *Never* counts speech of the other side leaking in as noise.

mod baseline;
mod kind;
mod window;

use crate::measurement::{NoiseKind, SPEECH_LAG_FRAMES};
use crate::side::SideFrame;
use crate::spectrum::Bins;
use crate::units::{Db, Dbov};
pub(crate) use baseline::Baseline;
use kind::KindJudge;
use window::PauseWindow;

/// A pause ends this many frames before the speech that follows it.
const GUARD: usize = 5;

/// Frames between a level and the verdict that it is of a pause.
const DELAY: usize = SPEECH_LAG_FRAMES as usize + GUARD;

/// The share of digital silence is taken over about this many frames of pause.
const MEMORY: u32 = 300;

/// So many frames of pause are needed for a figure.
const LEAST: u32 = 50;

/// Without a pause for this many frames the baseline takes over, where it is higher.
const STALE: u32 = 1_000;

/// Slope of the baseline, per second (Heese & Vary 2015).
const BASELINE_RISE: Db = Db(5.0);

/// Frames before the baseline means anything.
const BASELINE_AFTER: u64 = 200;

/// Mean square below which a frame is (near) digital silence: −90 dBov. The quietest analogue
/// microphone into 16 bits stays above it.
const SILENT: f32 = 1e-9;

/// Frames of (near) digital silence after which it says nothing more of a gate: a gate closes between
/// words, a dead channel stays silent.
const GATE_CLOSED: u32 = 50;

/// How often the sound must have come back from (near) digital silence to be taken for a gate's.
const GATE_OPENED: u32 = 2;

/// Powers of one frame.
#[derive(Debug, Clone, Copy, Default)]
struct Powers {
    flat: f32,
    a: f32,
    /// Per bin, in each band.
    density: [f32; kind::BANDS],
}

/// Measures one side's noise.
#[derive(Debug, Clone)]
pub(crate) struct NoiseMeter {
    /// The frames not yet judged; frame `n` at `n % DELAY`.
    recent: [Powers; DELAY],
    frames: u64,
    /// Frames since the last one that was not a pause.
    quiet_for: usize,
    pause: PauseWindow,
    since_pause: u32,
    /// Share of the pauses that is (near) digital silence.
    silent_share: f32,
    judged: u32,
    /// Frames of (near) digital silence up to now; `u32::MAX` before any sound.
    silent_for: u32,
    /// How often sound came back after more than [`GUARD`] of them.
    reopened: u32,
    baseline: Baseline,
    baseline_a: Baseline,
    kind: KindJudge,
    total: [f64; 2],
    total_frames: u64,
}

impl NoiseMeter {
    /// A meter that has heard nothing.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            recent: [Powers::default(); DELAY],
            frames: 0,
            quiet_for: 0,
            pause: PauseWindow::default(),
            since_pause: 0,
            silent_share: 0.0,
            judged: 0,
            silent_for: u32::MAX,
            reopened: 0,
            baseline: Baseline::new(BASELINE_RISE),
            baseline_a: Baseline::new(BASELINE_RISE),
            kind: KindJudge::default(),
            total: [0.0; 2],
            total_frames: 0,
        }
    }

    /// Takes the next frame, with what is known [`SPEECH_LAG_FRAMES`] later than it: `speech` of
    /// this side (hangover included), and whether the other side `leaks` in.
    pub(crate) fn push(&mut self, now: &SideFrame, bins: &Bins, speech: bool, leaks: bool) {
        self.kind.push(now);
        let slot = (self.frames % DELAY as u64) as usize;
        let candidate = self.recent[slot];
        self.recent[slot] = Powers {
            flat: now.mean_square_ac,
            a: now.mean_square_a,
            density: kind::bands(bins),
        };
        self.frames += 1;
        if now.mean_square_ac > SILENT {
            self.baseline.push(now.mean_square_ac);
            self.baseline_a.push(now.mean_square_a);
            let returns = self.silent_for > GUARD as u32 && self.silent_for < u32::MAX;
            self.reopened = self.reopened.saturating_add(u32::from(returns));
            self.silent_for = 0;
        } else {
            self.silent_for = self.silent_for.saturating_add(1);
        }
        self.quiet_for = if speech || leaks {
            0
        } else {
            self.quiet_for + 1
        };
        if self.frames <= DELAY as u64 || self.quiet_for <= GUARD {
            self.since_pause = self.since_pause.saturating_add(1);
            return;
        }
        self.since_pause = 0;
        self.take_pause(candidate);
    }

    fn take_pause(&mut self, frame: Powers) {
        let silent = frame.flat <= SILENT;
        if self.silent_for <= GATE_CLOSED {
            self.judged = (self.judged + 1).min(MEMORY);
            let silent = f32::from(u8::from(silent));
            self.silent_share += (silent - self.silent_share) / self.judged as f32;
        }
        if silent {
            return;
        }
        self.kind.push_pause(frame.density, frame.flat);
        self.pause.push(frame.flat, frame.a);
        self.total[0] += f64::from(frame.flat);
        self.total[1] += f64::from(frame.a);
        self.total_frames += 1;
    }

    /// The microphone falls to (near) digital silence between words, and comes back from it.
    #[must_use]
    pub(crate) fn gated(&self) -> bool {
        self.judged >= LEAST / 2 && self.silent_share > 0.5 && self.reopened >= GATE_OPENED
    }

    /// Noise level, flat; `None` until known, or when gated.
    #[must_use]
    pub(crate) fn level(&self) -> Option<Dbov> {
        self.pick(self.pause.flat(), &self.baseline)
    }

    /// The same, A-weighted.
    #[must_use]
    pub(crate) fn level_a(&self) -> Option<Dbov> {
        self.pick(self.pause.a(), &self.baseline_a)
    }

    fn pick(&self, pause: f32, baseline: &Baseline) -> Option<Dbov> {
        if self.gated() {
            return None;
        }
        let traced = (self.frames >= BASELINE_AFTER)
            .then(|| baseline.power())
            .flatten();
        let power = match (self.pause.frames() >= LEAST, traced) {
            (true, Some(traced)) if self.since_pause > STALE => pause.max(traced),
            (true, _) => pause,
            (false, traced) => traced?,
        };
        Some(Dbov::from_mean_square(power.into()))
    }

    /// Noise level of the whole call, flat and A-weighted: the mean over all pauses; where there
    /// were none, the last running figures.
    #[must_use]
    pub(crate) fn whole_call(&self) -> (Option<Dbov>, Option<Dbov>) {
        if self.gated() || self.total_frames < u64::from(LEAST) {
            return (self.level(), self.level_a());
        }
        let mean = |sum: f64| Some(Dbov::from_mean_square(sum / self.total_frames as f64));
        (mean(self.total[0]), mean(self.total[1]))
    }

    /// What the noise is like, beside speech of this level; `None` until known, or when gated.
    pub(crate) fn kind(&self, speech: Option<Dbov>) -> Option<NoiseKind> {
        self.kind.verdict(self.level()?, speech)
    }
}
