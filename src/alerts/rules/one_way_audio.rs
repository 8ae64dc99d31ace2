//! Only one side can be heard.
//!
//! The agent's side is dead when it is nothing but digital zeros. The customer's side is dead when
//! it has neither speech nor noise while the agent speaks; digital zeros alone never say so, because
//! a customer who is muted or on hold sends zeros too.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View};
use crate::alerts::fact::HeadsetFact;
use sidetone_dsp::second::SideSecond;
use sidetone_wire::vocabulary::{AlertKind, Fault, Severity, Side};
use std::time::Duration;

/// A second with this share of digital zeros holds nothing else.
const ALL_ZEROS: f32 = 0.99;

/// A run of dead seconds, and what spoke meanwhile.
#[derive(Debug, Default)]
struct Run {
    dead_s: u32,
    /// Seconds of the run that were not mere zeros.
    not_zeros_s: u32,
    other_speech_s: f64,
    live_s: u32,
    raised: Option<Duration>,
}

/// What one second of a side says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Zeros,
    Still,
    Live,
}

impl Run {
    fn push(&mut self, life: Life, other_speech: f32, keep_for_s: u32) {
        if life == Life::Live {
            self.live_s += 1;
            self.dead_s = 0;
            self.not_zeros_s = 0;
            self.other_speech_s = 0.0;
            if self.live_s >= keep_for_s {
                self.raised = None;
            }
        } else {
            self.live_s = 0;
            self.dead_s = self.dead_s.saturating_add(1);
            self.not_zeros_s += u32::from(life == Life::Still);
            self.other_speech_s += f64::from(other_speech);
        }
    }

    fn raise(&mut self, now: Duration) {
        let ago = Duration::from_secs(u64::from(self.dead_s));
        self.raised.get_or_insert(now.saturating_sub(ago));
    }

    fn finding(&self, now: Duration, threshold: u32, severity: Severity) -> Option<Finding> {
        self.raised.map(|since| Finding {
            fault: Some(Fault::Dead),
            measure: Some(Measure {
                value: now.saturating_sub(since).as_secs_f64(),
                threshold: f64::from(threshold),
                unit: "s",
            }),
            ..Finding::new(since, severity)
        })
    }
}

/// The agent cannot be heard.
#[derive(Debug, Default)]
pub(super) struct AgentDead(Run);

impl Rule for AgentDead {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::OneWayAudio,
            subject: SubjectKind::Agent,
            side: Some(Side::Agent),
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.one_way_audio;
        let now = view.now.monotonic;
        if let Some(HeadsetFact::Second(second)) = fact {
            let zeros = second.agent.digital_silence_ratio >= ALL_ZEROS;
            // A gated microphone is all zeros whenever the agent listens.
            let life = if zeros && !second.agent.noise_gated {
                Life::Zeros
            } else {
                Life::Live
            };
            let customer = second.customer.map_or(0.0, |c| c.speech_ratio);
            self.0.push(life, customer, config.keep_for_s);
            // While nobody knows whether the agent is muted, somebody must at least be talking to them.
            let likely = view.state.mute.is_on() == Some(false)
                || self.0.other_speech_s >= config.other_speech_s;
            if self.0.dead_s >= config.agent_s && likely {
                self.0.raise(now);
            }
        }
        self.0.finding(now, config.agent_s, config.severity)
    }

    fn reset(&mut self) {
        self.0 = Run::default();
    }
}

/// The customer cannot be heard.
#[derive(Debug, Default)]
pub(super) struct CustomerDead(Run);

fn life(side: &SideSecond, silence_dbov: f64) -> Life {
    if side.speech_ratio > 0.0 || f64::from(side.level.0) > silence_dbov {
        Life::Live
    } else if side.digital_silence_ratio >= ALL_ZEROS {
        Life::Zeros
    } else {
        Life::Still
    }
}

impl Rule for CustomerDead {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::OneWayAudio,
            subject: SubjectKind::Customer,
            side: Some(Side::Customer),
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.one_way_audio;
        let now = view.now.monotonic;
        if let Some(HeadsetFact::Second(second)) = fact
            && let Some(customer) = &second.customer
        {
            self.0.push(
                life(customer, config.silence_dbov),
                second.agent.speech_ratio,
                config.keep_for_s,
            );
            let more_than_zeros = self.0.not_zeros_s * 2 >= self.0.dead_s;
            if self.0.dead_s >= config.customer_s
                && more_than_zeros
                && self.0.other_speech_s >= config.other_speech_s
            {
                self.0.raise(now);
            }
        }
        self.0.finding(now, config.customer_s, config.severity)
    }

    fn reset(&mut self) {
        self.0 = Run::default();
    }
}
