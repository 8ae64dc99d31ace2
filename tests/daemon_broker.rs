//! The whole daemon without a broker that takes its messages: one sentence, and nothing lost.

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
use daemon::{Daemon, Desk, PROGRAM};
use std::process::Command;
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, quick_disconnect};

const WITHOUT_SOUND: &str = "[audio]\nbackend = \"off\"";

/// A call with a pulled disconnect, while nobody takes messages.
fn call(headset: &HidHeadset) {
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    headset.send(&quick_disconnect(false));
    headset.send(ON_HOOK);
}

/// It said `sentence` once, complained of nothing else, and runs.
fn said_once(daemon: &mut Daemon, sentence: &str) {
    daemon.until("its complaint", |log| {
        log.iter().any(|line| line.contains(sentence))
    });
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(daemon.is_alive());
    let complaints = daemon.complaints();
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    assert!(complaints[0].contains(sentence), "{complaints:#?}");
}

fn is_complete(seen: &[Seen]) -> bool {
    seen.iter().any(|s| s.topic.ends_with("/event/call.ended"))
}

/// Everything of the call, in order.
fn is_the_call(board: &Board) {
    let expected = [
        "daemon.started",
        "headset.added",
        "hook.off",
        "call.started",
        "qd.open",
        "alert.raised",
        "qd.closed",
        "alert.cleared",
        "hook.on",
        "call.ended",
    ];
    assert_eq!(board.names(), expected);
    assert_eq!(board.clears(), ["qd_open_in_call condition"]);
}

#[tokio::test]
async fn a_call_while_no_broker_is_there_arrives_when_it_comes() {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    broker.kill();
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    call(&headset);
    said_once(&mut daemon, "no broker answers at mqtt://127.0.0.1");
    broker.restart();
    let seen = watcher.until("the call", is_complete).await;
    is_the_call(&Board::of(&seen));
    assert!(daemon.terminate().success());
}

#[tokio::test]
async fn a_call_while_the_broker_refuses_arrives_once_the_password_is_right() {
    let broker = Broker::with_password("ws-1", "right");
    let watcher = Watcher::with(broker.port, &["-u", "ws-1", "-P", "right"]);
    let password = broker.dir().join("password");
    std::fs::write(&password, "wrong\n").unwrap();
    let account = format!(
        "{WITHOUT_SOUND}\n[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n\
         username = \"ws-1\"\npassword_file = {password:?}",
        broker.port
    );
    let (headset, desk) = (HidHeadset::new(), Desk::with(&account));
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    call(&headset);
    said_once(&mut daemon, "refuses this node (not authorized)");
    std::fs::write(&password, "right\n").unwrap();
    let seen = watcher.until("the call", is_complete).await;
    is_the_call(&Board::of(&seen));
    assert!(daemon.terminate().success());
}
