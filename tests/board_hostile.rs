//! Whatever anybody publishes below the organisation's topics: the hub stays the same process, in bounded memory, says so
//! in a bounded number of lines, and shows the honest node as it is. The real program, a real mosquitto.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/served.rs"]
mod served;

use broker::{Broker, PATIENCE, free_port};
use serde_json::{Value, json};
use served::{alert, second_of_a_call};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// `sidetone hub`, ended with the test.
struct Hub {
    child: Child,
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
    _directory: tempfile::TempDir,
}

impl Hub {
    fn start(broker: &Broker) -> Self {
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
        let file = directory.path().join("sidetone.toml");
        let url = format!("mqtt://127.0.0.1:{}", broker.port);
        std::fs::write(
            &file,
            format!("[node]\norg = 'acme'\n[broker]\nurl = '{url}'\n"),
        )
        .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sidetone"))
            .args(["hub", "--listen", &format!("127.0.0.1:{port}"), "-c"])
            .arg(&file)
            .env_remove("SIDETONE_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (said, writer) = (BufReader::new(child.stderr.take().unwrap()), log.clone());
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                writer.lock().unwrap().push(line);
            }
        });
        Self {
            child,
            port,
            log,
            _directory: directory,
        }
    }

    fn fleet(&self) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let host = format!("127.0.0.1:{}", self.port);
        let ask = format!("GET /api/fleet HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// The board, once it satisfies.
    fn until(&mut self, what: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE * 2;
        loop {
            let fleet = self.fleet();
            if let Some(fleet) = fleet.as_ref().filter(|fleet| satisfied(fleet)) {
                return fleet.clone();
            }
            let ended = self.child.try_wait().unwrap();
            let counts = fleet.map(|fleet| fleet["counts"].clone());
            let log = self.log.lock().unwrap();
            assert!(
                ended.is_none() && Instant::now() < end,
                "waited in vain for {what}: {ended:?} {counts:?} {log:#?}"
            );
            drop(log);
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The most memory it ever had, in MiB (proc(5): `VmHWM`).
    fn most_memory_mib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.unwrap().split_ascii_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() / 1024
    }

    fn lines(&self, what: &str) -> usize {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| line.contains(what)).count()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A publisher that says anything at any topic, as fast as the broker takes it: MQTT 3.1.1, QoS 0.
struct Anybody(TcpStream);

impl Anybody {
    fn at(broker: &Broker) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", broker.port)).unwrap();
        stream
            .write_all(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
            .unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        Self(stream)
    }

    /// Below `sidetone/v1/acme/`.
    fn says(&mut self, topic: &str, payload: &[u8], retain: bool) {
        let topic = format!("sidetone/v1/acme/{topic}");
        let mut packet = vec![0x30 | u8::from(retain)];
        let mut length = 2 + topic.len() + payload.len();
        loop {
            let byte = u8::try_from(length % 128).unwrap();
            length /= 128;
            packet.push(byte | if length > 0 { 0x80 } else { 0 });
            if length == 0 {
                break;
            }
        }
        packet.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
        packet.extend(topic.as_bytes());
        packet.extend(payload);
        self.0.write_all(&packet).unwrap();
    }
}

/// Every kind of topic of a node, and some of none.
const TOPICS: [&str; 12] = [
    "status",
    "inventory/host",
    "inventory/headset-047f-c053-00000001",
    "telemetry/audio",
    "telemetry/health",
    "event/call.started",
    "event/alert.raised",
    "alert/double_talk/call",
    "alert/mood/<b>",
    "config/reported",
    "hold/request",
    "status/further/levels",
];

fn hostile() -> Vec<Vec<u8>> {
    let stamped = |body: &str| {
        format!(r#"{{"v":1,"ts":5,"boot":1,"seq":1,"node":"ws-2",{body}}}"#).into_bytes()
    };
    let deep = format!(
        r#""state":{}{}"#,
        r#"{"a":"#.repeat(10_000),
        "}".repeat(10_000)
    );
    vec![
        Vec::new(),
        br#"{"v":1,"node":"ws-2","state":"re"#.to_vec(),
        vec![b'x'; 1 << 20],
        stamped(&format!(
            r#""state":"ready","padding":"{}""#,
            "x".repeat(1 << 20)
        )),
        stamped(&deep),
        b"[".repeat(10_000),
        br#"{"v":2,"ts":5,"boot":1,"seq":1,"node":"ws-2","state":"ready"}"#.to_vec(),
        br#"{"v":"1","ts":[],"boot":{},"seq":1e400,"node":7,"state":[null]}"#.to_vec(),
        b"{\"v\":1,\"node\":\"\xff\xfe\"}".to_vec(),
        stamped("\"state\":\"ready\",\"version\":\"<script>\\u0000\\u001b[2J\",\"v\":1"),
        // In the honest node's name, at another's topic.
        br#"{"v":1,"ts":5,"boot":1,"seq":1,"node":"ws-1","state":"stopped"}"#.to_vec(),
    ]
}

/// The honest node, as the board shows it.
fn honest(fleet: &Value) -> Option<&Value> {
    let nodes = fleet["nodes"].as_array()?;
    nodes.iter().find(|node| node["node"] == "ws-1")
}

fn honest_shows(fleet: &Value, presence: &str, alerts: usize) -> bool {
    honest(fleet).is_some_and(|node| {
        node["presence"] == presence && node["alerts"].as_array().unwrap().len() == alerts
    })
}

#[test]
fn the_hub_shows_the_honest_node_whatever_the_others_say() {
    // Nothing is dropped on the way: the hub gets all of it.
    let broker = Broker::start("max_queued_messages 0\nmax_queued_bytes 0\n");
    broker.say("status", &json!({"state": "ready"}), true);
    let mut hub = Hub::start(&broker);
    hub.until("the honest node", |fleet| honest_shows(fleet, "idle", 0));
    let mut anybody = Anybody::at(&broker);

    // Control characters in a topic the broker does not take; they come in payloads.
    let names = ["ws-2", "<img src=x onerror=alert(1)>", "WS-1", ""];
    for retain in [false, true] {
        for name in names {
            for topic in TOPICS {
                for payload in hostile() {
                    anybody.says(&format!("node/{name}/{topic}"), &payload, retain);
                }
            }
        }
    }
    for topic in [
        "fleet/config/desired",
        "fleet/group/late/config/desired",
        "<b>",
    ] {
        for payload in hostile() {
            anybody.says(topic, &payload, true);
        }
    }
    broker.say("telemetry/audio", &second_of_a_call(), false);
    let raised = alert("raised", 1, "Both talk.");
    broker.say("alert/double_talk/call", &raised, true);
    let fleet = hub.until("its alert", |fleet| honest_shows(fleet, "in_call", 1));
    let shown: Vec<&str> = fleet["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["node"].as_str().unwrap())
        .collect();
    assert!(
        shown.iter().all(|name| ["ws-1", "ws-2"].contains(name)),
        "{shown:?}"
    );

    // Half as many nodes again as there is room for, kept by the broker; each says much.
    let long = "x".repeat(2_000);
    for n in 0..30_000 {
        let name = format!("invented-{n}");
        let status = json!({"v": 1, "ts": 5, "boot": 1, "node": name, "state": "ready", "team": long, "reason": long});
        anybody.says(
            &format!("node/{name}/status"),
            status.to_string().as_bytes(),
            true,
        );
    }
    hub.until("the limit", |fleet| {
        fleet["counts"]["nodes"] == sidetone_hub::NODES_MAX
            && fleet["counts"]["refused_nodes"].as_u64() >= Some(10_000)
    });
    broker.say(
        "alert/double_talk/call",
        &alert("cleared", 2, "Both talk."),
        true,
    );
    let fleet = hub.until("its end", |fleet| {
        honest_shows(fleet, "idle", 0) || honest_shows(fleet, "in_call", 0)
    });
    assert_eq!(fleet["broker"]["state"], "connected");

    assert!((1..=3).contains(&hub.lines("takes no further ones")));
    assert!((1..=3).contains(&hub.lines("follow no contract")));
    assert_eq!(hub.lines("panicked"), 0);
    let memory = hub.most_memory_mib();
    assert!(memory < 120, "{memory} MiB");
}

#[test]
fn a_newcomer_finds_a_place_on_a_full_board() {
    let broker = Broker::start("max_queued_messages 0\nmax_queued_bytes 0\n");
    let mut hub = Hub::start(&broker);
    hub.until("the board", |fleet| fleet["broker"]["state"] == "connected");
    let mut anybody = Anybody::at(&broker);
    // As the broker says of nodes whose connection broke, and of one that is there.
    for n in 0..sidetone_hub::NODES_MAX {
        let name = format!("invented-{n}");
        let state = if n == 7 { "ready" } else { "lost" };
        let status = json!({"v": 1, "ts": 5, "boot": 1, "node": name, "state": state});
        anybody.says(
            &format!("node/{name}/status"),
            status.to_string().as_bytes(),
            true,
        );
    }
    hub.until("the limit", |fleet| {
        fleet["counts"]["nodes"] == sidetone_hub::NODES_MAX
    });
    broker.say("status", &json!({"state": "ready"}), true);
    let raised = alert("raised", 1, "Both talk.");
    broker.say("alert/double_talk/call", &raised, true);
    let fleet = hub.until("the newcomer", |fleet| honest_shows(fleet, "idle", 1));
    let counts = &fleet["counts"];
    assert_eq!(counts["nodes"], sidetone_hub::NODES_MAX);
    assert_eq!(counts["forgotten_nodes"], 1);
    assert_eq!(counts["refused_nodes"], 0);
    let shown = fleet["nodes"].as_array().unwrap();
    assert_eq!(shown.len(), sidetone_hub::NODES_MAX);
    assert!(shown.iter().any(|node| node["node"] == "invented-7"));
    let end = Instant::now() + PATIENCE;
    while hub.lines("have made room") != 1 {
        assert!(Instant::now() < end, "no line of the log");
        std::thread::sleep(Duration::from_millis(50));
    }
}
