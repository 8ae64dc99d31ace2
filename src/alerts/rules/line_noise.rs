//! The line or the device is faulty on one side: hum, hiss, crackle, dropouts or clipping.
//!
//! One alert per side, named by one fault; when that fault is over and another is not, the alert is
//! updated rather than cleared and raised again.

use super::{Finding, Measure, Rule, Slot, View};
use crate::alerts::config::LONGEST_WINDOW_S;
use crate::alerts::config::LineNoise as Config;
use crate::alerts::fact::HeadsetFact;
use sidetone_dsp::measurement::NoiseKind;
use sidetone_dsp::second::SideSecond;
use sidetone_wire::vocabulary::{AlertKind, Fault, Side};
use std::collections::VecDeque;
use std::time::Duration;

/// How far under its limit, in dB, hum or hiss must fall to be over: the figures move by about that
/// much between words.
const HYSTERESIS_DB: f64 = 3.0;

/// What one second had.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    hum: Option<f64>,
    hiss: Option<f64>,
    clipped: f64,
    crackles: u32,
    dropouts: u32,
    lost_s: f64,
}

impl Second {
    fn of(side: &SideSecond) -> Self {
        let hissing = side.noise_kind == Some(NoiseKind::Hiss);
        // A gate that closes looks like a dropout, and a gated noise figure is none.
        let gated = side.noise_gated;
        Self {
            hum: side.hum.map(|hum| f64::from(hum.level.0)),
            hiss: side
                .noise_a
                .filter(|_| hissing && !gated)
                .map(|level| f64::from(level.0)),
            clipped: f64::from(side.clipped_ratio),
            crackles: side.crackles,
            dropouts: if gated { 0 } else { side.dropouts },
            lost_s: if gated {
                0.0
            } else {
                f64::from(side.dropout_ms) / 1_000.0
            },
        }
    }

    fn is_free(&self, config: &Config) -> bool {
        let under =
            |level: Option<f64>, limit: f64| level.is_none_or(|l| l < limit - HYSTERESIS_DB);
        self.crackles == 0
            && self.dropouts == 0
            && self.clipped < config.clipped_ratio
            && under(self.hum, config.hum_dbov)
            && under(self.hiss, config.hiss_dbov_a)
    }
}

/// Remembers the last seconds of one side.
#[derive(Debug)]
pub(super) struct LineNoise {
    side: Side,
    last: VecDeque<Second>,
    /// Seconds in a row without any fault.
    free: u32,
    raised: Option<(Duration, Fault, Measure)>,
}

impl LineNoise {
    /// For the agent's or the customer's side.
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            last: VecDeque::with_capacity(LONGEST_WINDOW_S as usize + 1),
            free: 0,
            raised: None,
        }
    }

    fn take_in(&mut self, side: &SideSecond, now: Duration, config: &Config) {
        let second = Second::of(side);
        self.free = if second.is_free(config) {
            self.free.saturating_add(1)
        } else {
            0
        };
        self.last.push_back(second);
        while self.last.len() > config.window_s as usize {
            self.last.pop_front();
        }
        if self.raised.is_some() && self.free >= config.keep_for_s {
            self.reset();
            return;
        }
        let found = self.faults(config);
        let sound = self.last.iter().take_while(|s| s.is_free(config)).count();
        let faulty = Duration::from_secs((self.last.len() - sound) as u64);
        self.raised = match (self.raised, found.first()) {
            (None, Some((fault, measure))) => Some((now.saturating_sub(faulty), *fault, *measure)),
            (Some((since, fault, _)), Some((other, measure)))
                if !found.iter().any(|(f, _)| *f == fault) =>
            {
                Some((since, *other, *measure))
            }
            (raised, _) => raised,
        };
    }

    /// All faults over their limits in the window, what costs most words first.
    fn faults(&self, config: &Config) -> Vec<(Fault, Measure)> {
        let mut found = Vec::new();
        let minutes = f64::from(config.window_s) / 60.0;
        let count = |yes: &dyn Fn(&Second) -> bool| {
            u32::try_from(self.last.iter().filter(|s| yes(s)).count()).unwrap_or(u32::MAX)
        };
        let dropouts = self.last.iter().map(|s| f64::from(s.dropouts)).sum::<f64>() / minutes;
        let lost = self.last.iter().map(|s| s.lost_s).sum::<f64>() / f64::from(config.window_s);
        if lost >= config.dropout_ratio {
            found.push((
                Fault::Dropouts,
                measure(lost, config.dropout_ratio, "ratio"),
            ));
        } else if dropouts >= config.dropouts_per_min {
            found.push((
                Fault::Dropouts,
                measure(dropouts, config.dropouts_per_min, "per_min"),
            ));
        }
        let crackles = self.last.iter().map(|s| f64::from(s.crackles)).sum::<f64>() / minutes;
        if crackles >= config.crackle_per_min && count(&|s| s.crackles > 0) >= config.crackle_s {
            found.push((
                Fault::Crackle,
                measure(crackles, config.crackle_per_min, "per_min"),
            ));
        }
        if count(&|s| s.clipped >= config.clipped_ratio) >= config.clipped_s {
            let worst = self.last.iter().map(|s| s.clipped).fold(0.0, f64::max);
            found.push((
                Fault::Clipping,
                measure(worst, config.clipped_ratio, "ratio"),
            ));
        }
        let mut steady = |fault, level: &dyn Fn(&Second) -> Option<f64>, limit, unit| {
            if count(&|s| level(s).is_some_and(|l| l >= limit)) >= config.steady_s {
                let latest = self.last.iter().rev().find_map(level);
                found.push((fault, measure(latest.unwrap_or(limit), limit, unit)));
            }
        };
        steady(Fault::Hum, &|s| s.hum, config.hum_dbov, "dbov");
        steady(Fault::Hiss, &|s| s.hiss, config.hiss_dbov_a, "dbov_a");
        found
    }
}

fn measure(value: f64, threshold: f64, unit: &'static str) -> Measure {
    Measure {
        value,
        threshold,
        unit,
    }
}

impl Rule for LineNoise {
    fn slot(&self) -> Slot {
        Slot::of_side(AlertKind::LineNoise, self.side)
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.line_noise;
        if let Some(HeadsetFact::Second(second)) = fact
            && let Some(side) = view.undisturbed(second, self.side)
        {
            self.take_in(side, view.now.monotonic, config);
        }
        self.raised.map(|(since, fault, measure)| Finding {
            fault: Some(fault),
            measure: Some(measure),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        self.last.clear();
        self.free = 0;
        self.raised = None;
    }
}
