//! Which line of the list is which call.
//!
//! The list names lines, which are used again; events and commands name calls by ids, which are not in
//! the list. Both are joined here: a line keeps its [`LegId`] while its time runs on, and gets its id from
//! the current call's status, or as the only call with that address.

use super::line::{RtcpStats, since};
use super::link::Event;
use super::listing::Listed;
use crate::softphone::{Direction, Leg, LegId, LineFigures, Phase};

/// Ids heard of that belong to no line yet.
const MAX_SEEN: usize = 16;

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Our name for it.
    pub(super) leg: LegId,
    /// The line it was last seen in.
    pub(super) listed: Listed,
    /// Its id, once it is known.
    pub(super) id: Option<String>,
    /// Whether the agent is muted, once we have been told.
    pub(super) muted: Option<bool>,
    /// Where it was when it was told to go elsewhere, until media are agreed on anew.
    pub(super) until_agreed: Option<Phase>,
    direction: Option<Direction>,
    ended: bool,
    line: Option<RtcpStats>,
}

#[derive(Debug)]
struct Seen {
    id: String,
    peer: String,
    direction: Option<Direction>,
    line: Option<RtcpStats>,
}

/// All calls there are.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    seen: Vec<Seen>,
    made: u64,
}

impl Calls {
    /// Takes the list as it is now.
    pub(super) fn update(&mut self, list: Vec<Listed>) {
        let mut before = std::mem::take(&mut self.calls);
        for listed in list {
            let same = before.iter().position(|call| {
                !call.ended
                    && call.listed.line == listed.line
                    && call.listed.peer == listed.peer
                    && call.listed.seconds <= listed.seconds
            });
            let call = match same {
                Some(at) => Call {
                    listed,
                    ..before.swap_remove(at)
                },
                None => self.call(listed),
            };
            self.calls.push(call);
        }
        self.join();
    }

    fn call(&mut self, listed: Listed) -> Call {
        self.made += 1;
        Call {
            leg: LegId::new(format!("{}", self.made)),
            listed,
            id: None,
            muted: None,
            until_agreed: None,
            direction: None,
            ended: false,
            line: None,
        }
    }

    /// The connection is a new one: an agreement may have been missed.
    pub(super) fn reconnected(&mut self) {
        for call in &mut self.calls {
            call.until_agreed = None;
        }
    }

    /// Takes note of an event.
    pub(super) fn note(&mut self, event: &Event) {
        if event.id.is_empty() {
            return;
        }
        let ended = event.kind == "CALL_CLOSED";
        if ended {
            self.seen.retain(|seen| seen.id != event.id);
        }
        if let Some(call) = self.by_id(&event.id) {
            call.ended |= ended;
            // An answer to our offer, or an offer of theirs, which our answer puts on hold.
            if event.kind == "CALL_REMOTE_SDP" {
                call.until_agreed = None;
            }
        } else if !ended && !self.seen.iter().any(|seen| seen.id == event.id) {
            if self.seen.len() == MAX_SEEN {
                self.seen.remove(0);
            }
            self.seen.push(Seen {
                id: event.id.clone(),
                peer: event.peeruri.clone(),
                direction: direction(&event.direction),
                line: None,
            });
            self.join();
        }
    }

    /// Takes note of the line's figures; what they say since the last ones.
    pub(super) fn line(&mut self, id: &str, now: RtcpStats) -> Option<(LegId, LineFigures)> {
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.id == id) {
            seen.line = Some(now);
        }
        let call = self.by_id(id)?;
        let before = call.line.replace(now)?;
        Some((call.leg.clone(), since(&before, &now)?))
    }

    /// The current call has this id and direction.
    pub(super) fn current_is(&mut self, id: &str, direction: Option<Direction>) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.listed.current) {
            call.id = Some(id.to_owned());
            call.direction = call.direction.or(direction);
        }
        self.join();
    }

    /// Whether the current call's id is missing.
    pub(super) fn current_is_unknown(&self) -> bool {
        self.calls
            .iter()
            .any(|call| call.listed.current && call.id.is_none())
    }

    pub(super) fn get(&mut self, leg: &LegId) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.leg == *leg)
    }

    pub(super) fn legs(&self) -> Vec<Leg> {
        self.calls
            .iter()
            .map(|call| Leg {
                id: call.leg.clone(),
                phase: call.until_agreed.unwrap_or(call.listed.phase),
                direction: call.direction,
                muted: call.muted,
            })
            .collect()
    }

    fn by_id(&mut self, id: &str) -> Option<&mut Call> {
        self.calls
            .iter_mut()
            .find(|call| call.id.as_deref() == Some(id))
    }

    /// Gives lines their ids where there is no choice.
    fn join(&mut self) {
        let known: Vec<&str> = self.calls.iter().filter_map(|c| c.id.as_deref()).collect();
        let (mut mine, mut free) = (Vec::new(), Vec::new());
        for seen in self.seen.drain(..) {
            if known.contains(&seen.id.as_str()) {
                mine.push(seen);
            } else {
                free.push(seen);
            }
        }
        for seen in mine {
            if let Some(call) = self.by_id(&seen.id) {
                call.take(seen);
            }
        }
        while let Some((at, call)) = only_pair(&free, &mut self.calls) {
            call.take(free.swap_remove(at));
        }
        self.seen = free;
    }
}

impl Call {
    fn take(&mut self, seen: Seen) {
        self.id = Some(seen.id);
        self.direction = self.direction.or(seen.direction);
        self.line = self.line.or(seen.line);
    }
}

/// An id and a line of the same address, if each is the only one without the other.
fn only_pair<'c>(free: &[Seen], calls: &'c mut [Call]) -> Option<(usize, &'c mut Call)> {
    let without_id = |call: &Call, peer: &str| call.id.is_none() && call.listed.peer == peer;
    let at = (0..free.len()).find(|&at| {
        let peer = &free[at].peer;
        free.iter().filter(|seen| seen.peer == *peer).count() == 1
            && calls.iter().filter(|call| without_id(call, peer)).count() == 1
    })?;
    let call = calls
        .iter_mut()
        .find(|call| without_id(call, &free[at].peer))?;
    Some((at, call))
}

fn direction(text: &str) -> Option<Direction> {
    match text {
        "incoming" => Some(Direction::Incoming),
        "outgoing" => Some(Direction::Outgoing),
        _ => None,
    }
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;
