//! Whatever anybody publishes at a topic the node listens to: it stays the same process, keeps its alerts and its
//! settings, and says so in a bounded number of lines. Real broker, recorded headset.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, PERSISTENT, Seen, Watcher};
use daemon::{Daemon, Desk, PROGRAM};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use testbed::{HidHeadset, OFF_HOOK, quick_disconnect};

const SETTINGS: &str =
    "[audio]\nbackend = \"off\"\n[adapters.mqtt]\nenabled = true\nextension = \"1017\"";

/// Everything the node subscribes to, below `sidetone/v1/acme/`; documents first.
const TOPICS: [&str; 7] = [
    "fleet/config/desired",
    "fleet/group/late/config/desired",
    "node/ws-1/config/desired",
    "node/ws-1/cmd/identify/request",
    "node/ws-1/cmd/refresh/request",
    "node/ws-1/cmd/diagnostics/request",
    "node/ws-1/hold/reply",
];

/// The payloads as files of this directory, which outlast their publishers.
struct Payloads {
    directory: TempDir,
}

/// What no reader may be hurt by.
const HOSTILE: [&str; 9] = [
    "cut off",
    "too long",
    "huge",
    "deep",
    "of another version",
    "no text",
    "keys twice",
    "wrong types",
    "empty",
];

impl Payloads {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in HOSTILE {
            std::fs::write(directory.path().join(name), hostile(name)).unwrap();
        }
        Self { directory }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }
}

fn hostile(name: &str) -> Vec<u8> {
    let padded = |length: usize| {
        let padding = "x".repeat(length);
        json!({"v": 1, "version": 9, "issued_ms": 1, "set": {}, "padding": padding}).to_string()
    };
    match name {
        "cut off" => br#"{"v":1,"version":9,"set":{"#.to_vec(),
        // One byte more than any message needs; and what the broker itself keeps from a node that said so.
        "too long" => padded(65_536).into_bytes(),
        "huge" => padded(2 << 20).into_bytes(),
        "deep" => format!(
            r#"{{"v":1,"version":9,"issued_ms":1,"set":{}{}}}"#,
            r#"{"a":"#.repeat(10_000),
            "}".repeat(10_000)
        )
        .into_bytes(),
        "of another version" => {
            br#"{"v":2,"version":9,"issued_ms":1,"boot":1,"seq":1,"ok":true,"set":{}}"#.to_vec()
        }
        "no text" => b"{\"v\":1,\"set\":\"\xff\xfe\x80\"}".to_vec(),
        "keys twice" => {
            br#"{"v":1,"v":1,"version":9,"version":8,"issued_ms":1,"issued_ms":2,"boot":1,"boot":1,"seq":1,"ok":true,"set":{},"set":{"node":{"team":"Evil"}}}"#.to_vec()
        }
        "wrong types" => {
            br#"{"v":"1","version":-3,"issued_ms":{},"boot":[],"seq":1e400,"ok":"yes","set":[null]}"#.to_vec()
        }
        _ => Vec::new(),
    }
}

fn publisher(port: u16, topic: &str) -> Command {
    let mut publish = Command::new("mosquitto_pub");
    publish
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-q", "1", "-t", &format!("sidetone/v1/acme/{topic}")]);
    publish
}

fn publish_file(port: u16, topic: &str, file: &Path, retain: bool) {
    let mut publish = publisher(port, topic);
    if std::fs::metadata(file).unwrap().len() == 0 {
        publish.arg("-n");
    } else {
        publish.arg("-f").arg(file);
    }
    if retain {
        publish.arg("-r");
    }
    assert!(publish.status().unwrap().success());
}

fn publish(port: u16, topic: &str, payload: &Value, retain: bool) {
    let mut publish = publisher(port, topic);
    publish.args(["-m", &payload.to_string()]);
    if retain {
        publish.arg("-r");
    }
    assert!(publish.status().unwrap().success());
}

/// Each of these as a message of its own, as fast as the broker takes them.
fn flood(port: u16, topic: &str, payloads: impl Iterator<Item = Value>) {
    let mut child = publisher(port, topic)
        .arg("-l")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = child.stdin.take().unwrap();
    for payload in payloads {
        writeln!(lines, "{payload}").unwrap();
    }
    drop(lines);
    assert!(child.wait().unwrap().success());
}

fn latest<'s>(seen: &'s [Seen], ending: &str) -> Option<&'s Seen> {
    seen.iter().rfind(|s| s.topic.ends_with(ending))
}

fn document(version: u64, set: &Value) -> Value {
    json!({"v": 1, "version": version, "issued_ms": 1, "set": set})
}

