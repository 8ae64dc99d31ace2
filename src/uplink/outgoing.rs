//! Messages as they go out: what the station said, with this node's stamp, topic, class and
//! CloudEvents attributes.

use sidetone_wire::alert::Alert;
use sidetone_wire::command::CommandReply;
use sidetone_wire::config::ConfigReported;
use sidetone_wire::event::Event;
use sidetone_wire::hold::HoldRequest;
use sidetone_wire::inventory::InventoryBody;
use sidetone_wire::name::NameError;
use sidetone_wire::status::{StatusBody, last_will};
use sidetone_wire::telemetry::Telemetry;
use sidetone_wire::vocabulary::{AlertState, MqttVersion, NodeState};
use sidetone_wire::{
    Item, MessageClass, PayloadError, Stamp, Stamped, Subject, Topics, cloudevents,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// One message, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: String,
    /// JSON; empty = a retained message is removed.
    pub payload: Vec<u8>,
    /// CloudEvents attributes.
    pub properties: Vec<(String, String)>,
    /// How it travels.
    pub class: MessageClass,
    /// A newer state of its topic follows: listeners get it, but the broker must not keep it.
    pub superseded: bool,
}

impl Outgoing {
    /// Whether the broker keeps it as its topic's state.
    #[must_use]
    pub fn retained(&self) -> bool {
        self.class.delivery().retain && !self.superseded
    }

    /// What it costs to keep, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let properties: usize = self.properties.iter().map(|(k, v)| k.len() + v.len()).sum();
        self.topic.len() + self.payload.len() + properties
    }
}

/// A message of the station that cannot be sent as it is.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    /// Its subject or item is not in the contract.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Its body is no JSON object.
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

/// Who speaks: everything the station's messages get on their way out.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The node's topics.
    pub topics: Topics,
    /// The node's start counter.
    pub boot: u64,
    /// The agent's pseudonym.
    pub agent: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// The site.
    pub site: Option<String>,
    /// The version of MQTT that is spoken, as far as it is known.
    pub mqtt: MqttVersion,
}

