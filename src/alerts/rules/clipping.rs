//! The level is too high now and then: too little or too rare to be a bad line yet.
//!
//! Where `line_noise` speaks of clipping, this says nothing: one fault, one alert.

use super::seconds::Seconds;
use super::{Finding, Measure, Rule, Slot, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::time::Duration;

/// Remembers the last minute of one side.
#[derive(Debug)]
pub(super) struct Clipping {
    side: Side,
    /// Seconds over this rule's limit, and over that of `line_noise`.
    bad: Seconds,
    gross: Seconds,
    worst: f64,
    raised: Option<Duration>,
}

impl Clipping {
    /// For the agent's or the customer's side.
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            bad: Seconds::default(),
            gross: Seconds::default(),
            worst: 0.0,
            raised: None,
        }
    }
}

impl Rule for Clipping {
    fn slot(&self) -> Slot {
        Slot::of_side(AlertKind::Clipping, self.side)
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.clipping;
        if let Some(HeadsetFact::Second(second)) = fact
            && let Some(side) = view.undisturbed(second, self.side)
        {
            let line = &view.config.line_noise;
            let clipped = f64::from(side.clipped_ratio);
            self.bad.push(clipped >= config.clipped_ratio);
            self.gross.push(clipped >= line.clipped_ratio);
            if line.enabled && self.gross.count(line.window_s) >= line.clipped_s {
                self.reset();
                return None;
            }
            let bad = self.bad.count(config.window_s);
            if bad == 0 {
                self.reset();
            } else {
                self.worst = self.worst.max(clipped);
            }
            if self.raised.is_none() && bad >= config.clipped_s {
                let lasting = Duration::from_secs(self.bad.oldest(config.window_s).into());
                self.raised = Some(view.now.monotonic.saturating_sub(lasting));
            }
        }
        self.raised.map(|since| Finding {
            measure: Some(Measure {
                value: self.worst,
                threshold: config.clipped_ratio,
                unit: "ratio",
            }),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::new(self.side);
    }
}
