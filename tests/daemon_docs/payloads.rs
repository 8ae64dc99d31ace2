//! The payloads that `docs/mqtt.md` shows are those of the daemon: the same keys with the same types as in a
//! call that is made here. (`wire/tests/documents.rs` holds them against the schema.) To show new ones:
//! `SIDETONE_BLESS=1 cargo nextest run --workspace --test daemon_docs payloads`.

use crate::PROGRAM;
use crate::broker::{Broker, Watcher};
use crate::daemon::Desk;
use crate::page::{Page, root};
use crate::testbed::{HidHeadset, OFF_HOOK, ON_HOOK, quick_disconnect};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Needs a sound server; its figures depend on the voices.
const OF_SOUND: &str = "telemetry.audio";

/// Written by IT, or an answer to it: `tests/daemon_fleet.rs`.
const NOT_IN_A_CALL: &str = "config.desired, cmd";

/// What kind of message a payload is.
fn label(payload: &Value) -> String {
    let text = |key: &str| payload[key].as_str();
    if let Some(kind) = text("type") {
        format!("event.{kind}")
    } else if text("kind").is_some() {
        format!("alert.{}", text("state").unwrap_or_default())
    } else if let Some(item) = text("item") {
        format!("inventory.{}", item.split('-').next().unwrap_or_default())
    } else if text("measured_at").is_some() {
        OF_SOUND.to_owned()
    } else if payload.get("applied").is_some() {
        "config.reported".to_owned()
    } else if payload.get("issued_ms").is_some() || payload.get("command").is_some() {
        NOT_IN_A_CALL.to_owned()
    } else if payload.get("outbox_records").is_some() {
        "telemetry.health".to_owned()
    } else {
        format!("status.{}", text("state").unwrap_or_default())
    }
}

/// Keys and types.
fn shape(payload: &Value) -> BTreeMap<String, &'static str> {
    let kind = |value: &Value| match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        _ => "not a scalar",
    };
    // Said only where the kernel says so.
    let keys = payload.as_object().unwrap().iter();
    let keys = keys.filter(|(key, _)| *key != "clock_synced");
    keys.map(|(key, value)| (key.clone(), kind(value)))
        .collect()
}

/// The last message of each kind in a call in which the quick disconnect is pulled and put back.
async fn said_in_a_call() -> BTreeMap<String, Value> {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::new();
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    let step = async |what: &'static str, report: &[u8]| {
        watcher
            .until(what, |seen| seen.iter().any(|s| s.topic.ends_with(what)))
            .await;
        headset.send(report);
    };
    step("event/headset.added", OFF_HOOK).await;
    step("event/call.started", &quick_disconnect(true)).await;
    step("event/alert.raised", &quick_disconnect(false)).await;
    step("event/alert.cleared", ON_HOOK).await;
    step("event/call.ended", ON_HOOK).await;
    step("telemetry/health", ON_HOOK).await;
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| {
            seen.iter().any(|s| s.json()["state"] == "stopped")
        })
        .await;
    let messages = seen
        .iter()
        .filter(|s| s.topic != "sidetone/probe" && !s.payload.is_empty());
    messages.map(|s| (label(&s.json()), s.json())).collect()
}

#[tokio::test]
async fn the_payloads_shown_are_the_daemons() {
    let said = said_in_a_call().await;
    let page = Page::read("docs/mqtt.md");
    let path = root().join(&page.name);
    let mut text = fs::read_to_string(&path).unwrap();
    let shown = page.fences.iter().filter(|fence| fence.info == "json");
    let mut count = 0;
    for fence in shown {
        let payload: Value = serde_json::from_str(&fence.text).unwrap();
        let label = label(&payload);
        if label == OF_SOUND || label == NOT_IN_A_CALL {
            continue;
        }
        let real = said
            .get(&label)
            .unwrap_or_else(|| panic!("{label} was not said: {:?}", said.keys()));
        if std::env::var_os("SIDETONE_BLESS").is_some() {
            let pretty = serde_json::to_string_pretty(real).unwrap() + "\n";
            text = text.replacen(&fence.text, &pretty, 1);
        } else {
            assert_eq!(
                shape(&payload),
                shape(real),
                "{}:{}: {label}",
                page.name,
                fence.line
            );
        }
        count += 1;
    }
    assert!(count >= 4, "{count} payloads are shown");
    if std::env::var_os("SIDETONE_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
}
