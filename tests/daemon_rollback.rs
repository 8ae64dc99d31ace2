//! Settings over MQTT that cost the node its broker are taken back: real daemon, real broker, the trial shortened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, PERSISTENT, Seen, Watcher};
use daemon::{Daemon, Desk, PROGRAM};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use testbed::HidHeadset;

/// The trial's length, s: long enough for a slow machine to be connected again within it.
const TRIAL: &str = "4";
const NODE: &str = "sidetone/v1/acme/node/ws-1/config/desired";
const FLEET: &str = "sidetone/v1/acme/fleet/config/desired";

fn desire(broker: &Broker, topic: &str, version: u64, set: &Value) {
    let document = json!({"v": 1, "version": version, "issued_ms": 1, "set": set}).to_string();
    let port = broker.port.to_string();
    let status = Command::new("mosquitto_pub")
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port, "-q", "1", "-r"])
        .args(["-t", topic, "-m", &document])
        .status();
    assert!(status.unwrap().success());
}

fn desk(broker: &Broker) -> Desk {
    Desk::new(broker.port, "[audio]\nbackend = \"off\"")
}

fn run(desk: &Desk, headset: &HidHeadset) -> Daemon {
    let mut command = headset.seen_by(Command::new("umockdev-run"), PROGRAM);
    command.env("SIDETONE_TEST_TRIAL_S", TRIAL);
    desk.run(command)
}

fn team(name: &str) -> Value {
    json!({"node": {"team": name}})
}

fn reports(seen: &[Seen]) -> Vec<Value> {
    let reports = seen
        .iter()
        .filter(|s| s.topic.ends_with("/config/reported"));
    reports.map(Seen::json).collect()
}

/// Waits for such a report to be the newest, and gives it.
async fn reported(watcher: &Watcher, what: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
    let seen = watcher
        .until(what, |seen| reports(seen).last().is_some_and(&satisfied))
        .await;
    reports(&seen).pop().unwrap()
}

fn in_the_log(daemon: &Daemon, what: &str) {
    daemon.until(what, |log| log.iter().any(|line| line.contains(what)));
}

/// The `config.…` events: type, version, reason; each once, however often it was sent.
fn verdicts(seen: &[Seen]) -> Vec<(String, u64, Option<String>)> {
    let mut told = std::collections::BTreeMap::new();
    for event in seen.iter().filter(|s| s.topic.contains("/event/config.")) {
        let json = event.json();
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        let number = |key: &str| json[key].as_u64().unwrap();
        let verdict = (
            text("type").unwrap(),
            number("document_version"),
            text("reason"),
        );
        told.insert((number("boot"), number("seq")), verdict);
    }
    told.into_values().collect()
}

fn applied(version: u64) -> (String, u64, Option<String>) {
    ("config.applied".to_owned(), version, None)
}

fn refused(version: u64, reason: &str) -> (String, u64, Option<String>) {
    let reason = Some(reason.to_owned());
    ("config.refused".to_owned(), version, reason)
}

#[tokio::test]
async fn settings_after_which_the_broker_stays_away_are_taken_back_and_stay_so() {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), desk(&broker));
    let mut daemon = run(&desk, &headset);
    reported(&watcher, "the start", |r| r["applied"] == true).await;
    desire(&broker, NODE, 1, &team("Before"));
    let proven = reported(&watcher, "the first", |r| r["node_version"] == 1).await;
    assert_eq!(proven["team"], "Before");
    // It keeps its broker for the whole trial.
    tokio::time::sleep(Duration::from_secs(6)).await;

    desire(&broker, NODE, 2, &team("After"));
    let tried = reported(&watcher, "the second", |r| r["node_version"] == 2).await;
    assert_eq!(tried["team"], "After");
    broker.kill();
    in_the_log(&daemon, "settings from elsewhere are refused: version 2");
    broker.restart();
    let back = reported(&watcher, "the roll-back", |r| r["errors"].is_array()).await;
    assert_eq!(
        (&back["applied"], &back["node_version"], &back["team"]),
        (&json!(false), &json!(1), &json!("Before"))
    );
    let error = &back["errors"][0];
    assert_eq!(error["layer"], "node");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("version 2 was taken back: the broker was away for 4 s"),
        "{message}"
    );

    // The broker still has it, and says it again to the next start too; a newer one is taken.
    assert!(daemon.terminate().success());
    let _again = run(&desk, &headset);
    let next = reported(&watcher, "the next start", |r| r["boot"] == 2).await;
    assert_eq!(next["node_version"], 1);
    reported(&watcher, "the same verdict", |r| r["errors"].is_array()).await;
    desire(&broker, NODE, 3, &team("Later"));
    let last = reported(&watcher, "the third", |r| r["node_version"] == 3).await;
    assert_eq!(
        (&last["applied"], &last["team"]),
        (&json!(true), &json!("Later"))
    );
    let seen = watcher
        .until("the verdicts", |seen| {
            verdicts(seen).last() == Some(&applied(3))
        })
        .await;
    let taken_back = refused(2, "rolled_back");
    assert_eq!(
        verdicts(&seen),
        [
            applied(1),
            applied(2),
            taken_back.clone(),
            taken_back,
            applied(3)
        ]
    );
}

#[tokio::test]
async fn what_needs_a_restart_is_on_trial_after_it_and_what_does_not_fit_is_not_tried() {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), desk(&broker));
    let mut daemon = run(&desk, &headset);
    reported(&watcher, "the start", |r| r["applied"] == true).await;
    // No broker comes this way, and what two layers make together may not hold.
    desire(
        &broker,
        NODE,
        1,
        &json!({"broker": {"url": "mqtt://192.0.2.1"}}),
    );
    let local = reported(&watcher, "a refusal", |r| r["errors"].is_array()).await;
    assert_eq!(local["errors"][0]["key"], "broker.url");

    desire(&broker, FLEET, 7, &json!({"audio": {"backend": "alsa"}}));
    let waits = reported(&watcher, "a key that waits", |r| r["fleet_version"] == 7).await;
    assert_eq!(waits["restart"], json!([{"key": "audio.backend"}]));
    assert!(daemon.terminate().success());
    broker.kill();
    let daemon = run(&desk, &headset);
    in_the_log(&daemon, "settings from elsewhere are refused: version 7");
    broker.restart();
    let back = reported(&watcher, "the roll-back", |r| {
        r["boot"] == 2 && r["fleet_version"].is_null()
    })
    .await;
    assert_eq!(back["applied"], false);
    let of_fleet = back["errors"].as_array().unwrap().iter();
    let of_fleet: Vec<_> = of_fleet.filter(|e| e["layer"] == "fleet").collect();
    let message = of_fleet[0]["message"].as_str().unwrap();
    assert!(message.starts_with("version 7 was taken back"), "{message}");
    // It runs on with what was in force before, from the next start on.
    assert_eq!(back["restart"], json!([{"key": "audio.backend"}]));
}
