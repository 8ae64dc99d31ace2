//! The customer's voice in the agent's microphone: found, taken out, and never mistaken for the
//! agent's own.
//!
//! Three states. *Listening*: the far end speaks and nothing is known of the leakage yet; the
//! microphone counts only as far as it is louder than any leakage could be. *Clear*: the leakage is
//! too weak to matter (echo return loss above about 25 dB, or nothing of the far end to be found);
//! the filter sleeps. *Cancelling*: the far end's delay is known, the filter runs, the speech
//! detector hears its residual.
//!
//! *Promises*: leakage alone gives no agent speech, from the first word on, down to an echo return
//! loss of 0 dB. When the headset is moved or a stream slips, what is left moves as the far end does;
//! the path is then doubted and learnt anew.
//!
//! *Fails* towards silence: in the first second of far-end speech, an agent who talks at the same
//! time, no louder than the leakage could be, is heard only once the leakage is known.
//!
//! *Never* adds sound, and never learns from the far end's silence.

mod delay;
mod kalman;
mod leakage;
mod resemblance;

use crate::measurement::{SPEECH_LAG_FRAMES, Side};
use crate::noise::Baseline;
use crate::resample::{ANALYSIS_FRAME, AnalysisFrame};
use crate::slip::{DelayChange, Slip};
use crate::spectrum::Bins;
use crate::units::Db;
use delay::{DELAYS, DelayFinder, Envelope, log_bands};
use kalman::{KalmanFilter, PARTITIONS};
use leakage::{LowestRatio, Shape};
use resemblance::Resemblance;

/// Far-end frames kept: the longest delay, and the filter behind it.
const PAST: usize = DELAYS + PARTITIONS + 1;

/// The far end counts as heard above −55 dBov.
const FAR_HEARD: f32 = 3e-6;

/// Leakage below this share of the far end's power does not matter: 25 dB of echo return loss. (The
/// bound is of the quietest stretch; elsewhere the leakage may be some decibels louder.)
const NEGLIGIBLE: f32 = 3.2e-3;

/// Above this it matters again: 22 dB.
const MATTERS: f32 = 6.3e-3;

/// Without a trace of the far end in the microphone after so many frames of it, there is none.
const CLEAR_AFTER: u32 = 250;

/// The filter starts this many frames before the delay found, for the envelope's blur.
const LEAD: usize = 2;

/// The microphone's floor rises this much per second at most: speech without a pause must not lift it far, but after a
/// lull it must be back at a crowd's. Chosen on the tuning part (benches/accuracy).
const FLOOR_RISE: Db = Db(3.0);

/// Mean square under which a frame is (near) digital silence: −90 dBov.
const SILENT: f32 = 1e-9;

/// A filter that has run so many frames of far end, and found nothing, has nothing to find.
const SETTLED: u32 = 150;

/// Frames between checks of the delay.
const CHECK_EVERY: u64 = 10;

/// Lowest and highest excess over the explained power, in decibels, between which a frame goes from
/// "explained by leakage" to "the agent's own".
const EXCESS_DB: (f32, f32) = (4.0, 11.0);

/// The same for the score, which may be wrong now and then where a decision must not: a weak voice over a
/// strong echo still ranks above the echo alone. Chosen on the tuning part (benches/accuracy).
const LIKELY_DB: (f32, f32) = (-5.0, 10.0);

/// The same over the microphone's own floor: other people's talk in the room is not the agent's.
const OVER_FLOOR_DB: (f32, f32) = (2.0, 8.0);

/// Microphone over far end: any leakage up to 3 dB *louder* than the far end is thought possible.
const COUPLING: Shape = Shape {
    window: 100,
    start: 2.0,
    least: 1e-6,
    rise: 1.047,
};

/// Residual over echo: no canceller is trusted beyond 25 dB.
const LEFTOVER: Shape = Shape {
    window: 20,
    start: 1.0,
    least: 3e-3,
    rise: 1.1,
};

/// The filter thinks itself surer than it is: its path is cut to length only now and then.
const UNSURE: f32 = 2.0;

/// Smoothing of what the filter gains: about a quarter of a second.
const GAIN_SHARE: f32 = 0.04;

/// A filter that leaves more than this of the microphone's power takes nothing out.
const LOST: f32 = 0.7;

/// Leakage that a filter which has lost the path is thought to leave: 6 dB under the far end at most.
const LOST_BOUND: f32 = 0.25;

/// As [`EXCESS_DB`], over that leakage: it is a bound, seldom reached.
const LOST_EXCESS_DB: (f32, f32) = (1.0, 6.0);

