//! A broker that is killed after its PUBACK loses what it had not saved: the node sends it again, and no alert is left
//! standing by it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, PATIENCE, Seen, Watcher};
use node::{Node, alert, config, numbered};
use sidetone::uplink::BrokerState;
use sidetone_wire::vocabulary::AlertState;
use std::time::{Duration, Instant};

/// Saves when it is told to, and otherwise at its end.
const SAVES_WHEN_TOLD: &str = "persistence true\nautosave_interval 0\n";

/// The broker writes down what it has: here the session of the subscriber, so that it outlives a kill.
fn save(broker: &Broker) {
    let file = broker.dir().join("mosquitto.db");
    let _ = std::fs::remove_file(&file);
    broker.signal("-USR1");
    let until = Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < until, "{}", broker.log());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `seq` of everything on topics with this part, in the order it came.
fn seqs(seen: &[Seen], part: &str) -> Vec<u64> {
    let of_part = seen.iter().filter(|s| s.topic.contains(part));
    of_part.map(|s| s.json()["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn what_a_killed_broker_had_acknowledged_comes_again_in_order_and_no_alert_is_left_standing()
{
    let mut broker = Broker::start(SAVES_WHEN_TOLD);
    let watcher = Watcher::of_publications(broker.port);
    let state = tempfile::tempdir().unwrap();
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let node = Node::start(config(&url, state.path()));
    node.broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    save(&broker);
    node.say(alert(1, AlertState::Raised)).await;
    node.say(alert(1, AlertState::Cleared)).await;
    for n in 0..4 {
        node.say(numbered(n)).await;
    }
    let all = |s: &[Seen]| seqs(s, "/event/").len() == 4 && seqs(s, "/alert/").len() == 2;
    watcher.until("everything", all).await;
    node.settled().await;
    broker.kill();
    broker.restart();
    let twice = |s: &[Seen]| seqs(s, "/event/").len() == 8;
    let seen = watcher.until("everything once more", twice).await;
    assert_eq!(seqs(&seen, "/event/"), [3, 4, 5, 6, 3, 4, 5, 6]);
    // The clear may come once more, as the state that the subscriber is told when it comes back.
    let states: Vec<(u64, bool)> = seen
        .iter()
        .filter(|s| s.topic.contains("/alert/"))
        .map(|s| (s.json()["seq"].as_u64().unwrap(), s.retained))
        .collect();
    assert_eq!(
        states[..4],
        [(1, true), (2, true), (1, false), (2, true)],
        "a raise must not become the state again"
    );
    let raises = seen
        .iter()
        .filter(|s| seqs(std::slice::from_ref(s), "/alert/") == [1]);
    let lives: Vec<_> = raises.map(|s| s.expiry).collect();
    assert!(
        lives.len() == 2 && lives[1] < lives[0],
        "it lives no longer for being said again: {lives:?}"
    );
    node.settled().await;
    assert_eq!(node.handle.outbox().borrow().dropped, 0);
    let late = Watcher::start(broker.port);
    let kept = late
        .until("the state", |s| !seqs(s, "/alert/").is_empty())
        .await;
    assert_eq!(
        seqs(&kept, "/alert/"),
        [2],
        "the broker had saved the raise"
    );
}

#[tokio::test]
async fn a_broken_line_repeats_what_is_younger_than_the_settling_time_and_nothing_else() {
    let mut broker = Broker::start(SAVES_WHEN_TOLD);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let mut config = config(&url, state.path());
    config.timing.settle = Duration::from_millis(1);
    let node = Node::start(config);
    node.say(numbered(0)).await;
    watcher
        .until("the first", |s| seqs(s, "/event/") == [1])
        .await;
    // Looked at once a second.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    save(&broker);
    broker.kill();
    node.broker(|s| matches!(s, BrokerState::Down(_))).await;
    broker.restart();
    node.say(numbered(1)).await;
    let seen = watcher
        .until("the second", |s| seqs(s, "/event/").contains(&2))
        .await;
    assert_eq!(seqs(&seen, "/event/"), [1, 2]);
}

#[tokio::test]
async fn a_proper_end_settles_everything_and_the_next_start_repeats_nothing() {
    let broker = Broker::start(SAVES_WHEN_TOLD);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let node = Node::start(config(&url, state.path()));
    node.say(numbered(0)).await;
    watcher
        .until("the first", |s| seqs(s, "/event/").len() == 1)
        .await;
    node.settled().await;
    node.handle.stop(None).await;
    let node = Node::start_again(config(&url, state.path())).await;
    assert_eq!(node.handle.outbox().borrow().records, 0);
    node.say(numbered(1)).await;
    let seen = watcher
        .until("the second", |s| seqs(s, "/event/").len() >= 2)
        .await;
    let boots: Vec<_> = seen
        .iter()
        .filter(|s| s.topic.contains("/event/"))
        .map(|s| s.json()["boot"].as_u64().unwrap())
        .collect();
    assert_eq!(boots, [1, 2]);
}
