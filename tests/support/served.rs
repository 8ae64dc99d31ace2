//! A board on a free port, asked over plain HTTP, and nodes that say things to its broker.

use super::broker::{Broker, PATIENCE};
use serde_json::{Value, json};
use sidetone::board::follow;
use sidetone::uplink::config::{BrokerConfig, Timing};
use sidetone_hub::board::{Board, RunningBoard};
use sidetone_wire::OrgName;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Asks again until it is so.
#[allow(dead_code)]
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let end = Instant::now() + PATIENCE;
    while !so().await {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An alert of node `ws-1`, without the common keys.
#[allow(dead_code)]
pub(crate) fn alert(state: &str, seq: u64, text: &str) -> Value {
    json!({
        "seq": seq, "id": "0192f000-0000-7000-8000-000000000001", "kind": "double_talk",
        "subject": "call", "state": state, "severity": "minor", "notify": "alarm", "since": 5,
        "text": text, "action": "Listen in.",
    })
}

/// Figures of a call, without the common keys.
#[allow(dead_code)]
pub(crate) fn second_of_a_call() -> Value {
    json!({
        "measured_at": "capture", "uplink": "unknown", "far_source": "stream",
        "call": "01a21388-5d78-7000-8000-000000000001", "headset": "047f-c053-00000001", "muted": false,
        "agent_level_dbov": -24.1, "agent_snr_db": 9.0, "agent_noise_dbov": -40.0,
        "agent_noise_dbov_a": -44.0, "agent_speech_ratio": 0.9, "customer_level_dbov": -70.0,
        "customer_snr_db": 40.0, "customer_speech_ratio": 0.0, "double_talk_ratio": 0.0,
    })
}

#[allow(dead_code)]
impl Broker {
    /// Node `ws-1` says something.
    pub(crate) fn say(&self, below: &str, body: &Value, retain: bool) {
        self.say_of("ws-1", below, body, retain);
    }

    /// A node says something.
    pub(crate) fn say_of(&self, node: &str, below: &str, body: &Value, retain: bool) {
        let mut payload = json!({"v": 1, "ts": 5, "boot": 1, "node": node});
        payload
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        let mut publish = Command::new("mosquitto_pub");
        publish
            .args([
                "-V",
                "5",
                "-q",
                "1",
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
            ])
            .args(["-t", &format!("sidetone/v1/acme/node/{node}/{below}")])
            .args(["-m", &payload.to_string()]);
        if retain {
            publish.arg("-r");
        }
        assert!(publish.status().unwrap().success(), "mosquitto_pub {below}");
    }
}

/// A board that is served.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    _board: RunningBoard,
}

#[allow(dead_code)]
impl Served {
    /// Serves the board of `acme`.
    pub(crate) async fn start(broker: &Broker) -> Self {
        let url = format!("mqtt://127.0.0.1:{}", broker.port);
        Self::at(&BrokerConfig::at(url.parse().unwrap()), &Timing::default()).await
    }

    /// The same with brokers of its own.
    pub(crate) async fn at(broker: &BrokerConfig, timing: &Timing) -> Self {
        let board = Board::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = board.address();
        let org = OrgName::new("acme").unwrap();
        let heard = follow(&org, broker, timing);
        let board = board.start(org, &broker.url.to_string(), heard);
        Self {
            address,
            _board: board,
        }
    }

    async fn ask(&self, host: &str, path: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        BufReader::new(stream)
    }

    /// The answer to a browser on this machine.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_as(&self.address.to_string(), path).await
    }

    /// The answer to a browser that took this host for another.
    pub(crate) async fn get_as(&self, host: &str, path: &str) -> Answer {
        let mut stream = self.ask(host, path).await;
        let head = head(&mut stream).await;
        let mut body = String::new();
        stream.read_to_string(&mut body).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body }
    }

    /// `/api/fleet`, once it satisfies.
    pub(crate) async fn fleet_until(&self, satisfied: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let fleet = serde_json::from_str(&self.get("/api/fleet").await.body).unwrap();
            if satisfied(&fleet) {
                return fleet;
            }
            assert!(
                Instant::now() < end,
                "waited in vain; the board shows {fleet:#}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What one browser is told.
    pub(crate) async fn events(&self) -> Events {
        let mut stream = self.ask("localhost", "/events").await;
        let head = head(&mut stream).await;
        assert!(
            head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"),
            "{head}"
        );
        Events {
            stream,
            received: 0,
        }
    }

    /// Whether one more browser would be told.
    pub(crate) async fn has_place(&self) -> bool {
        let mut stream = self.ask("localhost", "/events").await;
        head(&mut stream).await.starts_with("HTTP/1.1 200")
    }
}

async fn head(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(
            stream.read_line(&mut head).await.unwrap() > 0,
            "hung up: {head}"
        );
    }
    head.to_lowercase().replace("http/1.1", "HTTP/1.1")
}

/// An answer.
#[allow(dead_code)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

#[allow(dead_code)]
impl Answer {
    /// One header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self
            .head
            .lines()
            .find_map(|l| l.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

/// An open `/events`.
pub(crate) struct Events {
    stream: BufReader<TcpStream>,
    /// How many messages came.
    pub(crate) received: usize,
}

#[allow(dead_code)]
impl Events {
    /// Name and data of the next message.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, self.stream.read_line(&mut line));
            assert!(
                read.await.expect("the board is silent").unwrap() > 0,
                "it hung up"
            );
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                self.received += 1;
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }

    /// The first message that satisfies.
    pub(crate) async fn until(&mut self, satisfied: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let (_, message) = self.next().await;
            if satisfied(&message) {
                return message;
            }
            assert!(Instant::now() < end, "waited in vain; last was {message:#}");
        }
    }
}
