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

use super::client::{self, Client, EventLoop, Limits, Manner, Step};
use super::fault::BrokerFault;
use super::requests::Answered;
use super::session::Fate;
use crate::config::MqttChoice;
use crate::uplink::config::BrokerConfig;
use crate::uplink::link::words;
use sidetone_wire::topics::{ROOT, TelemetryStream};
use sidetone_wire::vocabulary::{AlertKind, MqttVersion};
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
    /// The broker acknowledged it, and does not say whether it took it (MQTT 3.1.1).
    Untold,
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
    /// The version it was found out with. With 3.1.1 a refused message is acknowledged as a taken one is.
    pub mqtt: MqttVersion,
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
    let first = match broker.mqtt {
        MqttChoice::V311 => MqttVersion::V311,
        MqttChoice::Auto | MqttChoice::V5 => MqttVersion::V5,
    };
    match rights_with(first, broker, topics, client_id, patience).await {
        Err(BrokerFault::OldMqtt { .. }) if broker.mqtt == MqttChoice::Auto => {
            rights_with(MqttVersion::V311, broker, topics, client_id, patience).await
        }
        found => found,
    }
}

async fn rights_with(
    mqtt: MqttVersion,
    broker: &BrokerConfig,
    topics: &Topics,
    client_id: &str,
    patience: Duration,
) -> Result<Rights, BrokerFault> {
    let status = topics.status();
    let manner = Manner {
        keep_s: None,
        will: Some((&status, NOTHING)),
    };
    let (client, mut event_loop) = client::plain(mqtt, broker, patience, client_id, manner);
    event_loop.refresh(broker)?;
    let (welcome, welcomed) = oneshot::channel();
    let (tell, mut heard) = mpsc::channel(REQUESTS);
    let driven = tokio::spawn(drive(event_loop, broker.clone(), welcome, tell));
    let silent = || BrokerFault::Silent {
        url: broker.url.to_string(),
    };
    let answer = timeout(patience, welcomed).await;
    let Limits {
        retains,
        quality,
        longest,
    } = answer
        .ok()
        .and_then(Result::ok)
        .unwrap_or_else(|| Err(silent()))?;
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
    if client.disconnect(patience).await {
        let _ = timeout(patience, driven).await;
    }
    let mut overheard = BTreeSet::new();
    while let Ok(topic) = heard.try_recv() {
        if topic.ends_with("/status") && topic != topics.status() {
            overheard.insert(topic);
        }
    }
    Ok(Rights {
        mqtt,
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
    client: &'a Client,
    patience: Duration,
}

impl Trial<'_> {
    async fn publish_all(&self, tries: Vec<Try>) -> Vec<Tried> {
        let mut all = Vec::new();
        for (topic, payload, retain) in tries {
            let sent = self.client.say(&topic, payload.as_bytes(), retain, Some(1));
            let outcome = match sent {
                Some(on_its_way) => {
                    let fate = timeout(self.patience, on_its_way.fate()).await;
                    self.published(fate.unwrap_or(Fate::Reset))
                }
                None => Outcome::Untried,
            };
            all.push(Tried { topic, outcome });
        }
        all
    }

    fn published(&self, fate: Fate) -> Outcome {
        match fate {
            Fate::Acknowledged if self.client.version() == MqttVersion::V311 => Outcome::Untold,
            Fate::Acknowledged => Outcome::Taken,
            Fate::Refused(reason) => Outcome::Refused(words(reason)),
            Fate::Impossible => Outcome::Refused("topic, payload or retained message not possible"),
            Fate::Reset => Outcome::HungUp,
        }
    }

    async fn subscribe_all(&self, filters: Vec<String>) -> Vec<Tried> {
        let mut all = Vec::new();
        for topic in filters {
            let outcome = match self.client.ask(&topic) {
                Some(asked) => match timeout(self.patience, asked.answer()).await {
                    Ok(Answered::Granted) => Outcome::Taken,
                    Ok(Answered::Refused(why)) => Outcome::Refused(why),
                    Ok(Answered::HungUp) | Err(_) => Outcome::HungUp,
                },
                None => Outcome::Untried,
            };
            all.push(Tried { topic, outcome });
        }
        all
    }
}

/// Drives the connection until it ends; it is not made again.
async fn drive(
    mut event_loop: EventLoop,
    broker: BrokerConfig,
    welcome: oneshot::Sender<Result<Limits, BrokerFault>>,
    tell: mpsc::Sender<String>,
) {
    let mut welcome = Some(welcome);
    loop {
        match event_loop.step().await {
            Ok(Step::Welcome { limits, .. }) => {
                if let Some(welcome) = welcome.take() {
                    let _ = welcome.send(Ok(limits));
                }
            }
            Ok(Step::Received(message)) => {
                // Enough is known once it is full.
                let _ = tell.try_send(message.topic);
            }
            Ok(Step::Farewell) => return,
            Ok(Step::Other) => {}
            Err(failure) => {
                if let Some(welcome) = welcome.take() {
                    let _ = welcome.send(Err(failure.explain(&broker.url, false)));
                }
                return;
            }
        }
    }
}
