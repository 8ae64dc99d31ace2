//! The agent works in noise that the customer hears.

use super::seconds::Seconds;
use super::{Finding, Measure, Rule, Slot, SubjectKind, View};
use crate::alerts::config::NoisyEnvironment as Config;
use crate::alerts::fact::HeadsetFact;
use sidetone_dsp::second::SideSecond;
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::time::Duration;

/// Remembers the last seconds, each bad, good, or (just inside the hysteresis) neither.
#[derive(Debug, Default)]
pub(super) struct NoisyEnvironment {
    bad: Seconds,
    good: Seconds,
    raised: Option<(Duration, Measure)>,
}

/// What one second says: which limit it breaks, or whether it is clearly inside them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Bad(Measure),
    Near,
    Good,
}

fn judge(agent: &SideSecond, config: &Config) -> Option<Verdict> {
    // The gate keeps the noise from the customer between words, and leaves nothing to measure.
    if agent.noise_gated {
        return Some(Verdict::Good);
    }
    let snr = f64::from(agent.snr?.0);
    if snr < config.snr_db {
        return Some(Verdict::Bad(Measure {
            value: snr,
            threshold: config.snr_db,
            unit: "db",
        }));
    }
    let noise = agent.noise_a.map_or(-100.0, |level| f64::from(level.0));
    if noise > config.noise_dbov_a && snr < config.loud_snr_db {
        return Some(Verdict::Bad(Measure {
            value: noise,
            threshold: config.noise_dbov_a,
            unit: "dbov_a",
        }));
    }
    let margin = config.hysteresis_db;
    let loud = noise > config.noise_dbov_a - margin && snr < config.loud_snr_db + margin;
    Some(if snr < config.snr_db + margin || loud {
        Verdict::Near
    } else {
        Verdict::Good
    })
}

impl Rule for NoisyEnvironment {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::NoisyEnvironment,
            subject: SubjectKind::Agent,
            side: Some(Side::Agent),
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.noisy_environment;
        if let Some(HeadsetFact::Second(second)) = fact
            && let Some(agent) = view.undisturbed(second, Side::Agent)
            && let Some(verdict) = judge(agent, config)
        {
            self.bad.push(matches!(verdict, Verdict::Bad(_)));
            self.good.push(verdict == Verdict::Good);
            match (self.raised, verdict) {
                (None, Verdict::Bad(measure))
                    if self.bad.count(config.window_s) >= config.bad_s =>
                {
                    let lasting = self.bad.oldest(config.window_s);
                    let since = view
                        .now
                        .monotonic
                        .saturating_sub(Duration::from_secs(u64::from(lasting)));
                    self.raised = Some((since, measure));
                }
                (Some(_), Verdict::Good) if self.good.count(config.window_s) >= config.bad_s => {
                    self.reset();
                }
                _ => {}
            }
        }
        self.raised.map(|(since, measure)| Finding {
            measure: Some(measure),
            ..Finding::new(since, config.severity)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
