//! `examples/integrations` speaks of topics and keys that exist: a renamed one fails here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use sidetone_wire::schema::json_schema;
use sidetone_wire::topics::TelemetryStream;
use sidetone_wire::{NodePlace, Place, Topic};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn text(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/integrations");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

/// The keys of what is published on a topic; `+` stands for any level.
fn keys(filter: &str) -> BTreeSet<String> {
    let mut levels: Vec<&str> = filter.split('/').collect();
    assert!(levels.len() >= 6 && levels[3] == "node", "{filter}");
    let class = levels[5];
    for (position, level) in levels.iter_mut().enumerate() {
        if *level == "+" {
            *level = match (position, class) {
                (2, _) => "acme",
                (4, _) => "ws-1",
                (6, "event") => "call.ended",
                (6, "telemetry") => "audio",
                (6, "inventory") => "host",
                (6, "alert") => "line_noise",
                (7, "alert") => "agent",
                other => panic!("{filter}: {other:?}"),
            };
        }
    }
    let topic = levels.join("/");
    let parsed = Topic::parse(&topic).unwrap_or_else(|| panic!("{filter} is no topic"));
    let Place::Node(_, place) = parsed.place else {
        panic!("{filter} is not a node's");
    };
    let name = match place {
        NodePlace::Status => "Status",
        NodePlace::Inventory(_) => "Inventory",
        NodePlace::Telemetry(TelemetryStream::Audio) => "TelemetryAudio",
        NodePlace::Telemetry(TelemetryStream::Health) => "TelemetryHealth",
        NodePlace::Event(_) => "Event",
        NodePlace::Alert(..) => "Alert",
        other => panic!("{filter}: {other:?} is not for integrators"),
    };
    let schema = json_schema();
    let body = &schema["$defs"][name]["properties"];
    let mut keys: BTreeSet<String> = body.as_object().unwrap().keys().cloned().collect();
    // An event about an alert carries the alert's keys.
    if name == "Event" {
        let alert = schema["$defs"]["Alert"]["properties"].as_object().unwrap();
        keys.extend(alert.keys().cloned());
    }
    keys
}

fn knows(filter: &str, key: &str) {
    assert!(keys(filter).contains(key), "{filter} has no key {key}");
}

#[test]
fn grafana_shows_topics_and_keys_that_exist() {
    let dashboard = json("grafana-dashboard.json");
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()));
        let filter = panel["targets"][0]["topic"].as_str().unwrap();
        let mut named = 0;
        for transformation in panel["transformations"].as_array().unwrap() {
            let options = &transformation["options"];
            let shown = options["include"]["names"].as_array();
            let parted = options["fields"].as_array();
            for name in shown.or(parted).unwrap() {
                let name = name.as_str().unwrap();
                // The data source's own: when the message arrived.
                if name != "Time" {
                    knows(filter, name);
                    named += 1;
                }
            }
        }
        assert!(named >= 2, "{filter}");
    }
    assert!(ids.len() >= 6);
}

#[test]
fn telegraf_cuts_topics_and_keys_that_exist() {
    let all: toml::Table = text("telegraf.conf").parse().unwrap();
    let consumer = &all["inputs"]["mqtt_consumer"][0];
    let strings = |value: &toml::Value| -> Vec<String> {
        let list = value.as_array().unwrap().iter();
        list.map(|entry| entry.as_str().unwrap().to_owned())
            .collect()
    };
    let topics = strings(&consumer["topics"]);
    let all: BTreeSet<String> = topics.iter().flat_map(|topic| keys(topic)).collect();
    let object = &consumer["json_v2"][0]["object"][0];
    let time = vec![object["timestamp_key"].as_str().unwrap().to_owned()];
    for key in [
        time,
        strings(&object["tags"]),
        strings(&object["excluded_keys"]),
    ]
    .concat()
    {
        assert!(all.contains(&key), "{key}");
    }
    // Every list of the contract is left out, since a field is a number, a text or a truth.
    let schema = json_schema();
    let lists = schema["$defs"]["Event"]["properties"].as_object().unwrap();
    let lists = lists
        .iter()
        .filter(|(_, about)| about.to_string().contains("\"array\""));
    let excluded = strings(&object["excluded_keys"]);
    for (key, _) in lists {
        assert!(excluded.contains(key), "{key} is a list");
    }
    for cut in consumer["topic_parsing"].as_array().unwrap() {
        let depth = |key: &str| cut[key].as_str().unwrap().split('/').count();
        let pattern = cut["topic"].as_str().unwrap();
        keys(pattern);
        assert_eq!(depth("topic"), depth("measurement"), "{pattern}");
        assert_eq!(depth("topic"), depth("tags"), "{pattern}");
        let fits = topics.iter().any(|topic| {
            let both = topic.split('/').zip(pattern.split('/'));
            topic.split('/').count() == depth("topic")
                && both.clone().all(|(a, b)| a == b || b == "+")
        });
        assert!(fits, "{pattern} cuts nothing");
    }
}

