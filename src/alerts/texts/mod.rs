//! What an alert says to a person: what happened, since when, how bad; and what to do.
//!
//! *Promises*: one sentence each, in the language of `alerts.language`, with the figures and windows that
//! were in force, about the device and the line, never about a person's mood. The sentences are data: one file a
//! language, here beside.
//!
//! *Fails* into the sentence's name if one is missing; the tests go through all of them.

mod catalogue;
#[cfg(test)]
mod tests;

use super::config::Language;
use super::damping::Keep;
use super::fact::How;
use super::rules::Finding;
use catalogue::{Catalogue, Filling};
use sidetone_wire::vocabulary::{AlertKind, Fault, HoldOutcome, Side};
use std::time::Duration;

/// What happened, since when, how bad. `lasting`: how long the condition has held.
pub(super) fn text(
    language: Language,
    kind: AlertKind,
    side: Option<Side>,
    finding: &Finding,
    lasting: Duration,
) -> String {
    let catalogue = Catalogue::of(language);
    let (name, fillings) = sentence(catalogue, kind, side, finding, lasting);
    catalogue.say(kind.as_str(), name, &fillings)
}

/// What to do.
pub(super) fn action(
    language: Language,
    kind: AlertKind,
    side: Option<Side>,
    finding: &Finding,
) -> String {
    Catalogue::of(language).say(kind.as_str(), remedy(kind, side, finding), &[])
}

/// That an alert is held raised although it is not there at the moment.
pub(super) fn comes_and_goes(language: Language, keep: Keep) -> String {
    let catalogue = Catalogue::of(language);
    let fillings = [
        ("count", keep.raises.to_string()),
        ("window", long(catalogue, keep.within)),
    ];
    catalogue.say("flapping", "text", &fillings)
}

/// Which sentence it is, and what is filled in.
fn sentence(
    catalogue: &Catalogue,
    kind: AlertKind,
    side: Option<Side>,
    finding: &Finding,
    lasting: Duration,
) -> (&'static str, Vec<Filling>) {
    let value = finding.measure.map_or(0.0, |measure| measure.value);
    let unit = finding.measure.map_or("", |measure| measure.unit);
    let inferred = matches!(finding.how, Some(How::Inferred(_)));
    let lasting = ("lasting", long(catalogue, lasting));
    let window = ("window", long(catalogue, finding.window));
    let whole = |name| (name, format!("{value:.0}"));
    let percent = |decimals: usize| ("percent", format!("{:.decimals$}", value * 100.0));
    match kind {
        AlertKind::MutedAtCallStart if inferred => ("text_inferred", vec![lasting]),
        AlertKind::MutedAtCallStart => ("text", vec![lasting]),
        AlertKind::TalkingWhileMuted => {
            let speech = Duration::try_from_secs_f64(value).unwrap_or_default();
            ("text", vec![("speech", long(catalogue, speech))])
        }
        AlertKind::QdOpenInCall => (pulled(inferred, finding.hold), vec![]),
        AlertKind::HoldFailed | AlertKind::HeadsetGone => ("text", vec![]),
        AlertKind::DoubleTalk if unit == "ratio" => ("text_ratio", vec![percent(0), window]),
        AlertKind::DoubleTalk | AlertKind::DeadAir => ("text", vec![lasting]),
        AlertKind::NoisyEnvironment if unit == "db" => {
            ("text_ratio", vec![whole("ratio"), lasting])
        }
        AlertKind::NoisyEnvironment => ("text", vec![whole("level"), lasting]),
        AlertKind::LineNoise => {
            let customer = side == Some(Side::Customer);
            let (agents, customers, figure) = match finding.fault {
                Some(Fault::Hum) => ("agent_hum", "customer_hum", Some(whole("level"))),
                Some(Fault::Hiss) => ("agent_hiss", "customer_hiss", Some(whole("level"))),
                Some(Fault::Crackle) => ("agent_crackle", "customer_crackle", Some(whole("rate"))),
                Some(Fault::Clipping) => ("agent_clipping", "customer_clipping", Some(percent(1))),
                Some(Fault::Dropouts) if unit == "ratio" => {
                    ("agent_lost", "customer_lost", Some(percent(1)))
                }
                Some(Fault::Dropouts) => {
                    ("agent_dropouts", "customer_dropouts", Some(whole("rate")))
                }
                Some(Fault::Dead | Fault::Gone | Fault::Gap) | None => {
                    ("agent_faulty", "customer_faulty", None)
                }
            };
            let name = if customer { customers } else { agents };
            (name, figure.into_iter().chain([lasting]).collect())
        }
        AlertKind::LineUnstable => {
            let (loss, jitter) = match finding.side {
                Some(Side::Agent) => ("agent_loss", "agent_jitter"),
                Some(Side::Customer) => ("customer_loss", "customer_jitter"),
                Some(Side::Both) | None => ("both_loss", "both_jitter"),
            };
            match unit {
                "ms" => (jitter, vec![whole("jitter"), lasting]),
                _ => (loss, vec![percent(1), lasting]),
            }
        }
        AlertKind::OneWayAudio => (of_side(side), vec![lasting]),
        AlertKind::LowLevel => (of_side(side), vec![whole("level"), lasting]),
        AlertKind::Clipping => (of_side(side), vec![percent(2)]),
        AlertKind::DeviceUnstable => {
            let gap = finding.fault == Some(Fault::Gap);
            let name = if gap { "gap" } else { "gone" };
            (name, vec![whole("count"), window])
        }
        AlertKind::BatteryLow => ("text", vec![percent(0)]),
    }
}

