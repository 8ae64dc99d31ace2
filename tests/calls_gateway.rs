//! The example gateway, against a real broker and a real phone: it holds, says so afterwards, and leaves
//! alone what is late, retained or not its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/softphones/mod.rs"]
mod softphones;

use broker::{Broker, Watcher};
use serde_json::{Value, json};
use softphones::{Baresip, Control, Program, wait_for};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

const REQUEST: &str = "sidetone/v1/acme/node/ws-1/hold/request";
const REPLY: &str = "sidetone/v1/acme/node/ws-1/hold/reply";

fn now_ms() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

fn request(seq: u64, action: &str, extension: &str, age_ms: u64) -> Value {
    json!({
        "v": 1, "ts": now_ms() - age_ms, "boot": 7, "seq": seq, "node": "ws-1",
        "call": "01900000-0000-7000-8000-000000000000", "extension": extension, "action": action,
    })
}

fn publish(port: u16, payload: &Value, more: &[&str]) {
    let status = Command::new("mosquitto_pub")
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-q", "1", "-t", REQUEST, "-m", &payload.to_string()])
        .args(more)
        .status();
    assert!(status.unwrap().success());
}

fn held(phone: &Baresip) -> bool {
    let list = Control::open(phone.control).tell("listcalls", "");
    list["data"].as_str().unwrap().contains("(on hold)")
}

async fn replies(watcher: &Watcher, count: usize) -> Vec<Value> {
    let seen = watcher
        .until("replies", |seen| {
            seen.iter().filter(|s| s.topic == REPLY).count() >= count
        })
        .await;
    let replies = seen.iter().filter(|s| s.topic == REPLY);
    replies
        .map(|s| serde_json::from_str(&s.payload).unwrap())
        .collect()
}

#[tokio::test]
async fn the_example_gateway_holds_and_answers_after_the_deed() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (agent, customer) = (Baresip::start("agent"), Baresip::start("customer"));
    Control::open(customer.control).tell("dial", &agent.uri("agent"));
    wait_for("the call", || {
        let list = Control::open(agent.control).tell("listcalls", "");
        list["data"].as_str()?.contains("ESTABLISHED").then_some(())
    });
    // Retained before the gateway is there: it must not act on it at its start.
    publish(broker.port, &request(1, "hold", "1017", 0), &["-r"]);
    let log = tempfile::NamedTempFile::new().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/hold_gateway.py");
    let _gateway = Program::start(
        // Debian's Python, which has Debian's paho-mqtt.
        Command::new("/usr/bin/python3")
            .arg(example)
            .arg(format!("mqtt://127.0.0.1:{}", broker.port))
            .args(["--org", "acme", "--phone"])
            .arg(format!("1017={}", agent.control))
            .stdout(log.reopen().unwrap())
            .stderr(Stdio::inherit()),
    );
    wait_for("the gateway", || {
        fs::read_to_string(log.path())
            .unwrap()
            .contains("answers")
            .then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(!held(&agent), "it acted on a retained request");
    publish(broker.port, &request(2, "hold", "1017", 60_000), &[]);
    publish(broker.port, &request(3, "hold", "1018", 0), &[]);
    publish(broker.port, &request(4, "hold", "1017", 0), &[]);
    publish(broker.port, &request(4, "resume", "1017", 0), &[]);
    publish(broker.port, &request(6, "resume", "1017", 0), &["-r"]);
    let first = replies(&watcher, 2).await;
    assert!(held(&agent));
    publish(broker.port, &request(5, "resume", "1017", 0), &[]);
    let all = replies(&watcher, 3).await;
    assert!(!held(&agent));
    let brief: Vec<_> = all
        .iter()
        .map(|reply| {
            (
                reply["seq"].as_u64().unwrap(),
                reply["ok"].as_bool().unwrap(),
            )
        })
        .collect();
    // Neither the old one, the repeated one nor the retained ones are answered.
    assert_eq!(brief, [(3, false), (4, true), (5, true)]);
    assert!(first[0]["reason"].as_str().unwrap().contains("1018"));
    assert_eq!(first[1]["extension"], "1017");
    assert!(first[1].get("reason").is_none());
}
