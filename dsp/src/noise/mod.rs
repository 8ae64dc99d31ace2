//! The noise under the speech: its level, flat and A-weighted, its kind, and whether the microphone
//! gates it away.
//!
//! *Promises*: the level is the mean power of the pauses (200 ms after speech to 50 ms before it),
//! of the last seconds of pause, without what stands out of them: clicks, and speech that the
//! detector missed; what lies below the voice counts under the words too, and pauses that are like those of
//! the whole call are taken together with them. Where no pause has come for long, a slope-limited minimum of the power (baseline
//! tracing, Heese & Vary 2015) raises it; where there was never one, the frames near that minimum are
//! the noise.
//!
//! *Fails* by saying nothing: no figure before half a second of pause or two seconds of sound, and
//! none at all of a gated microphone.
//!
//! *Never* counts speech of the other side leaking in as noise.

mod baseline;
mod kind;
mod levels;
mod ratio;
mod rumble;
mod running;

use crate::measurement::{NoiseKind, SPEECH_LAG_FRAMES};
use crate::side::SideFrame;
use crate::spectrum::Bins;
use crate::units::{Db, Dbov};
pub(crate) use baseline::Baseline;
use kind::KindJudge;
use levels::PauseLevels;
use ratio::SpeechPower;
use rumble::Rumble;

/// A pause ends this many frames before the speech that follows it.
const GUARD: usize = 5;

/// Frames between a level and the verdict that it is of a pause.
const DELAY: usize = SPEECH_LAG_FRAMES as usize + GUARD;

/// The share of digital silence is taken over about this many frames of pause.
const MEMORY: u32 = 300;

/// The running figures are of this many frames of pause.
const WINDOW: usize = 300;

/// A frame whose peak is this far over its mean square, as powers (16 dB), and which is far over the
/// noise so far, holds a click. Noise of any kind stays under 14 dB within 10 ms.
const CLICK: (f32, f32) = (40.0, 4.0);

/// The mean of all pauses is told anew after so many frames: it costs too much for every one.
const RENEWED: u64 = 100;

/// So many frames of pause are needed for a figure.
const LEAST: u32 = 50;

/// Without a pause for this many frames the lowest of the baseline takes over, where it is higher.
const STALE: u32 = 1_000;

/// Speech without a pause for this many frames is not one person's.
const UNBROKEN: u32 = 500;

/// Without a pause for so many frames, and with a floor so far over the pauses of before (6 dB), what the detector hears
/// is no one person. Somebody who reads aloud does not pause for longer, but the gaps between the words show the noise.
const NO_PAUSE: u32 = 600;
const RISEN: f32 = 4.0;

/// Where the pauses move as a crowd, the loud moments of which the detector takes for speech, the valleys of what never
/// pauses count too: each for half a frame, as it is near the floor, and up to twice the level, or they are a voice.
const CROWD: (f32, f32) = (0.5, 2.0);

/// Frames within 6 dB of the floor have the spectrum of the noise,
const VALLEY: f32 = 4.0;

/// those within 3 dB also its level: the floor of a crowd lies 3 dB under its mean. Chosen on the tuning part
/// (benches/accuracy): more counts voices in, less leaves the crowd's own loud moments out.
const DEEP: f32 = 2.0;

/// Slope of the baseline, per second. Heese & Vary (2015) have 5 dB; at 6 a crowd that sets in is found a second earlier,
/// at 7 two who never stop are taken for noise (`dsp/tests/noise_figures.rs`).
const BASELINE_RISE: Db = Db(6.0);

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
    /// Below the voice, unless a voice reaches there.
    low: Option<f32>,
    /// A click is in it: it tells nothing of the noise.
    clicked: bool,
}

/// What lies near the floor of sound that never pauses: a crowd, a noise taken for speech.
#[derive(Debug, Clone, Copy, Default)]
struct Valleys {
    frames: u32,
    /// Mean power lately, and the sum of all.
    lately: f32,
    sum: f64,
}

impl Valleys {
    fn push(&mut self, power: f32) {
        self.frames = self.frames.saturating_add(1);
        self.lately += (power - self.lately) / self.frames.min(MEMORY) as f32;
        self.sum += f64::from(power);
    }

    fn mean(&self) -> f32 {
        (self.sum / f64::from(self.frames.max(1))) as f32
    }
}

/// Mean power of the call so far.
#[derive(Debug, Clone, Copy)]
struct SoFar {
    /// In its pauses, flat and A-weighted.
    pauses: f32,
    a: f32,
    /// Under the words too.
    all: f32,
}

