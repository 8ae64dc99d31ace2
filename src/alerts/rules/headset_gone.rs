//! The headset left during a call.

use super::{Finding, Rule, Slot, SubjectKind, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_wire::vocabulary::{AlertKind, Fault};
use std::time::Duration;

/// Remembers since when.
#[derive(Debug, Default)]
pub(super) struct HeadsetGone {
    since: Option<Duration>,
}

impl Rule for HeadsetGone {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::HeadsetGone,
            subject: SubjectKind::Headset,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        match fact {
            Some(HeadsetFact::Gone) => {
                self.since.get_or_insert(view.now.monotonic);
            }
            Some(HeadsetFact::Back) => self.since = None,
            _ => {}
        }
        self.since.map(|since| Finding {
            fault: Some(Fault::Gone),
            ..Finding::new(since, view.config.headset_gone.severity)
        })
    }

    fn reset(&mut self) {
        self.since = None;
    }
}
