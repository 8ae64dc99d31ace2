//! The client of either version of MQTT: what they have in common is said once, and where they differ, here.
//!
//! MQTT 3.1.1 has no reasons, no properties and no expiry: a refusal looks like an acknowledgement, and when a message
//! runs out stands in its payload ([`v311::dated`]).

use super::answer::Answer;
use super::connect::Route;
use super::fault::{BrokerFault, explain};
use super::session::{CORRELATION_MAX, Fate, Received};
use super::shown::Shown;
use super::{fault_v311, options, v311};
use crate::config::BrokerUrl;
use crate::uplink::config::{BrokerConfig, Timing};
use crate::uplink::outgoing::{Outgoing, now_ms};
use rumqttc::mqttbytes::v5::PubAckReason;
use rumqttc::{PublishNoticeError, PublishOptions};
use rumqttc_v4::mqttbytes as old;
use sidetone_wire::stamp::PAYLOAD_MAX;
use sidetone_wire::vocabulary::MqttVersion;
use std::borrow::Cow;
use std::time::Duration;

/// Requests the client keeps for its event loop; ours wait in the outbox.
const CHANNEL: usize = 64;

/// The same for what a tool asks.
const PLAIN_CHANNEL: usize = 32;

/// Who reads what others write must not lose the connection to one that is too long, and a broker cannot be told so with
/// MQTT 3.1.1. Beyond this it ends the connection all the same.
const PLAIN_PACKET_MAX: usize = 4 << 20;

/// Where messages are handed over.
#[derive(Debug, Clone)]
pub(super) enum Client {
    V5(rumqttc::AsyncClient),
    V311(rumqttc_v4::AsyncClient),
}

/// The other end: what keeps the connection.
pub(super) enum EventLoop {
    V5(Box<rumqttc::EventLoop>, Answer),
    V311(Box<rumqttc_v4::EventLoop>),
}

/// What came of a step of the event loop.
#[derive(Debug)]
pub(super) enum Step {
    /// The broker lets this node in.
    Welcome {
        session_present: bool,
        limits: Limits,
    },
    /// A message.
    Received(Received),
    /// DISCONNECT is on its way.
    Farewell,
    /// Nothing that matters.
    Other,
}

/// What a broker says of itself in CONNACK. What it does not mention, it can (MQTT 5 §3.2.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// It keeps retained messages.
    pub(super) retains: bool,
    /// Highest quality of service.
    pub(super) quality: u8,
    /// Longest packet that it takes, in bytes.
    pub(super) longest: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            retains: true,
            quality: 2,
            longest: None,
        }
    }
}

/// Why a step failed.
#[derive(Debug)]
pub(super) enum Failure {
    V5(Box<rumqttc::ConnectionError>),
    /// MQTT 5 was asked for, and the answer was one of 3.1.1.
    AnsweredByAnOldBroker,
    V311(Box<rumqttc_v4::ConnectionError>),
}

/// A message on its way.
pub(crate) enum OnItsWay {
    V5(rumqttc::PublishNotice),
    V311(rumqttc_v4::PublishNotice),
}

/// The node's own session at a broker, which [`EventLoop::refresh`] has to make ready.
pub(super) fn session(
    version: MqttVersion,
    broker: &BrokerConfig,
    timing: &Timing,
    client_id: &str,
    will: Outgoing,
) -> (Client, EventLoop) {
    match version {
        MqttVersion::V5 => {
            let options = options::base(broker, timing, client_id, will);
            let builder = rumqttc::AsyncClient::builder(options);
            let (client, events) = builder.capacity(CHANNEL).build();
            (
                Client::V5(client),
                EventLoop::V5(Box::new(events), Answer::default()),
            )
        }
        MqttVersion::V311 => {
            let options = v311::base(broker, client_id, will);
            let (client, events) = v311::build(options, timing.connect_timeout, CHANNEL);
            (Client::V311(client), EventLoop::V311(Box::new(events)))
        }
    }
}

/// What a connection is besides that of the node's own session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner<'a> {
    /// The broker remembers its session for so long after a break, in seconds (MQTT 5 only: older sessions never end).
    pub(super) keep_s: Option<u32>,
    /// Topic and payload of its will.
    pub(super) will: Option<(&'a str, &'a str)>,
}

/// A connection with nothing of the node's session.
pub(super) fn plain(
    version: MqttVersion,
    broker: &BrokerConfig,
    patience: Duration,
    client_id: &str,
    manner: Manner<'_>,
) -> (Client, EventLoop) {
    match version {
        MqttVersion::V5 => {
            let mut options = options::plain(broker, patience, client_id);
            options.set_session_expiry_interval(manner.keep_s);
            if let Some((topic, payload)) = manner.will {
                let qos = rumqttc::QoS::AtLeastOnce;
                options.set_last_will(rumqttc::LastWill::new(topic, payload, qos, false, None));
            }
            let builder = rumqttc::AsyncClient::builder(options);
            let (client, events) = builder.capacity(PLAIN_CHANNEL).build();
            (
                Client::V5(client),
                EventLoop::V5(Box::new(events), Answer::default()),
            )
        }
        MqttVersion::V311 => {
            let mut options = v311::plain(broker, client_id);
            options.set_max_packet_size(PLAIN_PACKET_MAX, options::PACKET_MAX as usize);
            if let Some((topic, payload)) = manner.will {
                let qos = old::QoS::AtLeastOnce;
                options.set_last_will(rumqttc_v4::LastWill::new(topic, payload, qos, false));
            }
            let (client, events) = v311::build(options, patience, PLAIN_CHANNEL);
            (Client::V311(client), EventLoop::V311(Box::new(events)))
        }
    }
}

