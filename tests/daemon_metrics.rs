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
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, quick_disconnect};
use time::OffsetDateTime;

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

/// Certificate and key of this name in the authority's, PEM, which ends then.
fn certified(
    issuer: &Issuer<'static, KeyPair>,
    name: &str,
    ends: OffsetDateTime,
) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - time::Duration::days(1);
    params.not_after = ends;
    let made = params.signed_by(&key, issuer).unwrap();
    (made.pem(), key.serialize_pem())
}

/// When the certificate of a file ends, as OpenSSL reads it, in seconds since 1970 UTC.
fn end_of(file: &Path) -> f64 {
    let said = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let mut openssl = Command::new("openssl");
    let line = said(
        openssl
            .args(["x509", "-noout", "-enddate", "-in"])
            .arg(file),
    );
    let date = line.strip_prefix("notAfter=").unwrap();
    said(Command::new("date").args(["-u", "-d", date, "+%s"]))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn when_both_certificates_end_is_what_they_say() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let now = OffsetDateTime::now_utc();
    let files = |dir: &Path, whose: &str, name: &str, days: i64| {
        let (pem, key) = certified(&issuer, name, now + time::Duration::days(days));
        std::fs::write(dir.join(format!("{whose}.crt")), pem).unwrap();
        std::fs::write(dir.join(format!("{whose}.key")), key).unwrap();
        std::fs::write(dir.join("ca.crt"), &ca).unwrap();
    };
    let port = free_port();
    let listener = format!(
        "listener {port} 127.0.0.1\ncafile DIR/ca.crt\ncertfile DIR/broker.crt\nkeyfile DIR/broker.key\n\
         require_certificate true\nallow_anonymous true\n"
    );
    let broker = Broker::with_file(&listener, |dir| files(dir, "broker", "127.0.0.1", 40));
    let own = tempfile::tempdir().unwrap();
    files(own.path(), "node", "ws-1", 77);
    let socket = own.path().join("metrics.sock");
    let file = |name: &str| own.path().join(name);
    let desk = Desk::with(&format!(
        "[broker]\nurl = \"mqtts://127.0.0.1:{port}\"\nca_file = {:?}\nclient_cert = {:?}\nclient_key = {:?}\n\
         [audio]\nbackend = \"off\"\n[metrics]\nlisten = \"unix:{}\"",
        file("ca.crt"),
        file("node.crt"),
        file("node.key"),
        socket.display()
    ));
    let mut daemon = desk.run(Command::new(PROGRAM));
    let end = Instant::now() + PATIENCE;
    while UnixStream::connect(&socket).is_err() {
        assert!(Instant::now() < end, "nobody serves {}", socket.display());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until(&socket, "sidetone_broker_connected", 1.0).await;
    let name =
        |whose| format!("sidetone_certificate_expiry_timestamp_seconds{{certificate=\"{whose}\"}}");
    for (whose, file) in [
        ("node", file("node.crt")),
        ("broker", broker.dir().join("broker.crt")),
    ] {
        until(&socket, &name(whose), end_of(&file)).await;
    }
    assert!(daemon.terminate().success());
}
