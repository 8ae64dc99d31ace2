//! Which alerts stand, so that they can be refreshed, and ended if a process died over them.
//!
//! *Promises*: an alert that was raised before `kill -9` is cleared with `restart` at the next start
//! (CONTRACT §2: exactly one clear per raise). What stood is read from the outbox, in which a raise and the fact
//! that the alert stands are one record: they are lost together or not at all.

use super::outgoing::{Outgoing, now_ms};
use serde_json::value::RawValue;
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertState, ClearReason};
use std::collections::BTreeMap;

/// The states of the alerts that stand, as they were last sent, by topic.
#[derive(Debug, Default)]
pub(super) struct ActiveAlerts(BTreeMap<String, Outgoing>);

impl ActiveAlerts {
    /// An alert's state is about to be sent.
    pub(super) fn note(&mut self, state: AlertState, message: &Outgoing) {
        match state {
            AlertState::Cleared => {
                self.0.remove(&message.topic);
            }
            AlertState::Raised | AlertState::Updated => {
                self.0.insert(message.topic.clone(), message.clone());
            }
        }
    }

    /// The states to publish again.
    pub(super) fn states(&self) -> impl Iterator<Item = &Outgoing> {
        self.0.values()
    }
}

/// The ends of alerts that an older start left standing: of each its state and its event.
pub(super) fn ends_of(standing: &[Box<RawValue>]) -> Vec<StationMessage> {
    let ts = now_ms();
    let end = |state: &str| {
        let mut detail: AlertDetail = match serde_json::from_str(state) {
            Ok(detail) => detail,
            Err(error) => {
                tracing::warn!(%error, "an alert of an older start cannot be read; the broker lets it expire");
                return None;
            }
        };
        detail.state = AlertState::Cleared;
        detail.reason = Some(ClearReason::Restart);
        let carried = EventDetail {
            alert: Some(detail.clone()),
            ..EventDetail::default()
        };
        let event = Event {
            ts,
            kind: EventType::AlertCleared,
            detail: carried,
        };
        Some([
            StationMessage::Alert(Alert { ts, detail }),
            StationMessage::Event(event),
        ])
    };
    standing
        .iter()
        .filter_map(|state| end(state.get()))
        .flatten()
        .collect()
}
