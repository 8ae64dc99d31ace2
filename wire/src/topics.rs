//! Every topic of CONTRACT §1: written by one method each, read back by [`Topic::parse`].
//!
//! *Promises*: what [`Topics`] writes, [`Topic::parse`] reads, and nothing else; the depth of each
//! class is constant, so that consumers which cut topics by position (Telegraf) can use them.

use crate::event::EventType;
use crate::name::{Item, LevelName, NodeName, OrgName, Subject};
use crate::vocabulary::{AlertKind, Command};

/// The first two levels of every topic: product and version of this contract.
pub const ROOT: &str = "sidetone/v1";

/// Writes the topics of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    org: OrgName,
    node: NodeName,
    /// `sidetone/v1/{org}/node/{node}`
    base: String,
}

impl Topics {
    /// The topics of `node` in `org`.
    #[must_use]
    pub fn new(org: OrgName, node: NodeName) -> Self {
        let base = format!("{ROOT}/{org}/node/{node}");
        Self { org, node, base }
    }

    /// The organisation.
    #[must_use]
    pub fn org(&self) -> &OrgName {
        &self.org
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// `sidetone/v1/{org}/node/{node}`, also the CloudEvents source.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Birth, state and last will.
    #[must_use]
    pub fn status(&self) -> String {
        format!("{}/status", self.base)
    }

    /// One retained inventory item.
    #[must_use]
    pub fn inventory(&self, item: &Item) -> String {
        format!("{}/inventory/{item}", self.base)
    }

    /// Live figures.
    #[must_use]
    pub fn telemetry(&self, stream: TelemetryStream) -> String {
        format!("{}/telemetry/{}", self.base, stream.as_str())
    }

    /// Something that happened.
    #[must_use]
    pub fn event(&self, kind: EventType) -> String {
        format!("{}/event/{}", self.base, kind.as_str())
    }

    /// The state of one alert.
    #[must_use]
    pub fn alert(&self, kind: AlertKind, subject: &Subject) -> String {
        format!("{}/alert/{}/{subject}", self.base, kind.as_str())
    }

    /// A command to this node.
    #[must_use]
    pub fn command_request(&self, name: Command) -> String {
        format!("{}/cmd/{}/request", self.base, name.as_str())
    }

    /// This node's answer to a command.
    #[must_use]
    pub fn command_reply(&self, name: Command) -> String {
        format!("{}/cmd/{}/reply", self.base, name.as_str())
    }

    /// A hold asked of the gateway beside the PBX.
    #[must_use]
    pub fn hold_request(&self) -> String {
        format!("{}/hold/request", self.base)
    }

    /// The gateway's answer.
    #[must_use]
    pub fn hold_reply(&self) -> String {
        format!("{}/hold/reply", self.base)
    }

    /// What IT wants of this node.
    #[must_use]
    pub fn config_desired(&self) -> String {
        format!("{}/config/desired", self.base)
    }

    /// What this node made of it.
    #[must_use]
    pub fn config_reported(&self) -> String {
        format!("{}/config/reported", self.base)
    }

    /// What IT wants of the whole fleet.
    #[must_use]
    pub fn fleet_config_desired(&self) -> String {
        format!("{ROOT}/{}/fleet/config/desired", self.org)
    }

    /// What IT wants of a group.
    #[must_use]
    pub fn group_config_desired(&self, group: &LevelName) -> String {
        format!("{ROOT}/{}/fleet/group/{group}/config/desired", self.org)
    }

    /// A supervisor's answer to an alert of this node.
    #[must_use]
    pub fn ack(&self, alert: uuid::Uuid) -> String {
        format!("{ROOT}/{}/ack/{}/{alert}", self.org, self.node)
    }

    /// A team's figures, written by the hub only.
    #[must_use]
    pub fn team_telemetry(&self, team: &LevelName, stream: TelemetryStream) -> String {
        format!(
            "{ROOT}/{}/team/{team}/telemetry/{}",
            self.org,
            stream.as_str()
        )
    }
}

/// The telemetry streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TelemetryStream {
    /// Both sides of the call.
    Audio,
    /// Radio link of a wireless headset.
    Link,
    /// The daemon itself.
    Health,
}

impl TelemetryStream {
    /// As it stands in the topic.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Link => "link",
            Self::Health => "health",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Audio, Self::Link, Self::Health]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// A topic of the contract, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The organisation.
    pub org: OrgName,
    /// The rest.
    pub place: Place,
}

/// What a topic stands for, below the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `node/{node}/…`
    Node(NodeName, NodePlace),
    /// `fleet/config/desired`
    FleetConfig,
    /// `fleet/group/{group}/config/desired`
    GroupConfig(LevelName),
    /// `ack/{node}/{id}`
    Ack(NodeName, uuid::Uuid),
    /// `team/{team}/telemetry/{stream}`
    Team(LevelName, TelemetryStream),
}

/// What a node's topic stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum NodePlace {
    Status,
    Inventory(Item),
    Telemetry(TelemetryStream),
    Event(EventType),
    Alert(AlertKind, Subject),
    CommandRequest(Command),
    CommandReply(Command),
    HoldRequest,
    HoldReply,
    ConfigDesired,
    ConfigReported,
}

impl Topic {
    /// Reads a topic; `None` if it is none of CONTRACT §1.
    #[must_use]
    pub fn parse(topic: &str) -> Option<Self> {
        let rest = topic.strip_prefix(ROOT)?.strip_prefix('/')?;
        let (org, rest) = rest.split_once('/')?;
        let org = OrgName::new(org).ok()?;
        let levels: Vec<&str> = rest.split('/').collect();
        let place = match levels.as_slice() {
            ["node", node, below @ ..] => {
                Place::Node(NodeName::new(*node).ok()?, NodePlace::parse(below)?)
            }
            ["fleet", "config", "desired"] => Place::FleetConfig,
            ["fleet", "group", group, "config", "desired"] => {
                Place::GroupConfig(LevelName::new(*group).ok()?)
            }
            ["ack", node, id] => Place::Ack(NodeName::new(*node).ok()?, canonical_uuid(id)?),
            ["team", team, "telemetry", stream] => {
                Place::Team(LevelName::new(*team).ok()?, TelemetryStream::parse(stream)?)
            }
            _ => return None,
        };
        Some(Self { org, place })
    }
}

impl NodePlace {
    fn parse(levels: &[&str]) -> Option<Self> {
        Some(match levels {
            ["status"] => Self::Status,
            ["inventory", item] => Self::Inventory(Item::new(*item).ok()?),
            ["telemetry", stream] => Self::Telemetry(TelemetryStream::parse(stream)?),
            ["event", kind] => Self::Event(EventType::parse(kind)?),
            ["alert", kind, subject] => {
                Self::Alert(AlertKind::parse(kind)?, Subject::new(*subject).ok()?)
            }
            ["cmd", name, "request"] => Self::CommandRequest(Command::parse(name)?),
            ["cmd", name, "reply"] => Self::CommandReply(Command::parse(name)?),
            ["hold", "request"] => Self::HoldRequest,
            ["hold", "reply"] => Self::HoldReply,
            ["config", "desired"] => Self::ConfigDesired,
            ["config", "reported"] => Self::ConfigReported,
            _ => return None,
        })
    }
}

/// Only the hyphenated lower-case form, so that one alert has one topic.
fn canonical_uuid(text: &str) -> Option<uuid::Uuid> {
    uuid::Uuid::try_parse(text)
        .ok()
        .filter(|id| id.to_string() == text)
}
