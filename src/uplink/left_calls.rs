//! Calls that a process left open when it died, and their ends.
//!
//! *Promises*: a call whose beginning is on the disk gets one `call.ended`, from whoever comes next. Its `ts` is that of
//! the last thing known of that process: how long the call went on after that, and so how long it was, nobody knows.

use super::outbox::segments::LeftBehind;
use super::outgoing::now_ms;
use serde::Deserialize;
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::ClearReason;
use uuid::Uuid;

/// A call that was open when its process died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftCall {
    /// The call.
    pub call: Uuid,
    /// The headset it ran on.
    pub headset: Option<String>,
    /// When the last thing is known of it, ms since 1970 UTC.
    pub known_until: u64,
}

impl LeftCall {
    /// Its end.
    #[must_use]
    pub fn end(self, reason: ClearReason) -> StationMessage {
        StationMessage::Event(Event {
            ts: self.known_until,
            kind: EventType::CallEnded,
            detail: EventDetail {
                call: Some(self.call),
                headset: self.headset,
                reason: Some(reason.as_str().to_owned()),
                ..EventDetail::default()
            },
        })
    }
}

/// The calls that an older start left open, oldest first.
pub(super) fn read(left: &LeftBehind) -> Vec<LeftCall> {
    #[derive(Deserialize)]
    struct Beginning {
        call: Uuid,
        headset: Option<String>,
        ts: Option<u64>,
    }
    let newest = left.newest.min(now_ms());
    let read = left.calls.iter().filter_map(|event| {
        let begun: Beginning = serde_json::from_str(event.get()).ok()?;
        Some(LeftCall {
            call: begun.call,
            headset: begun.headset,
            known_until: begun.ts.unwrap_or(0).max(newest),
        })
    });
    read.collect()
}
