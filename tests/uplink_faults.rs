//! A broker that is not there, refuses or speaks something else: one clear sentence each, and the
//! queue survives it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, Watcher, free_port};
use node::{Node, config, numbered};
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::{ClientCertificate, Credentials, UplinkConfig};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The sentence a node with this configuration says about its broker; its message waits meanwhile.
async fn sentence(config: UplinkConfig) -> String {
    let state = tempfile::tempdir().unwrap();
    let config = UplinkConfig {
        state_dir: state.path().to_owned(),
        ..config
    };
    let node = Node::start(config);
    node.say(numbered(1)).await;
    let BrokerState::Down(fault) = node.broker(|s| matches!(s, BrokerState::Down(_))).await else {
        panic!()
    };
    let mut outbox = node.handle.outbox();
    outbox.wait_for(|s| s.records == 1).await.unwrap();
    fault.to_string()
}

/// A server that does this with every connection.
fn server(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(answer));
    port
}

async fn sentence_of_server(port: u16) -> String {
    let state = tempfile::tempdir().unwrap();
    let mut config = config(&format!("mqtt://127.0.0.1:{port}"), state.path());
    config.timing.connect_timeout = std::time::Duration::from_secs(1);
    sentence(config).await
}

/// Takes connections, and acknowledges nothing but CONNECT; the flags of each CONNECT.
fn silent_broker() -> (u16, std::sync::mpsc::Receiver<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (flags, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut connections = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut packet = [0; 512];
            let length = stream.read(&mut packet).unwrap_or(0);
            let name = packet[..length].windows(4).position(|w| w == b"MQTT");
            let _ = flags.send(packet[name.unwrap() + 5]);
            let _ = stream.write_all(&[0x20, 0x03, 0x00, 0x00, 0x00]);
            connections.push(stream);
        }
    });
    (port, seen)
}

#[tokio::test]
async fn a_broker_that_acknowledges_nothing_is_connected_to_anew() {
    let (port, flags) = silent_broker();
    let state = tempfile::tempdir().unwrap();
    let mut config = config(&format!("mqtt://127.0.0.1:{port}"), state.path());
    config.timing.stall = std::time::Duration::from_millis(500);
    let node = Node::start(config);
    node.say(numbered(1)).await;
    let both = tokio::task::spawn_blocking(move || {
        let patience = broker::PATIENCE;
        [flags.recv_timeout(patience), flags.recv_timeout(patience)]
    });
    let clean_start = both.await.unwrap().map(|flags| flags.unwrap() & 2);
    assert_eq!(clean_start, [2, 2], "the second session is a new one too");
    assert_eq!(node.handle.outbox().borrow().records, 1);
}

