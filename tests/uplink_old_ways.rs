//! MQTT 3.1.1 by each of the ways: TLS with this node's certificate, WebSocket, an HTTP proxy. Found out by itself at a
//! broker that refuses 5, and as it is configured, at mosquitto's own listeners.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/front.rs"]
mod front;
#[path = "support/gate.rs"]
mod gate;
#[path = "support/node.rs"]
mod node;
#[path = "support/proxy.rs"]
mod proxy;

use broker::{Broker, Watcher, free_port};
use gate::Gate;
use node::{Node, config, numbered};
use proxy::RealProxy;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sidetone::config::MqttChoice;
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::{ClientCertificate, Credentials, Proxy, UplinkConfig};
use sidetone_wire::vocabulary::MqttVersion;

/// The node speaks 3.1.1 here; what it says arrives at a subscriber elsewhere, and its status names the version.
async fn arrives(config: UplinkConfig, watcher: &Watcher) {
    let node = Node::start(config);
    let state = node
        .broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    let old = MqttVersion::V311;
    assert!(
        matches!(&state, BrokerState::Connected { mqtt, .. } if *mqtt == old),
        "{state:?}"
    );
    let before = watcher.on("/event/volume.changed").len();
    node.say(numbered(1)).await;
    let seen = watcher
        .until("the event", |s| {
            let events = s
                .iter()
                .filter(|m| m.topic.ends_with("/event/volume.changed"));
            events.count() > before
        })
        .await;
    let status = seen.iter().rfind(|m| m.topic.ends_with("/status")).unwrap();
    assert_eq!(status.json()["mqtt"], "3.1.1");
    node.settled().await;
    node.handle.stop(None).await;
}

/// How the broker's log names a connection of MQTT 3.1.1: `(p2, …)`; of 5 it says `p5`.
fn old_connections(broker: &Broker) -> usize {
    broker.log().matches(" as ws-1 (p2, ").count()
}

/// Certificate and key of this name, PEM.
fn signed(issuer: &Issuer<'static, KeyPair>, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let made = params.signed_by(&key, issuer).unwrap();
    (made.pem(), key.serialize_pem())
}

#[tokio::test]
async fn over_tls_with_this_nodes_certificate() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let (certificate, key) = signed(&issuer, "127.0.0.1");
    let port = free_port();
    let tls = "cafile DIR/ca.crt\ncertfile DIR/broker.crt\nkeyfile DIR/broker.key\n";
    let own = "require_certificate true\nuse_identity_as_username true\n";
    let listener = format!("log_type all\nallow_anonymous true\nlistener {port} 127.0.0.1\n");
    let broker = Broker::with_file(&(listener + tls + own), |dir| {
        std::fs::write(dir.join("ca.crt"), &ca).unwrap();
        std::fs::write(dir.join("broker.crt"), &certificate).unwrap();
        std::fs::write(dir.join("broker.key"), &key).unwrap();
    });
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = state.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (own, own_key) = signed(&issuer, "desk-7");
    let at = |port: u16, node: &str| {
        let url = format!("mqtts://127.0.0.1:{port}");
        let mut config = config(&url, &state.path().join(node));
        config.broker.ca_file = Some(file("ca.crt", &ca));
        config.broker.client = Some(ClientCertificate {
            cert_file: file("own.crt", &own),
            key_file: file("own.key", &own_key),
        });
        config
    };

    let gate = Gate::before(broker.port);
    let front = front::tls(gate.port, &ca, &certificate, &key).await;
    arrives(at(front, "found out"), &watcher).await;
    assert_eq!(gate.refused(), 1);

    let mut config = at(port, "configured");
    config.broker.mqtt = MqttChoice::V311;
    arrives(config, &watcher).await;
    assert_eq!(old_connections(&broker), 2);
    let by_certificate = broker.log().matches("u'desk-7'").count();
    assert!(by_certificate > 0, "{}", broker.log());

    // Without it neither lets a node in.
    for port in [front, port] {
        let mut config = at(port, &format!("without, at {port}"));
        config.broker.client = None;
        config.broker.mqtt = MqttChoice::V311;
        let node = Node::start(config);
        let state = node.broker(|s| matches!(s, BrokerState::Down(_))).await;
        let BrokerState::Down(fault) = state else {
            panic!("{state:?}")
        };
        assert!(fault.to_string().contains("CertificateRequired"), "{fault}");
    }
}

#[tokio::test]
async fn over_websocket() {
    let port = free_port();
    let broker = Broker::start(&format!("listener {port} 127.0.0.1\nprotocol websockets\n"));
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let at = |port: u16, node: &str| {
        let url = format!("ws://127.0.0.1:{port}/mqtt");
        config(&url, &state.path().join(node))
    };

    let gate = Gate::before(broker.port);
    let front = front::web_socket(gate.port).await;
    arrives(at(front, "found out"), &watcher).await;
    assert_eq!(gate.refused(), 1);
    // One that hangs up at 5 instead of naming the version.
    gate.hang_up_at_5();
    arrives(at(front, "hung up"), &watcher).await;

    let mut config = at(port, "configured");
    config.broker.mqtt = MqttChoice::V311;
    arrives(config, &watcher).await;
    assert_eq!(old_connections(&broker), 3);
}

#[tokio::test]
async fn through_an_http_proxy() {
    let broker = Broker::start("");
    let gate = Gate::before(broker.port);
    let watcher = Watcher::start(broker.port);
    let state = tempfile::tempdir().unwrap();
    let proxy = RealProxy::start(state.path(), gate.port);
    let secret = state.path().join("password");
    std::fs::write(&secret, "right\n").unwrap();
    let through = |node: &str| {
        let url = format!("mqtt://127.0.0.1:{}", gate.port);
        let mut config = config(&url, &state.path().join(node));
        config.broker.proxy = Some(Proxy {
            url: format!("http://127.0.0.1:{}", proxy.port).parse().unwrap(),
            credentials: Some(Credentials {
                username: "desk".to_owned(),
                password_file: Some(secret.clone()),
            }),
        });
        config
    };
    arrives(through("found out"), &watcher).await;
    assert_eq!(gate.refused(), 1);
    gate.hang_up_at_5();
    arrives(through("hung up"), &watcher).await;
    let mut config = through("configured");
    config.broker.mqtt = MqttChoice::V311;
    let refused = gate.refused();
    arrives(config, &watcher).await;
    assert_eq!((gate.refused(), old_connections(&broker)), (refused, 3));
}
