//! What a station has said and its uplink has not yet taken.
//!
//! *Bounded* by number and bytes: the uplink is away for as long as its restart takes, not for a shift. *When full*,
//! the oldest event that is not about an alert goes first; each loss is counted.

use super::calls::{OpenCall, OpenCalls};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::AlertState;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use uuid::Uuid;

/// Most messages kept.
pub const MESSAGES: usize = 1000;

/// Most bytes of their lines.
pub const BYTES: usize = 1024 * 1024;

/// One message.
#[derive(Debug)]
struct Waiting {
    n: u64,
    line: Vec<u8>,
    alert: Option<Uuid>,
    /// The call that it ends.
    ends: Option<OpenCall>,
}

/// What waits for [`Kept::taken`].
#[derive(Debug, Default)]
pub struct Kept {
    last: u64,
    waiting: VecDeque<Waiting>,
    bytes: usize,
    lost: u64,
    standing: BTreeSet<Uuid>,
    calls: OpenCalls,
}

impl Kept {
    /// The number of the next message.
    pub fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Notes which alerts stand and which calls are open by what is said; `now` is on a monotonic clock.
    pub fn note(&mut self, now: Duration, message: &StationMessage) {
        match message {
            StationMessage::Alert(alert) => match alert.detail.state {
                AlertState::Cleared => drop(self.standing.remove(&alert.detail.id)),
                AlertState::Raised | AlertState::Updated => {
                    self.standing.insert(alert.detail.id);
                }
            },
            StationMessage::Event(event) => self.calls.note(now, event),
            _ => {}
        }
    }

    /// Keeps message `n`, written as this line, if it is one that must not be lost.
    pub fn keep(&mut self, n: u64, message: &StationMessage, line: Vec<u8>) {
        let alert = match message {
            StationMessage::Alert(alert) => Some(alert.detail.id),
            StationMessage::Event(event) => event.detail.alert.as_ref().map(|alert| alert.id),
            StationMessage::Telemetry(_)
            | StationMessage::Inventory { .. }
            | StationMessage::Hold { .. }
            | StationMessage::State { .. } => return,
        };
        self.bytes += line.len();
        let ends = OpenCall::ended_by(message);
        self.waiting.push_back(Waiting {
            n,
            line,
            alert,
            ends,
        });
        while self.waiting.len() > MESSAGES || self.bytes > BYTES {
            let first = self.waiting.iter().position(|one| one.alert.is_none());
            let Some(gone) = self.waiting.remove(first.unwrap_or(0)) else {
                return;
            };
            self.bytes -= gone.line.len();
            self.lost += 1;
        }
    }

    /// The uplink has everything up to `n`.
    pub fn taken(&mut self, n: u64) {
        while let Some(first) = self.waiting.front()
            && first.n <= n
        {
            self.bytes -= first.line.len();
            self.waiting.pop_front();
        }
    }

    /// The lines that wait, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.waiting.iter().map(|one| one.line.as_slice())
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many were lost since this was last asked.
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// The calls that are open, and those of whose end the uplink has not yet been told.
    #[must_use]
    pub fn calls(&self, now: Duration) -> Vec<OpenCall> {
        let ending = self.waiting.iter().filter_map(|one| one.ends.clone());
        self.calls.all(now).into_iter().chain(ending).collect()
    }

    /// The alerts that stand, and those of which the uplink has not yet all that was said.
    #[must_use]
    pub fn standing(&self) -> Vec<Uuid> {
        let waiting = self.waiting.iter().filter_map(|one| one.alert);
        let all: BTreeSet<Uuid> = self.standing.iter().copied().chain(waiting).collect();
        all.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::standing::tests::{cleared, raised};
    use sidetone_wire::event::{Event, EventDetail, EventType};

    fn hook(ts: u64) -> StationMessage {
        StationMessage::Event(Event {
            ts,
            kind: EventType::HookOff,
            detail: EventDetail::default(),
        })
    }

    #[test]
    fn alerts_outlast_other_events_and_each_loss_is_counted() {
        let mut kept = Kept::default();
        let [alert, event] = raised(7);
        for message in [&alert, &event] {
            let n = kept.number();
            kept.note(Duration::ZERO, message);
            kept.keep(n, message, b"alert".to_vec());
        }
        for ts in 0..1200 {
            let n = kept.number();
            kept.keep(n, &hook(ts), format!("hook {ts}").into_bytes());
        }
        let lines: Vec<&[u8]> = kept.lines().collect();
        assert_eq!(lines.len(), MESSAGES);
        assert_eq!(lines[..3], [b"alert", b"alert", &b"hook 202"[..]]);
        assert_eq!(kept.take_lost(), 202);
        assert_eq!(kept.take_lost(), 0);
        kept.taken(1201);
        assert_eq!(kept.lines().collect::<Vec<_>>(), [b"hook 1199"]);
        assert_eq!(kept.standing(), [Uuid::from_u128(7)]);
        // Its end is said, but nobody has heard it yet.
        let [state, _] = cleared(7);
        let n = kept.number();
        kept.note(Duration::ZERO, &state);
        kept.keep(n, &state, b"end".to_vec());
        assert_eq!(kept.standing(), [Uuid::from_u128(7)]);
        kept.taken(n);
        assert!(kept.standing().is_empty());
    }

    fn of_call(kind: EventType, call: u128) -> StationMessage {
        StationMessage::Event(Event {
            ts: 5,
            kind,
            detail: EventDetail {
                call: Some(Uuid::from_u128(call)),
                duration_s: (kind == EventType::CallEnded).then_some(2.5),
                ..EventDetail::default()
            },
        })
    }

    #[test]
    fn a_call_is_named_until_the_uplink_has_its_end() {
        let mut kept = Kept::default();
        let say = |kept: &mut Kept, message: StationMessage| {
            let n = kept.number();
            kept.note(Duration::ZERO, &message);
            kept.keep(n, &message, b"line".to_vec());
            n
        };
        let began = say(&mut kept, of_call(EventType::CallStarted, 1));
        kept.taken(began);
        let ended = say(&mut kept, of_call(EventType::CallEnded, 1));
        let named = kept.calls(Duration::ZERO);
        assert_eq!(named.len(), 1);
        assert_eq!((named[0].call.as_u128(), named[0].lasted_ms), (1, 2500));
        kept.taken(ended);
        assert_eq!(kept.calls(Duration::ZERO), []);
    }
}
