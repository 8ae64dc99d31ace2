//! What an independent subscriber sees of a node: birth, state, will, retained, expiry, attributes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, Seen, Watcher};
use node::{Node, alert, config, numbered};
use serde_json::{Value, json};
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::AgentConfig;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::{AudioFigures, HealthFigures, Telemetry};
use sidetone_wire::vocabulary::{AlertState, NodeState};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn url(port: u16) -> String {
    format!("mqtt://127.0.0.1:{port}")
}

fn up(state: &BrokerState) -> bool {
    matches!(state, BrokerState::Connected { .. })
}

/// The states in the status messages, in order.
fn states(seen: &[Seen]) -> Vec<String> {
    let status = seen
        .iter()
        .filter(|s| s.topic == "sidetone/v1/acme/node/ws-1/status");
    status
        .filter_map(|s| s.json()["state"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn birth_state_and_stop_are_retained_and_no_will_follows_a_goodbye() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(&url(broker.port), state.path()));
    watcher.until("birth", |s| states(s) == ["starting"]).await;
    let degraded = |reason: &str| StationMessage::State {
        state: NodeState::Degraded,
        reason: Some(reason.to_owned()),
    };
    node.say(degraded("audio_busy")).await;
    let seen = watcher.until("degraded", |s| states(s).len() == 2).await;
    let status = seen.last().unwrap().json();
    assert_eq!(status["reason"], "audio_busy");
    assert_eq!(
        (&status["v"], &status["boot"], &status["mqtt"]),
        (&json!(1), &json!(1), &json!("5"))
    );
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status.get("seq"), None);
    node.handle.stop(Some("suspend".to_owned())).await;
    watcher
        .until("stopped", |s| {
            states(s) == ["starting", "degraded", "stopped"]
        })
        .await;
    let late = Watcher::start(broker.port);
    drop(watcher);
    let kept = late.on("/status");
    assert_eq!(
        (states(&kept), kept[0].retained),
        (vec!["stopped".to_owned()], true)
    );
}

/// Passes bytes on until it is cut.
fn cable(to: u16) -> (u16, impl Fn()) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ends = Arc::new(Mutex::new(Vec::<TcpStream>::new()));
    let cut = Arc::new(AtomicBool::new(false));
    let (kept, is_cut) = (Arc::clone(&ends), Arc::clone(&cut));
    std::thread::spawn(move || {
        for node in listener.incoming().map_while(Result::ok) {
            if is_cut.load(Ordering::SeqCst) {
                continue;
            }
            let broker = TcpStream::connect(("127.0.0.1", to)).unwrap();
            for (mut from, mut to) in [
                (node.try_clone().unwrap(), broker.try_clone().unwrap()),
                (broker.try_clone().unwrap(), node.try_clone().unwrap()),
            ] {
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
            kept.lock().unwrap().extend([node, broker]);
        }
    });
    let cutter = move || {
        cut.store(true, Ordering::SeqCst);
        for end in ends.lock().unwrap().drain(..) {
            let _ = end.shutdown(std::net::Shutdown::Both);
        }
    };
    (port, cutter)
}

#[tokio::test]
async fn a_node_that_vanishes_is_lost_by_its_retained_will() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (port, cut) = cable(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(&url(port), state.path()));
    node.broker(up).await;
    watcher.until("birth", |s| states(s) == ["starting"]).await;
    cut();
    let seen = watcher
        .until("the will", |s| states(s) == ["starting", "lost"])
        .await;
    let will = seen.iter().rfind(|s| s.topic.ends_with("/status")).unwrap();
    assert_eq!(
        will.json(),
        json!({"v": 1, "node": "ws-1", "boot": 1, "state": "lost"})
    );
    let late = Watcher::start(broker.port);
    drop(watcher);
    assert!(late.on("/status")[0].retained);
}

/// The one message whose topic ends so, with its payload.
fn the(seen: &[Seen], ending: &str) -> (Seen, Value) {
    let found: Vec<&Seen> = seen.iter().filter(|s| s.topic.ends_with(ending)).collect();
    let [only] = found.as_slice() else {
        panic!("{} messages on {ending}", found.len())
    };
    ((*only).clone(), only.json())
}

