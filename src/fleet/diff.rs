//! What is desired against what each node reports.

use super::snapshot::{Snapshot, Target};
use serde::Serialize;
use sidetone_wire::NodeName;
use sidetone_wire::config::{ConfigFault, ConfigReported};
use sidetone_wire::name::LevelName;

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Everything that is desired of it is in force.
    Same,
    /// It has not got everything yet, or waits for a restart.
    Behind,
    /// It refuses something.
    Refused,
    /// It has reported nothing.
    Silent,
}

/// One node against the documents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeDiff {
    /// Which.
    pub node: NodeName,
    /// How it stands.
    pub state: State,
    /// Each layer whose versions differ.
    pub layers: Vec<LayerDiff>,
    /// What it refuses, as it says it.
    pub errors: Vec<ConfigFault>,
    /// Keys that wait for its restart.
    pub restart: Vec<String>,
}

/// A layer whose document a node has not got, or still has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerDiff {
    /// `fleet`, `group NAME` or `node NAME`.
    pub layer: String,
    /// Version that is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<u64>,
    /// Version in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported: Option<u64>,
}

/// Every node that reports, or has a document of its own.
#[must_use]
pub fn differences(snapshot: &Snapshot) -> Vec<NodeDiff> {
    let with_document = snapshot.desired.keys().filter_map(|target| match target {
        Target::Node(node) if !snapshot.reported.contains_key(node) => Some(node),
        _ => None,
    });
    let silent = with_document.map(|node| NodeDiff {
        node: node.clone(),
        state: State::Silent,
        layers: vec![layer(snapshot, &Target::Node(node.clone()), None)],
        errors: Vec::new(),
        restart: Vec::new(),
    });
    let reporting = snapshot
        .reported
        .iter()
        .map(|(node, report)| of(snapshot, node, report));
    let mut all: Vec<NodeDiff> = reporting.chain(silent).collect();
    all.sort_by(|a, b| a.node.cmp(&b.node));
    all
}

fn of(snapshot: &Snapshot, node: &NodeName, report: &ConfigReported) -> NodeDiff {
    let groups = report.group_versions.iter().filter_map(|group| {
        let name = LevelName::new(group.group.as_str()).ok()?;
        Some((Target::Group(name), group.version))
    });
    let layers = std::iter::once((Target::Fleet, report.fleet_version))
        .chain(groups)
        .chain([(Target::Node(node.clone()), report.node_version)])
        .map(|(target, version)| layer(snapshot, &target, version))
        .filter(|layer| layer.desired != layer.reported);
    let layers: Vec<LayerDiff> = layers.collect();
    let restart: Vec<String> = report.restart.iter().map(|key| key.key.clone()).collect();
    let state = if !report.errors.is_empty() {
        State::Refused
    } else if layers.is_empty() && restart.is_empty() {
        State::Same
    } else {
        State::Behind
    };
    NodeDiff {
        node: node.clone(),
        state,
        layers,
        errors: report.errors.clone(),
        restart,
    }
}

fn layer(snapshot: &Snapshot, target: &Target, reported: Option<u64>) -> LayerDiff {
    let desired = snapshot.desired.get(target);
    LayerDiff {
        layer: target.to_string(),
        desired: desired.and_then(|document| document.as_ref().ok().map(|one| one.version)),
        reported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_is_the_same_behind_refusing_or_silent() {
        let mut snapshot = Snapshot::default();
        let mut take = |below: &str, payload: &str| {
            snapshot.take(&format!("sidetone/v1/acme/{below}"), payload.as_bytes());
        };
        let document = r#"{"v":1,"version":3,"issued_ms":1,"set":{}}"#;
        take("fleet/config/desired", document);
        take("fleet/group/late/config/desired", document);
        take("node/d/config/desired", document);
        let report = |node: &str, rest: &str| {
            format!(r#"{{"v":1,"boot":1,"node":"{node}","applied":true,"names_agent":true{rest}}}"#)
        };
        take(
            "node/a/config/reported",
            &report("a", r#","fleet_version":3"#),
        );
        let late = r#","fleet_version":3,"group_versions":[{"group":"late","version":2}]"#;
        take("node/b/config/reported", &report("b", late));
        let errors = r#","errors":[{"layer":"fleet","key":"x","message":"there is no key"}]"#;
        take("node/c/config/reported", &report("c", errors));
        let told: Vec<(String, State, usize)> = differences(&snapshot)
            .into_iter()
            .map(|diff| (diff.node.to_string(), diff.state, diff.layers.len()))
            .collect();
        let expected = [
            ("a", State::Same, 0),
            ("b", State::Behind, 1),
            ("c", State::Refused, 1),
            ("d", State::Silent, 1),
        ];
        assert_eq!(
            told,
            expected.map(|(node, state, layers)| (node.to_owned(), state, layers))
        );
    }
}
