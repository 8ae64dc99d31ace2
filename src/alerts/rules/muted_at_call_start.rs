//! Mute, from any source, is on when the call starts or comes on just after, and stays on.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View, span};
use crate::alerts::fact::{HeadsetFact, Mute};
use sidetone_wire::vocabulary::AlertKind;

/// Remembers only that it was told, so that a limit that moves meanwhile does not take it back. The
/// mute state says since when. That an unknown mute can be concluded from digital silence while the
/// customer speaks is the mute tracker's part.
#[derive(Debug, Default)]
pub(super) struct MutedAtCallStart {
    raised: bool,
}

impl Rule for MutedAtCallStart {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::MutedAtCallStart,
            subject: SubjectKind::Call,
            side: None,
        }
    }

    fn see(&mut self, view: &View<'_>, _fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.muted_at_call_start;
        let call = view.state.call.as_ref()?;
        let Mute::On { how, since } = view.state.mute else {
            self.raised = false;
            return None;
        };
        let onset = since.max(call.since);
        let on_time = onset <= call.since + span(config.within_s);
        let lasting = view.now.monotonic.saturating_sub(onset);
        self.raised |= on_time && lasting >= span(config.for_s);
        self.raised.then(|| Finding {
            how: Some(how),
            measure: Some(Measure {
                value: lasting.as_secs_f64(),
                threshold: config.for_s,
                unit: "s",
            }),
            ..Finding::new(onset, config.severity)
        })
    }

    fn reset(&mut self) {
        self.raised = false;
    }
}
