//! What the uplink is told at its start.

use super::mqtt::Received;
use super::order::Speaker;
use crate::config::{BrokerUrl, MqttChoice, ProxyUrl};
use crate::softphone::Signal;
use sidetone_wire::{NodeName, OrgName};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Who this node is, where its broker is, and how much may wait for it.
#[derive(Debug, Clone)]
pub struct UplinkConfig {
    /// The organisation.
    pub org: OrgName,
    /// The node; [`super::identity::node_name`] makes one of the host name.
    pub node: NodeName,
    /// The broker.
    pub broker: BrokerConfig,
    /// Team, site, and whether the agent is named, until an order says otherwise.
    pub speaker: Speaker,
    /// Where the start counter and the active alerts are kept; made if it is missing.
    pub state_dir: PathBuf,
    /// Whose calls these are; `None` = there is no pseudonym.
    pub agent: Option<AgentConfig>,
    /// Where the answers of the gateway beside the PBX go; `None` = no gateway is asked.
    pub gateway: Option<mpsc::Sender<Signal>>,
    /// What else the node listens to; `None` = nothing.
    pub subscriptions: Option<Subscriptions>,
    /// What becomes of the alerts and calls that an earlier start left standing and open.
    pub left: Left,
    /// How much may wait for the broker.
    pub limits: OutboxLimits,
    /// The contract's times.
    pub timing: Timing,
}

/// What becomes of what an earlier start left standing and open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It is ended with `restart`.
    Ended {
        /// Calls too: no setting keeps them from being told.
        calls: bool,
    },
    /// It is handed out ([`super::UplinkHandle`]), because the station it is of may still live.
    HandedOut,
}

/// Topics the node listens to, and who takes what comes on them.
#[derive(Debug, Clone)]
pub struct Subscriptions {
    /// Filters; all are asked for at each connection, as nothing else tells for certain that the broker
    /// still has them.
    pub filters: Vec<String>,
    /// Filters of commands, which are off on MQTT 3.1.1 (CONTRACT §1).
    pub commands: Vec<String>,
    /// Takes every message of them; while it is full they are left out, and logged.
    pub to: mpsc::Sender<Received>,
}

/// What the agent's pseudonym is made of.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// File with the key, e.g. `/etc/sidetone/agent.key`.
    pub key_file: PathBuf,
    /// The agent's login name.
    pub login: String,
}

/// The broker and how to be let in.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Where it is, and whether TLS is used.
    pub url: BrokerUrl,
    /// Which MQTT is spoken.
    pub mqtt: MqttChoice,
    /// Where to go, in this order, while it cannot be used.
    pub fallback: Vec<BrokerUrl>,
    /// How long it is tried before the next one is.
    pub fallback_after: Duration,
    /// Authority that signed the broker's certificate (PEM); `None` = those of the system.
    pub ca_file: Option<PathBuf>,
    /// List of the revoked of that authority (PEM).
    pub crl_file: Option<PathBuf>,
    /// The HTTP proxy on the way; `None` = straight.
    pub proxy: Option<Proxy>,
    /// Certificate and key of this node (PEM).
    pub client: Option<ClientCertificate>,
    /// User name and password.
    pub credentials: Option<Credentials>,
    /// Seconds without traffic after which either end asks whether the other is still there.
    pub keep_alive_s: u16,
}

impl BrokerConfig {
    /// One that lets everybody in, with the times of the defaults.
    #[must_use]
    pub fn at(url: BrokerUrl) -> Self {
        Self {
            url,
            mqtt: MqttChoice::Auto,
            fallback: Vec::new(),
            fallback_after: Duration::from_secs(10),
            ca_file: None,
            crl_file: None,
            proxy: None,
            client: None,
            credentials: None,
            keep_alive_s: 20,
        }
    }

    /// The same keys, each broker by itself: the first, then the others in their order.
    #[must_use]
    pub fn each(&self) -> Vec<Self> {
        let places = std::iter::once(&self.url).chain(&self.fallback);
        let only = |url: &BrokerUrl| Self {
            url: url.clone(),
            fallback: Vec::new(),
            ..self.clone()
        };
        places.map(only).collect()
    }
}

