//! `sidetone doctor --broker`, and what the doctor learns of a daemon that is connected.

use crate::broker::{Broker, PATIENCE, Watcher};
use crate::daemon::{Desk, PROGRAM};
use crate::examined::Examined;
use crate::trial::{Certificates, Site, WORKSTATIONS, text};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

const DESK: &str = "[audio]\nbackend = \"off\"";

/// `sidetone doctor` with further arguments, at this desk.
fn examine(desk: &Desk, arguments: &[&str]) -> Examined {
    let mut doctor = Command::new(PROGRAM);
    doctor
        .args(["doctor", "-c"])
        .arg(desk.path().join("sidetone.toml"))
        .args(arguments)
        .env("RUNTIME_DIRECTORY", desk.window());
    Examined::by(&mut doctor)
}

/// A desk with the certificate of `ws-1`, or of whom else.
fn desk(certificates: &Certificates, port: u16, name: &str) -> Desk {
    let file = |file: &str| certificates.file(WORKSTATIONS, name, file);
    Desk::with(&format!(
        "[broker]\nurl = \"mqtts://127.0.0.1:{port}\"\nca_file = {:?}\nclient_cert = {:?}\nclient_key = {:?}\n{DESK}",
        file("broker-ca.crt"),
        file(&format!("{name}.crt")),
        file(&format!("{name}.key")),
    ))
}

#[tokio::test]
async fn the_shipped_lists_are_right_and_a_wrong_name_is_found() {
    let certificates = Certificates::new();
    certificates.make(&["workstation", "ws-1", "ws-2"]);
    let site = Site::start(&certificates, "", |_| {});
    let right = examine(&desk(&certificates, site.nodes, "ws-1"), &["--broker"]);
    right.says("access", "ok", "takes this node's status, inventory", "");
    right.says("access", "ok", "refuses what this node must not write", "");
    let all = right.json["checks"].as_array().unwrap();
    let access = all.iter().filter(|entry| entry["id"] == "access");
    assert_eq!(access.count(), 2, "{:#}", right.json);
    assert!(right.seconds < 10.0, "{}", right.seconds);

    let wrong = examine(&desk(&certificates, site.nodes, "ws-2"), &["--broker"]);
    wrong.says(
        "access",
        "problem",
        "node/ws-1/status (not authorized)",
        "by the name in its certificate",
    );
    assert_eq!(wrong.status, 1);

    let unasked = examine(&desk(&certificates, site.nodes, "ws-1"), &[]);
    unasked.says("access", "skipped", "sidetone doctor --broker", "");
}

#[tokio::test]
async fn a_broker_without_a_list_lets_too_much_and_keeps_nothing_of_the_trial() {
    let broker = Broker::start("max_packet_size 4000\n");
    let watcher = Watcher::start(broker.port);
    let publish = Command::new("mosquitto_pub")
        .args(["-p", &broker.port.to_string(), "-r", "-q", "1", "-m", "{}"])
        .args(["-t", "sidetone/v1/acme/node/ws-7/status"])
        .status();
    assert!(publish.unwrap().success());
    let found = examine(&Desk::new(broker.port, DESK), &["--broker"]);
    found.says("access", "warning", "4000 bytes at most", "max_packet_size");
    found.says("access", "ok", "takes this node's status", "");
    found.says(
        "access",
        "warning",
        "node/sidetone-doctor/telemetry/health, sidetone/v1/acme/fleet/group/sidetone-doctor",
        "docs/broker.md",
    );
    found.says(
        "access",
        "warning",
        "what 1 other nodes say, e.g. sidetone/v1/acme/node/ws-7/status",
        "fleet/#",
    );
    let said = watcher
        .until("the trial", |seen| {
            seen.iter().any(|s| s.topic.contains("/fleet/"))
        })
        .await;
    for message in said.iter().filter(|s| !s.topic.contains("ws-7")) {
        let harmless = ["", "{}", r#"{"v":0}"#].contains(&message.payload.as_str());
        assert!(harmless && !message.retained, "{message:?}");
    }
    // A new subscriber is sent what the broker keeps.
    let later = Watcher::start(broker.port);
    let kept = later.all();
    let kept = kept.iter().filter(|s| s.topic != "sidetone/probe");
    let kept: Vec<&str> = kept.map(|s| s.topic.as_str()).collect();
    assert_eq!(kept, ["sidetone/v1/acme/node/ws-7/status"]);
}

#[tokio::test]
async fn a_connected_daemon_says_what_is_refused_and_is_not_thrown_off() {
    let certificates = Certificates::new();
    certificates.make(&["workstation", "ws-1"]);
    let site = Site::start(&certificates, "", |_| {});
    let list = text("acl.nodes");
    let without: Vec<&str> = list.lines().filter(|l| !l.contains("/event/")).collect();
    fs::write(site.broker.dir().join("acl.nodes"), without.join("\n")).unwrap();
    site.broker.reload();
    let desk = desk(&certificates, site.nodes, "ws-1");
    let mut daemon = desk.run(Command::new(PROGRAM));
    let end = Instant::now() + PATIENCE;
    // While it is not yet connected, a doctor may be in its place.
    while site.broker.log().matches("New client connected").count() == 0 {
        assert!(Instant::now() < end, "{}", site.broker.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = loop {
        let found = examine(&desk, &["--broker"]);
        let refused = found.with_status("problem");
        if refused.iter().any(|entry| entry["id"] == "broker") {
            break found;
        }
        assert!(Instant::now() < end, "{:#}", found.json);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    found.says(
        "broker",
        "problem",
        "refuses what the daemon publishes: sidetone/v1/acme/node/ws-1/event/daemon.started (not authorized)",
        "access list",
    );
    found.says("broker", "ok", "is connected", "");
    found.says("access", "skipped", "the daemon is connected", "");
    let log = site.broker.log();
    let connected = log.matches("New client connected").count();
    assert_eq!(connected, 1, "{log}");
    assert!(daemon.terminate().success());
}
