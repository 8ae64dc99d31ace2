//! What may be set over MQTT, and how it lies over the files (CONTRACT §5).
//!
//! *Promises*: [`check_remote`] finds everything a node would refuse in a document whatever its files say,
//! so that `sidetone fleet set` can say it before anybody hears of it; [`overlay`] is the files' configuration
//! with the documents merged over it in their order (RFC 7396). `null` puts a key back to the built-in default.
//!
//! *Never* lets a local key through, nor a privacy switch in any direction but the one that says less.

use super::check::{Finding, check, is_section, join, not_null};
use super::consistency::conflicts;
use super::load::{defaults_json, merge};
use super::model::Config;
use super::schema::json_schema;
use super::tree::Node;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFault {
    /// Which key, e.g. `broker.url`; empty if it is none of them alone.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Everything that is wrong with what a document sets, by key.
#[must_use]
pub fn check_remote(set: &Json) -> Vec<RemoteFault> {
    let schema = json_schema();
    let mut faults = BTreeMap::new();
    for Finding { key, message, .. } in check(&Node::from_json(set), &schema) {
        faults.entry(key).or_insert(message);
    }
    let mut scope = Vec::new();
    out_of_scope(set, &schema, "", &mut scope);
    faults.extend(scope);
    let fault = |(key, message)| RemoteFault { key, message };
    faults.into_iter().map(fault).collect()
}

/// What is set that may only be set in a file, or only to another value.
fn out_of_scope(value: &Json, schema: &Json, key: &str, faults: &mut Vec<(String, String)>) {
    let schema = not_null(schema);
    if is_section(schema) {
        match value {
            Json::Object(entries) => {
                for (name, value) in entries {
                    if let Some(schema) = schema.pointer("/properties").and_then(|p| p.get(name)) {
                        out_of_scope(value, schema, &join(key, name), faults);
                    }
                }
            }
            Json::Null => {
                let message =
                    format!("`{key}` is a section; write null only for the keys that are meant");
                faults.push((key.to_owned(), message));
            }
            _ => {}
        }
        return;
    }
    if schema.get("x-scope").and_then(Json::as_str) != Some("remote") {
        let message = format!(
            "`{key}` is a local key: it can only be set in a file of the workstation; leave it out"
        );
        return faults.push((key.to_owned(), message));
    }
    if let Some(only) = schema.get("x-tighten-to").filter(|only| *only != value) {
        let message = format!(
            "`{key}` can only be tightened from elsewhere, to {only}; leave it out to leave it to the workstation's files"
        );
        faults.push((key.to_owned(), message));
    }
}

/// The local configuration with what these documents set, in their order.
///
/// # Errors
/// What does not go together. Each document must have passed [`check_remote`].
pub fn overlay<'s>(
    local: &Config,
    sets: impl IntoIterator<Item = &'s Json>,
) -> Result<Config, Vec<RemoteFault>> {
    let unusable = |error: serde_json::Error| {
        vec![RemoteFault {
            key: String::new(),
            message: format!("with this the configuration cannot be used: {error}"),
        }]
    };
    let mut merged = serde_json::to_value(local).map_err(unusable)?;
    for set in sets {
        merge(&mut merged, set.clone());
    }
    // What a document took away is as built in.
    let mut whole = defaults_json().unwrap_or_default();
    merge(&mut whole, merged);
    let config = serde_json::from_value::<Config>(whole).map_err(unusable)?;
    let conflicts = conflicts(&config, &BTreeMap::new());
    if conflicts.is_empty() {
        return Ok(config);
    }
    let fault = |fault: super::fault::Fault| RemoteFault {
        key: fault.key,
        message: fault.message,
    };
    Err(conflicts.into_iter().map(fault).collect())
}

/// The keys in which two configurations differ, in the order of their names.
#[must_use]
pub fn differences(one: &Config, other: &Config) -> Vec<String> {
    let mut keys = BTreeSet::new();
    let json = |config| serde_json::to_value(config).unwrap_or_default();
    differ(&json(one), &json(other), "", &mut keys);
    keys.into_iter().collect()
}

