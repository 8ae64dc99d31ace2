//! Which alerts of the station stand, by what it has said: so that each is cleared exactly once, also when the
//! station goes without a goodbye, and when the uplink has died in between.

use crate::uplink::active::ends_of;
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::EventType;
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertState, ClearReason};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One alert, until both its state and its event have ended.
#[derive(Debug)]
struct One {
    detail: AlertDetail,
    state: bool,
    event: bool,
}

/// The alerts that stand.
#[derive(Debug, Default)]
pub struct Standing {
    alerts: BTreeMap<Uuid, One>,
    /// Of an earlier start of the uplink; nobody has said yet that they still stand.
    left: Vec<AlertDetail>,
}

impl Standing {
    /// With what an earlier start of the uplink left standing.
    #[must_use]
    pub fn new(left: Vec<AlertDetail>) -> Self {
        Self {
            alerts: BTreeMap::new(),
            left,
        }
    }

    /// Takes note of a message; `false` if it says again what has been said (a raise or an end whose
    /// acknowledgement was lost).
    pub fn admits(&mut self, message: &StationMessage) -> bool {
        match message {
            StationMessage::Alert(alert) => self.state(&alert.detail),
            StationMessage::Event(event) => match &event.detail.alert {
                Some(detail) => self.event(event.kind, detail),
                None => true,
            },
            _ => true,
        }
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
    /// id, and the others end. What is to be said for it, in order.
    pub fn adopt(&mut self, ts: u64, ids: &[Uuid]) -> Vec<StationMessage> {
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
        said
    }

    /// The ends of everything that stands; the station is gone.
    pub fn end_all(&mut self, reason: ClearReason) -> Vec<StationMessage> {
        let mut said = ends_of(std::mem::take(&mut self.left), ClearReason::Restart);
        for one in std::mem::take(&mut self.alerts).into_values() {
            let (state, event) = (one.state, one.event);
            let ends = ends_of([one.detail], reason).into_iter();
            said.extend(ends.filter(|end| match end {
                StationMessage::Alert(_) => state,
                _ => event,
            }));
        }
        said
    }

    /// Whether nothing stands.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.left.is_empty()
    }
}

#[cfg(test)]
pub(super) mod tests;
