//! The layers that come over MQTT.

use serde::{Deserialize, Serialize};
use sidetone_wire::name::{LevelName, NameError};
use sidetone_wire::{NodePlace, Place, Topic, Topics};
use std::fmt;
use std::str::FromStr;

/// Whom a document is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Layer {
    /// Every node of the organisation.
    Fleet,
    /// Nodes that name this group in their files.
    Group(LevelName),
    /// One node.
    Node,
}

impl Layer {
    /// Where its documents are; of [`Layer::Node`]: those of the node of `topics`.
    #[must_use]
    pub fn topic(&self, topics: &Topics) -> String {
        match self {
            Self::Fleet => topics.fleet_config_desired(),
            Self::Group(group) => topics.group_config_desired(group),
            Self::Node => topics.config_desired(),
        }
    }

    /// The layer a topic belongs to; `None` if it is no topic of a document.
    #[must_use]
    pub fn of_topic(topic: &str) -> Option<Self> {
        match Topic::parse(topic)?.place {
            Place::FleetConfig => Some(Self::Fleet),
            Place::GroupConfig(group) => Some(Self::Group(group)),
            Place::Node(_, NodePlace::ConfigDesired) => Some(Self::Node),
            _ => None,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.write_str("fleet"),
            Self::Group(group) => write!(f, "group/{group}"),
            Self::Node => f.write_str("node"),
        }
    }
}

impl FromStr for Layer {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "fleet" => Ok(Self::Fleet),
            "node" => Ok(Self::Node),
            _ => LevelName::new(text.strip_prefix("group/").unwrap_or(text)).map(Self::Group),
        }
    }
}

impl TryFrom<String> for Layer {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Layer> for String {
    fn from(layer: Layer) -> Self {
        layer.to_string()
    }
}
