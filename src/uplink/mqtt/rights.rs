//! What the broker lets this node do, found out by trying it.
//!
//! *Promises* to change nothing that anybody keeps: what is tried on the node's own topics is not retained and is no
//! message of the contract (`"v":0`, and a second of life), so that readers leave it out; only retained topics that
//! nobody uses are written as retained, and with the empty payload that removes them. What must not be possible is
//! tried on topics of a node and of a group that do not exist. The will is the node's own, not retained, and taken
//! back by the farewell.
//!
//! *Never* to be used while the node's own session stands: a broker that makes the certificate's name the client id
//! takes the second connection for the first.

use super::fault::{BrokerFault, explain};
use super::options;
use crate::uplink::config::BrokerConfig;
use crate::uplink::link::words;
use rumqttc::mqttbytes::v5::{ConnAckProperties, PublishProperties};
use rumqttc::{
    AsyncClient, Event, EventLoop, Incoming, LastWill, PublishNoticeError, PublishOptions, QoS,
    SubscribeNoticeError,
};
use sidetone_wire::topics::{ROOT, TelemetryStream};
use sidetone_wire::vocabulary::AlertKind;
use sidetone_wire::{Item, Subject, Topics, event::EventType, name::NameError};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// A node and a group that nobody is called by.
const STRANGER: &str = "sidetone-doctor";

/// A message that is none of the contract's: readers of version 1 leave it out.
const NOTHING: &str = r#"{"v":0}"#;

/// Room for everything that is tried.
const REQUESTS: usize = 32;

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The broker took it.
    Taken,
    /// The broker said no, and why.
    Refused(&'static str),
    /// The broker ended the connection instead of an answer, or gave none in time.
    HungUp,
    /// The connection had ended before.
    Untried,
}

/// A topic, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Which.
    pub topic: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What the broker lets this node do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The node must be able to publish these.
    pub own: Vec<Tried>,
    /// The node must be able to subscribe to these. A broker may say yes and send nothing.
    pub orders: Vec<Tried>,
    /// The node must not be able to publish these.
    pub foreign: Vec<Tried>,
    /// Status topics of other nodes that were sent to it.
    pub overheard: BTreeSet<String>,
    /// The broker keeps retained messages.
    pub retains: bool,
    /// Highest quality of service.
    pub quality: u8,
    /// Longest packet that it takes, in bytes, if it said so.
    pub longest: Option<u32>,
}

/// Tries everything, as `client_id`. Each step takes `patience` at most. Must be called on a tokio runtime with time
/// and I/O.
///
/// # Errors
/// [`BrokerFault`]: why this node is not let in.
pub async fn rights(
    broker: &BrokerConfig,
    topics: &Topics,
    client_id: &str,
    patience: Duration,
) -> Result<Rights, BrokerFault> {
    let mut options = options::plain(broker, patience, client_id);
    options::refresh(&mut options, broker)?;
    let will = LastWill::new(topics.status(), NOTHING, QoS::AtLeastOnce, false, None);
    options.set_last_will(will);
    let (client, event_loop) = AsyncClient::builder(options).capacity(REQUESTS).build();
    let (welcome, welcomed) = oneshot::channel();
    let (tell, mut heard) = mpsc::channel(REQUESTS);
    let driven = tokio::spawn(drive(event_loop, broker.clone(), welcome, tell));
    let silent = || BrokerFault::Silent {
        url: broker.url.to_string(),
    };
    let answer = timeout(patience, welcomed).await;
    let said = answer
        .ok()
        .and_then(Result::ok)
        .unwrap_or_else(|| Err(silent()))?;
    // What a broker does not mention, it can (MQTT 5 §3.2.2.3).
    let said = said.as_ref();
    let quality = said.and_then(|said| said.max_qos).unwrap_or(2);
    let retains = said.and_then(|said| said.retain_available) != Some(0);
    let longest = said.and_then(|said| said.max_packet_size);
    let trial = Trial {
        client: &client,
        patience,
    };
    // Without these the rest cannot be tried.
    let able = retains && quality > 0;
    let (own, orders, foreign) = if able {
        let own = trial.publish_all(own(topics)).await;
        let orders = trial.subscribe_all(orders(topics)).await;
        // What a broker answers with the end of the connection comes last.
        let foreign = trial.publish_all(foreign(topics)).await;
        (own, orders, foreign)
    } else {
        (Vec::new(), Vec::new(), Vec::new())
    };
    if client.disconnect().await.is_ok() {
        let _ = timeout(patience, driven).await;
    }
    let mut overheard = BTreeSet::new();
    while let Ok(topic) = heard.try_recv() {
        if topic.ends_with("/status") && topic != topics.status() {
            overheard.insert(topic);
        }
    }
    Ok(Rights {
        own,
        orders,
        foreign,
        overheard,
        retains,
        quality,
        longest,
    })
}

