//! The hold that a pulled quick disconnect asked for did not come about: the customer listens to nobody.

use super::{Finding, Rule, Slot, SubjectKind, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_wire::vocabulary::{AlertKind, HoldOutcome};
use std::time::Duration;

/// Remembers since when.
#[derive(Debug, Default)]
pub(super) struct HoldFailed {
    since: Option<Duration>,
}

impl Rule for HoldFailed {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::HoldFailed,
            subject: SubjectKind::Call,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        match fact {
            Some(HeadsetFact::HoldOutcome(HoldOutcome::Failed)) => {
                self.since.get_or_insert(view.now.monotonic);
            }
            Some(
                HeadsetFact::Held(true)
                | HeadsetFact::HoldOutcome(HoldOutcome::Held | HoldOutcome::AlreadyHeld),
            ) => self.since = None,
            _ => {}
        }
        self.since.map(|since| Finding {
            hold: Some(HoldOutcome::Failed),
            ..Finding::new(since, view.config.hold_failed.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
