//! Certificates that end and are renewed, at a mosquitto that asks for them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/node.rs"]
mod node;

use broker::{Broker, PERSISTENT, Watcher, free_port};
use node::{Node, config, numbered};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sidetone::uplink::BrokerState;
use sidetone::uplink::config::{ClientCertificate, UplinkConfig};
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::NodeState;
use std::path::Path;
use std::time::Duration;
use time::OffsetDateTime;

/// So often the files are looked at here.
const LOOK: Duration = Duration::from_millis(200);

/// An authority, a broker that lets in only whom it has signed (its log names each), and a subscriber.
struct Site {
    ca: String,
    issuer: Issuer<'static, KeyPair>,
    broker: Broker,
    watcher: Watcher,
    port: u16,
    state: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self::whose_broker_lasts(90)
    }

    /// The same, whose broker has a certificate that ends in so many days.
    fn whose_broker_lasts(days: i64) -> Self {
        let (ca, issuer) = authority("first");
        let port = free_port();
        let tls = "cafile DIR/ca.crt\ncertfile DIR/broker.crt\nkeyfile DIR/broker.key\n";
        let own = "require_certificate true\nuse_identity_as_username true\n";
        let listener = format!(
            "{PERSISTENT}allow_anonymous true\nlog_type all\nlistener {port} 127.0.0.1\n{tls}{own}"
        );
        let broker = Broker::with_file(&listener, |dir| {
            std::fs::write(dir.join("ca.crt"), &ca).unwrap();
            let (pem, key) = signed(&issuer, "127.0.0.1", days);
            std::fs::write(dir.join("broker.crt"), pem).unwrap();
            std::fs::write(dir.join("broker.key"), key).unwrap();
        });
        let watcher = Watcher::start(broker.port);
        let state = tempfile::tempdir().unwrap();
        Self {
            ca,
            issuer,
            broker,
            watcher,
            port,
            state,
        }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.state.path().join(name)
    }

    /// A certificate of this name that lasts so many days, in the place of the node's.
    fn enrol(&self, name: &str, days: i64) {
        self.enrol_by(&self.issuer, name, days);
    }

    /// The same of another authority.
    fn enrol_by(&self, issuer: &Issuer<'static, KeyPair>, name: &str, days: i64) {
        let (pem, key) = signed(issuer, name, days);
        std::fs::write(self.file("own.crt"), pem).unwrap();
        std::fs::write(self.file("own.key"), key).unwrap();
    }

    /// A certificate that lasts so many days, in the place of the broker's, which has yet to read it.
    fn certify_broker(&self, days: i64) {
        let (pem, key) = signed(&self.issuer, "127.0.0.1", days);
        std::fs::write(self.broker.dir().join("broker.crt"), pem).unwrap();
        std::fs::write(self.broker.dir().join("broker.key"), key).unwrap();
    }

    fn config(&self) -> UplinkConfig {
        let url = format!("mqtts://127.0.0.1:{}", self.port);
        let mut config = config(&url, &self.file("node"));
        std::fs::write(self.file("ca.crt"), &self.ca).unwrap();
        config.broker.ca_file = Some(self.file("ca.crt"));
        config.broker.client = Some(ClientCertificate {
            cert_file: self.file("own.crt"),
            key_file: self.file("own.key"),
        });
        config.timing.certificates = LOOK;
        config
    }

    /// A node that is connected and ready.
    async fn node(&self) -> Node {
        let node = Node::start(self.config());
        node.broker(|s| matches!(s, BrokerState::Connected { .. }))
            .await;
        let (state, reason) = (NodeState::Ready, None);
        node.say(StationMessage::State { state, reason }).await;
        node
    }

    /// Waits for this status.
    async fn status(&self, state: &str, reason: Option<&str>) {
        let wanted = |json: serde_json::Value| {
            json["state"] == state && json.get("reason").and_then(|r| r.as_str()) == reason
        };
        self.watcher
            .until(&format!("{state} {reason:?}"), |seen| {
                let last = seen.iter().rfind(|m| m.topic.ends_with("/status"));
                last.is_some_and(|m| wanted(m.json()))
            })
            .await;
    }

    /// How often the node connected under this name; trials are none.
    fn connections(&self, name: &str) -> usize {
        let (log, user) = (self.broker.log(), format!("u'{name}'"));
        let of_node = |line: &&str| line.contains(&user) && !line.contains("sidetone-trial");
        log.lines().filter(of_node).count()
    }
}

/// An authority of this name, and its certificate (PEM).
fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = params.self_signed(&key).unwrap().pem();
    (ca, Issuer::new(params, key))
}

/// Certificate and key of this name, PEM.
fn signed(issuer: &Issuer<'static, KeyPair>, name: &str, days: i64) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(1);
    params.not_after = now + time::Duration::days(days);
    let made = params.signed_by(&key, issuer).unwrap();
    (made.pem(), key.serialize_pem())
}

fn cut(path: &Path) {
    let whole = std::fs::read(path).unwrap();
    std::fs::write(path, &whole[..whole.len() / 2]).unwrap();
}

