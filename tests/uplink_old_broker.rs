//! A broker that speaks MQTT 3.1.1 only: the node falls back, loses nothing, and says in its payloads what the protocol
//! cannot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/gate.rs"]
mod gate;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, PERSISTENT, Seen, Watcher};
use gate::Gate;
use node::{Node, alert, config, numbered};
use serde_json::json;
use sidetone::config::MqttChoice;
use sidetone::softphone::{Answer, SignalKind};
use sidetone::uplink::config::{Subscriptions, UplinkConfig};
use sidetone::uplink::{BrokerFault, BrokerState};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::hold::{HoldAction, HoldRequest};
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::{HealthFigures, Telemetry};
use sidetone_wire::vocabulary::{AlertState, MqttVersion};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::mpsc;

const NODE: &str = "sidetone/v1/acme/node/ws-1";

fn behind(gate: &Gate, state_dir: &Path) -> UplinkConfig {
    config(&format!("mqtt://127.0.0.1:{}", gate.port), state_dir)
}

fn speaks(version: MqttVersion) -> impl FnMut(&BrokerState) -> bool {
    move |state| matches!(state, BrokerState::Connected { mqtt, .. } if *mqtt == version)
}

fn on<'a>(seen: &'a [Seen], part: &'a str) -> impl Iterator<Item = &'a Seen> {
    seen.iter().filter(move |s| s.topic.contains(part))
}

fn publish(port: u16, arguments: &[&str]) {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1"]);
    assert!(command.args(arguments).status().unwrap().success());
}

/// Seconds from when it came until it runs out.
fn life_s(seen: &Seen) -> f64 {
    let until = seen.json()["valid_until_ms"]
        .as_u64()
        .expect("it says when");
    let at = seen.at.duration_since(UNIX_EPOCH).unwrap().as_millis();
    (until as f64 - at as f64) / 1000.0
}

#[tokio::test]
async fn it_falls_back_and_what_runs_out_says_when_in_its_payload() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let watcher = Watcher::of_publications(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(behind(&gate, state.path()));
    node.broker(speaks(MqttVersion::V311)).await;
    node.say(alert(1, AlertState::Raised)).await;
    node.say(numbered(1)).await;
    node.say(StationMessage::Telemetry(Telemetry::Health {
        ts: 1_795_305_600_000,
        figures: HealthFigures::default(),
    }))
    .await;
    let all = ["/alert/", "/event/", "/telemetry/", "/status"];
    let seen = watcher
        .until("one of each", |s| {
            all.iter().all(|part| on(s, part).next().is_some())
        })
        .await;
    for (part, life, retained) in [
        ("/alert/", 180.0, true),
        ("/event/", 86_400.0, false),
        ("/telemetry/", 30.0, false),
    ] {
        let one = on(&seen, part).next().unwrap();
        // A clock has ticked since, and a slow machine may have slept.
        assert!((life - 20.0..=life + 1.0).contains(&life_s(one)), "{one:?}");
        assert_eq!((one.retained, one.expiry), (retained, None), "{one:?}");
        assert_eq!(
            (one.properties.as_str(), one.content_type.as_str()),
            ("", "")
        );
    }
    for status in on(&seen, "/status") {
        let status = status.json();
        assert_eq!(
            status["mqtt"], "3.1.1",
            "no status says anything else first"
        );
        assert_eq!(status.get("valid_until_ms"), None, "a state never runs out");
    }
    // "As it was sent" is what the subscriber got.
    let event = on(&seen, "/event/").next().unwrap().payload.clone();
    let sent = node.handle.sent();
    assert!(sent.borrow().after(0).any(|sent| sent.payload == event));
    assert_eq!(gate.refused(), 1, "once is enough to know");
}

#[tokio::test]
async fn a_broker_that_hangs_up_at_mqtt_5_is_asked_with_the_old_version() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    gate.hang_up_at_5();
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(behind(&gate, state.path()));
    node.broker(speaks(MqttVersion::V311)).await;
    node.say(numbered(1)).await;
    watcher
        .until("the event", |s| on(s, "/event/").next().is_some())
        .await;
}

#[tokio::test]
async fn a_broker_that_hangs_up_at_everything_is_not_taken_for_an_old_one() {
    let mut broker = Broker::absent();
    // As a load balancer does whose brokers are down.
    let gate = Gate::before(broker.port);
    gate.let_5_pass();
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(behind(&gate, state.path()));
    node.broker(|s| matches!(s, BrokerState::Down(BrokerFault::HangsUp { .. })))
        .await;
    broker.restart();
    node.broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    assert!(speaks(MqttVersion::V5)(&node.handle.broker().borrow()));
}

/// A node that was seen to come up at an old broker.
async fn born(state: &Path) -> (Broker, Gate, Watcher, Node) {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let watcher = Watcher::start(broker.port);
    let node = Node::start(behind(&gate, state));
    node.broker(speaks(MqttVersion::V311)).await;
    watcher
        .until("birth", |s| on(s, "/status").count() == 1)
        .await;
    (broker, gate, watcher, node)
}

