//! The payloads that the documents show follow the published schema: every JSON object with a `v` in any page.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::path::{Path, PathBuf};

/// Every page for readers.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [root.clone(), root.join("docs"), root.join("examples")];
    let entries = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|e| e == "md"))
        .collect()
}

/// The JSON objects that a page shows as a block, or as code within a sentence, and that are messages.
fn messages(page: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(page).unwrap();
    let code = text.split('`').filter(|code| code.contains("\"v\":"));
    let objects = code.filter_map(|code| {
        let code = code.strip_prefix("json\n").unwrap_or(code);
        let payload: Value = serde_json::from_str(code).ok()?;
        payload.get("node").is_some().then_some(payload)
    });
    objects.collect()
}

#[test]
fn the_payloads_of_the_documents_follow_the_schema() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let schema = std::fs::read_to_string(docs.join("schema/payloads.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut shown = 0;
    for payload in pages().iter().flat_map(|page| messages(page)) {
        let name = match &payload {
            p if p.get("set").is_some() => "ConfigDesired",
            p if p.get("applied").is_some() => "ConfigReported",
            p if p.get("command").is_some() => "CommandReply",
            p if p.get("issued_ms").is_some() => "CommandRequest",
            p if p.get("type").is_some() => "Event",
            p if p.get("kind").is_some() => "Alert",
            p if p
                .get("action")
                .is_some_and(|a| a == "hold" || a == "resume") =>
            {
                "HoldRequest"
            }
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
