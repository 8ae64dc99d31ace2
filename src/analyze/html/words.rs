//! Figures and names as a person reads them.

use sidetone_wire::vocabulary::{AlertKind, Fault, OvertalkParty, Severity, Side};
use std::fmt::{self, Display};

/// A moment of the call: `m:ss`, or `h:mm:ss` from an hour on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(pub(super) f64);

/// The same with tenths of a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct FineClock(pub(super) f64);

impl Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clock(f, self.0.round() as u64)
    }
}

impl Display for FineClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as u64;
        write_clock(f, tenths / 10)?;
        write!(f, ".{}", tenths % 10)
    }
}

fn write_clock(f: &mut fmt::Formatter<'_>, seconds: u64) -> fmt::Result {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => write!(f, "{minutes}:{rest:02}"),
        _ => write!(f, "{hours}:{minutes:02}:{rest:02}"),
    }
}

/// A length of time as it is said: `4 min 12 s`, `1 h 3 min`, `2.5 s`.
pub(super) fn length(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A number with so many decimals and a minus sign of full width.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|b| (b'1'..=b'9').contains(&b)) => format!("−{rest}"),
        Some(zero) => zero.to_owned(),
        None => text,
    }
}

/// A limit, without decimals that say nothing.
pub(super) fn limit(value: f64) -> String {
    format!("{value}").replace('-', "−")
}

/// A share of 0..1 in per cent; a small one keeps the decimals that tell it from nothing.
pub(super) fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    match value {
        v if v <= 0.0 => "0 %".to_owned(),
        v if v < 0.001 => "under 0.001 %".to_owned(),
        v if v < 0.1 => format!("{v:.3} %"),
        v if v < 10.0 => format!("{v:.1} %"),
        v => format!("{v:.0} %"),
    }
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// `1 dropout`, `2 dropouts`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    }
}

/// Who came in.
pub(super) fn broke_in(interrupter: OvertalkParty) -> &'static str {
    match interrupter {
        OvertalkParty::Agent => "the agent broke in",
        OvertalkParty::Customer => "the customer broke in",
        OvertalkParty::Neither => "both began together",
    }
}

/// How bad, as a heading.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::Major => "Major",
        Severity::Minor => "Minor",
        Severity::Warning => "Warning",
    }
}

/// What an alert is about, as a heading.
pub(super) fn subject(kind: AlertKind, side: Option<Side>, fault: Option<Fault>) -> String {
    let whose = match side {
        Some(Side::Customer) => "the line from the customer",
        _ => "the agent's microphone",
    };
    match (kind, fault) {
        (AlertKind::DoubleTalk, _) => "Talking over each other".to_owned(),
        (AlertKind::NoisyEnvironment, _) => "Noise around the agent".to_owned(),
        (AlertKind::LineNoise, Some(Fault::Hum)) => format!("Hum on {whose}"),
        (AlertKind::LineNoise, Some(Fault::Hiss)) => format!("Hiss on {whose}"),
        (AlertKind::LineNoise, Some(Fault::Crackle)) => format!("Crackle on {whose}"),
        (AlertKind::LineNoise, Some(Fault::Clipping)) => format!("Clipping on {whose}"),
        (AlertKind::LineNoise, Some(Fault::Dropouts)) => format!("Dropouts on {whose}"),
        (AlertKind::LineNoise, _) => format!("Noise on {whose}"),
        (AlertKind::OneWayAudio, _) if side == Some(Side::Customer) => {
            "Nothing heard from the customer".to_owned()
        }
        (AlertKind::OneWayAudio, _) => "Nothing heard from the agent".to_owned(),
        (AlertKind::MutedAtCallStart, _) => "Muted when the call began".to_owned(),
        (kind, _) => sentence_case(&kind.as_str().replace('_', " ")),
    }
}

fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

/// A sentence from its parts: the first letter large, a full stop behind.
pub(super) fn sentence(parts: &[String]) -> String {
    format!("{}.", sentence_case(&parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lengths_are_as_people_say_them() {
        assert_eq!(Clock(59.6).to_string(), "1:00");
        assert_eq!(Clock(3_725.0).to_string(), "1:02:05");
        assert_eq!(FineClock(61.25).to_string(), "1:01.3");
        let said = [2.52, 10.0, 252.0, 300.0, 3_780.0, 7_200.0].map(length);
        assert_eq!(
            said,
            ["2.5 s", "10 s", "4 min 12 s", "5 min", "1 h 3 min", "2 h"]
        );
    }

    #[test]
    fn figures_keep_what_tells_them_from_nothing() {
        assert_eq!(
            [0.0, 0.000_002, 0.000_5, 0.021, 0.384].map(percent),
            ["0 %", "under 0.001 %", "0.050 %", "2.1 %", "38 %"]
        );
        assert_eq!(number(-26.04, 1), "−26.0");
        assert_eq!(number(-0.01, 1), "0.0");
        assert_eq!(limit(-55.0), "−55");
    }
}