#[tokio::test]
async fn each_class_travels_as_the_contract_says() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let key_file = state.path().join("agent.key");
    std::fs::write(&key_file, "0123456789abcdef0123456789abcdef\n").unwrap();
    let mut config = config(&url(broker.port), state.path());
    config.agent = Some(AgentConfig {
        key_file,
        login: "anna".to_owned(),
    });
    let node = Node::start(config);
    node.broker(up).await;
    watcher.until("birth", |s| states(s).len() == 1).await;
    node.say(numbered(7)).await;
    node.say(alert(1, AlertState::Raised)).await;
    let figures = AudioFigures {
        agent_level_dbov: Some(-26.5),
        ..AudioFigures::default()
    };
    let audio = Telemetry::Audio {
        ts: 1_795_305_600_000,
        figures: Box::new(figures),
    };
    node.say(StationMessage::Telemetry(audio)).await;
    let health = Telemetry::Health {
        ts: 1,
        figures: HealthFigures::default(),
    };
    node.say(StationMessage::Telemetry(health)).await;
    let item = |facts: Value| StationMessage::Inventory {
        item: "host".to_owned(),
        facts: facts.as_object().cloned(),
    };
    node.say(item(json!({ "os": "Debian" }))).await;
    let all = [
        "/event/volume.changed",
        "/alert/double_talk/call",
        "/telemetry/audio",
        "/telemetry/health",
        "/inventory/host",
    ];
    let on_all = |seen: &[Seen], endings: &[&str]| {
        let has = |ending: &&str| seen.iter().any(|s| s.topic.ends_with(*ending));
        endings.iter().all(has)
    };
    let seen = watcher.until("all five", |s| on_all(s, &all)).await;

    let (event, payload) = the(&seen, "/event/volume.changed");
    assert!(
        event.expiry.is_some_and(|s| (86_390..=86_400).contains(&s)),
        "{event:?}"
    );
    assert_eq!(event.content_type, "application/json");
    let agent = payload["agent"].as_str().unwrap().to_owned();
    assert_eq!(agent.len(), 16);
    assert_eq!(
        payload,
        json!({
            "v": 1, "ts": 1_795_305_600_000_u64, "boot": 1, "seq": 1, "node": "ws-1",
            "agent": agent, "team": "Late", "site": "Köln", "type": "volume.changed", "step": 7,
        })
    );
    for attribute in [
        "specversion:1.0",
        "id:ws-1-1-1",
        "source:/sidetone/v1/acme/node/ws-1",
        "type:sidetone.event.volume.changed",
        "time:2026-11-22T00:00:00.000Z",
    ] {
        assert!(
            event.properties.contains(attribute),
            "{attribute} in {:?}",
            event.properties
        );
    }

    let (raised, payload) = the(&seen, "/alert/double_talk/call");
    assert!(
        raised.expiry.is_some_and(|s| (170..=180).contains(&s)),
        "{raised:?}"
    );
    assert_eq!(
        (&payload["seq"], &payload["agent"]),
        (&json!(2), &json!(agent))
    );

    let (audio, payload) = the(&seen, "/telemetry/audio");
    assert!(
        audio.expiry.is_some_and(|s| (25..=30).contains(&s)),
        "{audio:?}"
    );
    assert_eq!(
        (payload["agent_level_dbov"].as_f64(), payload.get("seq")),
        (Some(-26.5), None)
    );

    let (host, payload) = the(&seen, "/inventory/host");
    assert_eq!((host.expiry, &payload["os"]), (None, &json!("Debian")));
    assert_eq!(
        payload.get("agent"),
        None,
        "retained facts outlive the shift"
    );

    let late = Watcher::start(broker.port);
    drop(watcher);
    let states = ["/status", "/inventory/host", "/alert/double_talk/call"];
    let kept = late.until("the states", |s| on_all(s, &states)).await;
    for ending in states {
        assert!(the(&kept, ending).0.retained, "{ending}");
    }
    assert!(late.on("/event/volume.changed").is_empty() && late.on("/telemetry/audio").is_empty());

    node.say(alert(1, AlertState::Cleared)).await;
    node.say(StationMessage::Inventory {
        item: "host".to_owned(),
        facts: None,
    })
    .await;
    let seen = late.until("clear and removal", |s| {
        s.iter().filter(|m| m.topic.contains("/alert/")).count() == 2
            && s.iter()
                .any(|m| m.topic.ends_with("/inventory/host") && m.payload.is_empty())
    });
    let seen = seen.await;
    let cleared = seen.iter().rfind(|m| m.topic.contains("/alert/")).unwrap();
    assert!(
        cleared.expiry.is_some_and(|s| (3590..=3600).contains(&s)),
        "{cleared:?}"
    );
}

