//! The ways to a broker: WebSocket, TLS below it, an HTTP proxy; and certificates that are not believed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;
#[path = "support/proxy.rs"]
mod proxy;

use broker::{Broker, Watcher, free_port};
use node::{Node, config, numbered};
use proxy::RealProxy;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::{Credentials, Proxy, UplinkConfig};
use time::{Duration, OffsetDateTime};

/// A second listener of the broker.
fn listener(port: u16, further: &str) -> String {
    format!("listener {port} 127.0.0.1\nprotocol websockets\n{further}")
}

/// The event arrives at an independent subscriber at the plain listener.
async fn arrives(config: UplinkConfig, watcher: &Watcher) {
    let node = Node::start(config);
    node.say(numbered(1)).await;
    node.broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    watcher
        .until("the event", |s| {
            s.iter().any(|m| m.topic.ends_with("/event/volume.changed"))
        })
        .await;
    node.settled().await;
    node.handle.stop(None).await;
}

/// What a node with this configuration says about its broker.
async fn sentence(config: UplinkConfig) -> String {
    let node = Node::start(config);
    let BrokerState::Down(fault) = node.broker(|s| matches!(s, BrokerState::Down(_))).await else {
        panic!()
    };
    fault.to_string()
}

#[tokio::test]
async fn mqtt_goes_over_websocket() {
    let port = free_port();
    let broker = Broker::start(&listener(port, ""));
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    arrives(
        config(&format!("ws://127.0.0.1:{port}/mqtt"), state.path()),
        &watcher,
    )
    .await;
    // The plain listener does not speak it.
    let state = tempfile::tempdir().unwrap();
    let plain = format!("ws://127.0.0.1:{}", broker.port);
    let said = sentence(config(&plain, state.path())).await;
    assert!(said.contains(&plain), "{said}");
}

#[tokio::test]
async fn an_http_proxy_is_gone_through_and_says_why_if_not() {
    let port = free_port();
    let broker = Broker::start(&listener(port, ""));
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let proxy = RealProxy::start(state.path(), broker.port);
    let secret = state.path().join("password");
    let through = |url: &str, password: Option<&str>, port: u16| {
        // A node's directory is let go of a moment after its end.
        let node = tempfile::tempdir_in(state.path()).unwrap().keep();
        let mut config = config(url, &node);
        let credentials = password.map(|password| {
            std::fs::write(&secret, password).unwrap();
            Credentials {
                username: "desk".to_owned(),
                password_file: Some(secret.clone()),
            }
        });
        config.broker.proxy = Some(Proxy {
            url: format!("http://127.0.0.1:{port}").parse().unwrap(),
            credentials,
        });
        config
    };
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    arrives(through(&url, Some("right\n"), proxy.port), &watcher).await;
    for (url, password, port, expected) in [
        (&url, None, proxy.port, "407"),
        (&url, Some("wrong"), proxy.port, "refuses the way"),
        (
            // A port that the proxy does not let through.
            &format!("ws://127.0.0.1:{port}"),
            Some("right"),
            proxy.port,
            "refuses the way",
        ),
        (&url, None, free_port(), "is not reached"),
    ] {
        let said = sentence(through(url, password, port)).await;
        assert!(
            said.contains("proxy") && said.contains(expected),
            "{expected}: {said}"
        );
    }
}

/// An authority with its key.
fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

/// A list of the revoked that holds these, and runs out in so long.
fn list(issuer: &Issuer<'static, KeyPair>, revoked: &[u64], lasts: Duration) -> String {
    let now = OffsetDateTime::now_utc();
    let revoked_certs = revoked
        .iter()
        .map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now - Duration::hours(1),
            reason_code: None,
            invalidity_date: None,
        })
        .collect();
    let list = CertificateRevocationListParams {
        this_update: now - Duration::days(2),
        next_update: now + lasts,
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(issuer).unwrap().pem().unwrap()
}

/// The broker's serial number.
const SERIAL: u64 = 4711;

#[tokio::test]
async fn each_certificate_that_is_not_believed_has_its_sentence() {
    let (ca, issuer) = authority("right");
    let (other_ca, other) = authority("other");
    let now = OffsetDateTime::now_utc();
    let broker = |name: &str, from: i64, until: i64, by: Option<&Issuer<'static, KeyPair>>| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = now + Duration::days(from);
        params.not_after = now + Duration::days(until);
        params.serial_number = Some(SerialNumber::from(SERIAL));
        let made = match by {
            Some(issuer) => params.signed_by(&key, issuer),
            None => params.self_signed(&key),
        };
        let certificate = made.unwrap().pem();
        Broker::with_file(
            "allow_anonymous true\ncertfile DIR/broker.crt\nkeyfile DIR/broker.key\n",
            |dir| {
                std::fs::write(dir.join("broker.crt"), certificate).unwrap();
                std::fs::write(dir.join("broker.key"), key.serialize_pem()).unwrap();
            },
        )
    };
    let here = "127.0.0.1";
    let good = broker(here, -1, 9, Some(&issuer));
    let day = Duration::days(1);
    let own = |revoked: &[u64], lasts| Some(list(&issuer, revoked, lasts));
    for (broker, crl, expected) in [
        (&good, None, None),
        (&good, own(&[1], day), None),
        (
            &good,
            own(&[1, SERIAL], day),
            Some("certificate is revoked"),
        ),
        (
            &good,
            own(&[], -day),
            Some("the list in broker.crl_file has run out"),
        ),
        (
            &good,
            Some(list(&other, &[], day)),
            Some("whose list is not in broker.crl_file"),
        ),
        (&good, Some(ca.clone()), Some("it holds no PEM block")),
        (
            &broker(here, -9, -1, Some(&issuer)),
            None,
            Some("has expired"),
        ),
        (
            &broker(here, 1, 9, Some(&issuer)),
            None,
            Some("is not valid yet"),
        ),
        (
            &broker("broker.example", -1, 9, Some(&issuer)),
            None,
            Some("is for another name"),
        ),
        (
            &broker(here, -1, 9, Some(&other)),
            None,
            Some("signed by nobody who is believed"),
        ),
        (
            &broker(here, -1, 9, None),
            None,
            Some("signed by nobody who is believed"),
        ),
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut config = config(&format!("mqtts://127.0.0.1:{}", broker.port), state.path());
        let file = |name: &str, text: &str| {
            let path = state.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        config.broker.ca_file = Some(file("ca.crt", &ca));
        config.broker.crl_file = crl.map(|list| file("crl.pem", &list));
        let Some(expected) = expected else {
            let node = Node::start(config);
            node.broker(|s| matches!(s, BrokerState::Connected { .. }))
                .await;
            continue;
        };
        let said = sentence(config).await;
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_ne!(ca, other_ca);
}

#[tokio::test]
async fn mqtt_goes_over_websocket_and_tls() {
    let (ca, issuer) = authority("right");
    let port = free_port();
    let tls = listener(port, "certfile DIR/broker.crt\nkeyfile DIR/broker.key\n");
    let broker = Broker::with_file(&format!("allow_anonymous true\n{tls}"), |dir| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let made = params.signed_by(&key, &issuer).unwrap();
        std::fs::write(dir.join("broker.crt"), made.pem()).unwrap();
        std::fs::write(dir.join("broker.key"), key.serialize_pem()).unwrap();
    });
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("ca.crt");
    std::fs::write(&file, ca).unwrap();
    let mut config = config(
        &format!("wss://127.0.0.1:{port}"),
        &state.path().join("node"),
    );
    config.broker.ca_file = Some(file);
    arrives(config, &watcher).await;
}
