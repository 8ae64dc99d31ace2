//! The headset's battery is nearly empty, in a call or not: it should be charged before the next one.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_wire::vocabulary::AlertKind;
use std::time::Duration;

/// Remembers the latest charge, and since when it is low.
#[derive(Debug, Default)]
pub(super) struct BatteryLow {
    charge: Option<f64>,
    raised: Option<Duration>,
}

impl Rule for BatteryLow {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::BatteryLow,
            subject: SubjectKind::Headset,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.battery_low;
        if let Some(HeadsetFact::Battery(charge)) = fact {
            self.charge = Some(*charge);
        }
        let charge = self.charge?;
        if charge < config.below {
            self.raised.get_or_insert(view.now.monotonic);
        } else if charge > config.clear_above {
            self.raised = None;
        }
        self.raised.map(|since| Finding {
            measure: Some(Measure {
                value: charge,
                threshold: config.below,
                unit: "ratio",
            }),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