impl Client {
    pub(super) fn version(&self) -> MqttVersion {
        match self {
            Self::V5(_) => MqttVersion::V5,
            Self::V311(_) => MqttVersion::V311,
        }
    }

    /// The message as this version carries it.
    pub(super) fn worded<'a>(&self, message: &'a Outgoing, age_s: u64) -> Cow<'a, Outgoing> {
        match self {
            Self::V5(_) => Cow::Borrowed(message),
            Self::V311(_) => Cow::Owned(v311::dated(message, age_s, now_ms())),
        }
    }

    /// Hands over what [`Client::worded`] made; `None` if the queue is full or closed. Never waits.
    pub(super) fn publish_tracked(&self, message: &Outgoing, age_s: u64) -> Option<OnItsWay> {
        let (topic, payload) = (message.topic.as_str(), message.payload.clone());
        match self {
            Self::V5(client) => {
                let options = options::publish(message, age_s);
                let sent = client.try_publish_tracked(topic, payload, options);
                sent.ok().map(OnItsWay::V5)
            }
            Self::V311(client) => {
                let sent = client.try_publish_tracked(topic, payload, v311::publish(message));
                sent.ok().map(OnItsWay::V311)
            }
        }
    }

    /// The same for what may be lost; `true` if it was taken.
    pub(super) fn publish(&self, message: &Outgoing) -> bool {
        match self {
            Self::V5(client) => hand_over(client, message, options::publish(message, 0)),
            Self::V311(client) => {
                let (topic, payload) = (message.topic.as_str(), message.payload.clone());
                let sent = client.try_publish(topic, payload, v311::publish(message));
                sent.is_ok()
            }
        }
    }

    /// The same for an answer. (Nobody asks over MQTT 3.1.1: it carries no Correlation Data.)
    pub(super) fn answer(&self, message: &Outgoing, correlation: Option<Vec<u8>>) -> bool {
        match self {
            Self::V5(client) => hand_over(client, message, options::answer(message, correlation)),
            Self::V311(_) => self.publish(message),
        }
    }

    /// Asks for a topic's messages.
    pub(super) fn subscribe(&self, topic: &str) {
        let error = match self {
            Self::V5(client) => {
                let asked = client.try_subscribe(topic, rumqttc::QoS::AtLeastOnce);
                asked.err().map(|error| error.to_string())
            }
            Self::V311(client) => {
                let asked = client.try_subscribe(topic, old::QoS::AtLeastOnce);
                asked.err().map(|error| error.to_string())
            }
        };
        if let Some(error) = error {
            tracing::warn!(topic, %error, "cannot subscribe");
        }
    }

    /// Says DISCONNECT once what was handed over is through; `false` if the queue is full or closed.
    pub(super) async fn disconnect(&self, patience: Duration) -> bool {
        match self {
            Self::V5(client) => client.disconnect_with_timeout(patience).await.is_ok(),
            Self::V311(client) => client.disconnect_with_timeout(patience).await.is_ok(),
        }
    }
}

fn hand_over(client: &rumqttc::AsyncClient, message: &Outgoing, options: PublishOptions) -> bool {
    let (topic, payload) = (message.topic.as_str(), message.payload.clone());
    client.try_publish(topic, payload, options).is_ok()
}

impl EventLoop {
    /// Reads certificates and password, and says how the connection is made.
    pub(super) fn refresh(&mut self, broker: &BrokerConfig) -> Result<(), BrokerFault> {
        self.go(broker, Route::new(broker, &Shown::default())?)
    }

    /// Reads the password; the connection is made this way.
    pub(super) fn go(&mut self, broker: &BrokerConfig, route: Route) -> Result<(), BrokerFault> {
        match self {
            Self::V5(events, answer) => {
                options::refresh(&mut events.options, broker, answer, route)
            }
            Self::V311(events) => v311::refresh(&mut events.mqtt_options, broker, route),
        }
    }

    /// Whether the next connection begins a session of its own, or goes on with the broker's.
    pub(super) fn begin_anew(&mut self, anew: bool) {
        match self {
            Self::V5(events, _) => {
                events.options.set_clean_start(anew);
            }
            Self::V311(events) => {
                events.mqtt_options.set_clean_session(anew);
            }
        }
    }

