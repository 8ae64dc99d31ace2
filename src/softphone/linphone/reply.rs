//! What linphone-daemon answers: lines of text, `Status: Ok` or `Status: Error` first.

use crate::softphone::{Direction, Phase};

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply<'t> {
    /// It did, and says this.
    Ok(&'t str),
    /// It did not, for this reason.
    Error(&'t str),
}

/// Reads an answer; `None` if it is none.
pub(super) fn parse(text: &str) -> Option<Reply<'_>> {
    if let Some(rest) = text.strip_prefix("Status: Ok") {
        return Some(Reply::Ok(rest.trim()));
    }
    let rest = text.strip_prefix("Status: Error")?;
    Some(Reply::Error(field(rest, "Reason").unwrap_or("no reason")))
}

/// The value of the first line `NAME: value`.
pub(super) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .map(str::trim)
}

/// Where a call is, by the name of its state; `None` once it is over.
///
/// A call is held when the other side has agreed (`Paused`), and until it has agreed to go on.
pub(super) fn phase(state: &str) -> Option<Phase> {
    Some(match state.strip_prefix("LinphoneCall")? {
        "IncomingReceived" | "PushIncomingReceived" | "IncomingEarlyMedia" => Phase::Ringing,
        "OutgoingInit" | "OutgoingProgress" | "OutgoingRinging" | "OutgoingEarlyMedia" => {
            Phase::Dialing
        }
        "Paused" | "Resuming" => Phase::Held,
        "Connected"
        | "StreamsRunning"
        | "Pausing"
        | "Updating"
        | "UpdatedByRemote"
        | "PausedByRemote"
        | "Referred"
        | "EarlyUpdating"
        | "EarlyUpdatedByRemote" => Phase::Active,
        _ => return None,
    })
}

/// Who began the call.
pub(super) fn direction(text: &str) -> Option<Direction> {
    match field(text, "Direction")? {
        "in" => Some(Direction::Incoming),
        "out" => Some(Direction::Outgoing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_5_1_are_read() {
        // As Debian's 5.1.65 gave them.
        let running = "Status: Ok\n\nState: LinphoneCallStreamsRunning\nFrom: sip:c@127.0.0.1\nDirection: in\nDuration: 2\n\n";
        let Some(Reply::Ok(text)) = parse(running) else {
            panic!("{running}");
        };
        assert_eq!(field(text, "State").and_then(phase), Some(Phase::Active));
        assert_eq!(direction(text), Some(Direction::Incoming));
        let gone = "Status: Error\nReason: No call with such id.\n";
        assert_eq!(parse(gone), Some(Reply::Error("No call with such id.")));
        assert_eq!(parse("HTTP/1.1 400"), None);
    }

    #[test]
    fn on_the_way_to_hold_and_back_the_customer_may_still_hear() {
        assert_eq!(phase("LinphoneCallPausing"), Some(Phase::Active));
        assert_eq!(phase("LinphoneCallPaused"), Some(Phase::Held));
        assert_eq!(phase("LinphoneCallResuming"), Some(Phase::Held));
        for over in [
            "LinphoneCallEnd",
            "LinphoneCallReleased",
            "LinphoneCallError",
            "x",
        ] {
            assert_eq!(phase(over), None, "{over}");
        }
    }
}
