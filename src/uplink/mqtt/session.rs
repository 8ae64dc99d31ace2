//! The task that drives the client's event loop, and the handle through which the engine publishes.

use super::BrokerState;
use super::backoff::Backoff;
use super::fault::{BrokerFault, explain};
use super::options;
use crate::uplink::config::{BrokerConfig, Timing};
use crate::uplink::outgoing::Outgoing;
use crate::uplink::sent::SentLog;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{PubAckReason, Publish};
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttState, NoticeFailureReason,
    PublishNotice, PublishNoticeError, PublishOptions,
};
use sidetone_wire::stamp::PAYLOAD_MAX;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Requests the client keeps for its event loop; ours wait in the outbox.
const CHANNEL: usize = 64;

/// What became of a message that was handed to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::uplink) enum Fate {
    /// The broker has it.
    Acknowledged,
    /// The session was reset before the broker had it.
    Reset,
    /// The broker will not have it now: not authorised, or over quota.
    Refused(PubAckReason),
    /// The broker can never take it.
    Impossible,
}

/// What the session tells the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::uplink) enum SessionEvent {
    /// Connected.
    Up {
        /// Whether the broker remembered the session.
        session_present: bool,
    },
    /// Not connected any more.
    Down,
    /// Something came on a topic that was asked for.
    Received(Received),
}

/// A message of a topic that was asked for, as it came: nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where it came.
    pub topic: String,
    /// What it holds; of one longer than [`PAYLOAD_MAX`] bytes only so much that it shows.
    pub payload: Vec<u8>,
    /// The broker had kept it. A retained message that comes while one listens does not say so.
    pub retained: bool,
    /// Who asks knows its question by this; `None` if there is none, or one longer than
    /// [`CORRELATION_MAX`] bytes.
    pub correlation: Option<Vec<u8>>,
}

/// Longest Correlation Data that is echoed, in bytes.
pub const CORRELATION_MAX: usize = 256;

/// The running session.
#[derive(Debug)]
pub(in crate::uplink) struct Session {
    client: AsyncClient,
    task: JoinHandle<()>,
    /// Everything handed over.
    sent: watch::Sender<SentLog>,
    recipe: Recipe,
}

/// What a session is made of.
#[derive(Debug, Clone)]
struct Recipe {
    broker: BrokerConfig,
    timing: Timing,
    client_id: String,
    will: Outgoing,
    state: watch::Sender<BrokerState>,
    events: mpsc::Sender<SessionEvent>,
}

impl Recipe {
    fn start(&self) -> (AsyncClient, JoinHandle<()>) {
        let will = self.will.clone();
        let options = options::base(&self.broker, &self.timing, &self.client_id, will);
        let (client, event_loop) = AsyncClient::builder(options).capacity(CHANNEL).build();
        let driver = Driver {
            broker: self.broker.clone(),
            event_loop,
            events: self.events.clone(),
            state: self.state.clone(),
            backoff: Backoff::new(self.timing.backoff_max),
            connected: false,
            logged: None,
        };
        (client, tokio::spawn(driver.run()))
    }
}

/// A message on its way.
pub(in crate::uplink) struct OnItsWay(PublishNotice);

impl OnItsWay {
    /// Waits until it is known what became of it.
    pub(in crate::uplink) async fn fate(self) -> Fate {
        use PublishNoticeError as E;
        match self.0.wait_completion_async().await {
            Ok(()) | Err(E::V5PubAck(PubAckReason::NoMatchingSubscribers)) => Fate::Acknowledged,
            Err(E::V5PubAck(
                PubAckReason::TopicNameInvalid | PubAckReason::PayloadFormatInvalid,
            ))
            | Err(E::RetainNotSupported) => Fate::Impossible,
            Err(E::V5PubAck(reason)) => Fate::Refused(reason),
            Err(_) => Fate::Reset,
        }
    }
}

impl Session {
    /// Starts the task.
    pub(in crate::uplink) fn start(
        broker: BrokerConfig,
        timing: Timing,
        client_id: &str,
        will: Outgoing,
        state: watch::Sender<BrokerState>,
        sent: watch::Sender<SentLog>,
    ) -> (Self, mpsc::Receiver<SessionEvent>) {
        // One Up or Down per connection attempt, and the engine takes them at once.
        let (events, receiver) = mpsc::channel(16);
        let recipe = Recipe {
            broker,
            timing,
            client_id: client_id.to_owned(),
            will,
            state,
            events,
        };
        let (client, task) = recipe.start();
        let session = Self {
            client,
            task,
            sent,
            recipe,
        };
        (session, receiver)
    }

