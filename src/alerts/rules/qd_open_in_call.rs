//! The quick disconnect was pulled while the call runs: raised at once, updated with what came of the hold.

use super::{Finding, Rule, Slot, SubjectKind, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_wire::vocabulary::{AlertKind, HoldOutcome};
use std::time::Duration;

/// Remembers since when, and the hold. A quick disconnect that was open before the call is not
/// "opened in a call".
#[derive(Debug, Default)]
pub(super) struct QdOpenInCall {
    opened: Option<Duration>,
    hold: Option<HoldOutcome>,
}

impl Rule for QdOpenInCall {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::QdOpenInCall,
            subject: SubjectKind::Call,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        match fact {
            Some(HeadsetFact::QuickDisconnect(Some(_))) => {
                self.opened.get_or_insert(view.now.monotonic);
            }
            Some(HeadsetFact::QuickDisconnect(None)) => self.reset(),
            Some(HeadsetFact::HoldAtOnce(outcome)) => self.hold = Some(*outcome),
            Some(HeadsetFact::HoldOutcome(outcome)) if self.opened.is_some() => {
                self.hold = Some(*outcome);
            }
            _ => {}
        }
        let opened = self.opened?;
        let how = view.state.quick_disconnect?;
        Some(Finding {
            how: Some(how),
            hold: self.hold,
            ..Finding::new(opened, view.config.qd_open_in_call.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
