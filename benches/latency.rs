//! How long it takes until a subscriber knows, and whose share that is, on the wall clock:
//!
//! - from a headset's input report to the message: the whole daemon, a recorded headset (umockdev), a private mosquitto;
//! - from an overtalk decided (the `ts` of its event, whole milliseconds) to `overtalk.started`: simulated agents, whose
//!   voices go through the whole daemon.
//!
//! Between daemon and broker stands a proxy that notes when a message left the daemon: what is before is the daemon's and
//! its MQTT client's, what is after the broker's (with the proxy's own passing on). The client's share is measured by the
//! same client alone, at the same proxy.
//!
//! ```sh
//! cargo bench --bench latency            # OVERTALK_S=SECONDS for how long the agents talk, 300 by default
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../tests/support/broker.rs"]
mod broker;
#[path = "../tests/support/daemon.rs"]
mod daemon;
#[path = "latency/proxy.rs"]
mod proxy;
#[path = "../tests/support/testbed.rs"]
mod testbed;

use broker::{Broker, PATIENCE};
use daemon::{Desk, PROGRAM};
use proxy::Proxy;
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, PublishOptions, QoS};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use testbed::HidHeadset;

const REPORTS: u32 = 1005;

/// What has not come by then does not come.
const LOST: Duration = Duration::from_secs(2);

/// Simulated agents: so many that overtalks are frequent, and their processor time is not what is measured.
const AGENTS: u32 = 20;

/// The mute button, down and up, with the hook switch at rest: one message for each pair.
const DOWN: &[u8] = &[2, 0b10];
const UP: &[u8] = &[2, 0];

/// Topic and payload of a message like the one the daemon sends.
const TOPIC: &str = "sidetone/v1/acme/node/client/event/button.pressed";
const PAYLOAD: &str = r#"{"boot":1,"button":"phone_mute","headset":"047f-c056-e82be261","node":"ws-1","seq":4,"ts":1795310368268,"type":"button.pressed","v":1}"#;

/// A message that arrived.
struct Arrival {
    at: Instant,
    utc: SystemTime,
    topic: String,
    payload: Vec<u8>,
}

/// What one message took.
struct Took {
    /// Until it left the daemon (or the client alone).
    out: Duration,
    /// From there to the subscriber.
    broker: Duration,
}

fn client(port: u16, id: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(id, ("127.0.0.1", port));
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    AsyncClient::builder(options).capacity(64).build()
}

/// A client with a thread of its own, subscribed to these.
fn start(port: u16, id: &str, topic: &str) -> (AsyncClient, Receiver<Arrival>) {
    let (client, events) = client(port, id);
    client.try_subscribe(topic, QoS::AtLeastOnce).unwrap();
    let (tell, arrivals) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(listen(events, tell));
    });
    (client, arrivals)
}

async fn listen(mut events: EventLoop, tell: Sender<Arrival>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(Incoming::Publish(message)) = event {
            let arrival = Arrival {
                at: Instant::now(),
                utc: SystemTime::now(),
                topic: String::from_utf8_lossy(&message.topic).into_owned(),
                payload: message.payload.to_vec(),
            };
            if tell.send(arrival).is_err() {
                return;
            }
        }
    }
}

/// The next message on a topic that ends so; `None` if none comes in time.
fn arrival(arrivals: &Receiver<Arrival>, topic: &str, patience: Duration) -> Option<Arrival> {
    let until = Instant::now() + patience;
    loop {
        let left = until.checked_duration_since(Instant::now())?;
        let next = arrivals.recv_timeout(left).ok()?;
        if next.topic.ends_with(topic) {
            return Some(next);
        }
    }
}

/// What one sending costs; the pause before it is another each time, so that it falls anywhere
/// between the daemon's ticks.
fn measure(
    mut send: impl FnMut() -> Instant,
    (arrivals, topic): (&Receiver<Arrival>, &str),
    proxy: &Proxy,
) -> Vec<Took> {
    let one = |number: u32| {
        std::thread::sleep(Duration::from_micros(u64::from(
            20_000 + number * 7_919 % 20_000,
        )));
        let sent = send();
        let arrived = arrival(arrivals, topic, LOST)?;
        let left = proxy.left(&arrived.topic).expect("the proxy saw it");
        Some(Took {
            out: left.saturating_duration_since(sent),
            broker: arrived.at.saturating_duration_since(left),
        })
    };
    let took: Vec<Took> = (0..REPORTS).filter_map(one).collect();
    // On a busy machine two reports may be read as one: the line has no borders between them.
    assert!(
        took.len() as u32 * 100 >= REPORTS * 99,
        "{} came",
        took.len()
    );
    took
}

