//! What the broker keeps of settings: the documents, and what each node made of them.

use sidetone_wire::config::{ConfigDesired, ConfigReported};
use sidetone_wire::name::{LevelName, NameError};
use sidetone_wire::topics::ROOT;
use sidetone_wire::{NodeName, NodePlace, OrgName, PayloadError, Place, Stamped, Topic, Topics};
use std::collections::BTreeMap;
use std::fmt;

/// Whose document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Every node's.
    Fleet,
    /// A group's.
    Group(LevelName),
    /// One node's.
    Node(NodeName),
}

impl Target {
    /// Where it is.
    #[must_use]
    pub fn topic(&self, org: &OrgName) -> String {
        match self {
            Self::Fleet => format!("{ROOT}/{org}/fleet/config/desired"),
            Self::Group(group) => format!("{ROOT}/{org}/fleet/group/{group}/config/desired"),
            Self::Node(node) => Topics::new(org.clone(), node.clone()).config_desired(),
        }
    }

    /// As the arguments name it.
    ///
    /// # Errors
    /// If the name is none.
    pub fn named(group: Option<&str>, node: Option<&str>) -> Result<Self, NameError> {
        match (group, node) {
            (Some(group), _) => LevelName::new(group).map(Self::Group),
            (None, Some(node)) => NodeName::new(node).map(Self::Node),
            (None, None) => Ok(Self::Fleet),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.write_str("fleet"),
            Self::Group(group) => write!(f, "group {group}"),
            Self::Node(node) => write!(f, "node {node}"),
        }
    }
}

/// A document as it is kept, or why it is none.
pub type Desired = Result<ConfigDesired, PayloadError>;

/// Everything that was retained.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The documents.
    pub desired: BTreeMap<Target, Desired>,
    /// What the nodes made of them.
    pub reported: BTreeMap<NodeName, ConfigReported>,
}

impl Snapshot {
    /// The topics it is made of.
    #[must_use]
    pub fn filters(org: &OrgName) -> Vec<String> {
        let base = format!("{ROOT}/{org}");
        vec![
            format!("{base}/fleet/config/desired"),
            format!("{base}/fleet/group/+/config/desired"),
            format!("{base}/node/+/config/desired"),
            format!("{base}/node/+/config/reported"),
        ]
    }

    /// Takes in a message; what belongs to no topic of these is left out.
    pub fn take(&mut self, topic: &str, payload: &[u8]) {
        let target = match Topic::parse(topic).map(|topic| topic.place) {
            Some(Place::FleetConfig) => Target::Fleet,
            Some(Place::GroupConfig(group)) => Target::Group(group),
            Some(Place::Node(node, NodePlace::ConfigDesired)) => Target::Node(node),
            Some(Place::Node(node, NodePlace::ConfigReported)) => {
                match Stamped::<ConfigReported>::from_json(payload) {
                    Ok(report) => self.reported.insert(node, report.body),
                    Err(_) => self.reported.remove(&node),
                };
                return;
            }
            _ => return,
        };
        if payload.is_empty() {
            self.desired.remove(&target);
        } else {
            let document = ConfigDesired::from_json(payload);
            self.desired.insert(target, document);
        }
    }

    /// The highest version of a target's documents that any node reports.
    #[must_use]
    pub fn highest_reported(&self, target: &Target) -> u64 {
        let version = |(node, report): (&NodeName, &ConfigReported)| match target {
            Target::Fleet => report.fleet_version,
            Target::Group(group) => report
                .group_versions
                .iter()
                .find(|one| one.group == group.as_str())
                .and_then(|one| one.version),
            Target::Node(one) => report.node_version.filter(|_| one == node),
        };
        let versions = self.reported.iter().filter_map(version);
        versions.max().unwrap_or_default()
    }
}