#[tokio::test]
async fn a_node_that_vanishes_is_lost_by_its_will() {
    let state = tempfile::tempdir().unwrap();
    let (_broker, gate, watcher, node) = born(state.path()).await;
    gate.shut();
    let seen = watcher
        .until("the will", |s| on(s, "/status").count() == 2)
        .await;
    assert_eq!(on(&seen, "/status").last().unwrap().json()["state"], "lost");
    drop(node);
}

#[tokio::test]
async fn a_goodbye_leaves_no_will() {
    let state = tempfile::tempdir().unwrap();
    let (broker, gate, watcher, node) = born(state.path()).await;
    node.handle.stop(None).await;
    gate.shut();
    publish(broker.port, &["-t", "sidetone/last", "-m", "{}"]);
    let seen = watcher
        .until("the last", |s| on(s, "/last").count() == 1)
        .await;
    let states: Vec<_> = on(&seen, "/status")
        .map(|s| s.json()["state"].clone())
        .collect();
    assert_eq!(states, [json!("starting"), json!("stopped")]);
}

#[tokio::test]
async fn a_killed_broker_costs_nothing_and_each_message_keeps_its_number() {
    let mut broker = Broker::start(PERSISTENT);
    let gate = Gate::before(broker.port);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(behind(&gate, state.path()));
    node.broker(speaks(MqttVersion::V311)).await;
    for round in 0..3 {
        for n in 0..20 {
            node.say(numbered(round * 100 + n)).await;
        }
        broker.kill();
        for n in 20..40 {
            node.say(numbered(round * 100 + n)).await;
        }
        node.broker(|s| matches!(s, BrokerState::Down(_))).await;
        broker.restart();
        node.broker(speaks(MqttVersion::V311)).await;
        node.settled().await;
    }
    let numbers = |seen: &[Seen]| {
        let numbers = on(seen, "/event/").map(|s| s.json());
        let numbers = numbers.map(|e| (e["boot"].as_u64(), e["seq"].as_u64(), e["step"].as_i64()));
        numbers.collect::<std::collections::BTreeSet<_>>()
    };
    let seen = watcher
        .until("all of them", |s| numbers(s).len() >= 120)
        .await;
    // As many steps as numbers: deduplicated by `boot` and `seq`, each came once.
    let steps: std::collections::BTreeSet<_> = numbers(&seen).into_iter().map(|n| n.2).collect();
    assert_eq!((numbers(&seen).len(), steps.len()), (120, 120));
    assert_eq!(node.handle.outbox().borrow().dropped, 0);
    assert_eq!(gate.refused(), 1, "the version is remembered");
}

#[tokio::test]
async fn settings_and_the_gateway_s_answers_come_and_commands_do_not() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let state = tempfile::tempdir().unwrap();
    let mut config = behind(&gate, state.path());
    let (to, mut received) = mpsc::channel(16);
    let desired = format!("{NODE}/config/desired");
    config.subscriptions = Some(Subscriptions {
        filters: vec![desired.clone()],
        commands: vec![format!("{NODE}/cmd/+/request")],
        to,
    });
    let (signals, mut answers) = mpsc::channel(4);
    config.gateway = Some(signals);
    publish(broker.port, &["-r", "-t", &desired, "-m", "old"]);
    let watcher = Watcher::start(broker.port);
    let node = Node::start(config);
    node.broker(speaks(MqttVersion::V311)).await;
    let first = received.recv().await.unwrap();
    assert_eq!(
        (first.payload.as_slice(), first.retained),
        (&b"old"[..], true)
    );
    let command = format!("{NODE}/cmd/diagnostics/request");
    publish(broker.port, &["-t", &command, "-m", "{}"]);
    publish(broker.port, &["-r", "-t", &desired, "-m", "new"]);
    let second = received.recv().await.unwrap();
    assert_eq!(
        (second.topic, second.payload),
        (desired, b"new".to_vec()),
        "the command came before and must not be heard"
    );
    node.say(StationMessage::Hold {
        ts: 1_795_305_600_000,
        order: 7,
        request: HoldRequest {
            call: uuid::Uuid::from_u128(1),
            extension: "201".to_owned(),
            action: HoldAction::Hold,
        },
    })
    .await;
    let seen = watcher
        .until("the request", |s| on(s, "/hold/request").next().is_some())
        .await;
    let request = on(&seen, "/hold/request").next().unwrap().json();
    assert!(
        request.get("valid_until_ms").is_some(),
        "it is of no use later"
    );
    let reply = json!({"v": 1, "boot": request["boot"], "seq": request["seq"], "ok": true});
    let topic = format!("{NODE}/hold/reply");
    publish(broker.port, &["-t", &topic, "-m", &reply.to_string()]);
    let answer = answers.recv().await.unwrap().kind;
    let order = 7;
    assert_eq!(
        answer,
        SignalKind::Answer {
            order,
            answer: Answer::Accepted
        }
    );
}

