//! The board's server against a real mosquitto: what is served, to whom, and how it stays true.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/served.rs"]
mod served;

use broker::Broker;
use serde_json::json;
use served::{Served, until};
use sidetone_hub::board::{Board, BoardError};

#[tokio::test]
async fn the_snapshot_holds_what_was_retained_and_what_comes() {
    let broker = Broker::start("");
    broker.say(
        "status",
        &json!({"state": "ready", "version": "0.1.0"}),
        true,
    );
    let board = Served::start(&broker).await;
    let fleet = board.fleet_until(|f| f["counts"]["nodes"] == 1).await;
    assert_eq!(fleet["org"], "acme");
    assert_eq!(fleet["broker"]["state"], "connected");
    assert_eq!(fleet["nodes"][0]["presence"], "idle");

    broker.say("telemetry/audio", &served::second_of_a_call(), false);
    let fleet = board.fleet_until(|f| f["counts"]["heard"] == 1).await;
    let node = &fleet["nodes"][0];
    assert_eq!(node["presence"], "in_call");
    assert_eq!(
        node["since_ms"], 1_795_624_033_656_u64,
        "the call's own id says when it began"
    );
    assert_eq!(node["sound"]["speaks"], "agent");
    assert_eq!(node["sound"]["agent"]["noise"], "noisy");
    assert_eq!(node["muted"], false);
}

#[tokio::test]
async fn a_browser_is_told_of_an_alert_and_of_its_end() {
    let broker = Broker::start("");
    broker.say("status", &json!({"state": "ready"}), true);
    let board = Served::start(&broker).await;
    board.fleet_until(|f| f["counts"]["nodes"] == 1).await;
    let mut events = board.events().await;
    let (name, snapshot) = events.next().await;
    assert_eq!(
        (name.as_str(), &snapshot["nodes"][0]["alerts"]),
        ("snapshot", &json!([]))
    );

    broker.say(
        "alert/double_talk/call",
        &served::alert("raised", 1, "Both talk."),
        true,
    );
    let raised = events.until(|m| m["counts"]["with_alerts"] == 1).await;
    assert_eq!(raised["nodes"][0]["alerts"][0]["text"], "Both talk.");
    assert_eq!(
        raised["nodes"][0]["alerts"][0]["title"],
        "Talking over each other"
    );

    broker.say(
        "alert/double_talk/call",
        &served::alert("cleared", 2, "Over."),
        true,
    );
    let cleared = events.until(|m| m["counts"]["with_alerts"] == 0).await;
    assert_eq!(cleared["nodes"][0]["alerts"], json!([]));
}

