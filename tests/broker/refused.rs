//! Who is not let in, and what a reload changes.

use crate::broker::PATIENCE;
use crate::client::{Client, Door};
use crate::trial::{Certificates, PEOPLE, Site, WORKSTATIONS, text};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

async fn connect(
    certificates: &Certificates,
    port: u16,
    who: Option<(&str, &str)>,
) -> Result<Client, String> {
    let will = None;
    Client::connect(Door {
        certificates,
        port,
        who,
        will,
    })
    .await
}

/// Waits until a connection attempt ends as wanted.
async fn until_let_in(wanted: bool, certificates: &Certificates, port: u16, who: (&str, &str)) {
    let end = Instant::now() + PATIENCE;
    while connect(certificates, port, Some(who)).await.is_ok() != wanted {
        assert!(Instant::now() < end, "{who:?} is let in: {}", !wanted);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The serial number of the certificate that the broker shows.
fn shown(port: u16) -> String {
    let script = format!(
        "openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let serial = String::from_utf8(output.stdout).unwrap();
    assert!(serial.starts_with("serial="), "{serial}");
    serial
}

#[tokio::test]
async fn who_has_no_right_certificate_is_not_let_in() {
    let certificates = Certificates::new();
    certificates.make(&["workstation", "ws-1", "ws-2"]);
    certificates.make(&["person", "historian", "new"]);
    let stranger = Certificates::new();
    stranger.make(&["workstation", "ws-1"]);
    let site = Site::start(&certificates, "", |_| {});
    let ws_1 = (WORKSTATIONS, "ws-1");
    let ws_2 = (WORKSTATIONS, "ws-2");
    let historian = (PEOPLE, "historian");
    for port in [site.nodes, site.people] {
        assert!(connect(&certificates, port, None).await.is_err());
    }
    for (port, who) in [(site.nodes, historian), (site.people, ws_1)] {
        let crossed = connect(&certificates, port, Some(who)).await;
        assert!(crossed.is_err(), "{who:?}");
    }
    // Of another authority of the same name; it believes the broker, so only the broker refuses.
    fs::copy(
        certificates.file("broker", "", "broker-ca.crt"),
        stranger.file("broker", "", "broker-ca.crt"),
    )
    .unwrap();
    assert!(connect(&stranger, site.nodes, Some(ws_1)).await.is_err());

    // Revoked: refused from the reload on; who is connected stays.
    let connected = connect(&certificates, site.nodes, Some(ws_2)).await;
    let connected = connected.unwrap();
    certificates.make(&["revoke", "workstation", "ws-2"]);
    certificates.give(site.broker.dir());
    site.broker.reload();
    let status = "sidetone/v1/acme/node/ws-2/status";
    assert!(connected.say(status, "still here").await);
    connected.vanish().await;
    until_let_in(false, &certificates, site.nodes, ws_2).await;
    assert!(connect(&certificates, site.nodes, Some(ws_1)).await.is_ok());

    // Renewed: a new certificate of the same name is let in, the revoked one is not.
    certificates.make(&["workstation", "ws-2"]);
    assert!(connect(&certificates, site.nodes, Some(ws_2)).await.is_ok());
}

#[tokio::test]
async fn a_reload_brings_new_people_and_the_brokers_new_certificate() {
    let certificates = Certificates::new();
    certificates.make(&["workstation", "ws-1"]);
    certificates.make(&["person", "new"]);
    let site = Site::start(&certificates, "", |_| {});
    let topic = "sidetone/v1/acme/ack/ws-1/01a21ed4-b340-7c9a-808c-512f6d804b2d";
    let new = connect(&certificates, site.people, Some((PEOPLE, "new"))).await;
    let new = new.unwrap();
    assert!(!new.say(topic, "1").await, "not in the list");
    let before = shown(site.nodes);
    let list = text("acl.people") + "\nuser new\ntopic write sidetone/v1/acme/ack/+/+\n";
    fs::write(site.broker.dir().join("acl.people"), list).unwrap();
    certificates.make(&["broker", "localhost", "127.0.0.1"]);
    certificates.give(site.broker.dir());
    site.broker.reload();
    let end = Instant::now() + PATIENCE;
    while !new.say(topic, "2").await {
        assert!(Instant::now() < end, "{}", site.broker.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while shown(site.nodes) == before {
        assert!(Instant::now() < end, "{}", site.broker.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
