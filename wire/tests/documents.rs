//! The payloads that the documents show follow the published schema.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;

#[test]
fn the_payloads_of_the_mqtt_page_follow_the_schema() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let schema = std::fs::read_to_string(docs.join("schema/payloads.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let page = std::fs::read_to_string(docs.join("mqtt.md")).unwrap();
    let mut shown = 0;
    for block in page.split("```json\n").skip(1) {
        let payload: Value = serde_json::from_str(block.split("```").next().unwrap()).unwrap();
        let name = match &payload {
            p if p.get("set").is_some() => "ConfigDesired",
            p if p.get("applied").is_some() => "ConfigReported",
            p if p.get("command").is_some() => "CommandReply",
            p if p.get("issued_ms").is_some() => "CommandRequest",
            p if p.get("type").is_some() => "Event",
            p if p.get("kind").is_some() => "Alert",
            p if p.get("item").is_some() => "Inventory",
            p if p.get("measured_at").is_some() => "TelemetryAudio",
            p if p.get("outbox_records").is_some() => "TelemetryHealth",
            _ => "Status",
        };
        let mut one = schema.clone();
        one.as_object_mut().unwrap().remove("anyOf");
        one["$ref"] = format!("#/$defs/{name}").into();
        let validator = jsonschema::validator_for(&one).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&payload)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{payload}: {faults:?}");
        shown += 1;
    }
    assert!(shown >= 5, "{shown} payloads are shown");
}