#[tokio::test]
async fn the_worst_comes_first_and_a_lost_node_shows_its_alerts_as_expired() {
    let broker = Broker::start("");
    for (node, severity) in [("a", "minor"), ("b", "critical"), ("c", "major")] {
        let mut alert = served::alert("raised", 1, "Something.");
        alert["severity"] = json!(severity);
        broker.say_of(node, "status", &json!({"state": "ready"}), true);
        broker.say_of(node, "alert/double_talk/call", &alert, true);
    }
    let board = Served::start(&broker).await;
    let order = |f: &serde_json::Value| {
        let nodes = f["nodes"].as_array().unwrap().iter();
        nodes
            .map(|n| n["node"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let fleet = board.fleet_until(|f| f["counts"]["with_alerts"] == 3).await;
    assert_eq!(order(&fleet), ["b", "c", "a"]);
    broker.say_of("b", "status", &json!({"state": "lost"}), true);
    let fleet = board.fleet_until(|f| f["counts"]["lost"] == 1).await;
    assert_eq!(order(&fleet), ["c", "a", "b"]);
    assert_eq!(fleet["nodes"][2]["alerts"][0]["expired"], true);
    assert_eq!(fleet["counts"]["with_alerts"], 2);
}

#[tokio::test]
async fn only_this_machines_names_are_answered_and_every_answer_is_locked_down() {
    let broker = Broker::start("");
    let board = Served::start(&broker).await;
    for path in [
        "/",
        "/board.css",
        "/board.js",
        "/favicon.svg",
        "/api/fleet",
        "/nothing",
    ] {
        let answer = board.get(path).await;
        assert_eq!(
            answer.status,
            if path == "/nothing" { 404 } else { 200 },
            "{path}"
        );
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.head.contains("access-control-"), "{}", answer.head);
    }
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example"] {
        for path in ["/", "/api/fleet", "/events"] {
            let answer = board.get_as(host, path).await;
            assert_eq!(answer.status, 421, "{host} {path}");
            assert!(!answer.body.contains("acme"), "{}", answer.body);
        }
    }
    let page = board.get("/").await.body;
    assert!(
        !page.contains("http:") || page.contains("http://www.w3.org/"),
        "external resource"
    );
    assert!(
        !page.contains("style=") && !page.contains("onclick="),
        "the policy forbids inline code"
    );
}

#[tokio::test]
async fn hostile_messages_are_text_of_bounded_length_or_nothing() {
    let broker = Broker::start("");
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut alert = served::alert("raised", 1, hostile);
    alert["team"] = json!("x".repeat(60_000));
    broker.say("alert/double_talk/call", &alert, true);
    broker.say("alert/mood/call", &alert, true);
    let board = Served::start(&broker).await;
    let fleet = board.fleet_until(|f| f["counts"]["with_alerts"] == 1).await;
    assert_eq!(fleet["nodes"][0]["alerts"][0]["text"], hostile);
    assert_eq!(fleet["counts"]["refused_messages"], 1);
    assert!(fleet["nodes"][0]["team"].as_str().unwrap().chars().count() <= 65);
    let answer = board.get("/api/fleet").await;
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_broker_that_dies_is_said_and_what_comes_after_is_shown() {
    let mut broker = Broker::start("");
    broker.say("status", &json!({"state": "ready"}), true);
    let board = Served::start(&broker).await;
    board.fleet_until(|f| f["counts"]["nodes"] == 1).await;
    broker.kill();
    let fleet = board.fleet_until(|f| f["broker"]["state"] == "down").await;
    assert!(!fleet["broker"]["why"].as_str().unwrap().is_empty());
    assert_eq!(fleet["counts"]["nodes"], 1, "what was known stays");
    broker.restart();
    board
        .fleet_until(|f| f["broker"]["state"] == "connected")
        .await;
    broker.say_of("late", "status", &json!({"state": "ready"}), true);
    board.fleet_until(|f| f["counts"]["nodes"] == 2).await;
}

#[tokio::test]
async fn slow_browsers_cost_nothing_and_are_brought_to_the_newest() {
    let broker = Broker::start("");
    broker.say("status", &json!({"state": "ready"}), true);
    let board = Served::start(&broker).await;
    board.fleet_until(|f| f["counts"]["nodes"] == 1).await;
    let mut slow = board.events().await;
    slow.next().await;
    for seq in 1..=40 {
        let text = format!("Number {seq}: {}", "x".repeat(250));
        broker.say(
            "alert/double_talk/call",
            &served::alert("updated", seq, &text),
            true,
        );
    }
    let newest = slow
        .until(|m| {
            m["nodes"][0]["alerts"][0]["text"]
                .as_str()
                .is_some_and(|t| t.starts_with("Number 40:"))
        })
        .await;
    assert_eq!(newest["nodes"].as_array().unwrap().len(), 1);
    assert!(slow.received < 40, "coalesced: {} messages", slow.received);
}

#[tokio::test]
async fn places_for_browsers_are_counted_and_given_back() {
    let broker = Broker::start("");
    let board = Served::start(&broker).await;
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(board.events().await);
    }
    assert_eq!(board.get("/events").await.status, 503);
    open.clear();
    until("a place to be given back", || async {
        board.has_place().await
    })
    .await;
}

#[tokio::test]
async fn it_listens_on_this_machine_only() {
    let everywhere = Board::bind("0.0.0.0:0".parse().unwrap()).await;
    assert!(
        matches!(everywhere, Err(BoardError::NotLoopback(_))),
        "{everywhere:?}"
    );
    let first = Board::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let second = Board::bind(first.address()).await;
    assert!(matches!(second, Err(BoardError::Taken(_))), "{second:?}");
}