/// A trace of the far end in the microphone that stands out so far is one.
const SURE_TRACE: f32 = 0.4;

/// What nothing explains is the far end where it correlates with it by more than this: two people's speech does so in
/// less than one frame in a hundred. Chosen on the tuning part (benches/accuracy).
const FAR_END: f32 = 0.7;

/// What is known of the leakage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Listening,
    Clear,
    Cancelling { delay: usize },
}

/// Guards the agent's side against the customer's leakage.
#[derive(Debug)]
pub(crate) struct EchoGuard {
    state: State,
    /// The far end's spectra; frame `n` at `n % PAST`.
    past: Vec<Bins>,
    far_power: [f32; PAST],
    frame: u64,
    finder: DelayFinder,
    filter: KalmanFilter,
    mic_floor: Baseline,
    /// Microphone power over far-end power.
    coupling: LowestRatio<4>,
    /// Residual power over the power of the echo found.
    leftover: LowestRatio<1>,
    /// Echo found over far-end power, running.
    found: (f32, f32),
    explained_held: f32,
    /// What the filter left of how much, lately.
    gain: (f32, f32),
    /// Frames of far end since the filter began.
    run: u32,
    moved: u32,
    /// Delay of the leakage in frames, as far as it shows.
    delay: Option<usize>,
    resemblance: Resemblance,
    weights: [Own; WEIGHTS],
}

/// How far a frame is the agent's own, 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Own {
    /// Beyond doubt: what a decision may be built on.
    pub(crate) surely: f32,
    /// By the balance of evidence: what a score is weighed with.
    pub(crate) likely: f32,
}

impl Own {
    /// Nothing speaks against it.
    const ALL: Self = Self {
        surely: 1.0,
        likely: 1.0,
    };

    /// A frame of this power, of which so much is explained by leakage.
    fn beside(power: f32, explained: f32) -> Self {
        Self {
            surely: ramp(power, explained, EXCESS_DB),
            likely: ramp(power, explained, LIKELY_DB),
        }
    }

    /// No surer than the room's noise allows.
    fn in_room(self, power: f32, floor: f32) -> Self {
        Self {
            surely: self.surely.min(ramp(power, floor, OVER_FLOOR_DB)),
            ..self
        }
    }
}

/// Weights kept: those of the frames around the one that is judged.
const WEIGHTS: usize = SPEECH_LAG_FRAMES as usize + 3;