    /// Throws everything away that was handed over, and the connection.
    pub(super) fn forget(&mut self) {
        // The packet identifiers of what was thrown away are free again.
        match self {
            Self::V5(events, _) => {
                events.clean();
                events.drain_pending_as_failed(rumqttc::NoticeFailureReason::SessionReset);
                events.state = rumqttc::MqttState::builder(options::IN_FLIGHT).build();
            }
            Self::V311(events) => {
                events.clean();
                events.drain_pending_as_failed(rumqttc_v4::NoticeFailureReason::SessionReset);
                events.state = rumqttc_v4::MqttState::builder(options::IN_FLIGHT).build();
            }
        }
    }

    /// Goes on until something happens.
    pub(super) async fn step(&mut self) -> Result<Step, Failure> {
        match self {
            Self::V5(events, answer) => {
                use rumqttc::{Event, Incoming, Outgoing};
                let event = events.poll().await.map_err(|error| match answer.is_old() {
                    true => Failure::AnsweredByAnOldBroker,
                    false => Failure::V5(Box::new(error)),
                })?;
                Ok(match event {
                    Event::Incoming(Incoming::ConnAck(ack)) => Step::Welcome {
                        session_present: ack.session_present,
                        limits: ack.properties.map_or_else(Limits::default, |said| Limits {
                            retains: said.retain_available != Some(0),
                            quality: said.max_qos.unwrap_or(2),
                            longest: said.max_packet_size,
                        }),
                    },
                    Event::Incoming(Incoming::Publish(publish)) => {
                        let correlation = publish.properties.and_then(|p| p.correlation_data);
                        let correlation = correlation.map(|data| data.to_vec());
                        received(
                            &publish.topic,
                            &publish.payload,
                            publish.retain,
                            correlation,
                        )
                    }
                    Event::Outgoing(Outgoing::Disconnect) => Step::Farewell,
                    _ => Step::Other,
                })
            }
            Self::V311(events) => {
                use rumqttc_v4::{Event, Incoming, Outgoing};
                let event = events.poll().await;
                let event = event.map_err(|e| Failure::V311(Box::new(e)))?;
                Ok(match event {
                    Event::Incoming(Incoming::ConnAck(ack)) => Step::Welcome {
                        session_present: ack.session_present,
                        limits: Limits::default(),
                    },
                    Event::Incoming(Incoming::Publish(publish)) => {
                        received(&publish.topic, &publish.payload, publish.retain, None)
                    }
                    Event::Outgoing(Outgoing::Disconnect) => Step::Farewell,
                    _ => Step::Other,
                })
            }
        }
    }
}

fn received(topic: &[u8], payload: &[u8], retained: bool, correlation: Option<Vec<u8>>) -> Step {
    let Ok(topic) = String::from_utf8(topic.to_vec()) else {
        return Step::Other;
    };
    Step::Received(Received {
        topic,
        payload: payload.iter().copied().take(PAYLOAD_MAX + 1).collect(),
        retained,
        correlation: correlation.filter(|data| data.len() <= CORRELATION_MAX),
    })
}

impl Failure {
    /// Not a failure: the session was ended on purpose.
    pub(super) fn is_the_end(&self) -> bool {
        match self {
            Self::AnsweredByAnOldBroker => false,
            Self::V5(error) => matches!(**error, rumqttc::ConnectionError::RequestsDone),
            Self::V311(error) => matches!(**error, rumqttc_v4::ConnectionError::RequestsDone),
        }
    }

    /// The broker remembers a session that this node does not.
    pub(super) fn is_mismatch(&self) -> bool {
        match self {
            Self::AnsweredByAnOldBroker => false,
            Self::V5(error) => {
                matches!(
                    **error,
                    rumqttc::ConnectionError::SessionStateMismatch { .. }
                )
            }
            Self::V311(error) => {
                use rumqttc_v4::ConnectionError as E;
                matches!(**error, E::SessionStateMismatch { .. })
            }
        }
    }

    /// What it means; `connected` tells whether CONNACK had come.
    pub(super) fn explain(&self, url: &BrokerUrl, connected: bool) -> BrokerFault {
        match self {
            Self::AnsweredByAnOldBroker => BrokerFault::OldMqtt {
                url: url.to_string(),
            },
            Self::V5(error) => explain(error, url, connected),
            Self::V311(error) => fault_v311::explain(error, url, connected),
        }
    }
}

impl OnItsWay {
    /// Waits until it is known what became of it.
    pub(crate) async fn fate(self) -> Fate {
        use PublishNoticeError as E;
        match self {
            Self::V5(notice) => match notice.wait_completion_async().await {
                Ok(()) | Err(E::V5PubAck(PubAckReason::NoMatchingSubscribers)) => {
                    Fate::Acknowledged
                }
                Err(E::V5PubAck(
                    PubAckReason::TopicNameInvalid | PubAckReason::PayloadFormatInvalid,
                ))
                | Err(E::RetainNotSupported) => Fate::Impossible,
                Err(E::V5PubAck(reason)) => Fate::Refused(reason),
                Err(_) => Fate::Reset,
            },
            Self::V311(notice) => match notice.wait_completion_async().await {
                Ok(()) => Fate::Acknowledged,
                Err(_) => Fate::Reset,
            },
        }
    }
}
