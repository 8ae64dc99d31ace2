//! The programs of `examples/` that integrators copy, against the real daemon and broker: each tells an
//! alert once, also when a message comes twice, and goes on after the broker was away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "../examples/subscribe.rs"]
#[allow(dead_code)]
mod subscribe;
#[path = "support/subscriber.rs"]
mod subscriber;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, PERSISTENT, Watcher};
use daemon::{Desk, PROGRAM};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use subscribe::Follower;
use subscriber::Subscriber;
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, quick_disconnect};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// A built example.
fn built(name: &str) -> PathBuf {
    let program = Path::new(PROGRAM).with_file_name("examples").join(name);
    assert!(
        program.exists(),
        "build it first: cargo build --workspace --example {name}"
    );
    program
}

/// Debian's Python, which has Debian's paho-mqtt.
fn python() -> Command {
    Command::new("/usr/bin/python3")
}

fn publish(port: u16, topic: &str, payload: &str) {
    let status = Command::new("mosquitto_pub")
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-q", "1", "-t", topic, "-m", payload])
        .status();
    assert!(status.unwrap().success());
}

/// A call in which the quick disconnect is pulled and put back; every message about it comes twice, and
/// the broker is killed in between.
async fn follows_a_call(started: impl FnOnce(u16) -> Command) {
    let mut broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::new();
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    watcher
        .until("the headset", |seen| {
            seen.iter()
                .any(|s| s.topic.ends_with("event/headset.added"))
        })
        .await;
    let mut subscriber = Subscriber::start(started(broker.port));
    // Once it is told of another node, it is told of everything.
    for seq in 1.. {
        if subscriber.count("ws-0: qd.closed") > 0 {
            break;
        }
        assert!(seq < 200, "it does not subscribe: {:#?}", subscriber.said());
        let payload =
            format!(r#"{{"v":1,"ts":1,"node":"ws-0","boot":1,"seq":{seq},"type":"qd.closed"}}"#);
        publish(
            broker.port,
            "sidetone/v1/acme/node/ws-0/event/qd.closed",
            &payload,
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    headset.send(OFF_HOOK);
    subscriber.until("ws-1: call.started", 1).await;
    headset.send(&quick_disconnect(true));
    subscriber
        .until("ws-1: raised major qd_open_in_call", 1)
        .await;
    let seen = watcher
        .until("event and state", |seen| {
            let about = |what: &str| seen.iter().any(|s| s.topic.contains(what));
            about("event/alert.raised") && about("alert/qd_open_in_call")
        })
        .await;
    for message in seen.iter().filter(|s| s.topic.contains("/ws-1/")) {
        publish(broker.port, &message.topic, &message.payload);
    }
    for nonsense in ["{", "[]", "{\"node\":\"ws-1\"}", "\u{1f600}"] {
        publish(
            broker.port,
            "sidetone/v1/acme/node/ws-1/event/qd.open",
            nonsense,
        );
    }

    broker.kill();
    headset.send(&quick_disconnect(false));
    broker.restart();
    subscriber
        .until("ws-1: cleared major qd_open_in_call", 1)
        .await;
    headset.send(ON_HOOK);
    subscriber.until("ws-1: call.ended", 1).await;
    assert!(daemon.terminate().success());
    subscriber.until("ws-1: daemon.stopped", 1).await;
    for once in ["raised", "cleared", "qd.open", "qd.closed"] {
        let times = subscriber.count(&format!("ws-1: {once}"));
        assert_eq!(times, 1, "{once} in {:#?}", subscriber.said());
    }
    assert_eq!(subscriber.count("expired"), 0);
}

#[tokio::test]
async fn the_rust_subscriber_tells_each_alert_once() {
    follows_a_call(|port| {
        let mut command = Command::new(built("subscribe"));
        command.args([&format!("mqtt://127.0.0.1:{port}"), "acme"]);
        command
    })
    .await;
}

#[tokio::test]
async fn the_python_subscriber_tells_each_alert_once() {
    follows_a_call(|port| {
        let mut command = python();
        command.arg(examples().join("subscribe.py")).args([
            &format!("mqtt://127.0.0.1:{port}"),
            "--org",
            "acme",
        ]);
        command
    })
    .await;
}

#[tokio::test]
async fn the_shell_subscriber_tells_each_alert_once() {
    follows_a_call(|port| {
        let mut command = Command::new(examples().join("subscribe.sh"));
        command.args(["127.0.0.1", &port.to_string(), "acme"]);
        command
    })
    .await;
}

const RAISED: &str = r#"{"v":1,"ts":1,"boot":1,"seq":2,"node":"ws-1","later":true,
    "id":"0193a2b4-0000-7000-8000-000000000001","kind":"line_noise","subject":"agent","state":"raised",
    "severity":"major","notify":"alarm","since":1,"text":"Hum.","action":"Change the cable."}"#;
const STATE: &str = "sidetone/v1/acme/node/ws-1/alert/line_noise/agent";
const EVENT: &str = "sidetone/v1/acme/node/ws-1/event/alert.raised";
const STATUS: &str = "sidetone/v1/acme/node/ws-1/status";

/// Messages with the second at which they come, and what a follower says to all of them.
fn scenario() -> (Vec<(u64, &'static str, String)>, [&'static str; 7]) {
    let event = RAISED
        .replace("\"seq\":2", "\"seq\":1")
        .replace("{\"v\"", "{\"type\":\"alert.raised\",\"v\"");
    let cleared = RAISED
        .replace("raised", "cleared")
        .replace("\"seq\":2", "\"seq\":3");
    let status = |state: &str| format!(r#"{{"v":1,"node":"ws-1","boot":1,"state":"{state}"}}"#);
    let messages = vec![
        (0, EVENT, event.clone()),
        (0, STATE, RAISED.to_owned()),
        (1, EVENT, event),
        (60, STATE, RAISED.to_owned()),
        (239, STATUS, status("ready")),
        (241, STATUS, status("ready")),
        (242, STATE, RAISED.to_owned()),
        (243, STATUS, status("lost")),
        (244, STATUS, status("ready")),
        (245, STATE, RAISED.to_owned()),
        (246, STATE, cleared),
        (247, STATE, RAISED.to_owned()),
        (900, STATUS, status("lost")),
        (901, STATE, String::new()),
    ];
    let said = [
        "ws-1: raised major line_noise: Hum.",
        "ws-1: expired raised major line_noise: Hum.",
        "ws-1: raised major line_noise: Hum.",
        "ws-1: expired raised major line_noise: Hum.",
        "ws-1: raised major line_noise: Hum.",
        "ws-1: cleared major line_noise: Hum.",
        "end",
    ];
    (messages, said)
}

#[test]
fn the_rust_subscriber_knows_expired_from_cleared() {
    let (messages, expected) = scenario();
    let (mut follower, start) = (Follower::default(), Instant::now());
    let mut said = Vec::new();
    for (second, topic, payload) in messages {
        said.extend(follower.take(
            topic,
            payload.as_bytes(),
            start + Duration::from_secs(second),
        ));
    }
    said.push("end".to_owned());
    assert_eq!(said, expected);
}

#[test]
fn the_python_subscriber_knows_expired_from_cleared() {
    let (messages, expected) = scenario();
    let program = "import json, subscribe, sys\n\
                   follower = subscribe.Follower(print)\n\
                   for second, topic, payload in json.loads(sys.argv[1]):\n    \
                       follower.take(topic, payload.encode(), second)\n\
                   print('end')";
    let output = python()
        .args(["-B", "-c", program])
        .arg(serde_json::to_string(&messages).unwrap())
        .env("PYTHONPATH", examples())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(out.lines().collect::<Vec<_>>(), expected, "{err}");
}

#[test]
fn the_analysis_example_tells_what_stands_out() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("call.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&file, spec).unwrap();
    // The customer's side hums at 50 Hz for 30 s; the agent's is digitally dead.
    for index in 0..30 * 8_000 {
        let phase = std::f64::consts::TAU * 50.0 * f64::from(index) / 8_000.0;
        wav.write_sample(0i16).unwrap();
        wav.write_sample((1_000.0 * phase.sin()) as i16).unwrap();
    }
    wav.finalize().unwrap();
    let output = Command::new(built("analyze_wav"))
        .arg(&file)
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}");
    assert!(
        out.starts_with("The agent speaks at -100.0 dBov, 0 % of 30.0 s."),
        "{out}"
    );
    assert!(out.contains("hum"), "{out}");
}
