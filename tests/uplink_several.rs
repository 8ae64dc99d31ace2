//! Two brokers: the second while the first is away, and back again; nothing lost over both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, PERSISTENT, Seen, Watcher};
use node::{Node, alert, config, numbered};
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::UplinkConfig;
use sidetone_wire::vocabulary::AlertState;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A node of both brokers, quick to leave and to come home.
fn between(first: &Broker, second: &Broker, state: &Path) -> UplinkConfig {
    let url = |broker: &Broker| format!("mqtt://127.0.0.1:{}", broker.port);
    let mut config = config(&url(first), state);
    config.broker.fallback = vec![url(second).parse().unwrap()];
    config.broker.fallback_after = Duration::from_secs(1);
    config.timing.home_probe = Duration::from_millis(100);
    config.timing.home_steady = Duration::from_secs(1);
    config.timing.connect_timeout = Duration::from_secs(1);
    config
}

fn at(broker: &Broker) -> impl FnMut(&BrokerState) -> bool + use<> {
    let port = broker.port;
    move |state| matches!(state, BrokerState::Connected { url, .. } if url.port == port)
}

/// The numbers of the events that came to either broker, by `seq`.
fn numbers(seen: &[Seen]) -> BTreeMap<u64, i64> {
    let events = seen
        .iter()
        .filter(|s| s.topic.ends_with("/event/volume.changed"));
    let number = |json: &serde_json::Value| (json["seq"].as_u64(), json["step"].as_i64());
    let pairs = events.map(|s| number(&s.json()));
    pairs
        .map(|(seq, step)| (seq.unwrap(), step.unwrap()))
        .collect()
}

fn states(seen: &[Seen]) -> Vec<String> {
    let of_node = seen.iter().filter(|s| s.topic.ends_with("/ws-1/status"));
    let said = |s: &Seen| {
        let json = s.json();
        let reason = json["reason"].as_str().map(|r| format!(" {r}"));
        format!(
            "{}{}",
            json["state"].as_str().unwrap(),
            reason.unwrap_or_default()
        )
    };
    of_node.map(said).collect()
}

#[tokio::test]
async fn what_the_first_broker_cannot_take_goes_to_the_second_and_the_node_comes_home() {
    let (mut first, second) = (Broker::start(PERSISTENT), Broker::start(PERSISTENT));
    let (one, two) = (Watcher::start(first.port), Watcher::start(second.port));
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(between(&first, &second, state.path()));
    node.broker(at(&first)).await;
    node.say(alert(1, AlertState::Raised)).await;
    node.say(numbered(0)).await;
    one.until("the first event", |s| numbers(s).len() == 1)
        .await;

    // Stalled, it takes bytes and acknowledges nothing: those are on their way when it dies.
    first.stall();
    for number in 1..20 {
        node.say(numbered(number)).await;
    }
    first.kill();
    for number in 20..40 {
        node.say(numbered(number)).await;
    }
    node.broker(at(&second)).await;
    // Also the one that the first acknowledged a moment before it died.
    let seen = two.until("the rest", |s| numbers(s).len() == 40).await;
    assert_eq!(
        numbers(&seen).into_values().collect::<Vec<_>>(),
        (0..40).collect::<Vec<_>>()
    );
    node.settled().await;
    let seen = two
        .until("the alert that stands", |s| {
            s.iter().any(|m| m.topic.contains("/alert/"))
        })
        .await;
    assert_eq!(states(&seen).last().unwrap(), "starting");

    first.restart();
    for number in 40..80 {
        node.say(numbered(number)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    node.broker(at(&first)).await;
    for number in 80..90 {
        node.say(numbered(number)).await;
    }
    node.settled().await;
    let last = |s: &[Seen]| numbers(s).values().any(|number| *number == 89);
    let mut all = numbers(&one.until("the last event", last).await);
    let left = two
        .until("the good-bye", |s| {
            states(s)
                .last()
                .is_some_and(|s| s == "stopped other_broker")
        })
        .await;
    all.extend(numbers(&left));
    assert_eq!(
        all.into_values().collect::<Vec<_>>(),
        (0..90).collect::<Vec<_>>(),
        "over both brokers"
    );
    assert!(
        !states(&left).contains(&"lost".to_owned()),
        "it left with DISCONNECT"
    );
    node.handle.stop(None).await;
}

#[tokio::test]
async fn a_first_broker_that_refuses_is_not_come_home_to_until_it_lets_the_node_in() {
    let mut first = Broker::with_file("allow_anonymous false\n", |_| {});
    let second = Broker::start(PERSISTENT);
    let state = tempfile::tempdir().unwrap();
    let node = Node::start(between(&first, &second, state.path()));
    node.broker(at(&second)).await;
    let before = node.handle.link().borrow().connections;
    // Reachable all the time, and asked several times: the session at the second stands meanwhile.
    let refused = |log: &str| log.matches("not authorised").count();
    let until = std::time::Instant::now() + broker::PATIENCE;
    let asked = refused(&first.log());
    while refused(&first.log()) < asked + 2 {
        assert!(std::time::Instant::now() < until, "{}", first.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(node.handle.link().borrow().connections, before);
    node.say(numbered(0)).await;
    node.settled().await;
    first.reconfigure("");
    node.broker(at(&first)).await;
    node.handle.stop(None).await;
}

#[tokio::test]
async fn a_first_broker_that_takes_nothing_is_left_for_the_second() {
    let (mut first, second) = (Broker::start(PERSISTENT), Broker::start(PERSISTENT));
    let two = Watcher::start(second.port);
    let state = tempfile::tempdir().unwrap();
    let mut config = between(&first, &second, state.path());
    config.timing.stall = Duration::from_secs(1);
    let node = Node::start(config);
    node.broker(at(&first)).await;
    first.stall();
    node.say(numbered(0)).await;
    two.until("the event", |s| numbers(s).len() == 1).await;
    node.settled().await;
    first.kill();
    node.handle.stop(None).await;
}
