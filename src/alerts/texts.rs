//! What an alert says to a person: what happened, since when, how bad; and what to do.
//!
//! One sentence each, in plain English, about the device and the line, never about a person's mood.

use super::fact::How;
use super::rules::Finding;
use sidetone_wire::vocabulary::{AlertKind, Fault, HoldOutcome, Side};
use std::time::Duration;

/// What happened, since when, how bad.
pub(super) fn text(
    kind: AlertKind,
    side: Option<Side>,
    finding: &Finding,
    lasting: Duration,
) -> String {
    let value = finding.measure.map_or(0.0, |m| m.value);
    let unit = finding.measure.map_or("", |m| m.unit);
    let lasting = seconds(lasting);
    match kind {
        AlertKind::MutedAtCallStart => match finding.how {
            Some(How::Inferred(_)) => format!(
                "The microphone has been silent since the call began ({lasting}); the agent is probably muted."
            ),
            _ => format!("The agent has been muted since the call began ({lasting})."),
        },
        AlertKind::TalkingWhileMuted => {
            format!("The agent has been talking while muted ({value:.0} s of speech).")
        }
        AlertKind::HoldFailed => {
            "The quick disconnect was pulled and the call could not be put on hold.".to_owned()
        }
        AlertKind::QdOpenInCall => {
            let what = match finding.how {
                Some(How::Inferred(_)) => "The headset's quick disconnect was probably pulled",
                _ => "The headset's quick disconnect was pulled",
            };
            let hold = match finding.hold {
                None => "while the call runs",
                Some(HoldOutcome::Held) => "and the call was put on hold",
                Some(HoldOutcome::AlreadyHeld) => "and the call was already on hold",
                Some(HoldOutcome::Failed) => "and the call could not be put on hold",
                Some(HoldOutcome::NoAdapter) => {
                    "and no softphone is connected that could hold the call"
                }
            };
            format!("{what} {hold}.")
        }
        AlertKind::DoubleTalk if unit == "ratio" => format!(
            "Agent and customer talked at the same time for {:.0} % of the last minute.",
            value * 100.0
        ),
        AlertKind::DoubleTalk => {
            format!("Agent and customer have been talking at the same time for {lasting}.")
        }
        AlertKind::NoisyEnvironment if unit == "db" => format!(
            "The agent's voice is only {value:.0} dB above the noise around them, for {lasting}."
        ),
        AlertKind::NoisyEnvironment => format!(
            "It is loud around the agent ({value:.0} dBov(A) in the microphone), for {lasting}."
        ),
        AlertKind::LineNoise => {
            let where_ = match side {
                Some(Side::Customer) => "The line from the customer",
                _ => "The agent's microphone",
            };
            let what = match finding.fault {
                Some(Fault::Hum) => format!("hums ({value:.0} dBov)"),
                Some(Fault::Hiss) => format!("hisses ({value:.0} dBov(A))"),
                Some(Fault::Crackle) => format!("crackles ({value:.0} times a minute)"),
                Some(Fault::Clipping) => {
                    format!("is overdriven ({:.1} % of a second clipped)", value * 100.0)
                }
                Some(Fault::Dropouts) if unit == "ratio" => {
                    format!("drops out ({:.1} % lost)", value * 100.0)
                }
                Some(Fault::Dropouts) => format!("drops out ({value:.0} times a minute)"),
                _ => "is faulty".to_owned(),
            };
            format!("{where_} {what}, for {lasting}.")
        }
        AlertKind::LineUnstable => {
            let whose = match finding.side {
                Some(Side::Agent) => "the agent's voice on its way to the customer",
                Some(Side::Customer) => "the customer's voice on its way to the agent",
                _ => "both voices on their way",
            };
            let how = match unit {
                "ms" => format!("jitter of {value:.0} ms"),
                _ => format!("{:.1} % of the packets lost", value * 100.0),
            };
            format!("The network disturbs {whose}: {how}, for {lasting}.")
        }
        AlertKind::OneWayAudio => match side {
            Some(Side::Customer) => {
                format!("Nothing is heard from the customer while the agent speaks, for {lasting}.")
            }
            _ => format!("The agent's microphone gives no sound at all, for {lasting}."),
        },
        AlertKind::HeadsetGone => "The headset was disconnected during the call.".to_owned(),
        AlertKind::DeviceUnstable => format!(
            "The headset failed {value:.0} times in ten minutes{}.",
            match finding.fault {
                Some(Fault::Gap) => ", most recently with a gap in its sound",
                _ => ", most recently by disappearing",
            }
        ),
        _ => "Something is wrong with this call.".to_owned(),
    }
}

/// What to do.
pub(super) fn action(kind: AlertKind, side: Option<Side>, finding: &Finding) -> String {
    match kind {
        AlertKind::MutedAtCallStart => "Ask the agent to un-mute.",
        AlertKind::TalkingWhileMuted => "Tell the agent that the customer does not hear them.",
        AlertKind::HoldFailed => {
            "Put the call on hold or take it over now: the customer hears nothing and may hang up."
        }
        AlertKind::LineUnstable => {
            "If other agents have it too, tell IT to check the network; otherwise put the agent on a cable."
        }
        AlertKind::QdOpenInCall => match finding.hold {
            Some(HoldOutcome::Held | HoldOutcome::AlreadyHeld) => {
                "The customer is on hold; make sure the agent comes back to the call."
            }
            _ => "The customer hears nothing: ask the agent to reconnect, or take over the call.",
        },
        AlertKind::DoubleTalk => "Listen whether the call needs help.",
        AlertKind::NoisyEnvironment => {
            "Quiet the surroundings, bring the microphone closer to the mouth, or move the agent."
        }
        AlertKind::LineNoise => match (side, finding.fault) {
            (Some(Side::Customer), _) => {
                "If other agents hear it too, tell IT to check the trunk; otherwise offer to call back."
            }
            (_, Some(Fault::Hum)) => "Move the cable and the base away from power supplies, or try another USB port.",
            (_, Some(Fault::Clipping)) => "Turn the microphone's level down or move it away from the mouth.",
            (_, Some(Fault::Dropouts)) => "Plug the headset straight into the computer; if it goes on, exchange it.",
            _ => "Check the plug and the quick disconnect; if it goes on, exchange the headset.",
        },
        AlertKind::OneWayAudio => match side {
            Some(Side::Customer) => "Ask the agent whether they hear the customer; if not, call back and tell IT.",
            _ => "Check the mute switch, the quick disconnect and the softphone's microphone setting.",
        },
        AlertKind::HeadsetGone => "Ask the agent to plug the headset in again, or take over the call.",
        AlertKind::DeviceUnstable => "Try another USB port or cable; if it goes on, exchange the headset.",
        _ => "Look after this call.",
    }
    .to_owned()
}

fn seconds(span: Duration) -> String {
    let whole = span.as_secs_f64().round();
    if whole < 120.0 {
        format!("{whole:.0} s")
    } else {
        format!("{:.0} min", whole / 60.0)
    }
}
