//! The headset keeps failing: it left, or its microphone gave nothing, several times in ten minutes.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View, span};
use crate::alerts::fact::HeadsetFact;
use sidetone_wire::vocabulary::{AlertKind, Fault};
use std::collections::VecDeque;
use std::time::Duration;

/// Remembers the failures of the window; counts on across calls.
#[derive(Debug, Default)]
pub(super) struct DeviceUnstable {
    failures: VecDeque<(Duration, Fault)>,
    raised: bool,
}

/// Failures kept at most (the configuration allows a threshold of 1000).
const MOST: usize = 1_024;

impl Rule for DeviceUnstable {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::DeviceUnstable,
            subject: SubjectKind::Headset,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.device_unstable;
        let now = view.now.monotonic;
        let failure = match fact {
            Some(HeadsetFact::Gone) => Some(Fault::Gone),
            Some(HeadsetFact::CaptureGap { missing })
                if *missing > Duration::from_millis(u64::from(config.gap_ms)) =>
            {
                Some(Fault::Gap)
            }
            _ => None,
        };
        if let Some(fault) = failure {
            match self.failures.back_mut() {
                // An unplug is also a gap, and the worse of the two.
                Some((at, known)) if now.saturating_sub(*at) < span(config.merge_s) => {
                    if fault == Fault::Gone {
                        *known = fault;
                    }
                }
                _ => self.failures.push_back((now, fault)),
            }
            if self.failures.len() > MOST {
                self.failures.pop_front();
            }
        }
        let window = span(config.window_s);
        while self
            .failures
            .front()
            .is_some_and(|(at, _)| now.saturating_sub(*at) >= window)
        {
            self.failures.pop_front();
        }
        let count = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        self.raised = count >= config.failures || (self.raised && count > 0);
        let (first, _) = *self.failures.front()?;
        let (_, fault) = *self.failures.back()?;
        self.raised.then(|| Finding {
            fault: Some(fault),
            window,
            measure: Some(Measure {
                value: f64::from(count),
                threshold: f64::from(config.failures),
                unit: "count",
            }),
            ..Finding::new(first, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
