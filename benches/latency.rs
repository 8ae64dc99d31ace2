//! How long it takes from a headset's input report to the message at a subscriber: the whole daemon,
//! a recorded headset (umockdev) and a private mosquitto, on the wall clock.
//!
//! The floor is the same broker alone: from publishing a message of the same size to its arrival at the
//! same subscriber.
//!
//! ```sh
//! cargo bench --bench latency
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../tests/support/broker.rs"]
mod broker;
#[path = "../tests/support/daemon.rs"]
mod daemon;
#[path = "../tests/support/testbed.rs"]
mod testbed;

use broker::{Broker, PATIENCE};
use daemon::{Desk, PROGRAM};
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, PublishOptions, QoS};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use testbed::HidHeadset;

const REPORTS: u32 = 500;

/// The mute button, down and up, with the hook switch at rest: one message for each pair.
const DOWN: &[u8] = &[2, 0b10];
const UP: &[u8] = &[2, 0];

/// A message like the one the daemon sends.
const PAYLOAD: &str = r#"{"boot":1,"button":"phone_mute","headset":"047f-c056-e82be261","node":"ws-1","seq":4,"ts":1795310368268,"type":"button.pressed","v":1}"#;

/// Topic and time of each message that arrives.
type Arrivals = Receiver<(Instant, String)>;

fn client(port: u16, id: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(id, ("127.0.0.1", port));
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    AsyncClient::builder(options).capacity(64).build()
}

/// A client with a thread of its own, subscribed to everything.
fn start(port: u16, id: &str) -> (AsyncClient, Arrivals) {
    let (client, events) = client(port, id);
    client.try_subscribe("#", QoS::AtLeastOnce).unwrap();
    let (tell, arrivals) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(listen(events, tell));
    });
    (client, arrivals)
}

async fn listen(mut events: EventLoop, tell: Sender<(Instant, String)>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(Incoming::Publish(message)) = event {
            let topic = String::from_utf8_lossy(&message.topic).into_owned();
            if tell.send((Instant::now(), topic)).is_err() {
                return;
            }
        }
    }
}

/// When the next message on a topic that ends so arrives.
fn arrival(arrivals: &Arrivals, topic: &str) -> Instant {
    loop {
        let (at, name) = arrivals
            .recv_timeout(PATIENCE)
            .expect("the message arrives");
        if name.ends_with(topic) {
            return at;
        }
    }
}

/// What one sending costs; the pause before it is another each time, so that it falls anywhere
/// between the daemon's ticks.
fn measure(mut send: impl FnMut() -> Instant, arrivals: &Arrivals, topic: &str) -> Vec<Duration> {
    let one = |number: u32| {
        std::thread::sleep(Duration::from_micros(u64::from(
            20_000 + number * 7_919 % 20_000,
        )));
        let sent = send();
        arrival(arrivals, topic).saturating_duration_since(sent)
    };
    (0..REPORTS).map(one).collect()
}

fn print(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| {
        let index = ((took.len() - 1) as f64 * share).round() as usize;
        took[index].as_secs_f64() * 1000.0
    };
    let (median, p95, p99, most) = (at(0.5), at(0.95), at(0.99), at(1.0));
    println!("{what:<38} {median:>8.3} {p95:>8.3} {p99:>8.3} {most:>8.3}");
}

fn main() {
    let broker = Broker::start("set_tcp_nodelay true\n");
    let (_subscriber, arrivals) = start(broker.port, "subscriber");
    let (publisher, _own) = start(broker.port, "publisher");
    let publish = || {
        let sent = Instant::now();
        let options = PublishOptions::new(QoS::AtLeastOnce);
        publisher.try_publish("floor", PAYLOAD, options).unwrap();
        sent
    };
    // The first round trips wait for the subscription.
    while {
        publish();
        arrivals.recv_timeout(Duration::from_millis(200)).is_err()
    } {}
    std::thread::sleep(Duration::from_millis(500));
    while arrivals.try_recv().is_ok() {}

    println!("{REPORTS} each, ms                              median      p95      p99      max");
    print(
        "broker alone: publish → subscriber",
        measure(publish, &arrivals, "floor"),
    );

    let headset = HidHeadset::new();
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    arrival(&arrivals, "/event/headset.added");
    let press = || {
        // The press before has arrived long ago.
        headset.send_at_once(UP);
        std::thread::sleep(Duration::from_millis(10));
        let sent = Instant::now();
        headset.send_at_once(DOWN);
        sent
    };
    let took = measure(press, &arrivals, "/event/button.pressed");
    print("daemon: input report → subscriber", took);
    assert!(daemon.terminate().success());
}
