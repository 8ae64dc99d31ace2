//! From one session to the next: at the same broker, with the other version of MQTT, at another one, and back at the
//! first.
//!
//! *Promises*: what a session had not brought to an end is offered to the next, with the same `boot` and `seq`; nothing
//! that the old one still tells counts for the new one.

use super::engine::Engine;
use super::mqtt::session::{SessionEvent, Told, Word};
use sidetone_wire::vocabulary::{MqttVersion, NodeState};
use std::time::Instant;

/// The `reason` of the status `stopped` at a broker that is left for the first one.
const LEFT: &str = "other_broker";

impl Engine {
    /// What a session tells.
    pub(super) async fn told(&mut self, told: Told) {
        match self.session.hear(told) {
            Word::Current(SessionEvent::GivenUp(outage)) => {
                self.connection_lost();
                self.session.move_on(Some(outage));
            }
            Word::Current(SessionEvent::OtherVersion(outage)) => {
                self.connection_lost();
                self.session.change_version(outage);
            }
            Word::Current(event) => self.session_event(event),
            Word::HomeIsOpen => {
                let reason = Some(LEFT.to_owned());
                let farewell = self.sender.status(NodeState::Stopped, reason).ok();
                self.connection_lost();
                self.session.come_home(farewell.as_ref()).await;
                self.session_event(SessionEvent::Up {
                    session_present: false,
                });
            }
            Word::Stale => {}
        }
    }

    pub(super) fn session_event(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Received(message) => self.received(message),
            SessionEvent::Up { .. } => {
                self.connected = true;
                self.progress = Instant::now();
                self.link.connected();
                self.speak(self.session.version());
                self.subscribe();
                self.refresh();
                self.judge_certificates();
            }
            SessionEvent::Down | SessionEvent::GivenUp(_) | SessionEvent::OtherVersion(_) => {
                self.connection_lost();
            }
        }
    }

    /// The status says which version it travels by.
    fn speak(&mut self, version: MqttVersion) {
        if std::mem::replace(&mut self.sender.mqtt, version) != version
            && let Err(error) = self.say_state()
        {
            tracing::error!(%error, "the status cannot be written");
        }
    }

    fn subscribe(&self) {
        if self.gateway.is_used() {
            self.session.subscribe(&self.sender.topics.hold_reply());
        }
        let Some(subscriptions) = &self.subscriptions else {
            return;
        };
        for filter in &subscriptions.filters {
            self.session.subscribe(filter);
        }
        // No answer would find its question without Correlation Data, and a request that waited would say nothing of it.
        if self.sender.mqtt == MqttVersion::V5 {
            for filter in &subscriptions.commands {
                self.session.subscribe(filter);
            }
        }
    }

    /// What is told while the node says good-bye: no new session is begun.
    pub(super) fn told_last(&mut self, told: Told) {
        match self.session.hear(told) {
            Word::Current(SessionEvent::GivenUp(_) | SessionEvent::OtherVersion(_)) => {
                self.connected = false;
            }
            Word::Current(event) => self.session_event(event),
            Word::HomeIsOpen | Word::Stale => {}
        }
    }

    /// Whatever was on its way is handed over again, and so is what the broker acknowledged but may not have kept: it
    /// may have been killed, and even one that remembers the session may remember an older one. States too: the will
    /// may have been sent meanwhile.
    pub(super) fn connection_lost(&mut self) {
        (self.connected, self.owed_since, self.on_its_way) = (false, None, 0);
        self.sessions += 1;
        self.outbox.connection_lost();
        self.retained.all_again();
    }

    /// A connection that stands but takes nothing helps nobody, whoever of the two has stalled: all of it is thrown
    /// away.
    pub(super) fn end_a_stall(&mut self) {
        if !self.connected || !self.outbox.has_any_for(Instant::now()) {
            self.progress = Instant::now();
        } else if self.progress.elapsed() > self.timing.stall {
            tracing::warn!(
                on_its_way = self.on_its_way,
                "the broker has taken nothing for {} s: connecting anew",
                self.timing.stall.as_secs()
            );
            self.connection_lost();
            if self.session.has_others() {
                self.session.move_on(None);
            } else {
                self.session.begin_anew();
            }
        }
    }
}
