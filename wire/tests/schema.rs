//! The generated documents: current, complete, and true of the messages that are really written.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::{Value, json};
use sidetone_wire::event::EventType;
use sidetone_wire::schema::{asyncapi, json_schema};
use sidetone_wire::status::last_will;
use sidetone_wire::{NodeName, Stamp, Stamped};
use std::path::PathBuf;

/// Set to rewrite the checked-in copies: `SIDETONE_BLESS=1 cargo test -p sidetone-wire --test schema`
const BLESS: &str = "SIDETONE_BLESS";

fn is_current(file: &str, document: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/schema")
        .join(file);
    let text = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{file} is not current: run this test with {BLESS}=1 and commit it"
    );
}

#[test]
fn the_checked_in_copies_are_current() {
    is_current("payloads.json", &json_schema());
    is_current("asyncapi.json", &asyncapi());
}

/// Every `$ref` in a document leads to something.
fn references_resolve(value: &Value, root: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                let pointer = target.strip_prefix('#').unwrap();
                assert!(root.pointer(pointer).is_some(), "{target} leads nowhere");
            }
            map.values().for_each(|v| references_resolve(v, root));
        }
        Value::Array(list) => list.iter().for_each(|v| references_resolve(v, root)),
        _ => {}
    }
}

#[test]
fn references_lead_somewhere() {
    for document in [json_schema(), asyncapi()] {
        references_resolve(&document, &document);
    }
}

#[test]
fn asyncapi_names_every_channel_with_its_delivery() {
    let document = asyncapi();
    let address = |c: &str| {
        document["channels"][c]["address"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        address("alert"),
        "sidetone/v1/{org}/node/{node}/alert/{kind}/{subject}"
    );
    let binding = &document["operations"]["send_event"]["bindings"]["mqtt"];
    assert_eq!(binding["qos"], 1);
    assert_eq!(binding["messageExpiryInterval"], 86_400);
    assert_eq!(
        document["operations"]["send_status"]["bindings"]["mqtt"]["retain"],
        true
    );
    let types = &document["channels"]["event"]["parameters"]["type"]["enum"];
    assert_eq!(types.as_array().unwrap().len(), EventType::ALL.len());
}

fn validator(name: &str) -> jsonschema::Validator {
    let mut schema = json_schema();
    let map = schema.as_object_mut().unwrap();
    map.remove("anyOf");
    map.insert("$ref".to_owned(), json!(format!("#/$defs/{name}")));
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_schema_accepts_what_the_contract_shows_and_refuses_what_it_forbids() {
    let id = "0192f000-0000-7000-8000-000000000001";
    let alert = json!({
        "v": 1, "ts": 1_795_305_600_000_u64, "boot": 3, "seq": 9, "node": "ws-1",
        "agent": "abcdefghij234567", "team": "Late", "id": id, "kind": "double_talk",
        "subject": "call", "state": "raised", "severity": "minor", "notify": "alarm",
        "since": 1_795_305_600_000_u64, "value": 2.1, "threshold": 2.0, "unit": "s", "side": "both",
        "text": "Both talk.", "action": "Listen in.",
    });
    let event = json!({
        "v": 1, "ts": 1_795_305_600_000_u64, "boot": 3, "seq": 9, "node": "ws-1",
        "type": "mute.on", "provenance": "mixer", "call": id,
    });
    let mut alert_event = alert.clone();
    alert_event["type"] = json!("alert.raised");
    let status = json!({"v": 1, "node": "ws-1", "boot": 3, "state": "ready", "mqtt": "5"});
    let samples = [
        ("Alert", alert),
        ("Event", event),
        ("Event", alert_event),
        ("Status", status),
    ];
    for (name, sample) in samples {
        let validator = validator(name);
        let errors: Vec<String> = validator
            .iter_errors(&sample)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        for (key, wrong) in [
            ("v", json!(2)),
            ("node", json!("WS 1")),
            ("boot", json!(-1)),
        ] {
            let mut bad = sample.clone();
            bad[key] = wrong;
            assert!(
                !validator.is_valid(&bad),
                "{name} accepts {key} = {}",
                bad[key]
            );
        }
        for (key, _) in sample.as_object().unwrap() {
            let mut bad = sample.clone();
            bad[key] = Value::Null;
            assert!(!validator.is_valid(&bad), "{name} accepts {key} = null");
        }
    }
}

#[test]
fn what_the_types_write_the_schema_accepts() {
    let node = NodeName::new("ws-1").unwrap();
    let will: Value =
        serde_json::from_slice(&last_will(node.clone(), 1).to_json().unwrap()).unwrap();
    assert!(validator("Status").is_valid(&will));
    let body = sidetone_wire::telemetry::HealthFigures {
        uptime_s: 3.5,
        ..Default::default()
    };
    let stamp = Stamp {
        ts: Some(1),
        ..Stamp::new(node, 1)
    };
    let health: Value =
        serde_json::from_slice(&Stamped { stamp, body }.to_json().unwrap()).unwrap();
    assert!(validator("TelemetryHealth").is_valid(&health));
}
