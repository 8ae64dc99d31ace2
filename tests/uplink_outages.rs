//! Events and alerts through broker outages: nothing lost, nothing twice after deduplication.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, PERSISTENT, Seen, Watcher};
use node::{Node, alert, config, numbered};
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::OutboxLimits;
use sidetone_wire::vocabulary::AlertState;
use std::collections::BTreeMap;
use std::time::Duration;

/// The numbered events, deduplicated on (boot, seq) and in the order of `seq`.
fn numbers(seen: &[Seen]) -> Vec<i64> {
    let events = seen
        .iter()
        .filter(|s| s.topic.ends_with("/event/volume.changed"));
    let distinct: BTreeMap<(u64, u64), i64> = events
        .map(|s| {
            let json = s.json();
            let number = |key: &str| json[key].as_u64().unwrap();
            (
                (number("boot"), number("seq")),
                json["step"].as_i64().unwrap(),
            )
        })
        .collect();
    distinct.into_values().collect()
}

fn up(state: &BrokerState) -> bool {
    matches!(state, BrokerState::Connected { .. })
}

#[tokio::test]
async fn a_broker_killed_and_restarted_gets_all_40_events() {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(
        &format!("mqtt://127.0.0.1:{}", broker.port),
        state.path(),
    ));
    node.broker(up).await;
    for i in 0..10 {
        node.say(numbered(i)).await;
    }
    watcher
        .until("the first ten", |s| numbers(s).len() == 10)
        .await;
    broker.kill();
    for i in 10..30 {
        node.say(numbered(i)).await;
    }
    node.broker(|s| matches!(s, BrokerState::Down(_))).await;
    broker.restart();
    for i in 30..40 {
        node.say(numbered(i)).await;
    }
    let seen = watcher.until("all forty", |s| numbers(s).len() >= 40).await;
    assert_eq!(numbers(&seen), (0..40).collect::<Vec<_>>());
    node.settled().await;
}

#[tokio::test]
async fn a_broker_stalled_for_8_s_and_killed_loses_nothing() {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(
        &format!("mqtt://127.0.0.1:{}", broker.port),
        state.path(),
    ));
    node.broker(up).await;
    node.say(numbered(0)).await;
    watcher.until("the first", |s| numbers(s).len() == 1).await;
    broker.stall();
    for i in 1..40 {
        node.say(numbered(i)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    broker.kill();
    broker.restart();
    let seen = watcher.until("all forty", |s| numbers(s).len() >= 40).await;
    assert_eq!(numbers(&seen), (0..40).collect::<Vec<_>>());
    node.settled().await;
}

/// A broker that is away, with a subscriber that it will remember when it comes.
fn away_with_subscriber() -> (Broker, Watcher) {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    broker.kill();
    (broker, watcher)
}

#[tokio::test]
async fn a_broker_that_comes_late_gets_everything_since_the_start() {
    let (mut broker, watcher) = away_with_subscriber();
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(
        &format!("mqtt://127.0.0.1:{}", broker.port),
        state.path(),
    ));
    let BrokerState::Down(fault) = node.broker(|s| matches!(s, BrokerState::Down(_))).await else {
        panic!()
    };
    assert!(
        fault
            .to_string()
            .starts_with("no broker answers at mqtt://127.0.0.1:"),
        "{fault}"
    );
    for i in 0..20 {
        node.say(numbered(i)).await;
    }
    broker.restart();
    let seen = watcher
        .until("all twenty", |s| numbers(s).len() >= 20)
        .await;
    assert_eq!(numbers(&seen), (0..20).collect::<Vec<_>>());
    node.settled().await;
}

#[tokio::test]
async fn a_full_outbox_keeps_the_alert_and_says_what_it_lost() {
    let (mut broker, watcher) = away_with_subscriber();
    let state = tempfile::tempdir().unwrap();
    let mut config = config(&format!("mqtt://127.0.0.1:{}", broker.port), state.path());
    config.limits = OutboxLimits {
        records: 10,
        ..OutboxLimits::default()
    };
    let node = Node::start(config);
    node.say(alert(1, AlertState::Raised)).await;
    for i in 0..30 {
        node.say(numbered(i)).await;
    }
    node.handle
        .outbox()
        .wait_for(|s| s.dropped == 21)
        .await
        .unwrap();
    broker.restart();
    let told = |s: &Seen| s.topic.ends_with("/event/outbox.dropped");
    let seen = watcher
        .until("the count of losses", |s| s.iter().any(told))
        .await;
    assert_eq!(seen.iter().find(|s| told(s)).unwrap().json()["dropped"], 21);
    let raised = seen.iter().find(|m| m.topic.contains("/alert/")).unwrap();
    assert_eq!(
        (&raised.json()["state"], &raised.json()["seq"]),
        (&"raised".into(), &1.into())
    );
    assert_eq!(
        numbers(&seen),
        (21..30).collect::<Vec<_>>(),
        "the oldest events went first"
    );
}

#[tokio::test]
async fn a_broker_that_forgot_everything_is_told_again() {
    let mut broker = Broker::start("");
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(
        &format!("mqtt://127.0.0.1:{}", broker.port),
        state.path(),
    ));
    let facts = serde_json::json!({ "model": "Savi" });
    node.say(sidetone_wire::message::StationMessage::Inventory {
        item: "headset-047f-c053-0011aabb".to_owned(),
        facts: facts.as_object().cloned(),
    })
    .await;
    node.say(alert(1, AlertState::Raised)).await;
    node.broker(up).await;
    node.settled().await;
    broker.kill();
    node.broker(|s| matches!(s, BrokerState::Down(_))).await;
    broker.restart();
    let watcher = Watcher::start(broker.port);
    let seen = watcher
        .until("status, inventory and alert", |s| {
            let has = |part: &str| s.iter().any(|m| m.topic.contains(part));
            has("/status") && has("/inventory/") && has("/alert/double_talk/call")
        })
        .await;
    let alert = seen.iter().find(|m| m.topic.contains("/alert/")).unwrap();
    assert_eq!(
        alert.json()["seq"],
        1,
        "a repetition keeps its place in the sequence"
    );
}