fn differ(one: &Json, other: &Json, at: &str, keys: &mut BTreeSet<String>) {
    match (one.as_object(), other.as_object()) {
        (Some(ours), Some(theirs)) => {
            for name in ours.keys().chain(theirs.keys()) {
                let (one, other) = (ours.get(name), theirs.get(name));
                let nothing = Json::Null;
                differ(
                    one.unwrap_or(&nothing),
                    other.unwrap_or(&nothing),
                    &join(at, name),
                    keys,
                );
            }
        }
        _ if one != other => {
            keys.insert(at.to_owned());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::defaults;
    use serde_json::json;

    fn keys(set: &Json) -> Vec<String> {
        check_remote(set).into_iter().map(|f| f.key).collect()
    }

    #[test]
    fn what_may_not_be_set_from_elsewhere_is_named() {
        for (set, key, says) in [
            (
                json!({"broker": {"url": "mqtt://evil"}}),
                "broker.url",
                "local key",
            ),
            (json!({"broker": {"url": null}}), "broker.url", "local key"),
            (
                json!({"adapters": {"exec": {"hold": ["sh"]}}}),
                "adapters.exec.hold",
                "local key",
            ),
            (
                json!({"spokes": {"origins": []}}),
                "spokes.origins",
                "local key",
            ),
            (
                json!({"config": {"signing_key": null}}),
                "config.signing_key",
                "local key",
            ),
            (
                json!({"node": {"groups": ["b"]}}),
                "node.groups",
                "local key",
            ),
            (
                json!({"privacy": {"agent": true}}),
                "privacy.agent",
                "tightened",
            ),
            (
                json!({"privacy": {"signals": {"mute": null}}}),
                "privacy.signals.mute",
                "tightened",
            ),
            (json!({"privacy": null}), "privacy", "section"),
            (
                json!({"alerts": {"doubletalk": {}}}),
                "alerts.doubletalk",
                "did you mean `alerts.double_talk`",
            ),
            (
                json!({"alerts": {"double_talk": {"overtalk_s": "2"}}}),
                "alerts.double_talk.overtalk_s",
                "must be a number",
            ),
            (json!([1]), "", "section"),
        ] {
            let faults = check_remote(&set);
            assert_eq!(faults.len(), 1, "{set}: {faults:?}");
            assert_eq!(faults[0].key, key);
            assert!(faults[0].message.contains(says), "{:?}", faults[0]);
        }
        let good = json!({
            "privacy": {"aggregate": true, "signals": {"mute": false}},
            "alerts": {"double_talk": {"overtalk_s": 3, "severity": null}},
            "node": {"team": "Late"},
        });
        assert_eq!(keys(&good), Vec::<String>::new());
    }

    #[test]
    fn documents_lie_over_the_files_in_their_order_and_null_is_the_default() {
        let mut local = defaults().unwrap();
        local.telemetry.audio_interval_s = 7;
        local.alerts.double_talk.overtalk_s = 9.0;
        let fleet = json!({"alerts": {"double_talk": {"overtalk_s": 3}}, "node": {"team": "A"}});
        let node = json!({"alerts": {"double_talk": {"overtalk_s": null}}, "node": {"team": null}});
        let one = overlay(&local, [&fleet]).unwrap();
        assert_eq!(one.alerts.double_talk.overtalk_s, 3.0);
        assert_eq!(one.telemetry.audio_interval_s, 7);
        assert_eq!(
            differences(&local, &one),
            ["alerts.double_talk.overtalk_s", "node.team"]
        );
        let both = overlay(&local, [&fleet, &node]).unwrap();
        assert_eq!(both.alerts.double_talk.overtalk_s, 2.0);
        assert_eq!(both.node.team, None);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let set = json!({"adapters": {"mqtt": {"enabled": true}}});
        assert_eq!(check_remote(&set), []);
        let faults = overlay(&defaults().unwrap(), [&set]).unwrap_err();
        assert!(faults[0].key.starts_with("adapters.mqtt"), "{faults:?}");
    }
}