/// Topic, payload, retained.
type Try = (String, &'static str, bool);

fn own(topics: &Topics) -> Vec<Try> {
    let unused = || -> Result<[String; 2], NameError> {
        Ok([
            topics.inventory(&Item::new("headset-0000-0000-00000000")?),
            topics.alert(
                AlertKind::HeadsetGone,
                &Subject::new("headset-0000-0000-00000000")?,
            ),
        ])
    };
    let shown = [
        topics.status(),
        topics.telemetry(TelemetryStream::Health),
        topics.event(EventType::DaemonStarted),
    ];
    let removed = unused()
        .into_iter()
        .flatten()
        .map(|topic| (topic, "", true));
    let shown = shown.into_iter().map(|topic| (topic, NOTHING, false));
    shown.chain(removed).collect()
}

fn orders(topics: &Topics) -> Vec<String> {
    vec![
        topics.config_desired(),
        format!("{}/cmd/+/request", topics.base()),
        topics.hold_reply(),
        topics.fleet_config_desired(),
        // Of these nothing may come, whether the broker says so or not.
        format!("{ROOT}/{}/node/+/status", topics.org()),
    ]
}

fn foreign(topics: &Topics) -> Vec<Try> {
    let org = topics.org();
    [
        format!("{ROOT}/{org}/node/{STRANGER}/telemetry/health"),
        format!("{ROOT}/{org}/fleet/group/{STRANGER}/config/desired"),
    ]
    .map(|topic| (topic, NOTHING, false))
    .into()
}

struct Trial<'a> {
    client: &'a AsyncClient,
    patience: Duration,
}

impl Trial<'_> {
    async fn publish_all(&self, tries: Vec<Try>) -> Vec<Tried> {
        let mut all = Vec::new();
        for (topic, payload, retain) in tries {
            let properties = PublishProperties {
                message_expiry_interval: Some(1),
                ..PublishProperties::default()
            };
            let options = PublishOptions::new(QoS::AtLeastOnce)
                .retain(retain)
                .properties(properties);
            let sent = self
                .client
                .try_publish_tracked(topic.as_str(), payload, options);
            let outcome = match sent {
                Ok(notice) => {
                    let answer = timeout(self.patience, notice.wait_completion_async()).await;
                    published(answer.unwrap_or(Err(PublishNoticeError::Recv)))
                }
                Err(_) => Outcome::Untried,
            };
            all.push(Tried { topic, outcome });
        }
        all
    }

    async fn subscribe_all(&self, filters: Vec<String>) -> Vec<Tried> {
        let mut all = Vec::new();
        for topic in filters {
            let asked = self
                .client
                .try_subscribe_tracked(topic.as_str(), QoS::AtLeastOnce);
            let outcome = match asked {
                Ok(notice) => match timeout(self.patience, notice.wait_completion_async()).await {
                    Ok(Ok(_)) => Outcome::Taken,
                    Ok(Err(SubscribeNoticeError::V5SubAckFailure(_))) => {
                        Outcome::Refused("not authorized")
                    }
                    _ => Outcome::HungUp,
                },
                Err(_) => Outcome::Untried,
            };
            all.push(Tried { topic, outcome });
        }
        all
    }
}

fn published(answer: Result<(), PublishNoticeError>) -> Outcome {
    use rumqttc::mqttbytes::v5::PubAckReason::NoMatchingSubscribers;
    match answer {
        Ok(()) | Err(PublishNoticeError::V5PubAck(NoMatchingSubscribers)) => Outcome::Taken,
        Err(PublishNoticeError::V5PubAck(reason)) => Outcome::Refused(words(reason)),
        Err(_) => Outcome::HungUp,
    }
}

/// Drives the connection until it ends; it is not made again.
async fn drive(
    mut event_loop: EventLoop,
    broker: BrokerConfig,
    welcome: oneshot::Sender<Result<Option<ConnAckProperties>, BrokerFault>>,
    tell: mpsc::Sender<String>,
) {
    let mut welcome = Some(welcome);
    loop {
        match event_loop.poll().await {
            Ok(Event::Incoming(Incoming::ConnAck(answer))) => {
                if let Some(welcome) = welcome.take() {
                    let _ = welcome.send(Ok(answer.properties));
                }
            }
            Ok(Event::Incoming(Incoming::Publish(publish))) => {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                // Enough is known once it is full.
                let _ = tell.try_send(topic);
            }
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(_) => {}
            Err(error) => {
                if let Some(welcome) = welcome.take() {
                    let _ = welcome.send(Err(explain(&error, &broker.url, false)));
                }
                return;
            }
        }
    }
}
