//! What the station says, on its way into outbox, retained states and session.

use super::active;
use super::config::Left;
use super::engine::{Engine, HOUSEKEEPING};
use super::left_calls;
use super::outbox::Rank;
use super::outbox::segments::LeftBehind;
use super::outgoing::{Unsendable, now_ms};
use sidetone_wire::alert::Alert;
use sidetone_wire::event::{Event, EventType};
use sidetone_wire::hold::HoldRequest;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::Telemetry;
use sidetone_wire::vocabulary::{AlertState, ClearReason};
use std::time::Instant;
use tokio::sync::mpsc;

/// Messages of the station taken in one go, at most.
const TOGETHER: usize = 64;

impl Engine {
    /// Takes a message of the station.
    pub(super) fn take(&mut self, message: StationMessage) {
        let result = match message {
            StationMessage::Event(event) => self.event(event),
            StationMessage::Alert(alert) => self.alert(alert),
            StationMessage::Telemetry(telemetry) => self.telemetry(telemetry),
            StationMessage::Inventory { item, facts } => {
                self.items.note(&item, facts.is_some());
                self.sender
                    .inventory(&item, facts)
                    .map(|m| self.retained.set(m))
            }
            StationMessage::Hold { ts, order, request } => self.hold(ts, order, request),
            StationMessage::State { state, reason } => {
                self.node = (state, reason);
                self.say_state()
            }
        };
        if let Err(error) = result {
            tracing::error!(%error, "a message of the station cannot be sent");
        }
    }

    /// The state directory could not be read at the start, and now can: what older starts left behind goes out, and the
    /// alerts they left standing end, but not in the place of one that stands by now. Calls end too, unless their
    /// station may still live.
    pub(super) fn found(&mut self, left: &LeftBehind) {
        self.outbox.take_left(left, now());
        for message in active::ends_of(active::read(&left.standing), ClearReason::Restart) {
            let newer = match &message {
                StationMessage::Alert(alert) => {
                    let same = |topic: &String| {
                        let subject =
                            format!("/alert/{}/{}", alert.detail.kind, alert.detail.subject);
                        topic.ends_with(&subject)
                    };
                    self.active.states().any(|state| same(&state.topic))
                }
                _ => false,
            };
            if !newer {
                self.take(message);
            }
        }
        if self.left == (Left::Ended { calls: true }) {
            for call in left_calls::read(left) {
                self.take(call.end(ClearReason::Restart));
            }
        }
    }

    /// Takes what else the station has said already, so that what belongs together is written in one piece.
    pub(super) fn take_waiting(&mut self, station: &mut mpsc::Receiver<StationMessage>) {
        for _ in 0..TOGETHER {
            match station.try_recv() {
                Ok(message) => self.take(message),
                Err(_) => return,
            }
        }
    }

    /// Takes everything that the station has said already.
    pub(super) fn take_all(&mut self, station: &mut mpsc::Receiver<StationMessage>) {
        for _ in 0..station.len() {
            match station.try_recv() {
                Ok(message) => self.take(message),
                Err(_) => return,
            }
        }
    }

    fn event(&mut self, event: Event) -> Result<(), Unsendable> {
        let rank = match event.kind {
            EventType::AlertRaised | EventType::AlertChanged | EventType::OutboxDropped => {
                Rank::Raised
            }
            EventType::AlertCleared => Rank::Cleared,
            _ => Rank::Event,
        };
        let message = self.sender.event(event, self.outbox.next_seq())?;
        self.calls.note(&message.topic, &message.payload);
        self.outbox.append(message, rank, now());
        Ok(())
    }

    fn alert(&mut self, alert: Alert) -> Result<(), Unsendable> {
        let state = alert.detail.state;
        let rank = match state {
            AlertState::Cleared => Rank::Cleared,
            AlertState::Raised | AlertState::Updated => Rank::Raised,
        };
        let message = self.sender.alert(alert, self.outbox.next_seq())?;
        self.retained.forget(&message.topic);
        self.active.note(state, &message);
        self.cleared.forget(&message.topic);
        self.outbox.append(message, rank, now());
        Ok(())
    }

    /// A hold is of use now or not at all: without a broker it is not asked.
    fn hold(&mut self, ts: u64, order: u64, request: HoldRequest) -> Result<(), Unsendable> {
        if !self.connected {
            self.gateway.unreachable(order);
            return Ok(());
        }
        let seq = self.outbox.next_seq();
        let message = self.sender.hold(ts, request, seq)?;
        self.gateway.asked(seq, order);
        self.outbox.append(message, Rank::Raised, now());
        Ok(())
    }

    /// Live figures go out now or not at all; not onto a broker that is behind.
    fn telemetry(&mut self, mut telemetry: Telemetry) -> Result<(), Unsendable> {
        let behind = self
            .owed_since
            .is_some_and(|since| since.elapsed() > HOUSEKEEPING * 2);
        if !self.connected || behind {
            return Ok(());
        }
        if let Telemetry::Health { figures, .. } = &mut telemetry {
            let stats = self.outbox.stats();
            (figures.outbox_records, figures.outbox_dropped) = (stats.records, stats.dropped);
        }
        let message = self.sender.telemetry(telemetry)?;
        self.session.publish_untracked(&message);
        Ok(())
    }
}

fn now() -> (Instant, u64) {
    (Instant::now(), now_ms())
}