fn print(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| {
        let index = ((took.len() - 1) as f64 * share).round() as usize;
        took[index].as_secs_f64() * 1000.0
    };
    let (median, p95, p99, most) = (at(0.5), at(0.95), at(0.99), at(1.0));
    println!(
        "| {what} | {} | {median:.3} | {p95:.3} | {p99:.3} | {most:.3} |",
        took.len()
    );
}

fn print_all(what: [&str; 3], took: &[Took]) {
    let all = |part: fn(&Took) -> Duration| took.iter().map(part).collect();
    print(what[0], all(|t| t.out + t.broker));
    print(what[1], all(|t| t.out));
    print(what[2], all(|t| t.broker));
}

/// The overtalks of simulated agents, as long as they talk.
fn overtalks(proxy: &Proxy, arrivals: &Receiver<Arrival>, seconds: u64) -> Vec<Took> {
    let state = tempfile::tempdir().unwrap();
    let mut agents = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", PROGRAM, "simulate", "--org", "acme"])
        .args(["--agents", &AGENTS.to_string(), "--seed", "5"])
        .args(["--broker", &format!("mqtt://127.0.0.1:{}", proxy.port)])
        .arg("--state-dir")
        .arg(state.path())
        .arg("--voices")
        .arg(std::env::var_os("SIDETONE_TEST_SOUNDS").unwrap_or_else(|| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-data/sounds").into()
        }))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut took = Vec::new();
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let Ok(arrived) = arrivals.recv_timeout(left) else {
            break;
        };
        let sent = proxy.left(&arrived.topic);
        if let (true, Some(sent)) = (arrived.topic.ends_with("/event/overtalk.started"), sent) {
            let payload: Value = serde_json::from_slice(&arrived.payload).unwrap();
            let decided = UNIX_EPOCH + Duration::from_millis(payload["ts"].as_u64().unwrap());
            let broker = arrived.at.saturating_duration_since(sent);
            let whole = arrived.utc.duration_since(decided).unwrap_or_default();
            took.push(Took {
                out: whole.saturating_sub(broker),
                broker,
            });
        }
    }
    agents.kill().unwrap();
    agents.wait().unwrap();
    took
}

fn main() {
    let broker = Broker::start("set_tcp_nodelay true\n");
    let proxy = Proxy::start(broker.port);
    let (_subscriber, arrivals) = start(broker.port, "subscriber", "#");
    let (publisher, _own) = start(proxy.port, "publisher", "nothing");
    let publish = || {
        let sent = Instant::now();
        let options = PublishOptions::new(QoS::AtLeastOnce);
        publisher.try_publish(TOPIC, PAYLOAD, options).unwrap();
        sent
    };
    // The first round trips wait for the subscription.
    while {
        publish();
        arrivals.recv_timeout(Duration::from_millis(200)).is_err()
    } {}
    std::thread::sleep(Duration::from_millis(500));
    while arrivals.try_recv().is_ok() {}

    println!("| ms | n | median | p95 | p99 | largest |\n| --- | --- | --- | --- | --- | --- |");
    print_all(
        [
            "the client alone: publish → subscriber",
            "… the client's share, until the socket",
            "… the broker's share",
        ],
        &measure(publish, (&arrivals, TOPIC), &proxy),
    );

    let headset = HidHeadset::new();
    let desk = Desk::new(proxy.port, "[audio]\nbackend = \"off\"");
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    arrival(&arrivals, "/event/headset.added", PATIENCE).expect("the headset is found");
    let press = || {
        // The press before has arrived long ago.
        headset.send_at_once(UP);
        std::thread::sleep(Duration::from_millis(15));
        let sent = Instant::now();
        headset.send_at_once(DOWN);
        sent
    };
    let topic = "/node/ws-1/event/button.pressed";
    print_all(
        [
            "input report → subscriber",
            "… until the socket: the daemon and its client",
            "… the broker's share",
        ],
        &measure(press, (&arrivals, topic), &proxy),
    );
    assert!(daemon.terminate().success());

    let seconds = std::env::var("OVERTALK_S").ok();
    let seconds = seconds.and_then(|s| s.parse().ok()).unwrap_or(300);
    print_all(
        [
            "overtalk decided → `overtalk.started` at a subscriber",
            "… until the socket: the daemon and its client",
            "… the broker's share",
        ],
        &overtalks(&proxy, &arrivals, seconds),
    );
}