/// The sentence about what to do.
fn remedy(kind: AlertKind, side: Option<Side>, finding: &Finding) -> &'static str {
    let customer = side == Some(Side::Customer);
    match (kind, finding.fault) {
        (AlertKind::QdOpenInCall, _) => match finding.hold {
            Some(HoldOutcome::Held | HoldOutcome::AlreadyHeld) => "action_held",
            Some(HoldOutcome::Failed | HoldOutcome::NoAdapter) | None => "action",
        },
        (AlertKind::LineNoise, _) if customer => "action_customer",
        (AlertKind::LineNoise, Some(Fault::Hum)) => "action_hum",
        (AlertKind::LineNoise, Some(Fault::Clipping)) => "action_clipping",
        (AlertKind::LineNoise, Some(Fault::Dropouts)) => "action_dropouts",
        (AlertKind::OneWayAudio | AlertKind::LowLevel | AlertKind::Clipping, _) => {
            if customer {
                "action_customer"
            } else {
                "action_agent"
            }
        }
        _ => "action",
    }
}

fn of_side(side: Option<Side>) -> &'static str {
    match side {
        Some(Side::Customer) => "customer",
        Some(Side::Agent | Side::Both) | None => "agent",
    }
}

fn pulled(inferred: bool, hold: Option<HoldOutcome>) -> &'static str {
    match (inferred, hold) {
        (false, None) => "text",
        (false, Some(HoldOutcome::Held)) => "text_held",
        (false, Some(HoldOutcome::AlreadyHeld)) => "text_already_held",
        (false, Some(HoldOutcome::Failed)) => "text_failed",
        (false, Some(HoldOutcome::NoAdapter)) => "text_no_adapter",
        (true, None) => "probable",
        (true, Some(HoldOutcome::Held)) => "probable_held",
        (true, Some(HoldOutcome::AlreadyHeld)) => "probable_already_held",
        (true, Some(HoldOutcome::Failed)) => "probable_failed",
        (true, Some(HoldOutcome::NoAdapter)) => "probable_no_adapter",
    }
}

/// A length of time, as people say it.
fn long(catalogue: &Catalogue, span: Duration) -> String {
    let seconds = span.as_secs_f64().round();
    let (name, number) = if seconds < 120.0 {
        ("seconds", seconds)
    } else {
        ("minutes", seconds / 60.0)
    };
    catalogue.say("units", name, &[("number", format!("{number:.0}"))])
}
