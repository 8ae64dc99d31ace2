//! Which calls of the station are open, by what it has said: so that each gets its `call.ended`, also when the station
//! dies in it.

use serde::{Deserialize, Serialize};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::ClearReason;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// More than a person keeps; beyond, the oldest is forgotten.
const MOST: usize = 64;

/// One open call, as a station tells it to an uplink that has not seen it begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCall {
    /// The call.
    pub call: Uuid,
    /// The headset it runs on.
    pub headset: Option<String>,
    /// How long it has lasted, ms.
    pub lasted_ms: u64,
}

impl OpenCall {
    /// The call that this message ends.
    #[must_use]
    pub fn ended_by(message: &StationMessage) -> Option<Self> {
        let StationMessage::Event(event) = message else {
            return None;
        };
        let detail = Some(&event.detail).filter(|_| event.kind == EventType::CallEnded)?;
        let lasted = Duration::try_from_secs_f64(detail.duration_s.unwrap_or(0.0)).ok();
        let lasted_ms = lasted.unwrap_or_default().as_millis();
        Some(Self {
            call: detail.call?,
            headset: detail.headset.clone(),
            lasted_ms: u64::try_from(lasted_ms).unwrap_or(u64::MAX),
        })
    }
}

#[derive(Debug)]
struct Open {
    headset: Option<String>,
    /// On the clock of whoever keeps this.
    since: Duration,
    /// How long it had lasted by then: that clock may be younger.
    before: Duration,
}

impl Open {
    fn lasted(&self, now: Duration) -> Duration {
        self.before.saturating_add(now.saturating_sub(self.since))
    }
}

/// The open calls. Times are on one monotonic clock, whichever.
#[derive(Debug, Default)]
pub struct OpenCalls(BTreeMap<Uuid, Open>);

impl OpenCalls {
    /// Takes note of an event.
    pub fn note(&mut self, now: Duration, event: &Event) {
        let Some(call) = event.detail.call else {
            return;
        };
        match event.kind {
            EventType::CallStarted => {
                let headset = event.detail.headset.clone();
                self.open(call, headset, now, Duration::ZERO);
            }
            EventType::CallEnded => drop(self.0.remove(&call)),
            _ => {}
        }
    }

    /// Takes over what a station says is open.
    pub fn adopt(&mut self, now: Duration, calls: Vec<OpenCall>) {
        for one in calls {
            let before = Duration::from_millis(one.lasted_ms);
            self.open(one.call, one.headset, now, before);
        }
    }

    fn open(&mut self, call: Uuid, headset: Option<String>, since: Duration, before: Duration) {
        self.0.entry(call).or_insert(Open {
            headset,
            since,
            before,
        });
        // Their ids begin with the time.
        while self.0.len() > MOST {
            self.0.pop_first();
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self, now: Duration) -> Vec<OpenCall> {
        let told = self.0.iter().map(|(call, open)| OpenCall {
            call: *call,
            headset: open.headset.clone(),
            lasted_ms: u64::try_from(open.lasted(now).as_millis()).unwrap_or(u64::MAX),
        });
        told.collect()
    }

    /// The ends of all of them. The station was last there at `until`, which was `ts`, ms since 1970: how long a call
    /// went on after that nobody knows.
    pub fn end_all(
        &mut self,
        until: Duration,
        ts: u64,
        reason: ClearReason,
    ) -> Vec<StationMessage> {
        let ended = self.all(until).into_iter().map(|one| {
            StationMessage::Event(Event {
                ts,
                kind: EventType::CallEnded,
                detail: EventDetail {
                    call: Some(one.call),
                    headset: one.headset,
                    duration_s: Some(Duration::from_millis(one.lasted_ms).as_secs_f64()),
                    reason: Some(reason.as_str().to_owned()),
                    ..EventDetail::default()
                },
            })
        });
        let ended = ended.collect();
        self.0.clear();
        ended
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