/// The event that goes with a clear; without it the next start clears once more.
fn alert_cleared(id: u128) -> StationMessage {
    let StationMessage::Alert(cleared) = alert(id, AlertState::Cleared) else {
        panic!("an alert")
    };
    let detail = EventDetail {
        alert: Some(cleared.detail),
        ..EventDetail::default()
    };
    StationMessage::Event(Event {
        ts: cleared.ts,
        kind: EventType::AlertCleared,
        detail,
    })
}

/// The payloads on the topics of alerts, in their order; empty = removed.
fn alerts(seen: &[Seen]) -> Vec<String> {
    let states = on(seen, "/alert/").map(|s| match s.payload.as_str() {
        "" => String::new(),
        _ => s.json()["state"].as_str().unwrap().to_owned(),
    });
    states.collect()
}

#[tokio::test]
async fn a_cleared_alert_is_removed_in_time_also_by_the_next_start() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let watcher = Watcher::of_publications(broker.port);
    let state = tempfile::tempdir().unwrap();
    let mut config = behind(&gate, state.path());
    config.timing.cleared_life = Duration::from_millis(1500);
    let node = Node::start(config.clone());
    node.broker(speaks(MqttVersion::V311)).await;
    node.say(alert(1, AlertState::Raised)).await;
    node.say(alert(1, AlertState::Cleared)).await;
    node.say(alert_cleared(1)).await;
    let seen = watcher.until("the removal", |s| alerts(s).len() == 3).await;
    assert_eq!(
        alerts(&seen),
        ["raised", "cleared", ""],
        "{} {seen:#?}",
        broker.log()
    );
    assert!(on(&seen, "/alert/").last().unwrap().retained);
    node.say(alert(2, AlertState::Raised)).await;
    node.say(alert(2, AlertState::Cleared)).await;
    node.say(alert_cleared(2)).await;
    watcher.until("the clear", |s| alerts(s).len() == 5).await;
    node.settled().await;
    node.handle.stop(None).await;
    let node = Node::start_again(config).await;
    let seen = watcher
        .until("the next start's removal", |s| alerts(s).len() == 6)
        .await;
    assert_eq!(alerts(&seen)[3..], ["raised", "cleared", ""]);
    let late = Watcher::start(broker.port);
    assert_eq!(alerts(&late.all()), Vec::<String>::new());
    drop(node);
}

#[tokio::test]
async fn an_alert_that_is_raised_again_is_not_removed() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let state = tempfile::tempdir().unwrap();
    let mut config = behind(&gate, state.path());
    config.timing.cleared_life = Duration::from_millis(500);
    let node = Node::start(config);
    let watcher = Watcher::start(broker.port);
    node.broker(speaks(MqttVersion::V311)).await;
    for (id, said) in [
        (1, AlertState::Raised),
        (1, AlertState::Cleared),
        (2, AlertState::Raised),
    ] {
        node.say(alert(id, said)).await;
    }
    watcher
        .until("three states", |s| alerts(s).len() == 3)
        .await;
    // What is due is looked at once a second.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(alerts(&watcher.all()), ["raised", "cleared", "raised"]);
}

#[tokio::test]
async fn a_broker_that_has_learnt_mqtt_5_is_spoken_to_with_it() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let mut config = behind(&gate, state.path());
    config.timing.ask_for_5 = Duration::from_secs(2);
    let node = Node::start(config);
    node.broker(speaks(MqttVersion::V311)).await;
    watcher
        .until("birth", |s| on(s, "/status").count() == 1)
        .await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    gate.let_5_pass();
    gate.cut();
    node.broker(speaks(MqttVersion::V5)).await;
    node.say(numbered(1)).await;
    let seen = watcher
        .until("an event", |s| on(s, "/event/").next().is_some())
        .await;
    let event = on(&seen, "/event/").next().unwrap();
    assert_eq!(event.json().get("valid_until_ms"), None);
    assert!(event.expiry.is_some());
    let status = |s: &[Seen]| on(s, "/status").last().unwrap().json()["mqtt"].clone();
    watcher.until("the status", |s| status(s) == "5").await;
}

#[tokio::test]
async fn a_version_that_is_set_is_the_only_one_tried() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let state = tempfile::tempdir().unwrap();
    let mut only_5 = behind(&gate, state.path());
    only_5.broker.mqtt = MqttChoice::V5;
    let node = Node::start(only_5);
    let down = node.broker(|s| matches!(s, BrokerState::Down(_))).await;
    let BrokerState::Down(fault) = down else {
        panic!("{down:?}")
    };
    assert!(matches!(fault, BrokerFault::OldMqtt { .. }), "{fault}");
    assert!(fault.to_string().contains("broker.mqtt"), "{fault}");
    node.handle.stop(None).await;
    let state = tempfile::tempdir().unwrap();
    let mut only_old = behind(&gate, state.path());
    only_old.broker.mqtt = MqttChoice::V311;
    let before = gate.refused();
    let node = Node::start(only_old);
    node.broker(speaks(MqttVersion::V311)).await;
    assert_eq!(gate.refused(), before);
}
