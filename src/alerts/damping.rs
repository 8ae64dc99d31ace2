//! What comes and goes too often is held raised.
//!
//! *Promises*: of one kind at most `raises` raises within `window_s`, over all headsets: nothing
//! chatters (ISA-18.2: three or more within a minute). An alert about the sound or the network that is raised for the
//! third time in ten minutes is one lasting fault, and cleared when it has stayed away.
//!
//! *Never* keeps an alert that must go at once: the end of the call, a hold, a switch, an unplugged headset.
//! If the same is found anew right after such a clear, and the raises are used up, the raise waits.

use super::config::Flapping;
use sidetone_wire::vocabulary::AlertKind;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Raises kept of a kind (the configuration allows a count of 1000).
const MOST: usize = 1_024;

/// The recent raises of each kind.
#[derive(Debug, Default)]
pub(super) struct Damping {
    raises: BTreeMap<AlertKind, VecDeque<Duration>>,
}

/// How an alert whose condition is over is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keep {
    /// How often it was raised lately.
    pub(super) raises: usize,
    /// Over what time that was counted.
    pub(super) within: Duration,
}

impl Damping {
    /// Whether this kind may be raised now.
    pub(super) fn may_raise(&self, kind: AlertKind, now: Duration, config: &Flapping) -> bool {
        self.count(kind, now, span(config.window_s)) < config.raises as usize
    }

    /// It was raised.
    pub(super) fn raised(&mut self, kind: AlertKind, now: Duration, config: &Flapping) {
        let longest = span(config.window_s.max(config.recurring_window_s));
        let raises = self.raises.entry(kind).or_default();
        raises.push_back(now);
        while raises.len() > MOST
            || raises
                .front()
                .is_some_and(|at| now.saturating_sub(*at) > longest)
        {
            raises.pop_front();
        }
    }

    /// Whether an alert whose condition has been over for `away` must stay raised.
    pub(super) fn keeps(
        &self,
        kind: AlertKind,
        now: Duration,
        away: Duration,
        config: &Flapping,
    ) -> Option<Keep> {
        let keep = |raises, seconds| Keep {
            raises,
            within: span(seconds),
        };
        let lately = self.count(kind, now, span(config.window_s));
        if lately >= config.raises as usize {
            return Some(keep(lately, config.window_s));
        }
        let recurring = self.count(kind, now, span(config.recurring_window_s));
        (is_gradual(kind)
            && recurring >= config.recurring_raises as usize
            && away < span(config.recurring_keep_s))
        .then(|| keep(recurring, config.recurring_window_s))
    }

    fn count(&self, kind: AlertKind, now: Duration, window: Duration) -> usize {
        let within = |at: &&Duration| now.saturating_sub(**at) < window;
        self.raises
            .get(&kind)
            .map_or(0, |raises| raises.iter().rev().take_while(within).count())
    }
}

/// Whether it is made of figures that waver. What a person does with a hand is over when it is over.
fn is_gradual(kind: AlertKind) -> bool {
    use AlertKind as K;
    match kind {
        K::TalkingWhileMuted
        | K::DoubleTalk
        | K::NoisyEnvironment
        | K::LineNoise
        | K::LineUnstable
        | K::OneWayAudio
        | K::LowLevel
        | K::Clipping
        | K::DeadAir => true,
        K::MutedAtCallStart
        | K::QdOpenInCall
        | K::HoldFailed
        | K::DeviceUnstable
        | K::HeadsetGone
        | K::BatteryLow => false,
    }
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
