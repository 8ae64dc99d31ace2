//! Nobody says anything: the customer waits and does not know for what.
//!
//! A mute does not excuse it, a hold does: on hold the customer knows. What is loud on the customer's
//! side without being a voice, such as music, is not dead air.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_dsp::second::SecondSummary;
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::time::Duration;

/// Remembers how long nobody has spoken.
#[derive(Debug, Default)]
pub(super) struct DeadAir {
    silent_s: u32,
    voiced_s: u32,
    raised: Option<Duration>,
}

/// `None` where only one side is heard: then nobody knows.
fn is_silent(second: &SecondSummary, loudest_dbov: f64) -> Option<bool> {
    let customer = second.customer.as_ref()?;
    let speech = second.talk.agent_ratio > 0.0
        || second.talk.customer_ratio > 0.0
        || second.agent.speech_ratio > 0.0
        || customer.speech_ratio > 0.0;
    Some(!speech && f64::from(customer.level.0) < loudest_dbov)
}

impl Rule for DeadAir {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::DeadAir,
            subject: SubjectKind::Call,
            side: Some(Side::Both),
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.dead_air;
        let now = view.now.monotonic;
        if let Some(HeadsetFact::Second(second)) = fact
            && let Some(silent) = is_silent(second, config.loudest_dbov)
        {
            if silent {
                self.silent_s = self.silent_s.saturating_add(1);
                self.voiced_s = 0;
                if self.silent_s >= config.silent_s {
                    let ago = Duration::from_secs(self.silent_s.into());
                    self.raised.get_or_insert(now.saturating_sub(ago));
                }
            } else {
                self.voiced_s += 1;
                self.silent_s = 0;
                if self.voiced_s >= config.keep_for_s {
                    self.raised = None;
                }
            }
        }
        self.raised.map(|since| Finding {
            measure: Some(Measure {
                value: now.saturating_sub(since).as_secs_f64(),
                threshold: f64::from(config.silent_s),
                unit: "s",
            }),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