#[test]
fn home_assistant_reads_topics_and_keys_that_exist() {
    let text = text("home-assistant.yaml");
    let mut topic = String::new();
    let mut used = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((key, value)) = line.trim().split_once(": ") else {
            continue;
        };
        if key.ends_with("topic") {
            topic = value.trim_matches('"').to_owned();
            keys(&topic);
        }
        for use_of in value.split("value_json.").skip(1) {
            let end = use_of.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            knows(&topic, &use_of[..end.unwrap_or(use_of.len())]);
            used += 1;
        }
    }
    assert!(used >= 7, "{used}");
}

/// The payloads that docs/mqtt.md shows, each with the topic it comes on at the desk of the snippet.
fn shown_payloads() -> Vec<(String, Value)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mqtt.md");
    let page = std::fs::read_to_string(page).unwrap();
    // Blocks, and code within a sentence.
    let blocks = page
        .split('`')
        .map(|code| code.strip_prefix("json\n").unwrap_or(code));
    let blocks = blocks.filter_map(|code| serde_json::from_str(code).ok());
    let with_topic = blocks.filter_map(|payload: Value| {
        let text = |key: &str| payload[key].as_str();
        let rest = match (text("kind"), text("subject")) {
            (Some(kind), Some(subject)) if text("type").is_none() => {
                format!("alert/{kind}/{subject}")
            }
            _ if text("measured_at").is_some() => "telemetry/audio".to_owned(),
            _ if payload.get("mqtt").is_some() => "status".to_owned(),
            _ => return None,
        };
        Some((format!("sidetone/v1/acme/node/ws-1/{rest}"), payload))
    });
    with_topic.collect()
}

#[test]
fn home_assistant_makes_states_of_the_payloads_shown() {
    let payloads = shown_payloads();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut reader = Command::new("/usr/bin/python3")
        .arg(folder.join("tests/home_assistant.py"))
        .arg(folder.join("../examples/integrations/home-assistant.yaml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&payloads).unwrap();
    reader.stdin.take().unwrap().write_all(&input).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "scripts/install-deps quick");
    let rendered: Vec<(String, String, usize, String)> =
        serde_json::from_slice(&output.stdout).unwrap();
    let of = |entity: &str, template: &str| -> Vec<(&Value, &str)> {
        let fitting = rendered
            .iter()
            .filter(|(e, t, ..)| e.ends_with(entity) && t == template);
        let fitting = fitting.map(|(.., n, text)| (&payloads[*n].1, text.as_str()));
        fitting.collect()
    };

    let disconnect = of("qd_open_in_call", "value_template");
    let states: BTreeSet<_> = disconnect
        .iter()
        .map(|(payload, text)| (payload["state"].as_str().unwrap(), *text))
        .collect();
    let wanted = [("raised", "ON"), ("cleared", "OFF")];
    assert_eq!(states, BTreeSet::from(wanted));
    for (payload, text) in of("qd_open_in_call", "json_attributes_template") {
        let attributes: Value = serde_json::from_str(text).unwrap();
        assert_eq!(attributes["text"], payload["text"]);
    }
    let status = of("ws_1_status", "value_template");
    assert!(!status.is_empty());
    for (payload, text) in status {
        assert_eq!(payload["state"], text);
    }
    assert!(
        of("qd_open_in_call", "availability_template")
            .iter()
            .all(|(_, text)| *text == "online")
    );
    let ratio = of("agent_snr", "value_template");
    assert!(!ratio.is_empty());
    for (payload, text) in ratio {
        assert_eq!(payload["agent_snr_db"].as_f64(), text.parse().ok());
    }
}

#[test]
fn node_red_follows_topics_and_keys_that_exist() {
    let flow = json("node-red-flow.json");
    let nodes = flow.as_array().unwrap();
    let of = |kind: &str| nodes.iter().find(move |node| node["type"] == kind).unwrap();
    let filter = of("mqtt in")["topic"].as_str().unwrap();
    let mut used = 0;
    for use_of in flow.to_string().split("payload.").skip(1) {
        let end = use_of.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        knows(filter, &use_of[..end.unwrap_or(use_of.len())]);
        used += 1;
    }
    assert!(used >= 6, "{used}");
    // Each wire leads to a node.
    for wire in nodes.iter().filter_map(|node| node["wires"][0].as_array()) {
        for end in wire {
            assert!(nodes.iter().any(|node| node["id"] == *end), "{end}");
        }
    }
}
