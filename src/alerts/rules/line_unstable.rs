//! The network loses or shakes the call's packets, as the softphone's RTCP figures say.
//!
//! `side` is whose voice suffers: `agent` on the way to the customer (uplink), `customer` on the way
//! here, or `both`. Softphones tell figures every few seconds; each counts until the next, or until
//! it is too old. Without figures nothing is known, and nothing is raised.

use super::seconds::Seconds;
use super::{Finding, Measure, Rule, Slot, SubjectKind, View, span};
use crate::alerts::config::LineUnstable as Config;
use crate::alerts::fact::HeadsetFact;
use crate::softphone::PathFigures;
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// One direction's last seconds.
#[derive(Debug, Default)]
struct Direction {
    /// The latest figures, and when they came.
    latest: Option<(Duration, PathFigures)>,
    bad: Seconds,
    raised: Option<(Duration, Measure)>,
}

/// Which limit these figures break.
fn broken(figures: PathFigures, config: &Config) -> Option<Measure> {
    if figures.loss_ratio >= config.loss_ratio {
        return Some(Measure {
            value: figures.loss_ratio,
            threshold: config.loss_ratio,
            unit: "ratio",
        });
    }
    (figures.jitter_ms >= config.jitter_ms).then_some(Measure {
        value: figures.jitter_ms,
        threshold: config.jitter_ms,
        unit: "ms",
    })
}

impl Direction {
    fn take_in(&mut self, at: Duration, figures: Option<PathFigures>) {
        if let Some(figures) = figures {
            self.latest = Some((at, figures));
        }
    }

    /// A second has passed.
    fn second(&mut self, now: Duration, config: &Config) {
        let fresh = self
            .latest
            .filter(|(at, _)| now.saturating_sub(*at) <= span(config.figures_last_s));
        let bad = fresh.and_then(|(_, figures)| broken(figures, config));
        self.bad.push(bad.is_some());
        match (self.raised, bad) {
            (None, Some(measure)) if self.bad.count(config.window_s) >= config.bad_s => {
                let lasting = Duration::from_secs(self.bad.oldest(config.window_s).into());
                self.raised = Some((now.saturating_sub(lasting), measure));
            }
            (Some(_), None) if self.bad.count(config.window_s) == 0 => self.raised = None,
            _ => {}
        }
    }
}

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct LineUnstable {
    uplink: Direction,
    downlink: Direction,
    /// Up to when seconds have been counted; none before the first figures.
    counted: Option<Duration>,
}

impl Rule for LineUnstable {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::LineUnstable,
            subject: SubjectKind::Call,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.line_unstable;
        let now = view.now.monotonic;
        if let Some(HeadsetFact::Line(figures)) = fact {
            self.uplink.take_in(now, figures.uplink);
            self.downlink.take_in(now, figures.downlink);
            self.counted.get_or_insert(now);
        }
        let mut counted = self.counted?;
        // After a long standstill only the window matters.
        let window = SECOND * config.window_s;
        counted = counted.max(now.saturating_sub(window + SECOND));
        while counted + SECOND <= now {
            counted += SECOND;
            self.uplink.second(counted, config);
            self.downlink.second(counted, config);
        }
        self.counted = Some(counted);
        let (side, (since, measure)) = match (self.uplink.raised, self.downlink.raised) {
            (Some(up), Some(down)) => (Side::Both, if up.0 <= down.0 { up } else { down }),
            (Some(up), None) => (Side::Agent, up),
            (None, Some(down)) => (Side::Customer, down),
            (None, None) => return None,
        };
        Some(Finding {
            side: Some(side),
            measure: Some(measure),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