/// Good documents of every layer, again and again: what comes in a flood may be left out. Gives `config/reported`.
async fn set_everywhere(port: u16, watcher: &Watcher, version: u64) -> Value {
    let team = json!({"node": {"team": format!("Team {version}")}});
    for _ in 0..100 {
        for topic in &TOPICS[..3] {
            publish(port, topic, &document(version, &team), true);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let report = latest(&watcher.all(), "/config/reported").map(Seen::json);
        if let Some(report) = report
            && report["fleet_version"] == version
            && report["node_version"] == version
            && report["group_versions"] == json!([{"group": "late", "version": version}])
            && report["applied"] == true
        {
            return report;
        }
    }
    panic!(
        "good documents are not taken: {:#?}",
        watcher.on("/config/reported")
    );
}

fn lines(daemon: &Daemon, what: &str) -> usize {
    daemon
        .log()
        .iter()
        .filter(|line| line.contains(what))
        .count()
}

fn start(broker: &Broker, headset: &HidHeadset) -> (Desk, Daemon) {
    let desk = Desk::new(broker.port, SETTINGS);
    desk.edit(|text| text.replacen("[node]", "[node]\ngroups = [\"late\"]", 1));
    let daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    (desk, daemon)
}

#[tokio::test]
async fn hostile_payloads_at_every_topic_leave_the_daemon_as_it_was() {
    let payloads = Payloads::new();
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    // Kept by the broker before the node is there, so that they come as retained ones.
    for (place, topic) in TOPICS.iter().enumerate() {
        publish_file(broker.port, topic, &payloads.file(HOSTILE[place]), true);
    }
    let headset = HidHeadset::new();
    let (_desk, mut daemon) = start(&broker, &headset);
    watcher
        .until("the headset", |seen| {
            latest(seen, "/event/headset.added").is_some()
        })
        .await;
    let process = daemon.process_id();
    for retain in [false, true] {
        for topic in TOPICS {
            for name in HOSTILE {
                publish_file(broker.port, topic, &payloads.file(name), retain);
            }
        }
    }
    // And others once more as retained ones, at the next connection.
    for (place, topic) in TOPICS.iter().enumerate() {
        let name = HOSTILE[(place + 4) % HOSTILE.len()];
        publish_file(broker.port, topic, &payloads.file(name), true);
    }
    let connected = lines(&daemon, "connected to the broker");
    broker.reconfigure(PERSISTENT);
    daemon.until("the next connection", |log| {
        let now = log
            .iter()
            .filter(|line| line.contains("connected to the broker"));
        now.count() > connected
    });

    let report = set_everywhere(broker.port, &watcher, 10).await;
    assert_eq!(report["team"], "Team 10");
    assert!(
        report
            .get("errors")
            .is_none_or(|errors| errors == &json!([]))
    );

    // The customer is put on hold by a gateway's answer among wrong ones.
    headset.send(OFF_HOOK);
    watcher
        .until("the call", |seen| {
            latest(seen, "/event/call.started").is_some()
        })
        .await;
    headset.send(&quick_disconnect(true));
    let seen = watcher
        .until("the request", |seen| {
            latest(seen, "/hold/request").is_some()
        })
        .await;
    let mut reply = latest(&seen, "/hold/request").unwrap().json();
    for name in HOSTILE {
        publish_file(broker.port, TOPICS[6], &payloads.file(name), false);
    }
    reply["ok"] = json!(true);
    publish(broker.port, TOPICS[6], &reply, false);
    let seen = watcher
        .until("alert and hold", |seen| {
            let alert = latest(seen, "/alert/qd_open_in_call/call").map(Seen::json);
            alert.is_some_and(|alert| alert["hold"] == "held")
        })
        .await;
    let raised = seen
        .iter()
        .filter(|s| s.topic.ends_with("/event/alert.raised"));
    assert_eq!(raised.count(), 1);
    assert_eq!(daemon.process_id(), process);

    // Each kind has its sentence; what is repeated has one line a minute.
    for (sentence, most) in [
        (
            "settings from elsewhere are refused: this is no document of the configuration",
            3 * 10,
        ),
        ("more than the 65536 any message needs", 3 * 10),
        ("a reply of the gateway is not read", 2),
        ("a retained reply of the gateway is left out", 2),
        ("a command is refused", 2),
    ] {
        let count = lines(&daemon, sentence);
        assert!((1..=most).contains(&count), "{sentence}: {count} lines");
    }
    let log = daemon.log();
    assert!(log.len() < 120, "{} lines: {log:#?}", log.len());
    assert!(
        log.iter()
            .all(|line| line.len() < 1000 && !line.contains("panicked"))
    );
    assert!(daemon.terminate().success());
}

#[tokio::test]
async fn a_flood_of_wrong_documents_and_commands_fills_neither_log_nor_outbox() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::new();
    let (_desk, mut daemon) = start(&broker, &headset);
    watcher
        .until("the headset", |seen| {
            latest(seen, "/event/headset.added").is_some()
        })
        .await;
    for round in 0..10 {
        for topic in &TOPICS[..3] {
            // Each is refused with other words.
            let wrong = (0..30).map(|n| {
                let mut set = json!({});
                for key in 0..20 {
                    set[format!("key_{round}_{n}_{key}")] = json!(true);
                }
                document(1, &set)
            });
            flood(broker.port, topic, wrong);
        }
        for topic in &TOPICS[3..6] {
            flood(broker.port, topic, (0..30).map(|n| json!({"v": 1, "n": n})));
        }
    }
    set_everywhere(broker.port, &watcher, 10).await;
    // Ten of each layer are told with their twenty faults, and one more for each minute of a slow machine.
    let refused = lines(&daemon, "settings from elsewhere are refused");
    assert!((200..=3 * 20 * 12).contains(&refused), "{refused} lines");
    let events = watcher.on("/event/config.refused").len();
    assert!((10..=3 * 12).contains(&events), "{events} events");
    for sentence in ["too many commands come over MQTT", "a command is refused"] {
        let count = lines(&daemon, sentence);
        assert!((1..=3).contains(&count), "{sentence}: {count} lines");
    }
    assert!(daemon.terminate().success());
}