#[tokio::test]
async fn what_is_no_broker_is_told_apart() {
    let absent = sentence_of_server(free_port()).await;
    assert!(
        absent.starts_with("no broker answers at mqtt://127.0.0.1:"),
        "{absent}"
    );

    let http = server(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let http = sentence_of_server(http).await;
    assert!(http.contains("does not speak MQTT:"), "{http}");

    let closing = sentence_of_server(server(drop)).await;
    assert!(closing.contains("hangs up at once"), "{closing}");

    let silent = sentence_of_server(server(std::mem::forget)).await;
    assert!(silent.contains("says nothing"), "{silent}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_broker_that_is_not_there() {
    let state = tempfile::tempdir().unwrap();
    let unknown = sentence(config("mqtt://broker.invalid", state.path())).await;
    assert!(
        unknown.starts_with("no broker answers at mqtt://broker.invalid:1883"),
        "{unknown}"
    );
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_right_ones_heal_it_without_a_restart() {
    let broker = Broker::with_password("ws-1", "right");
    let state = tempfile::tempdir().unwrap();
    let secret = state.path().join("password");
    std::fs::write(&secret, "wrong\n").unwrap();
    let mut config = config(&format!("mqtt://127.0.0.1:{}", broker.port), state.path());
    let credentials = Credentials {
        username: "ws-1".to_owned(),
        password_file: Some(secret.clone()),
    };
    config.broker.credentials = Some(credentials);
    let node = Node::start(config);
    node.say(numbered(1)).await;
    let BrokerState::Down(fault) = node.broker(|s| matches!(s, BrokerState::Down(_))).await else {
        panic!()
    };
    let refused = fault.to_string();
    assert!(
        refused.contains("refuses this node (not authorized)"),
        "{refused}"
    );
    let watcher = Watcher::with(broker.port, &["-u", "ws-1", "-P", "right"]);
    std::fs::write(&secret, "right\n").unwrap();
    watcher
        .until("the event", |s| {
            s.iter().any(|m| m.topic.contains("/event/"))
        })
        .await;
    node.settled().await;
}

/// An authority, and a key and certificate it signed for this name; PEM files in the directory.
fn certificates(dir: &Path) {
    let script = "set -e
        key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out $1.key; }
        for ca in ca other; do
            key $ca
            openssl req -x509 -new -key $ca.key -subj /CN=$ca -days 2 -out $ca.crt \
                -addext basicConstraints=critical,CA:TRUE
        done
        for name in broker ws-1; do
            key $name
            openssl req -new -key $name.key -subj /CN=$name -out $name.csr
            printf 'subjectAltName=IP:127.0.0.1,DNS:%s\\n' $name > ext
            openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
                -extfile ext -out $name.crt
        done";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

const TLS: &str = "cafile DIR/ca.crt\ncertfile DIR/broker.crt\nkeyfile DIR/broker.key\n\
    require_certificate true\nuse_identity_as_username true\nallow_anonymous false\n";

#[tokio::test]
async fn tls_with_a_client_certificate_works_and_each_thing_wrong_with_it_has_its_sentence() {
    let broker = Broker::with_file(TLS, certificates);
    let dir = broker.dir();
    let state = tempfile::tempdir().unwrap();
    let mut right = config(&format!("mqtts://127.0.0.1:{}", broker.port), state.path());
    right.broker.ca_file = Some(dir.join("ca.crt"));
    let client = |name: &str, key: &str| {
        Some(ClientCertificate {
            cert_file: dir.join(name),
            key_file: dir.join(key),
        })
    };
    right.broker.client = client("ws-1.crt", "ws-1.key");

    let node = Node::start(right.clone());
    node.say(numbered(1)).await;
    node.broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    node.settled().await;
    node.handle.stop(None).await;

    let mut wrong_ca = right.clone();
    wrong_ca.broker.ca_file = Some(dir.join("other.crt"));
    let wrong_ca = sentence(wrong_ca).await;
    assert!(
        wrong_ca.starts_with("TLS with mqtts://127.0.0.1:"),
        "{wrong_ca}"
    );
    assert!(wrong_ca.contains("broker.ca_file"), "{wrong_ca}");

    let mut missing = right.clone();
    missing.broker.ca_file = Some(dir.join("absent.crt"));
    let missing = sentence(missing).await;
    assert!(
        missing.contains("absent.crt cannot be used") && missing.contains("broker.ca_file"),
        "{missing}"
    );

    let mut swapped = right.clone();
    swapped.broker.client = client("ws-1.key", "ws-1.crt");
    let swapped = sentence(swapped).await;
    assert!(
        swapped.contains("ws-1.key cannot be used") && swapped.contains("broker.client_cert"),
        "{swapped}"
    );

    let mut none = right.clone();
    none.broker.client = None;
    let none = sentence(none).await;
    assert!(none.contains("mqtts://127.0.0.1:"), "{none}");

    let mut plain = right;
    plain.broker.url = format!("mqtt://127.0.0.1:{}", broker.port).parse().unwrap();
    let plain = sentence(plain).await;
    assert!(
        plain.contains("mqtts://") || plain.contains("does not speak MQTT"),
        "{plain}"
    );
}
