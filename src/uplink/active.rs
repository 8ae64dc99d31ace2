//! Which alerts stand, so that they can be refreshed, and ended if this process dies over them.
//!
//! *Promises*: an alert that was raised before `kill -9` is cleared with `restart` at the next start
//! (CONTRACT §2: exactly one clear per raise). The list is kept in the state directory; if it cannot
//! be written, that is logged once and the alerts go out all the same (the broker lets them expire).

use super::files::{Durability, replace};
use super::outgoing::{Outgoing, now_ms};
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertState, ClearReason};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An alert that stands, and its state as it was last sent.
#[derive(Debug)]
struct Standing {
    detail: AlertDetail,
    message: Outgoing,
}

/// The alerts that stand, by topic.
#[derive(Debug)]
pub(super) struct ActiveAlerts {
    path: PathBuf,
    standing: BTreeMap<String, Standing>,
    unwritable: bool,
}

impl ActiveAlerts {
    /// None yet.
    pub(super) fn new(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("active-alerts.json"),
            standing: BTreeMap::new(),
            unwritable: false,
        }
    }

    /// What the last run left standing, each with its end: the state and the event.
    pub(super) fn left_over(&self) -> Vec<StationMessage> {
        let Ok(bytes) = std::fs::read(&self.path) else {
            return Vec::new();
        };
        let left: Vec<AlertDetail> = match serde_json::from_slice(&bytes) {
            Ok(left) => left,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the list of standing alerts is damaged; the broker lets them expire");
                return Vec::new();
            }
        };
        let ts = now_ms();
        let end = |mut detail: AlertDetail| {
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
            [
                StationMessage::Alert(Alert { ts, detail }),
                StationMessage::Event(event),
            ]
        };
        left.into_iter().flat_map(end).collect()
    }

    /// An alert's state is about to be sent.
    pub(super) fn note(&mut self, detail: AlertDetail, message: &Outgoing) {
        match detail.state {
            AlertState::Cleared => {
                self.standing.remove(&message.topic);
            }
            AlertState::Raised | AlertState::Updated => {
                let standing = Standing {
                    detail,
                    message: message.clone(),
                };
                self.standing.insert(message.topic.clone(), standing);
            }
        }
        self.keep();
    }

    fn keep(&mut self) {
        let list: Vec<&AlertDetail> = self.standing.values().map(|s| &s.detail).collect();
        let written = serde_json::to_vec(&list)
            .map_err(std::io::Error::other)
            .and_then(|bytes| replace(&self.path, &bytes, Durability::ProcessEnd));
        if let (Err(error), false) = (&written, self.unwritable) {
            tracing::warn!(path = %self.path.display(), %error, "standing alerts cannot be kept for the next start");
        }
        self.unwritable = written.is_err();
    }

    /// The states to publish again.
    pub(super) fn states(&self) -> impl Iterator<Item = &Outgoing> {
        self.standing.values().map(|s| &s.message)
    }
}