/// Now, ms since 1970 UTC.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Sender {
    /// The common keys. Retained facts about the node carry no agent: they outlive the shift.
    fn stamp(&self, ts: u64, seq: Option<u64>, about_agent: bool) -> Stamp {
        Stamp {
            ts: Some(ts),
            seq,
            agent: self.agent.clone().filter(|_| about_agent),
            team: self.team.clone(),
            site: self.site.clone(),
            ..Stamp::new(self.topics.node().clone(), self.boot)
        }
    }

    fn outgoing<T: serde::Serialize>(
        &self,
        topic: String,
        class: MessageClass,
        kind: &str,
        payload: &Stamped<T>,
    ) -> Result<Outgoing, Unsendable> {
        Ok(Outgoing {
            topic,
            payload: payload.to_json()?,
            properties: cloudevents::attributes(&self.topics, &payload.stamp, kind),
            class,
            superseded: false,
        })
    }

    /// An event with its place in the sequence.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn event(&self, event: Event, seq: u64) -> Result<Outgoing, Unsendable> {
        let kind = event.kind;
        let stamp = self.stamp(event.ts, Some(seq), true);
        let payload = Stamped {
            stamp,
            body: event.body(),
        };
        let topic = self.topics.event(kind);
        self.outgoing(
            topic,
            MessageClass::Event,
            &format!("event.{kind}"),
            &payload,
        )
    }

    /// A hold asked of the gateway, with its place in the sequence.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn hold(&self, ts: u64, request: HoldRequest, seq: u64) -> Result<Outgoing, Unsendable> {
        let payload = Stamped {
            stamp: self.stamp(ts, Some(seq), false),
            body: request,
        };
        let topic = self.topics.hold_request();
        self.outgoing(topic, MessageClass::Hold, "hold.request", &payload)
    }

    /// The topic of an alert's state.
    ///
    /// # Errors
    /// If the subject is not in the contract.
    pub fn alert_topic(&self, alert: &Alert) -> Result<String, NameError> {
        let subject = Subject::new(alert.detail.subject.as_str())?;
        Ok(self.topics.alert(alert.detail.kind, &subject))
    }

    /// An alert's state with its place in the sequence.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn alert(&self, alert: Alert, seq: u64) -> Result<Outgoing, Unsendable> {
        let topic = self.alert_topic(&alert)?;
        let class = match alert.detail.state {
            AlertState::Cleared => MessageClass::AlertCleared,
            AlertState::Raised | AlertState::Updated => MessageClass::AlertActive,
        };
        let kind = format!("alert.{}", alert.detail.kind);
        let stamp = self.stamp(alert.ts, Some(seq), true);
        self.outgoing(
            topic,
            class,
            &kind,
            &Stamped {
                stamp,
                body: alert.detail,
            },
        )
    }

    /// Live figures, outside the sequence.
    ///
    /// # Errors
    /// If they cannot be written as the contract wants it.
    pub fn telemetry(&self, telemetry: Telemetry) -> Result<Outgoing, Unsendable> {
        let stream = telemetry.stream();
        let topic = self.topics.telemetry(stream);
        let kind = format!("telemetry.{}", stream.as_str());
        let stamp = self.stamp(telemetry.ts(), None, true);
        let class = MessageClass::Telemetry;
        match telemetry {
            Telemetry::Audio { figures, .. } => self.outgoing(
                topic,
                class,
                &kind,
                &Stamped {
                    stamp,
                    body: figures,
                },
            ),
            Telemetry::Health { figures, .. } => self.outgoing(
                topic,
                class,
                &kind,
                &Stamped {
                    stamp,
                    body: figures,
                },
            ),
        }
    }

    /// The node's state.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn status(&self, state: NodeState, reason: Option<String>) -> Result<Outgoing, Unsendable> {
        let body = StatusBody {
            state,
            reason,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            mqtt: Some(self.mqtt),
            clock_synced: clock_synced(),
        };
        let payload = Stamped {
            stamp: self.stamp(now_ms(), None, false),
            body,
        };
        self.outgoing(
            self.topics.status(),
            MessageClass::Status,
            "status",
            &payload,
        )
    }

    /// What the node made of the documents of its configuration.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn reported(&self, body: ConfigReported) -> Result<Outgoing, Unsendable> {
        let payload = Stamped {
            stamp: self.stamp(now_ms(), None, false),
            body,
        };
        Ok(Outgoing {
            topic: self.topics.config_reported(),
            payload: payload.to_json_with_lists()?,
            properties: cloudevents::attributes(&self.topics, &payload.stamp, "config.reported"),
            class: MessageClass::Config,
            superseded: false,
        })
    }

    /// The answer to a command.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn reply(&self, body: CommandReply) -> Result<Outgoing, Unsendable> {
        let topic = self.topics.command_reply(body.command);
        let kind = format!("cmd.{}", body.command);
        let payload = Stamped {
            stamp: self.stamp(now_ms(), None, false),
            body,
        };
        self.outgoing(topic, MessageClass::Command, &kind, &payload)
    }

    /// The last will.
    ///
    /// # Errors
    /// If it cannot be written as the contract wants it.
    pub fn will(&self) -> Result<Outgoing, Unsendable> {
        let payload = last_will(self.topics.node().clone(), self.boot);
        self.outgoing(
            self.topics.status(),
            MessageClass::Status,
            "status",
            &payload,
        )
    }

    /// An inventory item, or its removal.
    ///
    /// # Errors
    /// If the item is not in the contract.
    pub fn inventory(
        &self,
        item: &str,
        facts: Option<serde_json::Map<String, serde_json::Value>>,
    ) -> Result<Outgoing, Unsendable> {
        let item = Item::new(item)?;
        let topic = self.topics.inventory(&item);
        let class = MessageClass::Inventory;
        let Some(facts) = facts else {
            return Ok(Outgoing {
                topic,
                payload: Vec::new(),
                properties: Vec::new(),
                class,
                superseded: false,
            });
        };
        let kind = format!("inventory.{item}");
        let stamp = self.stamp(now_ms(), None, false);
        let payload = Stamped {
            stamp,
            body: InventoryBody::new(item, facts),
        };
        self.outgoing(topic, class, &kind, &payload)
    }
}

/// `Some(true)` where systemd-timesyncd says so; other time services leave no such mark.
fn clock_synced() -> Option<bool> {
    std::path::Path::new("/run/systemd/timesync/synchronized")
        .exists()
        .then_some(true)
}
