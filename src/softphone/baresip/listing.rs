//! What `listcalls` prints: one line a call, for people.
//!
//! ```text
//! --- Active calls (2) ---
//!   [line 1]  0:00:20  ESTABLISHED  (on hold)  sip:customer@example.com
//! > [line 2]  0:00:02  ESTABLISHED             sip:other@example.com
//! ```
//!
//! Version 1.0.0 of Debian prints it so; later versions print such a list for each account, and begin the
//! numbers of the lines anew in each.

use crate::softphone::{Direction, Phase};

/// One call of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Which list, and which line of it. A line is used again after its call.
    pub(super) line: (u32, u32),
    /// Commands without a call's name act on this one.
    pub(super) current: bool,
    /// How long it lasts, in seconds.
    pub(super) seconds: u32,
    /// Where it is.
    pub(super) phase: Phase,
    /// The other side's address.
    pub(super) peer: String,
}

/// The calls of the list. Lines that are none are passed over.
pub(super) fn parse(text: &str) -> Vec<Listed> {
    let mut list = 0;
    let mut calls = Vec::new();
    for line in text.lines() {
        if line.starts_with("---") {
            list += 1;
        } else {
            calls.extend(call(line, list));
        }
    }
    calls
}

fn call(line: &str, list: u32) -> Option<Listed> {
    let current = line.starts_with('>');
    let line = line.trim_start_matches('>').trim_start();
    let (number, rest) = line.strip_prefix("[line ")?.split_once(']')?;
    let number = number.split(',').next()?.trim().parse().ok()?;
    let mut words = rest.split_whitespace();
    let seconds = seconds(words.next()?)?;
    let state = words.next()?;
    let held = rest.contains("  (on hold)  ");
    let phase = match state {
        "INCOMING" => Phase::Ringing,
        "OUTGOING" | "RINGING" | "EARLY" => Phase::Dialing,
        "ESTABLISHED" | "TRANSFER" if held => Phase::Held,
        "ESTABLISHED" | "TRANSFER" => Phase::Active,
        // Not begun yet, or ended.
        _ => return None,
    };
    Some(Listed {
        line: (list, number),
        current,
        seconds,
        phase,
        peer: words.last().unwrap_or_default().to_owned(),
    })
}

/// `1:02:03` in seconds.
fn seconds(text: &str) -> Option<u32> {
    text.split(':').try_fold(0_u32, |sum, part| {
        sum.checked_mul(60)?.checked_add(part.parse().ok()?)
    })
}

/// Id and direction of the current call in what `callstat` prints
/// (`af=AF_INET id=d5528d83d117961c`, `direction: Incoming`).
pub(super) fn current(text: &str) -> Option<(&str, Option<Direction>)> {
    let id = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix("id="))
        .filter(|id| !id.is_empty())?;
    let direction = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("direction: "))
        .and_then(|word| match word {
            "Incoming" => Some(Direction::Incoming),
            "Outgoing" => Some(Direction::Outgoing),
            _ => None,
        });
    Some((id, direction))
}

/// The version in what `about` prints, e.g. `(1, 0)` and `1.0.0`.
pub(super) fn version(text: &str) -> Option<((u32, u32), &str)> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.split('.');
        let version = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((version, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_1_0_0_is_read() {
        // As Debian's 1.0.0 printed it.
        let text = "\n--- Active calls (2) ---\n  [line 1]  0:00:20  ESTABLISHED             sip:customer@127.0.0.1:25064\n> [line 2]  1:00:02  ESTABLISHED  (on hold)  sip:customer@127.0.0.1:25064\n\n";
        let calls = parse(text);
        let brief: Vec<_> = calls
            .iter()
            .map(|c| (c.line, c.current, c.seconds, c.phase))
            .collect();
        assert_eq!(
            brief,
            [
                ((1, 1), false, 20, Phase::Active),
                ((1, 2), true, 3602, Phase::Held)
            ]
        );
        assert_eq!(calls[1].peer, "sip:customer@127.0.0.1:25064");
        assert!(parse("\n--- Active calls (0) ---\n\n").is_empty());
    }

    #[test]
    fn lines_of_several_accounts_are_kept_apart() {
        let text = "\nUser-Agent: a@x\n--- Active calls (1) ---\n> [line 1]  0:00:01  INCOMING                sip:p@x\n\n\nUser-Agent: b@x\n--- Active calls (1) ---\n> [line 1]  0:00:00  OUTGOING                sip:q@x\n";
        let calls = parse(text);
        assert_eq!((calls[0].line, calls[0].phase), ((1, 1), Phase::Ringing));
        assert_eq!((calls[1].line, calls[1].phase), ((2, 1), Phase::Dialing));
    }

    #[test]
    fn an_address_that_says_on_hold_holds_nothing() {
        let calls = parse("> [line 1]  0:00:01  ESTABLISHED             sip:(on-hold)@x");
        assert_eq!(calls[0].phase, Phase::Active);
    }

    #[test]
    fn ids_and_versions_are_found() {
        let status = "\n===== Call debug (ESTABLISHED) =====\n peer_uri:   <sip:c@x>\n af=AF_INET id=d5528d83d117961c\n direction: Incoming\n";
        assert_eq!(
            current(status),
            Some(("d5528d83d117961c", Some(Direction::Incoming)))
        );
        assert_eq!(current("\n(no active calls)\n"), None);
        let about = "|   \u{1b}[34;1mbare\u{1b}[31;1msip\u{1b}[;m 1.0.0      |";
        assert_eq!(version(about), Some(((1, 0), "1.0.0")));
        assert_eq!(version("| 3.16.0 |"), Some(((3, 16), "3.16.0")));
        assert_eq!(version("nothing"), None);
    }
}
