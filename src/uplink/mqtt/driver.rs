//! The task that drives the client's event loop, of one session at one broker.

use super::BrokerState;
use super::fault::{BrokerFault, explain};
use super::options;
use super::outage::{Next, Outage};
use super::renewal::Print;
use super::session::{CORRELATION_MAX, Received, SessionEvent, Told};
use crate::uplink::config::{BrokerConfig, Timing};
use rumqttc::mqttbytes::v5::Publish;
use rumqttc::{ConnectionError, Event, EventLoop, Incoming, MqttState, NoticeFailureReason};
use sidetone_wire::stamp::PAYLOAD_MAX;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Drives the event loop.
pub(super) struct Driver {
    /// Which session this is.
    pub(super) number: u64,
    /// Which broker, and of how many.
    pub(super) place: usize,
    pub(super) brokers: usize,
    pub(super) broker: BrokerConfig,
    pub(super) timing: Timing,
    pub(super) event_loop: EventLoop,
    pub(super) events: mpsc::Sender<Told>,
    pub(super) state: watch::Sender<BrokerState>,
    /// The files the connection is made with.
    pub(super) files: watch::Sender<Option<Print>>,
    pub(super) outage: Outage,
    /// It may fail: another session stands meanwhile.
    pub(super) on_trial: bool,
    pub(super) connected: bool,
}

impl Driver {
    pub(super) async fn run(mut self) {
        let mut ready = false;
        loop {
            if !ready {
                // Before they are read: a change in between is then taken for one that came later.
                self.files.send_replace(Some(Print::of(&self.broker)));
                if let Err(fault) = options::refresh(&mut self.event_loop.options, &self.broker) {
                    if self.down(fault).await {
                        continue;
                    }
                    return;
                }
                self.leave_repeating_to_the_outbox().await;
                ready = true;
            }
            match self.event_loop.poll().await {
                Ok(Event::Incoming(Incoming::ConnAck(ack))) => self.up(ack.session_present).await,
                Ok(Event::Incoming(Incoming::Publish(publish))) => self.received(publish).await,
                Ok(_) => {}
                Err(ConnectionError::RequestsDone) => break,
                Err(error) => {
                    if let ConnectionError::SessionStateMismatch { .. } = error {
                        // The broker remembers a session we do not: begin anew.
                        self.event_loop.options.set_clean_start(true);
                    }
                    let fault = explain(&error, &self.broker.url, self.connected);
                    tracing::debug!(?error, "connection attempt failed");
                    if !self.down(fault).await {
                        return;
                    }
                    ready = false;
                }
            }
        }
        self.state.send_if_modified(|state| {
            // One that was left for another broker's has nothing to say any more.
            let own =
                matches!(state, BrokerState::Connected { session, .. } if *session == self.number);
            if own {
                *state = BrokerState::Stopped;
            }
            own
        });
    }

    /// What was on its way is not sent again by the client, but by the engine, which knows what must go before it (what
    /// an ended broker acknowledged and lost). The broker's session goes on: a new one would send the will.
    async fn leave_repeating_to_the_outbox(&mut self) {
        // Once the engine has taken the news that the connection is gone, it hands nothing more over.
        while self.events.capacity() < self.events.max_capacity() && !self.events.is_closed() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.event_loop.clean();
        self.event_loop
            .drain_pending_as_failed(NoticeFailureReason::SessionReset);
        // The packet identifiers of what was thrown away are free again.
        self.event_loop.state = MqttState::builder(options::IN_FLIGHT).build();
    }

    async fn tell(&self, event: SessionEvent) {
        let from = self.number;
        let _ = self.events.send(Told { from, event }).await;
    }

    async fn up(&mut self, session_present: bool) {
        self.event_loop.options.set_clean_start(false);
        self.connected = true;
        self.on_trial = false;
        tracing::info!(broker = %self.broker.url, session_present, "connected to the broker");
        self.state.send_replace(BrokerState::Connected {
            url: self.broker.url.clone(),
            session: self.number,
            session_present,
        });
        self.tell(SessionEvent::Up { session_present }).await;
    }

    async fn received(&mut self, publish: Publish) {
        let Ok(topic) = String::from_utf8(publish.topic.to_vec()) else {
            return;
        };
        let correlation = publish.properties.and_then(|p| p.correlation_data);
        let message = Received {
            topic,
            payload: publish
                .payload
                .iter()
                .copied()
                .take(PAYLOAD_MAX + 1)
                .collect(),
            retained: publish.retain,
            correlation: correlation
                .filter(|data| data.len() <= CORRELATION_MAX)
                .map(|data| data.to_vec()),
        };
        self.tell(SessionEvent::Received(message)).await;
    }

    /// Whether this session goes on.
    async fn down(&mut self, fault: BrokerFault) -> bool {
        if self.on_trial {
            tracing::debug!("the first broker is reachable, but: {fault}");
            self.tell(SessionEvent::Down).await;
            return false;
        }
        if std::mem::take(&mut self.connected) {
            let others = (self.brokers > 1).then_some(self.broker.fallback_after);
            self.outage = Outage::begin(Instant::now(), others, self.timing.backoff_max);
            self.tell(SessionEvent::Down).await;
        }
        if self.outage.is_news(self.place, &fault) {
            tracing::warn!("{fault}");
        }
        // Another broker cannot help a file of this node that cannot be used.
        let own_fault = matches!(fault, BrokerFault::Unreadable { .. });
        let brokers = if own_fault { 1 } else { self.brokers };
        self.state.send_replace(BrokerState::Down(fault));
        match self.outage.failed(Instant::now(), brokers) {
            Next::MoveOn(pause) if brokers > 1 => {
                tokio::time::sleep(pause).await;
                let outage = self.outage.clone();
                self.tell(SessionEvent::GivenUp(outage)).await;
                false
            }
            Next::Again(pause) | Next::MoveOn(pause) => {
                tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
                true
            }
        }
    }
}
