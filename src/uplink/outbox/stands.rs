//! What stands and is open by the records of the outbox: alerts until their end, calls until theirs.
//!
//! *Promises*: a beginning and the fact that it stands are one record: they are lost together or not at all. *Bounded*:
//! of calls the newest [`CALLS`] are kept.

use super::line::{Record, Standing};
use serde_json::value::RawValue;
use sidetone_wire::MessageClass;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Topics of events, from the node's on.
const ALERT_CLEARED: &str = "/event/alert.cleared";
const CALL_STARTED: &str = "/event/call.started";
const CALL_ENDED: &str = "/event/call.ended";

/// More open calls than a person has.
const CALLS: usize = 64;

/// The calls that are open, each with the event of its beginning.
#[derive(Debug, Default)]
pub(in crate::uplink) struct OpenCalls(BTreeMap<Uuid, Standing>);

impl OpenCalls {
    /// Takes note of a message with this topic and payload; those that are about no call's beginning or end change
    /// nothing.
    pub(in crate::uplink) fn note(&mut self, topic: &str, payload: &[u8]) {
        let (begins, ends) = (topic.ends_with(CALL_STARTED), topic.ends_with(CALL_ENDED));
        if !begins && !ends {
            return;
        }
        let Some((call, state)) = read(payload) else {
            return;
        };
        if ends {
            self.0.remove(&call);
            return;
        }
        let topic = topic.to_owned();
        self.0.insert(call, Standing { topic, state });
        // Their ids begin with the time.
        while self.0.len() > CALLS {
            self.0.pop_first();
        }
    }

    /// The beginnings of those that are open, oldest first.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = &Standing> {
        self.0.values()
    }
}

/// Call and payload of an event.
fn read(payload: &[u8]) -> Option<(Uuid, Box<RawValue>)> {
    #[derive(serde::Deserialize)]
    struct OfCall {
        call: Uuid,
    }
    let of: OfCall = serde_json::from_slice(payload).ok()?;
    Some((of.call, serde_json::from_slice(payload).ok()?))
}

/// Alerts and calls.
#[derive(Debug, Default)]
pub(super) struct Stands {
    /// The states of alerts as they were last made, by topic.
    alerts: BTreeMap<String, Box<RawValue>>,
    calls: OpenCalls,
}

impl Stands {
    /// A record was written.
    pub(super) fn note(&mut self, record: &Record) {
        match record.class {
            MessageClass::AlertActive => {
                let state = record.payload.clone();
                self.alerts.insert(record.topic.clone(), state);
            }
            // Only its event is the end that must be told once; the state goes before it.
            MessageClass::Event if record.topic.ends_with(ALERT_CLEARED) => {
                let ended = id_of(&record.payload);
                self.alerts.retain(|_, state| id_of(state) != ended);
            }
            MessageClass::Event => {
                self.calls
                    .note(&record.topic, record.payload.get().as_bytes());
            }
            _ => {}
        }
    }

    /// All of it as a line of the outbox said.
    pub(super) fn read(all: &[Standing]) -> Self {
        let mut stands = Self::default();
        for one in all {
            if one.topic.ends_with(CALL_STARTED) {
                stands.calls.note(&one.topic, one.state.get().as_bytes());
            } else {
                stands.alerts.insert(one.topic.clone(), one.state.clone());
            }
        }
        stands
    }

    /// All of it for a line of the outbox.
    pub(super) fn all(&self) -> Vec<Standing> {
        let alerts = self.alerts.iter().map(|(topic, state)| Standing {
            topic: topic.clone(),
            state: state.clone(),
        });
        alerts.chain(self.calls.beginnings().cloned()).collect()
    }

    /// The states of the alerts that stand.
    pub(super) fn alerts(&self) -> Vec<Box<RawValue>> {
        self.alerts.values().cloned().collect()
    }

    /// The events with which the open calls began, oldest first.
    pub(super) fn calls(&self) -> Vec<Box<RawValue>> {
        let beginnings = self.calls.beginnings();
        beginnings.map(|one| one.state.clone()).collect()
    }
}

/// The `id` of an alert, in its state and in its events.
pub(super) fn id_of(payload: &RawValue) -> Option<Uuid> {
    #[derive(serde::Deserialize)]
    struct Alert {
        id: Uuid,
    }
    let alert: Option<Alert> = serde_json::from_str(payload.get()).ok();
    alert.map(|alert| alert.id)
}