#[tokio::test]
async fn a_certificate_is_warned_of_renewed_and_nothing_is_lost() {
    let site = Site::new();
    site.enrol("old", 3);
    let node = site.node().await;
    site.status("ready", Some("certificate_expires")).await;
    node.say(numbered(1)).await;
    site.enrol("new", 90);
    node.say(numbered(2)).await;
    site.status("ready", None).await;
    node.say(numbered(3)).await;
    node.settled().await;
    assert_eq!(site.connections("old"), 1, "{}", site.broker.log());
    let until = std::time::Instant::now() + broker::PATIENCE;
    while site.connections("new") == 0 {
        assert!(std::time::Instant::now() < until, "{}", site.broker.log());
        tokio::time::sleep(LOOK).await;
    }
    node.say(numbered(4)).await;
    node.settled().await;
    site.watcher
        .until("all events", |seen| {
            (1..=4).all(|n| seen.iter().any(|m| m.json()["step"] == n))
        })
        .await;
    assert_eq!(site.connections("new"), 1, "{}", site.broker.log());
    let lost = |m: &broker::Seen| m.json()["state"] == "lost";
    assert!(!site.watcher.on("/status").iter().any(lost));
    node.handle.stop(None).await;
}

#[tokio::test]
async fn new_files_that_are_not_fit_change_nothing() {
    let site = Site::new();
    site.enrol("old", 90);
    let node = site.node().await;
    site.status("ready", None).await;
    let own = std::fs::read(site.file("own.key")).unwrap();
    // A certificate without its key, half a certificate, one that has ended, half an authority.
    site.enrol("other", 90);
    std::fs::write(site.file("own.key"), &own).unwrap();
    tokio::time::sleep(5 * LOOK).await;
    cut(&site.file("own.crt"));
    tokio::time::sleep(5 * LOOK).await;
    site.enrol("ended", 0);
    site.status("degraded", Some("certificate_expired")).await;
    tokio::time::sleep(5 * LOOK).await;
    site.enrol("new", 90);
    let ca = site.file("ca.crt");
    cut(&ca);
    tokio::time::sleep(5 * LOOK).await;
    assert_eq!(site.connections("old"), 1, "{}", site.broker.log());
    assert_eq!(site.connections("new"), 0, "{}", site.broker.log());
    assert_eq!(node.handle.link().borrow().connections, 1);
    // Whole again, it is used.
    std::fs::write(ca, &site.ca).unwrap();
    let mut link = node.handle.link();
    let again = link.wait_for(|link| link.connections == 2);
    tokio::time::timeout(broker::PATIENCE, again)
        .await
        .expect("it connects anew")
        .unwrap();
    assert_eq!(site.connections("new"), 1, "{}", site.broker.log());
    node.handle.stop(None).await;
}

#[tokio::test]
async fn a_renewed_pair_that_only_the_broker_refuses_costs_no_connection() {
    let mut site = Site::new();
    site.enrol("old", 90);
    let node = site.node().await;
    site.status("ready", None).await;
    node.say(numbered(1)).await;
    node.settled().await;

    // Whole, in its time, and of an authority that the broker does not know.
    let (ca, stranger) = authority("second");
    site.enrol_by(&stranger, "new", 90);
    site.status("ready", Some("certificate_refused")).await;
    tokio::time::sleep(5 * LOOK).await;
    assert_eq!(node.handle.link().borrow().connections, 1);
    assert_eq!(site.connections("new"), 0, "{}", site.broker.log());
    node.say(numbered(2)).await;
    node.settled().await;

    // It comes back without the file, with the pair that it was let in with before.
    site.broker.kill();
    node.say(numbered(3)).await;
    site.broker.restart();
    let mut link = node.handle.link();
    let again = link.wait_for(|link| link.connections == 2);
    tokio::time::timeout(broker::PATIENCE, again)
        .await
        .expect("it connects anew")
        .unwrap();
    node.settled().await;
    assert_eq!(site.connections("old"), 1, "{}", site.broker.log());

    // Once the broker believes the new authority, the new pair is used.
    let both = format!("{}{ca}", site.ca);
    std::fs::write(site.broker.dir().join("ca.crt"), both).unwrap();
    site.broker.kill();
    site.broker.restart();
    let again = link.wait_for(|link| link.connections == 4);
    tokio::time::timeout(broker::PATIENCE, again)
        .await
        .expect("it connects with the new pair")
        .unwrap();
    let log = site.broker.log();
    assert_eq!(
        (site.connections("old"), site.connections("new")),
        (1, 1),
        "{log}"
    );
    site.status("ready", None).await;
    node.say(numbered(4)).await;
    node.settled().await;
    site.watcher
        .until("all events", |seen| {
            (1..=4).all(|n| seen.iter().any(|m| m.json()["step"] == n))
        })
        .await;
    node.handle.stop(None).await;
}

#[tokio::test]
async fn the_broker_s_own_certificate_is_warned_of_and_looked_at_again() {
    let site = Site::whose_broker_lasts(5);
    site.enrol("own", 90);
    let mut config = site.config();
    config.timing.certificate_seen = 2 * LOOK;
    let node = Node::start(config);
    node.broker(|s| matches!(s, BrokerState::Connected { .. }))
        .await;
    let (state, reason) = (NodeState::Ready, None);
    node.say(StationMessage::State { state, reason }).await;
    site.status("ready", Some("broker_certificate_expires"))
        .await;
    let ends = node.handle.link().borrow().certificates;
    let in_days = |until: Option<i64>| {
        let left = until.unwrap() - OffsetDateTime::now_utc().unix_timestamp();
        (left as f64 / 86_400.0).round() as i64
    };
    assert_eq!((in_days(ends.node), in_days(ends.broker)), (90, 5));
    // Renewed at the broker: the connection stands, and shows the old one for ever.
    site.certify_broker(80);
    site.broker.reload();
    site.status("ready", None).await;
    assert_eq!(node.handle.link().borrow().connections, 1);
    let ends = node.handle.link().borrow().certificates;
    assert_eq!(in_days(ends.broker), 80);
    // This node's own counts for more.
    site.certify_broker(4);
    site.broker.reload();
    site.enrol("own", 2);
    site.status("ready", Some("certificate_expires")).await;
    node.handle.stop(None).await;
}
