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

/// The alerts that an older start left standing.
pub(super) fn read(standing: &[Box<RawValue>]) -> Vec<AlertDetail> {
    let read = standing
        .iter()
        .map(|state| serde_json::from_str(state.get()));
    read.filter_map(|alert: Result<AlertDetail, _>| {
        alert
            .inspect_err(|error| {
                tracing::warn!(%error, "an alert of an older start cannot be read; the broker lets it expire");
            })
            .ok()
    })
    .collect()
}

/// The ends of alerts: of each its state and its event.
pub(crate) fn ends_of(
    standing: impl IntoIterator<Item = AlertDetail>,
    reason: ClearReason,
) -> Vec<StationMessage> {
    let ts = now_ms();
    let ends = standing.into_iter().flat_map(|mut detail| {
        detail.state = AlertState::Cleared;
        detail.reason = Some(reason);
        let carried = EventDetail {
            alert: Some(detail.clone()),
            ..EventDetail::default()
        };
        let event = Event {
            ts,
            kind: EventType::AlertCleared,
            detail: carried,
        };
        [
            StationMessage::Alert(Alert { ts, detail }),
            StationMessage::Event(event),
        ]
    });
    ends.collect()
}
