//! A state directory that cannot be written at the start: the node starts degraded, says why, and mends itself.
//!
//! The directory is a link: to `/sys/kernel`, where even root makes no file, and later to one that can be written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, Seen, Watcher};
use node::{Node, alert, config, numbered};
use sidetone::uplink::BrokerState;
use sidetone::uplink::DiskTrouble;
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{AlertState, NodeState};
use std::path::Path;

fn point(link: &Path, to: &Path) {
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(to, link).unwrap();
}

fn ready() -> StationMessage {
    StationMessage::State {
        state: NodeState::Ready,
        reason: None,
    }
}

fn said<'a>(seen: &'a [Seen], part: &'a str) -> impl Iterator<Item = serde_json::Value> + 'a {
    let of_part = seen.iter().filter(move |s| s.topic.contains(part));
    of_part.map(Seen::json)
}

#[tokio::test]
async fn a_read_only_directory_is_a_degraded_start_that_mends_itself_and_loses_nothing() {
    let mut broker = Broker::start(broker::PERSISTENT);
    let watcher = Watcher::start(broker.port);
    broker.kill();
    let place = tempfile::tempdir().unwrap();
    let (link, kept) = (place.path().join("state"), place.path().join("kept"));
    std::fs::create_dir(&kept).unwrap();
    point(&link, &kept);
    let config = config(&format!("mqtt://127.0.0.1:{}", broker.port), &link);

    // An ordinary start leaves an event and a standing alert behind.
    let node = Node::start(config.clone());
    node.say(numbered(1)).await;
    node.say(alert(1, AlertState::Raised)).await;
    let mut outbox = node.handle.outbox();
    outbox.wait_for(|s| s.records == 2).await.unwrap();
    node.handle.stop(None).await;

    point(&link, Path::new("/sys/kernel"));
    let node = Node::start_again(config.clone()).await;
    let boot = node.handle.boot();
    assert!(boot > 1_700_000_000_000, "{boot} is not of the clock");
    let mut outbox = node.handle.outbox();
    let trouble = outbox.wait_for(|s| s.trouble.is_some()).await.unwrap();
    assert_eq!(trouble.trouble, Some(DiskTrouble::ReadOnly));
    drop(trouble);
    node.say(ready()).await;
    broker.restart();
    node.broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    node.say(alert(2, AlertState::Raised)).await;
    node.say(numbered(2)).await;
    let degraded = |s: &[Seen]| {
        said(s, "/status").any(|j| j["state"] == "degraded" && j["reason"] == "outbox_read_only")
            && said(s, "/event/volume").any(|j| j["boot"] == boot && j["seq"] == 2)
    };
    watcher.until("a degraded node that speaks", degraded).await;

    point(&link, &kept);
    let mended = |s: &[Seen]| {
        let old = |j: &serde_json::Value| j["boot"] == 1 && j["step"] == 1;
        said(s, "/status")
            .last()
            .is_some_and(|j| j["state"] == "ready")
            && said(s, "/event/volume").any(|j| old(&j))
            && said(s, "/event/alert.cleared").any(|j| j["reason"] == "restart")
    };
    let seen = watcher.until("what the older start left", mended).await;
    let ended: Vec<_> = said(&seen, "/event/alert.cleared").collect();
    assert_eq!(ended.len(), 1);
    assert!(ended[0]["id"].as_str().unwrap().ends_with("001"));
    node.settled().await;
    let late = Watcher::start(broker.port);
    let states = late
        .until("the alert's state", |s| said(s, "/alert/").count() == 1)
        .await;
    let state = said(&states, "/alert/").next().unwrap();
    assert_eq!(
        (&state["state"], state["boot"].as_u64()),
        (&"raised".into(), Some(boot)),
        "the older alert's end must not stand in the place of one that stands"
    );
    node.handle.stop(None).await;
    let node = Node::start_again(config).await;
    assert_eq!(node.handle.boot(), boot + 1);
}

#[tokio::test]
async fn a_directory_that_can_never_be_one_is_still_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (_station, receiver) = tokio::sync::mpsc::channel(1);
    let config = config("mqtt://127.0.0.1:1", &file.path().join("below"));
    let error = sidetone::uplink::Uplink::start(config, receiver).unwrap_err();
    assert!(error.to_string().contains("must be a directory"), "{error}");
}