impl EchoGuard {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Listening,
            past: vec![Bins::ZERO; PAST],
            far_power: [0.0; PAST],
            frame: 0,
            finder: DelayFinder::new(),
            filter: KalmanFilter::new(),
            mic_floor: Baseline::new(FLOOR_RISE),
            coupling: LowestRatio::new(COUPLING),
            leftover: LowestRatio::new(LEFTOVER),
            found: (0.0, 0.0),
            explained_held: 0.0,
            gain: (0.0, 0.0),
            run: 0,
            moved: 0,
            delay: None,
            resemblance: Resemblance::default(),
            weights: [Own::ALL; WEIGHTS],
        }
    }

    /// Takes the next frame of both sides; the leakage found is taken out of `mic`.
    pub(crate) fn process(
        &mut self,
        mic: &mut AnalysisFrame,
        mic_bins: &Bins,
        far: &AnalysisFrame,
        far_bins: &Bins,
    ) {
        let slot = (self.frame % PAST as u64) as usize;
        self.past[slot].clone_from(far_bins);
        self.far_power[slot] = mean_square(far);
        self.frame += 1;
        let mic_power = mean_square(mic);
        // Digital zeros are no room's: a floor at nothing would never rise again.
        if mic_power > SILENT {
            self.mic_floor.push(mic_power);
        }
        let floor = self.mic_floor.power().unwrap_or(0.0);
        let loudest = self.far_power.iter().copied().fold(0.0, f32::max);
        let heard = loudest > FAR_HEARD;
        self.finder.push(mic_bins, far_bins, heard);
        if heard {
            let delayed = match self.delay {
                Some(delay) => [self.far_ago(delay); 4],
                None => [0, 10, 20, 30].map(|delay| self.far_ago(delay)),
            };
            self.coupling.push(mic_power, delayed);
        }
        if self.frame.is_multiple_of(CHECK_EVERY) && heard {
            self.decide();
        }
        let behind = self
            .delay
            .map_or(loudest, |delay| self.loudest_around(delay));
        let leaks = self.coupling.bound() * behind;
        let own = match self.state {
            State::Listening => Own::beside(mic_power, leaks),
            State::Clear if self.delay.is_some() || self.coupling.bound() < MATTERS => {
                let own = Own::beside(mic_power, 2.0 * self.coupling.bound().min(MATTERS) * behind);
                if let Some(delay) = self.delay
                    && behind > FAR_HEARD
                    && own.surely > 0.0
                    && self.is_far_end(&log_bands(mic_bins), delay, Resemblance::is_long)
                    && self.finder.peak().prominence > SURE_TRACE
                {
                    // The bound was too low, or is so since the headset was moved.
                    self.coupling = LowestRatio::new(COUPLING);
                    self.begin(delay.saturating_sub(LEAD));
                }
                own
            }
            // Too much else in the microphone to bound the leakage so, but no trace of it either.
            State::Clear => Own::ALL,
            State::Cancelling { delay } => self.cancel(mic, delay, floor, leaks),
        };
        self.weights.rotate_right(1);
        self.weights[0] = own.in_room(mic_power, floor);
    }

    /// A stream slipped before the next frame. The path stays as it was learnt; only the delay before it changes,
    /// and the far end's history gets the frame that was left out or loses the one that comes twice.
    pub(crate) fn realign(&mut self, side: Side, slip: Slip) {
        self.finder.realign(side, slip);
        match (side, slip) {
            (Side::Customer, Slip::Skipped) if self.frame > 0 => {
                let newest = ((self.frame - 1) % PAST as u64) as usize;
                let left_out = (self.frame % PAST as u64) as usize;
                self.past[left_out] = self.past[newest].clone();
                self.far_power[left_out] = self.far_power[newest];
                self.frame += 1;
            }
            (Side::Customer, Slip::Repeated) => self.frame = self.frame.saturating_sub(1),
            _ => {}
        }
        let moved = |delay: usize| match slip.delay_change(side) {
            DelayChange::Longer => Some(delay + 1).filter(|&delay| delay < DELAYS),
            DelayChange::Shorter => delay.checked_sub(1),
        };
        self.delay = self.delay.and_then(moved);
        if let State::Cancelling { delay } = self.state {
            match moved(delay) {
                Some(delay) => self.state = State::Cancelling { delay },
                // The path begins or ends where nothing can be learnt any more: from where it is, anew.
                None => self.begin(delay),
            }
        }
    }

    /// The far end's power so many frames ago.
    fn far_ago(&self, delay: usize) -> f32 {
        let at = (self.frame - 1) as usize + 2 * PAST - delay;
        self.far_power[at % PAST]
    }

    /// The far end's loudest frame of those that the leakage of now and of the last 50 ms is made of.
    fn loudest_around(&self, delay: usize) -> f32 {
        (delay.saturating_sub(LEAD)..=delay + 6)
            .map(|d| self.far_ago(d))
            .fold(0.0, f32::max)
    }

    /// One frame of the filter; how far its residual is the agent's own.
    fn cancel(&mut self, mic: &mut AnalysisFrame, delay: usize, floor: f32, leaks: f32) -> Own {
        let (past, newest) = (&self.past, self.frame - 1);
        let at = |p: usize| ((newest + (2 * PAST - delay - p) as u64) % PAST as u64) as usize;
        let loud = (0..PARTITIONS).any(|p| self.far_power[at(p)] > FAR_HEARD);
        let mic_power = mean_square(mic);
        let result = self.filter.process(mic, |p| &past[at(p)], loud);
        let far = self.far_power[at(0)];
        if result.echo > 4.0 * floor {
            self.leftover.push(result.residual, [result.echo]);
        }
        if far > FAR_HEARD {
            const KEEP: f32 = 0.995;
            self.found.0 = self.found.0 * KEEP + result.echo;
            self.found.1 = self.found.1 * KEEP + far;
            self.run = self.run.saturating_add(1);
        }
        let mut explained = self.leftover.bound() * result.echo + UNSURE * result.unsure;
        if self.run < SETTLED && !self.leftover.known() {
            explained = explained.max(leaks);
        }
        if loud {
            self.gain.0 += (result.residual - self.gain.0) * GAIN_SHARE;
            self.gain.1 += (mic_power - self.gain.1) * GAIN_SHARE;
        }
        // The detector hears some 50 ms at once, so what has just been explained still counts.
        self.explained_held = (self.explained_held * 0.75).max(explained);
        let own = Own::beside(result.residual, self.explained_held);
        if let Some(delay) = self.delay
            && loud
            && own.surely > 0.0
            && self.is_far_end(&log_bands(self.filter.left()), delay, |_| true)
        {
            // The headset was moved, or a stream slipped: what is there is to be learnt anew.
            self.filter.doubt();
            self.leftover = LowestRatio::new(LEFTOVER);
        }
        // What takes nothing out may have lost the path: then the leakage is all there, up to its bound.
        let may_be = if self.gain.0 > LOST * self.gain.1 {
            leaks.min(LOST_BOUND * self.loudest_around(delay + LEAD))
        } else {
            0.0
        };
        let doubted = Own {
            surely: own
                .surely
                .min(ramp(result.residual, may_be, LOST_EXCESS_DB)),
            ..own
        };
        doubted.in_room(result.residual, floor)
    }

    /// A frame that nothing explains, and those before it, if they are `enough`, move as the far end does.
    fn is_far_end(
        &mut self,
        left: &Envelope,
        delay: usize,
        enough: impl Fn(&Resemblance) -> bool,
    ) -> bool {
        let around = [delay.saturating_sub(1), delay, delay + 1];
        let far = around.map(|delay| self.finder.far_ago(delay));
        self.resemblance.push(self.frame, left, far);
        let it_is = enough(&self.resemblance) && self.resemblance.correlation() > FAR_END;
        if it_is {
            self.resemblance = Resemblance::default();
        }
        it_is
    }

    /// Looks at the evidence and changes state.
    fn decide(&mut self) {
        let peak = self.finder.peak();
        let seen = self.finder.seen();
        // The fewer frames, the clearer it must be; leakage alone correlates almost fully.
        let needed = match seen {
            0..20 => f32::INFINITY,
            20..60 if peak.correlation > 0.85 => 0.15,
            20..60 => 0.5,
            60..150 if peak.correlation > 0.7 => 0.15,
            60..150 => 0.35,
            150..400 => 0.25,
            _ => 0.2,
        };
        let clear_peak = peak.prominence > needed;
        if clear_peak {
            self.delay = Some(peak.delay);
        }
        let start = peak.delay.saturating_sub(LEAD);
        match self.state {
            State::Listening | State::Clear => {
                let limit = if self.state == State::Clear {
                    MATTERS
                } else {
                    NEGLIGIBLE
                };
                if self.coupling.known() && self.coupling.bound() < limit {
                    self.state = State::Clear;
                } else if clear_peak {
                    self.begin(start);
                } else if seen >= CLEAR_AFTER {
                    self.state = State::Clear;
                }
            }
            State::Cancelling { delay } => {
                if clear_peak && start.abs_diff(delay) > 3 {
                    self.moved += 1;
                    if self.moved >= 20 {
                        self.begin(start);
                    }
                } else {
                    self.moved = 0;
                }
                if self.coupling.known() && self.coupling.bound() < NEGLIGIBLE {
                    self.state = State::Clear;
                }
            }
        }
    }

    fn begin(&mut self, delay: usize) {
        self.state = State::Cancelling { delay };
        self.filter.reset();
        self.leftover = LowestRatio::new(LEFTOVER);
        self.found = (0.0, 0.0);
        self.explained_held = 0.0;
        self.gain = (0.0, 0.0);
        self.run = 0;
        self.moved = 0;
    }

    /// How far the lagged frame is the agent's own: the mean of those around it.
    pub(crate) fn own(&self) -> Own {
        let around = &self.weights[SPEECH_LAG_FRAMES as usize - 2..];
        let mean = |of: fn(&Own) -> f32| around.iter().map(of).sum::<f32>() / around.len() as f32;
        Own {
            surely: mean(|own| own.surely),
            likely: mean(|own| own.likely),
        }
    }

    /// The far end may be in the microphone: not, once its speech has left no trace there.
    pub(crate) fn may_leak(&self) -> bool {
        self.state != State::Clear || self.delay.is_some()
    }

    /// Echo return loss, far end to microphone; at least this, where the leakage is negligible.
    pub(crate) fn return_loss(&self) -> Option<Db> {
        let share = match self.state {
            State::Cancelling { .. } if self.leftover.known() && self.found.1 > 0.0 => {
                self.found.0 / self.found.1
            }
            State::Clear if self.coupling.known() => self.coupling.bound(),
            _ => return None,
        };
        Some(Db(-10.0 * share.max(1e-6).log10()))
    }
}

fn mean_square(frame: &AnalysisFrame) -> f32 {
    frame.iter().map(|x| x * x).sum::<f32>() / ANALYSIS_FRAME as f32
}

/// How far `power` lies over `base`: 0 below the first, 1 above the second number of decibels.
fn ramp(power: f32, base: f32, (low, high): (f32, f32)) -> f32 {
    if base <= 0.0 {
        return 1.0;
    }
    let db = 10.0 * (power / base).max(1e-9).log10();
    ((db - low) / (high - low)).clamp(0.0, 1.0)
}