    /// Throws the connection and everything the client remembers away, and begins anew. What was on its way is
    /// [`Fate::Reset`].
    pub(in crate::uplink) fn begin_anew(&mut self) {
        self.task.abort();
        (self.client, self.task) = self.recipe.start();
    }

    /// Hands a message over; `None` if the client's queue is full or closed. Never waits.
    pub(in crate::uplink) fn publish(&self, message: &Outgoing, age_s: u64) -> Option<OnItsWay> {
        let options = options::publish(message, age_s);
        let sent = self.client.try_publish_tracked(
            message.topic.as_str(),
            message.payload.clone(),
            options,
        );
        let way = sent.ok().map(OnItsWay)?;
        self.sent.send_modify(|log| log.note(message));
        Some(way)
    }

    /// Asks for the messages of a topic, from now on.
    pub(in crate::uplink) fn subscribe(&self, topic: &str) {
        if let Err(error) = self.client.try_subscribe(topic, QoS::AtLeastOnce) {
            tracing::warn!(topic, %error, "cannot subscribe");
        }
    }

    /// Hands over a message that may be lost.
    pub(in crate::uplink) fn publish_untracked(&self, message: &Outgoing) {
        self.hand_over(message, options::publish(message, 0));
    }

    /// Hands over an answer, which may be lost, with the Correlation Data of its question.
    pub(in crate::uplink) fn answer(&self, message: &Outgoing, correlation: Option<Vec<u8>>) {
        self.hand_over(message, options::answer(message, correlation));
    }

    fn hand_over(&self, message: &Outgoing, options: PublishOptions) {
        let sent =
            self.client
                .try_publish(message.topic.as_str(), message.payload.clone(), options);
        match sent {
            Ok(_) => self.sent.send_modify(|log| log.note(message)),
            Err(_) => tracing::debug!(topic = message.topic, "dropped: the broker is slow"),
        }
    }

    /// Says DISCONNECT, so that no will is sent, and ends the task.
    pub(in crate::uplink) async fn stop(mut self, connected: bool, patience: Duration) {
        if connected && self.client.disconnect_with_timeout(patience).await.is_ok() {
            let _ =
                tokio::time::timeout(patience + Duration::from_millis(500), &mut self.task).await;
        }
        self.task.abort();
    }
}

/// Drives the event loop.
struct Driver {
    broker: BrokerConfig,
    event_loop: EventLoop,
    events: mpsc::Sender<SessionEvent>,
    state: watch::Sender<BrokerState>,
    backoff: Backoff,
    connected: bool,
    /// What was last logged; `None` after a connection.
    logged: Option<BrokerFault>,
}

impl Driver {
    async fn run(mut self) {
        let mut ready = false;
        loop {
            if !ready {
                if let Err(fault) = options::refresh(&mut self.event_loop.options, &self.broker) {
                    self.down(fault).await;
                    continue;
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
                    self.down(fault).await;
                    ready = false;
                }
            }
        }
        self.state.send_replace(BrokerState::Stopped);
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

    async fn up(&mut self, session_present: bool) {
        self.event_loop.options.set_clean_start(false);
        self.connected = true;
        self.logged = None;
        self.backoff.reset();
        tracing::info!(broker = %self.broker.url, session_present, "connected to the broker");
        self.state
            .send_replace(BrokerState::Connected { session_present });
        let _ = self.events.send(SessionEvent::Up { session_present }).await;
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
        let _ = self.events.send(SessionEvent::Received(message)).await;
    }

    async fn down(&mut self, fault: BrokerFault) {
        if !self
            .logged
            .as_ref()
            .is_some_and(|last| last.is_like(&fault))
        {
            tracing::warn!("{fault}");
            self.logged = Some(fault.clone());
        }
        self.state.send_replace(BrokerState::Down(fault));
        if std::mem::take(&mut self.connected) {
            let _ = self.events.send(SessionEvent::Down).await;
        }
        tokio::time::sleep(self.backoff.next()).await;
    }
}
