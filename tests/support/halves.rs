//! A desk whose daemon is two processes, and what is looked for in what they say.

use super::board::Board;
use super::broker::{Broker, Seen, Watcher};
use super::daemon::{Daemon, Desk, PROGRAM};
use super::testbed::{HidHeadset, OFF_HOOK, quick_disconnect};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// Who runs the tests.
pub(crate) fn me() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A desk in two halves, whose stations are taken as this says.
pub(crate) fn desk_with(broker: &Broker, sessions: &str) -> Desk {
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let socket = desk.path().join("uplink.sock");
    let key = desk.path().join("agent.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    desk.edit(|text| {
        format!(
            "{text}\n[uplink]\nsocket = {socket:?}\n{sessions}\n[privacy]\nagent_key_file = {key:?}\n"
        )
    });
    desk
}

pub(crate) fn desk(broker: &Broker) -> Desk {
    let me = me();
    desk_with(broker, &format!("sessions = \"listed\"\nusers = [{me:?}]"))
}

/// A broker with these further lines, who watches it, and a headset at a desk in two halves.
#[allow(dead_code)]
pub(crate) fn office(configuration: &str) -> (Broker, Watcher, HidHeadset, Desk) {
    let broker = Broker::start(configuration);
    let watcher = Watcher::start(broker.port);
    let desk = desk(&broker);
    (broker, watcher, HidHeadset::new(), desk)
}

pub(crate) fn uplink(desk: &Desk) -> Daemon {
    let uplink = desk.run_half("uplink", Command::new(PROGRAM));
    uplink.until("its socket", |log| has(log, "started"));
    uplink
}

pub(crate) fn station(desk: &Desk, headset: &HidHeadset) -> Daemon {
    let command = headset.seen_by(Command::new("umockdev-run"), PROGRAM);
    desk.run_half("station", command)
}

pub(crate) fn has(log: &[String], what: &str) -> bool {
    log.iter().any(|line| line.contains(what))
}

/// How many there were, each repetition of a killed uplink left out.
pub(crate) fn said(seen: &[Seen], event: &str) -> usize {
    let topic = format!("/event/{event}");
    let of_kind = seen.iter().filter(|s| s.topic.ends_with(&topic));
    let stamps = of_kind.map(|s| (s.json()["boot"].as_u64(), s.json()["seq"].as_u64()));
    stamps.collect::<BTreeSet<_>>().len()
}

pub(crate) fn latest_is(seen: &[Seen], topic: &str, key: &str, value: &str) -> bool {
    let on_topic = seen.iter().rfind(|s| s.topic.ends_with(topic));
    on_topic.is_some_and(|s| s.json()[key] == value)
}

pub(crate) async fn raise(watcher: &Watcher, headset: &HidHeadset) {
    watcher
        .until("the headset", |seen| said(seen, "headset.added") >= 1)
        .await;
    headset.send(OFF_HOOK);
    headset.send(&quick_disconnect(true));
    watcher
        .until("the alert", |seen| said(seen, "alert.raised") == 1)
        .await;
}

/// The `call.…` events, each once: kind, call, reason.
pub(crate) fn calls(seen: &[Seen]) -> Vec<(String, Value, Value)> {
    let mut events = Board::of(seen).events;
    events.retain(|(kind, _)| kind.starts_with("call."));
    let told = events.into_iter();
    told.map(|(kind, json)| (kind, json["call"].clone(), json["reason"].clone()))
        .collect()
}
