//! The agent talks while muted: probably to the customer, who does not hear it.
//!
//! Only where the microphone is known to be heard under mute; elsewhere there is nothing to hear.
//! Speech is the analyser's decision without its hangover, which typing and breathing do not pass.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View, span};
use crate::alerts::fact::{HeadsetFact, Mute};
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::time::Duration;

/// Speech so far: whole seconds whose shares add up until a pause of `keep_for_s`.
#[derive(Debug, Default)]
pub(super) struct TalkingWhileMuted {
    spoken_s: f64,
    /// When the speech that is counted began, and when it was last heard.
    spoke: Option<(Duration, Duration)>,
    raised: bool,
}

const SECOND: Duration = Duration::from_secs(1);

impl Rule for TalkingWhileMuted {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::TalkingWhileMuted,
            subject: SubjectKind::Agent,
            side: Some(Side::Agent),
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.talking_while_muted;
        let now = view.now.monotonic;
        let Mute::On { how, since } = view.state.mute else {
            self.reset();
            return None;
        };
        if view.state.live_under_mute != Some(true) {
            self.reset();
            return None;
        }
        if let Some(HeadsetFact::Second(second)) = fact
            // A second that began before the mute holds what was said before it.
            && now.saturating_sub(since) >= SECOND
            && second.talk.agent_ratio > 0.0
        {
            self.spoken_s += f64::from(second.talk.agent_ratio);
            let (began, _) = self.spoke.unwrap_or((now.saturating_sub(SECOND), now));
            self.spoke = Some((began, now));
        }
        let (began, last) = self.spoke?;
        if now.saturating_sub(last) >= span(config.keep_for_s) {
            self.reset();
            return None;
        }
        self.raised |= self.spoken_s >= config.speech_s;
        self.raised.then(|| Finding {
            how: Some(how),
            measure: Some(Measure {
                value: self.spoken_s,
                threshold: config.speech_s,
                unit: "s",
            }),
            ..Finding::new(began, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
