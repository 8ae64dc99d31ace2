//! The call in a sentence or two, as a supervisor would say it.

use super::words::{broke_in, length, percent, sentence, times};
use crate::analyze::report::{AlertReport, Analysis, DoubleTalkReport, NoiseName};
use sidetone_wire::vocabulary::{AlertKind, Fault, OvertalkParty, Side};

/// What happened, and what was wrong with the sound.
pub(super) fn sentences(analysis: &Analysis) -> [String; 2] {
    let mut talk = vec![length(analysis.duration_s)];
    let agent = spoken(&analysis.speech.agent, analysis.duration_s);
    match &analysis.speech.customer {
        Some(customer) => talk.push(format!(
            "the agent spoke {} of the time, the customer {}",
            percent(agent),
            percent(spoken(customer, analysis.duration_s))
        )),
        None => talk.push(format!(
            "the agent spoke {} of the time; the customer is not in the recording",
            percent(agent)
        )),
    }
    talk.extend(analysis.double_talk.as_ref().map(over_each_other));
    [sentence(&talk), sentence(&faults(analysis))]
}

/// Share of the time in the stretches.
pub(super) fn spoken(stretches: &[[f64; 2]], duration_s: f64) -> f64 {
    let lengths = stretches.iter().map(|[start, end]| end - start);
    let seconds = added_up(lengths);
    if duration_s > 0.0 {
        (seconds / duration_s).min(1.0)
    } else {
        0.0
    }
}

/// Seconds in the overtalks together.
pub(super) fn overtalk_s(double_talk: &DoubleTalkReport) -> f64 {
    let seconds = double_talk
        .overtalk
        .iter()
        .map(|one| one.end_s - one.start_s);
    added_up(seconds)
}

/// The sum of an empty iterator is minus zero, and is shown with its sign.
fn added_up(seconds: impl Iterator<Item = f64>) -> f64 {
    seconds.fold(0.0, |sum, one| sum + one)
}

fn over_each_other(double_talk: &DoubleTalkReport) -> String {
    let all = &double_talk.overtalk;
    let by = |party| all.iter().filter(|one| one.interrupter == party).count();
    let (agent, customer) = (by(OvertalkParty::Agent), by(OvertalkParty::Customer));
    let who = match all.as_slice() {
        [] => return "they never talked over each other".to_owned(),
        [one] => format!(" ({})", broke_in(one.interrupter)),
        _ => match (agent, customer) {
            (0, 0) => String::new(),
            (agent, 0) => format!(" (the agent broke in {})", times(agent)),
            (0, customer) => format!(" (the customer broke in {})", times(customer)),
            (agent, customer) => format!(
                " (the agent broke in {}, the customer {})",
                times(agent),
                times(customer)
            ),
        },
    };
    let (count, seconds) = (times(all.len()), length(overtalk_s(double_talk)));
    format!("they talked over each other {count}, {seconds} in all{who}")
}

/// Each kind of fault that was worth an alert, once.
fn faults(analysis: &Analysis) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for alert in &analysis.alerts {
        said.extend(fault(alert, analysis).filter(|words| !said.contains(words)));
    }
    if said.is_empty() {
        said.push("no noise or fault of the sound was worth an alert".to_owned());
    }
    said
}

fn fault(alert: &AlertReport, analysis: &Analysis) -> Option<String> {
    let customer = alert.side == Some(Side::Customer);
    let (voice, line) = match customer {
        true => ("the customer's voice", "the line from the customer"),
        false => ("the agent's voice", "the agent's microphone"),
    };
    match (alert.kind, alert.fault) {
        (AlertKind::LineNoise, Some(Fault::Hum)) => {
            let side = match customer {
                true => analysis.customer.as_ref(),
                false => Some(&analysis.agent),
            };
            let hum = match side.and_then(|side| side.hum_hz) {
                Some(hz) => format!("a {hz:.0} Hz hum"),
                None => "a hum".to_owned(),
            };
            Some(format!("{hum} lies under {voice}"))
        }
        (AlertKind::LineNoise, Some(Fault::Hiss)) => Some(format!("hiss lies under {voice}")),
        (AlertKind::LineNoise, Some(Fault::Crackle)) => Some(format!("{line} crackles")),
        (AlertKind::LineNoise, Some(Fault::Clipping)) => Some(format!("{line} is overdriven")),
        (AlertKind::LineNoise, Some(Fault::Dropouts)) => Some(format!("{line} drops out")),
        (AlertKind::LineNoise, _) => Some(format!("{line} is noisy")),
        (AlertKind::NoisyEnvironment, _) => Some(match analysis.agent.noise_kind {
            Some(NoiseName::Babble) => "other people can be heard around the agent".to_owned(),
            Some(NoiseName::Traffic) => "traffic can be heard around the agent".to_owned(),
            _ => "it is noisy around the agent".to_owned(),
        }),
        (AlertKind::OneWayAudio, _) if customer => {
            Some("for a time nothing is heard from the customer".to_owned())
        }
        (AlertKind::OneWayAudio, _) => {
            Some("for a time nothing is heard from the agent".to_owned())
        }
        _ => None,
    }
}
