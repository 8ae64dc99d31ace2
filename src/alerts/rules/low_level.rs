//! A voice is too quiet: it takes effort to listen, or the other end turns up and gets the noise too.
//!
//! Judged over seconds in which that side speaks, by the level of the voice while it speaks: the
//! second's level, freed of its pauses.

use super::seconds::Seconds;
use super::{Finding, Measure, Rule, Slot, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_dsp::second::SideSecond;
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::time::Duration;

/// A second with less speech than this says little about the voice: a word's beginning or end.
const SPEAKS: f32 = 0.5;

/// Remembers the last seconds of speech of one side, and when the first bad one of a row was.
#[derive(Debug)]
pub(super) struct LowLevel {
    side: Side,
    bad: Seconds,
    good: Seconds,
    bad_since: Option<Duration>,
    raised: Option<(Duration, Measure)>,
}

impl LowLevel {
    /// For the agent's or the customer's side.
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            bad: Seconds::default(),
            good: Seconds::default(),
            bad_since: None,
            raised: None,
        }
    }
}

/// The level of the voice while it speaks; `None` for a second without enough of it.
fn voice_level(side: &SideSecond) -> Option<f64> {
    let level = f64::from(side.level.0);
    (side.speech_ratio >= SPEAKS && level.is_finite())
        .then(|| level - 10.0 * f64::from(side.speech_ratio.min(1.0)).log10())
}

impl Rule for LowLevel {
    fn slot(&self) -> Slot {
        Slot::of_side(AlertKind::LowLevel, self.side)
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.low_level;
        let now = view.now.monotonic;
        if let Some(HeadsetFact::Second(second)) = fact
            && let Some(side) = view.undisturbed(second, self.side)
            && let Some(level) = voice_level(side)
        {
            let bad = level < config.speech_dbov;
            let good = level >= config.speech_dbov + config.hysteresis_db;
            self.bad.push(bad);
            self.good.push(good);
            if bad {
                self.bad_since
                    .get_or_insert(now.saturating_sub(Duration::from_secs(1)));
            } else if self.bad.count(config.window_s) == 0 {
                self.bad_since = None;
            }
            if self.raised.is_none() && bad && self.bad.count(config.window_s) >= config.bad_s {
                let measure = Measure {
                    value: level,
                    threshold: config.speech_dbov,
                    unit: "dbov",
                };
                self.raised = Some((self.bad_since.unwrap_or(now), measure));
            } else if self.raised.is_some()
                && good
                && self.good.count(config.window_s) >= config.bad_s
            {
                self.reset();
            }
        }
        self.raised.map(|(since, measure)| Finding {
            measure: Some(measure),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::new(self.side);
    }
}
