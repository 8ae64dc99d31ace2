//! The whole daemon from a headset's reports to a subscriber: recorded headset, real broker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/board.rs"]
mod board;
#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/testbed.rs"]
mod testbed;

use board::Board;
use broker::{Broker, PERSISTENT, Seen, Watcher};
use daemon::{Desk, PROGRAM};
use std::process::Command;
use testbed::{HidHeadset, MUTE_DOWN, OFF_HOOK, ON_HOOK, mute, quick_disconnect};

const WITHOUT_SOUND: &str = "[audio]\nbackend = \"off\"";

/// Whether the latest message on a topic that ends so has this state.
fn latest_is(seen: &[Seen], topic: &str, state: &str) -> bool {
    let on_topic = seen.iter().rfind(|s| s.topic.ends_with(topic));
    on_topic.is_some_and(|s| s.json()["state"] == state)
}

fn said(seen: &[Seen], event: &str) -> usize {
    let topic = format!("/event/{event}");
    seen.iter().filter(|s| s.topic.ends_with(&topic)).count()
}

fn in_testbed(headset: &HidHeadset) -> Command {
    headset.seen_by(Command::new("umockdev-run"), PROGRAM)
}

#[tokio::test]
async fn two_calls_with_mute_and_quick_disconnect_from_report_to_subscriber() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let mut daemon = desk.run(in_testbed(&headset));
    watcher
        .until("a ready node with its headset", |seen| {
            latest_is(seen, "/status", "ready") && said(seen, "headset.added") == 1
        })
        .await;

    // Muted from the start, and not undone within three seconds.
    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    watcher
        .until("the alert of a muted agent", |seen| {
            latest_is(seen, "alert/muted_at_call_start/call", "raised")
        })
        .await;
    headset.send(&mute(false));
    headset.send(MUTE_DOWN);
    watcher
        .until("the button", |seen| said(seen, "button.pressed") == 1)
        .await;
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    watcher
        .until("the alert of a pulled disconnect", |seen| {
            latest_is(seen, "alert/qd_open_in_call/call", "raised")
        })
        .await;
    headset.send(ON_HOOK);
    watcher
        .until("the call's end", |seen| said(seen, "call.ended") == 1)
        .await;
    headset.send(&quick_disconnect(false));
    watcher
        .until("a closed disconnect", |seen| said(seen, "qd.closed") == 1)
        .await;

    // A second call, in which the daemon is stopped.
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    watcher
        .until("the second call's alert", |seen| {
            said(seen, "alert.raised") == 3
        })
        .await;
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| latest_is(seen, "/status", "stopped"))
        .await;

    assert_eq!(headset.written_to(), 0, "no report is written unasked");
    assert_eq!(daemon.complaints(), [""; 0]);
    let board = Board::of(&seen);
    assert_eq!(
        board.clears(),
        [
            "muted_at_call_start condition",
            "qd_open_in_call call_ended",
            "qd_open_in_call restart",
        ]
    );
    let about_calls: Vec<&str> = board
        .names()
        .into_iter()
        .filter(|name| !name.starts_with("alert."))
        .collect();
    assert_eq!(
        about_calls,
        [
            "daemon.started",
            "headset.added",
            "hook.off",
            "call.started",
            "mute.on",
            "mute.off",
            "button.pressed",
            "qd.open",
            "hook.on",
            "call.ended",
            "qd.closed",
            "hook.off",
            "call.started",
            "qd.open",
            "call.ended",
            "daemon.stopped",
        ]
    );
}

#[tokio::test]
async fn what_a_subscriber_is_told_is_enough_to_act_on() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let mut daemon = desk.run(in_testbed(&headset));
    watcher
        .until("the headset", |seen| said(seen, "headset.added") == 1)
        .await;
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    watcher
        .until("the alert", |seen| said(seen, "alert.raised") == 1)
        .await;
    assert!(
        daemon.own_memory_kib() < 8 * 1024,
        "no room set aside for nothing"
    );
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| latest_is(seen, "/status", "stopped"))
        .await;

    let board = Board::of(&seen);
    let headset = board.the("headset.added")["headset"].as_str().unwrap();
    assert!(headset.starts_with("047f-c056-") && headset.len() == 18);
    let inventory = seen
        .iter()
        .find(|s| s.topic.contains("/inventory/headset-"));
    let inventory = inventory.unwrap();
    assert!(inventory.topic.ends_with(headset));
    assert_eq!(inventory.json()["name"], "Bench Headset");
    assert_eq!(inventory.json()["quirk"], "bench+plantronics");

    let call = &board.the("call.started")["call"];
    assert_eq!(board.the("call.started")["provenance"], "reported");
    let raised = board.the("alert.raised");
    assert_eq!(raised["call"], *call);
    assert_eq!(raised["headset"], headset);
    for (key, value) in [
        ("kind", "qd_open_in_call"),
        ("subject", "call"),
        ("severity", "major"),
        ("notify", "alarm"),
        ("provenance", "reported"),
    ] {
        assert_eq!(raised[key], value, "{key}");
    }
    let ended = board.the("call.ended");
    assert_eq!(
        (&ended["call"], &ended["reason"]),
        (call, &"stopped".into())
    );
    assert!(board.the("qd.open")["ts"].as_u64() <= raised["ts"].as_u64());
}

#[tokio::test]
async fn an_alert_and_a_call_left_by_a_crash_end_once_by_the_next_start() {
    let broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let daemon = desk.run(in_testbed(&headset));
    watcher
        .until("the headset", |seen| said(seen, "headset.added") == 1)
        .await;
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    watcher
        .until("the alert", |seen| said(seen, "alert.raised") == 1)
        .await;
    daemon.kill();
    let mut daemon = desk.run(in_testbed(&headset));
    watcher
        .until("the clear and the end", |seen| {
            said(seen, "alert.cleared") == 1 && said(seen, "call.ended") == 1
        })
        .await;
    assert!(daemon.terminate().success());
    // The third start has nothing to end.
    let mut daemon = desk.run(in_testbed(&headset));
    watcher
        .until("the third start", |seen| {
            // Each once: a killed daemon's messages come again.
            let names = Board::of(seen).events.into_iter();
            names.filter(|(name, _)| name == "headset.added").count() == 3
        })
        .await;
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| latest_is(seen, "/status", "stopped"))
        .await;
    let board = Board::of(&seen);
    assert_eq!(board.clears(), ["qd_open_in_call restart"]);
    assert_eq!(board.the("alert.cleared")["boot"], 2);
    let (began, ended) = (board.the("call.started"), board.the("call.ended"));
    assert_eq!(
        (&ended["boot"], &ended["reason"]),
        (&2.into(), &"restart".into())
    );
    assert_eq!(
        (&ended["call"], &ended["headset"]),
        (&began["call"], &began["headset"])
    );
    assert!(ended["ts"].as_u64() >= began["ts"].as_u64());
    assert!(ended["duration_s"].is_null(), "nobody knows");
}
