//! Metrics, scraped from the daemon in a call: read strictly, true, and without a word about people.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
#[allow(dead_code)]
mod broker;
#[path = "support/daemon.rs"]
#[allow(dead_code)]
mod daemon;
#[path = "support/exposition.rs"]
mod exposition;
#[path = "support/testbed.rs"]
#[allow(dead_code)]
mod testbed;

use broker::{Broker, PATIENCE, Watcher, free_port};
use daemon::{Desk, PROGRAM};
use exposition::{Samples, read};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, quick_disconnect};

/// Head and body of an answer.
fn ask<S: Read + Write>(mut stream: S, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (head.to_owned(), body.to_owned())
}

const GET: &str = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn scrape(socket: &Path) -> (String, Samples) {
    let (head, body) = ask(UnixStream::connect(socket).unwrap(), GET);
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let samples = read(&body).unwrap_or_else(|why| panic!("{why}\n{body}"));
    (body, samples)
}

/// Scrapes until a figure has a value.
async fn until(socket: &Path, name: &str, value: f64) -> (String, Samples) {
    let end = Instant::now() + PATIENCE;
    loop {
        let (body, samples) = scrape(socket);
        if samples.get(name) == Some(&value) {
            return (body, samples);
        }
        assert!(Instant::now() < end, "{name} is not {value}\n{body}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_call_is_seen_in_the_figures_and_nobody_in_them() {
    let mut broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::new();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("metrics.sock");
    // What a killed daemon leaves.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let key = directory.path().join("agent.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let desk = Desk::new(
        broker.port,
        &format!(
            "[audio]\nbackend = \"off\"\n[privacy]\nagent_key_file = {key:?}\n[metrics]\nlisten = \"unix:{}\"",
            socket.display()
        ),
    );
    let mut command = headset.seen_by(Command::new("umockdev-run"), PROGRAM);
    command.env("USER", "anna.beispiel");
    let mut daemon = desk.run(command);
    watcher
        .until("the headset", |seen| {
            seen.iter()
                .any(|s| s.topic.ends_with("event/headset.added"))
        })
        .await;
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let (_, idle) = until(&socket, "sidetone_outbox_records", 0.0).await;
    for (name, value) in [
        (
            concat!(
                "sidetone_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"}"
            ),
            1.0,
        ),
        ("sidetone_broker_connected", 1.0),
        ("sidetone_broker_connections_total", 1.0),
        ("sidetone_headsets_connected", 1.0),
        (
            "sidetone_headset_models_connected{usb_id=\"047f:c056\"}",
            1.0,
        ),
        ("sidetone_calls_active", 0.0),
        ("sidetone_alerts_active{kind=\"qd_open_in_call\"}", 0.0),
        ("sidetone_outbox_dropped_total", 0.0),
    ] {
        assert_eq!(idle.get(name), Some(&value), "{name}: {idle:#?}");
    }
    let sum: f64 = idle
        .iter()
        .filter(|(name, _)| name.starts_with("sidetone_node_state{"))
        .map(|(_, value)| value)
        .sum();
    assert!((sum - 1.0).abs() < f64::EPSILON, "one state: {idle:#?}");
    assert!(idle["process_resident_memory_bytes"] > 1e6);
    assert!(idle["process_start_time_seconds"] > 1.7e9);

    headset.send(OFF_HOOK);
    until(&socket, "sidetone_calls_active", 1.0).await;
    headset.send(&quick_disconnect(true));
    let alert = "sidetone_alerts_active{kind=\"qd_open_in_call\"}";
    let (in_call, samples) = until(&socket, alert, 1.0).await;
    let events = "sidetone_published_messages_total{class=\"event\"}";
    assert!(samples[events] > idle[events]);

    // Nothing of what the messages say about people and their devices is in there.
    let seen = watcher
        .until("the alert", |seen| {
            seen.iter()
                .any(|s| s.topic.ends_with("/event/alert.raised"))
        })
        .await;
    let raised = seen
        .iter()
        .rfind(|s| s.topic.ends_with("/event/alert.raised"));
    let raised = raised.unwrap().json();
    for key in ["agent", "call", "headset", "id", "node"] {
        let said = raised[key].as_str().unwrap_or_else(|| panic!("{key}"));
        assert!(!in_call.contains(said), "{key} {said} in {in_call}");
    }
    for word in ["anna", "acme", "ws-1"] {
        assert!(!in_call.contains(word), "{word} in {in_call}");
    }

    broker.kill();
    until(&socket, "sidetone_broker_connected", 0.0).await;
    headset.send(&quick_disconnect(false));
    headset.send(ON_HOOK);
    let (_, away) = until(&socket, "sidetone_calls_active", 0.0).await;
    assert!(away["sidetone_outbox_records"] >= 1.0, "{away:#?}");
    broker.restart();
    until(&socket, "sidetone_broker_connections_total", 2.0).await;
    until(&socket, "sidetone_outbox_records", 0.0).await;

    let (head, _) = ask(
        UnixStream::connect(&socket).unwrap(),
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    assert!(daemon.terminate().success());
    assert!(!socket.exists(), "the socket goes with the daemon");
}

#[tokio::test]
async fn a_port_is_answered_for_this_machines_name_only() {
    let port = free_port();
    let desk = Desk::new(
        free_port(),
        &format!("[audio]\nbackend = \"off\"\n[metrics]\nlisten = \"127.0.0.1:{port}\""),
    );
    let mut daemon = desk.run(Command::new(PROGRAM));
    let end = Instant::now() + PATIENCE;
    let connect = || loop {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            return stream;
        }
        assert!(Instant::now() < end, "nobody listens");
        std::thread::sleep(Duration::from_millis(20));
    };
    for (host, status) in [
        (&*format!("127.0.0.1:{port}"), "200"),
        ("localhost", "200"),
        ("[::1]:9464", "200"),
        ("rebound.example.com", "403"),
        ("10.0.0.1", "403"),
    ] {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let (head, body) = ask(connect(), &request);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        assert_eq!(body.is_empty(), status != "200");
    }
    let (head, _) = ask(
        connect(),
        "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    assert!(daemon.terminate().success());
}