#[tokio::test]
async fn a_standing_alert_is_refreshed_and_a_cleared_one_is_not() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let mut config = config(&url(broker.port), state.path());
    config.timing.alert_refresh = Duration::from_millis(100);
    let node = Node::start(config);
    node.say(alert(1, AlertState::Raised)).await;
    let alerts = |s: &[Seen]| s.iter().filter(|m| m.topic.contains("/alert/")).count();
    let seen = watcher.until("three refreshes", |s| alerts(s) >= 4).await;
    assert!(
        seen.iter()
            .filter(|m| m.topic.contains("/alert/"))
            .all(|m| m.json()["seq"] == 1),
        "a refresh is the same message again"
    );
    node.say(alert(1, AlertState::Cleared)).await;
    node.settled().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let seen = watcher.all();
    let last = seen.iter().rfind(|m| m.topic.contains("/alert/")).unwrap();
    assert_eq!(last.json()["state"], "cleared");
}

#[tokio::test]
async fn alerts_a_killed_process_left_are_cleared_at_the_next_start() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(&url(broker.port), state.path()));
    node.say(alert(42, AlertState::Raised)).await;
    watcher
        .until("the raise", |s| {
            s.iter().any(|m| m.topic.contains("/alert/"))
        })
        .await;
    drop(node);
    let second = Node::start_again(config(&url(broker.port), state.path())).await;
    let seen = watcher
        .until("the clear", |s| {
            s.iter().any(|m| m.topic.ends_with("/event/alert.cleared"))
        })
        .await;
    let (_, event) = the(&seen, "/event/alert.cleared");
    let state = seen
        .iter()
        .rfind(|m| m.topic.contains("/alert/"))
        .unwrap()
        .json();
    for payload in [event, state] {
        assert_eq!(
            (&payload["state"], &payload["reason"]),
            (&json!("cleared"), &json!("restart"))
        );
        assert_eq!(payload["id"], "00000000-0000-0000-0000-00000000002a");
        assert_eq!(payload["boot"], second.handle.boot());
    }
    second.handle.stop(None).await;
}

#[tokio::test]
async fn other_programs_messages_do_no_harm() {
    // A server that takes the connection, answers CONNECT rightly and then sends rubbish.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(&[0x20, 0x03, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff]);
        }
    });
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(config(&url(port), state.path()));
    node.say(numbered(1)).await;
    node.broker(|s| matches!(s, BrokerState::Down(_))).await;
    assert_eq!(
        node.handle.outbox().borrow().records,
        1,
        "the message waits"
    );
}

#[tokio::test]
async fn a_headset_unplugged_while_the_daemon_was_stopped_leaves_the_inventory() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let item = |item: &str| StationMessage::Inventory {
        item: item.to_owned(),
        facts: Some(serde_json::Map::new()),
    };
    let at = |ending: &'static str, removed: bool| {
        move |seen: &[Seen]| {
            let here = seen.iter().filter(|s| s.topic.ends_with(ending));
            here.clone().count() > 0
                && here
                    .clone()
                    .next_back()
                    .is_some_and(|s| s.payload.is_empty() == removed)
        }
    };
    let node = Node::start(config(&url(broker.port), state.path()));
    node.say(item("headset-a")).await;
    node.say(item("host")).await;
    watcher
        .until("both items", at("/inventory/host", false))
        .await;
    node.handle.stop(None).await;
    let mut quick = config(&url(broker.port), state.path());
    quick.timing.inventory_grace = Duration::ZERO;
    let node = Node::start(quick);
    node.say(item("host")).await;
    watcher
        .until("its removal", at("/inventory/headset-a", true))
        .await;
    watcher
        .until("the host", at("/inventory/host", false))
        .await;
}