/// Measures one side's noise.
#[derive(Debug, Clone)]
pub(crate) struct NoiseMeter {
    /// The frames not yet judged; frame `n` at `n % DELAY`.
    recent: [Powers; DELAY],
    frames: u64,
    /// Frames since the last one that was not a pause.
    quiet_for: usize,
    pause: PauseLevels,
    pause_a: PauseLevels,
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
    valley: Valleys,
    valley_a: Valleys,
    kind: KindJudge,
    total: PauseLevels,
    total_a: PauseLevels,
    total_frames: u64,
    /// The call up to the last second.
    so_far: Option<SoFar>,
    rumble: Rumble,
    spoken: SpeechPower,
}

impl NoiseMeter {
    /// A meter that has heard nothing.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            recent: [Powers::default(); DELAY],
            frames: 0,
            quiet_for: 0,
            pause: PauseLevels::of_last(WINDOW),
            pause_a: PauseLevels::of_last(WINDOW),
            since_pause: 0,
            silent_share: 0.0,
            judged: 0,
            silent_for: u32::MAX,
            reopened: 0,
            baseline: Baseline::new(BASELINE_RISE),
            baseline_a: Baseline::new(BASELINE_RISE),
            valley: Valleys::default(),
            valley_a: Valleys::default(),
            kind: KindJudge::default(),
            total: PauseLevels::of_all(),
            total_a: PauseLevels::of_all(),
            total_frames: 0,
            so_far: None,
            rumble: Rumble::new(),
            spoken: SpeechPower::default(),
        }
    }

    /// Takes the next frame, with what is known [`SPEECH_LAG_FRAMES`] later than it: `speech` of
    /// this side (hangover included), and whether the other side `leaks` in.
    pub(crate) fn push(&mut self, now: &SideFrame, bins: &Bins, speech: bool, leaks: bool) {
        self.kind.push(now);
        let slot = (self.frames % DELAY as u64) as usize;
        let candidate = self.recent[slot];
        // The frame's own mean would take half of a hum's power with it.
        let flat = (now.mean_square - now.dc_offset * now.dc_offset).max(now.mean_square_ac);
        let sharp = now.peak_amplitude * now.peak_amplitude > CLICK.0 * flat;
        let clicked = now.crackles > 0 || sharp && flat > CLICK.1 * self.pause.mean();
        self.recent[slot] = Powers {
            flat,
            a: now.mean_square_a,
            density: kind::bands(bins),
            low: rumble::power(bins, now.dc_offset),
            clicked,
        };
        if now.crackles > 0 {
            // Told in its own frame or the next.
            self.recent[(slot + DELAY - 1) % DELAY].clicked = true;
        }
        let judged = self.recent[(slot + DELAY - SPEECH_LAG_FRAMES as usize) % DELAY];
        if speech && !leaks && !judged.clicked {
            self.spoken.push(judged.flat);
        }
        self.frames += 1;
        if self.frames.is_multiple_of(RENEWED) && self.total_frames >= u64::from(LEAST) {
            let (pauses, a) = self.call_means();
            let all = self.rumble.whole_call(pauses);
            self.so_far = Some(SoFar { pauses, all, a });
            self.spoken.set_noise(self.rumble.under_speech(pauses));
        }
        if now.mean_square_ac > SILENT {
            // What leaks in has no floor of its own to rise to.
            if !leaks {
                self.baseline.push(flat);
                self.baseline_a.push(now.mean_square_a);
            }
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
            if let Some(low) = candidate.low
                && self.frames > DELAY as u64
                && !candidate.clicked
                && !leaks
            {
                self.rumble.push_other(low, speech);
            }
            self.kind.push_other();
            self.since_pause = self.since_pause.saturating_add(u32::from(!leaks));
            if self.since_pause > UNBROKEN && !leaks && !clicked {
                self.take_valley(now, flat, bins);
            }
            return;
        }
        self.since_pause = 0;
        self.take_pause(candidate);
    }

    /// Takes a frame near the floor of what the detector has heard as speech without a pause: it is
    /// of the noise.
    fn take_valley(&mut self, now: &SideFrame, flat: f32, bins: &Bins) {
        let (Some(floor), Some(lowest)) = (self.baseline.power(), self.baseline.lowest()) else {
            return;
        };
        // Between two gaps of one hurried voice the floor climbs into the voice.
        let floor = floor.min(VALLEY * lowest);
        if now.mean_square_ac <= SILENT || flat >= VALLEY * floor {
            return;
        }
        self.kind.push_valley(kind::bands(bins));
        if flat < DEEP * floor {
            self.valley.push(flat);
            self.valley_a.push(now.mean_square_a);
        }
    }

    fn take_pause(&mut self, frame: Powers) {
        let silent = frame.flat <= SILENT;
        if self.silent_for <= GATE_CLOSED {
            self.judged = (self.judged + 1).min(MEMORY);
            let silent = f32::from(u8::from(silent));
            self.silent_share += (silent - self.silent_share) / self.judged as f32;
        }
        if silent || frame.clicked {
            self.kind.push_other();
            return;
        }
        if let Some(low) = frame.low {
            self.rumble.push_pause(low);
        }
        self.pause.push(frame.flat);
        self.pause_a.push(frame.a);
        if frame.flat <= self.pause.limit() {
            self.kind.push_pause(frame.density);
        } else {
            self.kind.push_other();
        }
        self.total.push(frame.flat);
        self.total_a.push(frame.a);
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
        let pauses = self.pause.mean();
        let running = match (self.so_far, self.baseline.lowest()) {
            (Some(call), Some(floor)) => {
                let pauses = running::believed(pauses, call.pauses, floor);
                running::settled(self.rumble.lately(pauses), call.all)
            }
            _ => self.rumble.lately(pauses),
        };
        self.pick(running, &self.baseline, self.valley)
    }

    /// The same, A-weighted.
    #[must_use]
    pub(crate) fn level_a(&self) -> Option<Dbov> {
        let pauses = self.pause_a.mean();
        let running = match (self.so_far, self.baseline_a.lowest()) {
            (Some(call), Some(floor)) => {
                running::settled(running::believed(pauses, call.a, floor), call.a)
            }
            _ => pauses,
        };
        self.pick(running, &self.baseline_a, self.valley_a)
    }

    /// Mean power of the call's pauses, flat and A-weighted.
    fn call_means(&self) -> (f32, f32) {
        let of = |pauses: &PauseLevels, valley: Valleys| {
            let pauses = pauses.mean();
            let valleys = valley.mean();
            if !self.kind.is_of_a_crowd() || valleys < pauses || valleys > CROWD.1 * pauses {
                return pauses;
            }
            let weight = CROWD.0 * valley.frames as f32;
            let all = self.total_frames as f32 + weight;
            pauses + (valleys - pauses) * weight / all
        };
        (
            of(&self.total, self.valley),
            of(&self.total_a, self.valley_a),
        )
    }

    fn pick(&self, pause: f32, baseline: &Baseline, valley: Valleys) -> Option<Dbov> {
        if self.gated() {
            return None;
        }
        let power = if self.pause.count() >= LEAST {
            let stale = self.since_pause > STALE;
            let floor = baseline.lowest().filter(|_| stale).unwrap_or(0.0);
            pause.max(floor)
        } else if valley.frames >= LEAST {
            valley.lately
        } else {
            baseline.power().filter(|_| self.frames >= BASELINE_AFTER)?
        };
        Some(Dbov::from_mean_square(power.into()))
    }

    /// Noise level of the whole call, flat and A-weighted: the mean over all pauses; where there
    /// were none, that of the valleys, or else the last running figures.
    #[must_use]
    pub(crate) fn whole_call(&self) -> (Option<Dbov>, Option<Dbov>) {
        if self.gated() {
            return (None, None);
        }
        let level = |power: f32| Some(Dbov::from_mean_square(power.into()));
        if self.total_frames >= u64::from(LEAST) {
            let (flat, a) = self.call_means();
            (level(self.rumble.whole_call(flat)), level(a))
        } else if self.valley.frames >= LEAST {
            (level(self.valley.mean()), level(self.valley_a.mean()))
        } else {
            (self.level(), self.level_a())
        }
    }

    /// Speech power without its noise, over this noise; `active` is the P.56 level. `None` where the
    /// noise drowns the speech so far that the difference means nothing (below −10 dB).
    pub(crate) fn snr(&self, active: Option<Dbov>, noise: Option<Dbov>) -> Option<Db> {
        self.spoken.ratio(active?, noise?)
    }

    /// What a noise of this level is like, beside speech of that one; `None` until known, or when gated.
    pub(crate) fn kind(&self, noise: Option<Dbov>, speech: Option<Dbov>) -> Option<NoiseKind> {
        let floor = self.baseline.lowest().unwrap_or(0.0);
        let unbroken = self.since_pause > NO_PAUSE && floor > RISEN * self.pause.mean();
        self.kind.verdict(noise?, speech, unbroken)
    }
}
