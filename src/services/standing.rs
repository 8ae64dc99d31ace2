//! Which alerts of the station stand and which calls are open, by what it has said: so that each is cleared or ended
//! exactly once, also when the station goes without a goodbye, and when the uplink has died in between.

use super::calls::{OpenCall, OpenCalls};
use crate::uplink::active::ends_of;
use crate::uplink::left_calls::LeftCall;
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::EventType;
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertState, ClearReason};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use uuid::Uuid;

/// How many of those ended here are remembered.
const ENDED: usize = 256;

/// One alert, until both its state and its event have ended.
#[derive(Debug)]
struct One {
    detail: AlertDetail,
    state: bool,
    event: bool,
}

/// A moment on two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The uplink's monotonic one.
    pub monotonic: Duration,
    /// In ms since 1970.
    pub ts: u64,
}

/// The alerts that stand and the calls that are open.
#[derive(Debug, Default)]
pub struct Standing {
    alerts: BTreeMap<Uuid, One>,
    calls: OpenCalls,
    /// Alerts and calls that were ended for a station that was away, newest last: should it come back, what it says of
    /// them comes too late.
    ended: VecDeque<Uuid>,
    /// Of an earlier start of the uplink; nobody has said yet that they still stand or go on.
    left: Vec<AlertDetail>,
    left_calls: Vec<LeftCall>,
}

impl Standing {
    /// With what an earlier start of the uplink left standing and open.
    #[must_use]
    pub fn new(left: Vec<AlertDetail>, left_calls: Vec<LeftCall>) -> Self {
        Self {
            left,
            left_calls,
            ..Self::default()
        }
    }

    /// Takes note of a message, `now` on the uplink's monotonic clock; `false` if it says again what has been said (a
    /// raise or an end whose acknowledgement was lost), or something of what has been ended here.
    pub fn admits(&mut self, now: Duration, message: &StationMessage) -> bool {
        match message {
            StationMessage::Alert(alert) => {
                !self.ended.contains(&alert.detail.id) && self.state(&alert.detail)
            }
            StationMessage::Event(event) => match &event.detail.alert {
                Some(detail) => !self.ended.contains(&detail.id) && self.event(event.kind, detail),
                None => {
                    let of_ended = |call| self.ended.contains(&call);
                    if event.detail.call.is_some_and(of_ended) {
                        return false;
                    }
                    self.calls.note(now, event);
                    true
                }
            },
            _ => true,
        }
    }

    /// Whether something that a station takes to go on has been ended: it must begin anew.
    #[must_use]
    pub fn has_ended(&self, alerts: &[Uuid], calls: &[OpenCall]) -> bool {
        let mut all = alerts.iter().chain(calls.iter().map(|one| &one.call));
        all.any(|id| self.ended.contains(id))
    }

    fn state(&mut self, detail: &AlertDetail) -> bool {
        if detail.state != AlertState::Cleared {
            let one = self.open(detail);
            one.detail = detail.clone();
            one.state = true;
            return true;
        }
        let open = self.alerts.get_mut(&detail.id).filter(|one| one.state);
        let was_open = open.map(|one| one.state = false).is_some();
        self.close(detail.id);
        was_open
    }

    fn event(&mut self, kind: EventType, detail: &AlertDetail) -> bool {
        match kind {
            EventType::AlertRaised => !std::mem::replace(&mut self.open(detail).event, true),
            EventType::AlertCleared => {
                let open = self.alerts.get_mut(&detail.id).filter(|one| one.event);
                let was_open = open.map(|one| one.event = false).is_some();
                self.close(detail.id);
                was_open
            }
            _ => true,
        }
    }

    fn open(&mut self, detail: &AlertDetail) -> &mut One {
        self.alerts.entry(detail.id).or_insert_with(|| One {
            detail: detail.clone(),
            state: false,
            event: false,
        })
    }

    fn close(&mut self, id: Uuid) {
        if self
            .alerts
            .get(&id)
            .is_some_and(|one| !one.state && !one.event)
        {
            self.alerts.remove(&id);
        }
    }

    /// A station that was there before the uplink died says which of its alerts still stand: those go on under their
    /// id, and the others end. Its calls go on, and calls it does not know end. What is to be said for it, in order.
    pub fn adopt(
        &mut self,
        now: Moment,
        ids: &[Uuid],
        mut calls: Vec<OpenCall>,
    ) -> Vec<StationMessage> {
        calls.retain(|one| !self.ended.contains(&one.call));
        let left_calls = std::mem::take(&mut self.left_calls).into_iter();
        let over_calls = left_calls.filter(|left| !calls.iter().any(|one| one.call == left.call));
        let over_calls: Vec<_> = over_calls.collect();
        self.ended.extend(over_calls.iter().map(|one| one.call));
        self.calls.adopt(now.monotonic, calls);
        let ts = now.ts;
        let left = std::mem::take(&mut self.left);
        let (go_on, over): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|one| ids.contains(&one.id));
        let go_on = go_on.into_iter().map(|mut detail| {
            detail.state = AlertState::Updated;
            let one = One {
                detail: detail.clone(),
                state: true,
                event: true,
            };
            self.alerts.insert(detail.id, one);
            StationMessage::Alert(Alert { ts, detail })
        });
        let mut said: Vec<_> = go_on.collect();
        said.extend(ends_of(over, ClearReason::Restart));
        let over_calls = over_calls.into_iter();
        said.extend(over_calls.map(|call| call.end(ClearReason::Restart)));
        said
    }

    /// The ends of everything that stands or is open, in the station's own order: the alerts first. It was last there
    /// at `gone`.
    pub fn end_all(&mut self, gone: Moment, reason: ClearReason) -> Vec<StationMessage> {
        let left = std::mem::take(&mut self.left);
        let left_calls = std::mem::take(&mut self.left_calls);
        let alerts = std::mem::take(&mut self.alerts);
        let calls = self
            .calls
            .all(gone.monotonic)
            .into_iter()
            .map(|one| one.call);
        let over = left.iter().map(|one| one.id).chain(alerts.keys().copied());
        let over = over.chain(left_calls.iter().map(|one| one.call));
        self.ended.extend(over.chain(calls));
        let too_many = self.ended.len().saturating_sub(ENDED);
        drop(self.ended.drain(..too_many));
        let mut said = ends_of(left, ClearReason::Restart);
        for one in alerts.into_values() {
            let (state, event) = (one.state, one.event);
            let ends = ends_of([one.detail], reason).into_iter();
            said.extend(ends.filter(|end| match end {
                StationMessage::Alert(_) => state,
                _ => event,
            }));
        }
        let left_calls = left_calls.into_iter();
        said.extend(left_calls.map(|call| call.end(ClearReason::Restart)));
        said.extend(self.calls.end_all(gone.monotonic, gone.ts, reason));
        said
    }

    /// Whether nothing stands, and no call is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
            && self.left.is_empty()
            && self.left_calls.is_empty()
            && self.calls.is_empty()
    }
}

#[cfg(test)]
pub(super) mod tests;