impl From<&crate::config::BrokerConfig> for BrokerConfig {
    fn from(broker: &crate::config::BrokerConfig) -> Self {
        let certificate = broker.client_cert.clone().zip(broker.client_key.clone());
        Self {
            url: broker.url.clone(),
            mqtt: broker.mqtt,
            fallback: broker.fallback.clone(),
            fallback_after: Duration::from_secs(broker.fallback_after_s.into()),
            ca_file: broker.ca_file.clone(),
            crl_file: broker.crl_file.clone(),
            proxy: broker.proxy.clone().map(|url| Proxy {
                url,
                credentials: broker.proxy_username.clone().map(|username| Credentials {
                    username,
                    password_file: broker.proxy_password_file.clone(),
                }),
            }),
            client: certificate.map(|(cert_file, key_file)| ClientCertificate {
                cert_file,
                key_file,
            }),
            credentials: broker.username.clone().map(|username| Credentials {
                username,
                password_file: broker.password_file.clone(),
            }),
            keep_alive_s: broker.keep_alive_s,
        }
    }
}

/// This node's certificate.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// The certificate, PEM.
    pub cert_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
}

/// An HTTP proxy that lets connections through.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it is.
    pub url: ProxyUrl,
    /// Who asks, if it wants to know.
    pub credentials: Option<Credentials>,
}

/// User name and password; the file is read again at each connection.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
}

/// When the outbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Most records.
    pub records: usize,
    /// Most bytes of payload, topic and properties.
    pub bytes: usize,
    /// Oldest record.
    pub age: Duration,
}

impl Default for OutboxLimits {
    /// 10,000 records or 8 MiB (a day of calls at 360 events is 0.3 MiB), and 24 h, after which an
    /// event has expired anyway (CONTRACT §1).
    fn default() -> Self {
        Self {
            records: 10_000,
            bytes: 8 * 1024 * 1024,
            age: Duration::from_secs(24 * 3600),
        }
    }
}

/// Times of the contract; shorter only in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// An active alert's retained state is published again this often.
    pub alert_refresh: Duration,
    /// Longest pause between two attempts to connect.
    pub backoff_max: Duration,
    /// Longest wait for the broker's answer to CONNECT.
    pub connect_timeout: Duration,
    /// A connected broker that owes an acknowledgement for so long is connected to anew.
    pub stall: Duration,
    /// What the broker has acknowledged is kept so long, and sent again if the connection breaks meanwhile: the broker
    /// may not have had it on its disk.
    pub settle: Duration,
    /// Longest wait for what is still on its way when the uplink stops.
    pub drain: Duration,
    /// On another broker than the first, it is looked this often whether the first can be reached.
    pub home_probe: Duration,
    /// The first broker must have been reachable for so long, and up to twice as long, before it is gone back to. Each
    /// time that it does not last ten times as long, twice as long as before, up to an hour.
    pub home_steady: Duration,
    /// A broker that speaks MQTT 3.1.1 only is asked for 5 again after so long, once its connection breaks.
    pub ask_for_5: Duration,
    /// On MQTT 3.1.1, where nothing expires by itself, the state of a cleared alert is removed after so long.
    pub cleared_life: Duration,
    /// An inventory item of an earlier start that is not named for so long is removed.
    pub inventory_grace: Duration,
    /// The files of certificates are looked at this often; renewed ones are used if two looks find them the same.
    pub certificates: Duration,
    /// The broker's certificate is warned of if it was seen no longer ago; else it is looked at again first, as a
    /// connection outlives a certificate.
    pub certificate_seen: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            alert_refresh: Duration::from_secs(sidetone_wire::delivery::ALERT_REFRESH_S.into()),
            backoff_max: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            stall: Duration::from_secs(10),
            // Twice what packaging/broker lets pass between two savings.
            settle: Duration::from_secs(60),
            drain: Duration::from_secs(2),
            // A TCP connection costs a broker next to nothing.
            home_probe: Duration::from_secs(15),
            home_steady: Duration::from_secs(60),
            // A broker is updated on a working day, and a refused attempt costs a connection.
            ask_for_5: Duration::from_secs(3 * 3600),
            cleared_life: Duration::from_secs(sidetone_wire::delivery::CLEARED_EXPIRY_S.into()),
            // A headset that is plugged in is found within seconds.
            inventory_grace: Duration::from_secs(5),
            certificates: Duration::from_secs(30),
            // Each look is a line in the broker's log, and there are few days to warn in.
            certificate_seen: Duration::from_secs(6 * 3600),
        }
    }
}
