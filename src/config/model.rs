//! The settings as the program uses them. Doc comments here are the descriptions of the JSON Schema;
//! the value and the reason of each default are in `defaults.toml`.
//!
//! `x-scope` says where a key may be set: `local` only in a file of this workstation, `remote` also
//! over MQTT (CONTRACT §5). A section's scope holds for its keys unless they say otherwise.
//! `x-tighten-to` is the one value to which a key may be changed remotely.

use super::adapters::AdaptersConfig;
use super::broker_url::BrokerUrl;
use super::metrics_address::MetricsAddress;
use super::names::{Label, Name};
use super::proxy_url::ProxyUrl;
use super::selector::HeadsetSelector;
use super::signing_key::SigningKey;
use super::web_origin::WebOrigin;
use crate::alerts::config::AlertConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "sidetone.toml")]
pub struct Config {
    /// Who this workstation is.
    #[schemars(extend("x-scope" = "local"))]
    pub node: NodeConfig,
    /// Where the messages go.
    #[schemars(extend("x-scope" = "local"))]
    pub broker: BrokerConfig,
    /// Whose settings over MQTT are taken.
    #[serde(rename = "config")]
    #[schemars(extend("x-scope" = "local"))]
    pub provisioning: ProvisioningConfig,
    /// How the two services, `sidetone uplink` and `sidetone station`, find each other; `sidetone run` needs none of it.
    #[schemars(extend("x-scope" = "local"))]
    pub uplink: SeamConfig,
    /// Which headsets are watched.
    #[schemars(extend("x-scope" = "remote"))]
    pub devices: DevicesConfig,
    /// How the call is listened to.
    #[schemars(extend("x-scope" = "remote"))]
    pub audio: AudioConfig,
    /// Softphones that are asked about calls and told to hold.
    #[schemars(extend("x-scope" = "remote"))]
    pub adapters: AdaptersConfig,
    /// The local service that softphones in the browser speak.
    #[schemars(extend("x-scope" = "local"))]
    pub spokes: SpokesConfig,
    /// What is said about people; remotely it can only be tightened.
    #[schemars(extend("x-scope" = "remote"))]
    pub privacy: PrivacyConfig,
    /// What is done for the customer when the agent leaves the headset.
    #[schemars(extend("x-scope" = "remote"))]
    pub hold: HoldConfig,
    /// Which alerts there are, and from where on.
    #[schemars(extend("x-scope" = "remote"))]
    pub alerts: AlertConfig,
    /// Live figures.
    #[schemars(extend("x-scope" = "remote"))]
    pub telemetry: TelemetryConfig,
    /// Figures for monitoring on this machine.
    #[schemars(extend("x-scope" = "local"))]
    pub metrics: MetricsConfig,
    /// The program's own log.
    #[schemars(extend("x-scope" = "remote"))]
    pub log: LogConfig,
}

/// Who this workstation is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Organisation: the first level of every topic after `sidetone/v1/`.
    pub org: Name,
    /// This workstation; must equal the CN of its certificate. Absent: the host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Team, as people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-scope" = "remote"))]
    pub team: Option<Label>,
    /// Site, as people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-scope" = "remote"))]
    pub site: Option<Label>,
    /// Groups whose settings over MQTT hold for this workstation; of two, the later one wins.
    pub groups: Vec<Name>,
    /// Directory of what must survive a restart. Absent: `$STATE_DIRECTORY` as systemd sets it, else
    /// `$XDG_STATE_HOME/sidetone`, else `~/.local/state/sidetone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<PathBuf>,
}

/// Where the messages go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// `mqtt://host[:port]`, or `mqtts://host[:port]` for TLS; over WebSocket `ws://host[:port][/path]`,
    /// `wss://host[:port][/path]`.
    pub url: BrokerUrl,
    /// The version of MQTT.
    pub mqtt: MqttChoice,
    /// Further brokers, tried in this order while the one before cannot be used.
    pub fallback: Vec<BrokerUrl>,
    /// Seconds without the broker after which the next one is tried.
    #[schemars(range(min = 1, max = 300))]
    pub fallback_after_s: u16,
    /// PEM file of the authority that signed the broker's certificate. Absent: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// PEM file of this node's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<PathBuf>,
    /// PEM file of this node's private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<PathBuf>,
    /// User name at the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// File whose first line is the password at the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// `http://host:port` of an HTTP proxy that lets connections through (CONNECT).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyUrl>,
    /// User name at the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_username: Option<String>,
    /// File whose first line is the password at the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_password_file: Option<PathBuf>,
    /// PEM file with the list of the revoked of the authority that signed the broker's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl_file: Option<PathBuf>,
    /// Seconds without traffic after which either end asks whether the other is still there.
    #[schemars(range(min = 5, max = 300))]
    pub keep_alive_s: u16,
}

/// Which MQTT is spoken with the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MqttChoice {
    /// 5, and 3.1.1 with a broker that refuses 5.
    #[serde(rename = "auto")]
    Auto,
    /// 5 only.
    #[serde(rename = "5")]
    V5,
    /// 3.1.1 only.
    #[serde(rename = "3.1.1")]
    V311,
}

/// Whose settings over MQTT are taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningConfig {
    /// The public Ed25519 key that documents must be signed with. Absent: whoever may write their topics is
    /// believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKey>,
}

/// How the two services find each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeamConfig {
    /// The Unix socket between them: made by the uplink, in a directory that only it may write to.
    pub socket: PathBuf,
    /// Whose station is taken.
    pub sessions: SessionsTaken,
    /// With `listed`: their login names.
    pub users: Vec<String>,
}

/// Whose station is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionsTaken {
    /// That of the user whose session is active on a seat of this workstation, as logind tells it.
    Logind,
    /// That of the users in `users`, whoever came last; for a machine without logind.
    Listed,
}

/// Which headsets are watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DevicesConfig {
    /// Directory of further quirk files (`*.toml`); one of the same vendor wins over the built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-scope" = "local"))]
    pub quirks_dir: Option<PathBuf>,
    /// Only these headsets; empty = every headset. `vid:pid`, `vid:*` or `vid:pid:serial`.
    pub include: Vec<HeadsetSelector>,
    /// Never these, even if included.
    pub exclude: Vec<HeadsetSelector>,
}

/// How the call is listened to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AudioConfig {
    /// Which sound system.
    pub backend: AudioBackend,
}

/// Which sound system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AudioBackend {
    Auto,
    Pulse,
    Alsa,
    Off,
}

/// The local service that softphones in the browser speak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpokesConfig {
    /// The sites whose pages are answered: `https://host[:port]`; none = the service is off.
    pub origins: Vec<WebOrigin>,
    /// Directory with the certificate and the key that `sidetone spokes install` made.
    pub dir: PathBuf,
    /// Also answer without TLS, on port 32017.
    pub plain_http: bool,
    /// Whether the headset's lights follow the calls of a softphone that is registered.
    #[schemars(extend("x-scope" = "remote"))]
    pub call_control: CallControl,
}

/// Whether the headset's lights follow the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CallControl {
    Auto,
    Never,
}

/// What is said about people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivacyConfig {
    /// Send the agent's pseudonym with each message.
    #[schemars(extend("x-tighten-to" = false))]
    pub agent: bool,
    /// File with the key the pseudonym is made with; no file, no pseudonym.
    #[schemars(extend("x-scope" = "local"))]
    pub agent_key_file: PathBuf,
    /// Send nothing about single calls: no agent, no call events, no overtalk, no mute. The hub
    /// then publishes figures of teams only.
    #[schemars(extend("x-tighten-to" = true))]
    pub aggregate: bool,
    /// Which signals leave the workstation at all.
    pub signals: Signals,
}

/// Which signals leave the workstation at all. Alerts made of a signal that is off are off with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// `event/call.*`.
    #[schemars(extend("x-tighten-to" = false))]
    pub calls: bool,
    /// `event/mute.*` and the alerts made of them.
    #[schemars(extend("x-tighten-to" = false))]
    pub mute: bool,
    /// `event/overtalk.*` and the alert `double_talk`.
    #[schemars(extend("x-tighten-to" = false))]
    pub overtalk: bool,
    /// `event/hook.*` and `event/button.pressed`.
    #[schemars(extend("x-tighten-to" = false))]
    pub buttons: bool,
    /// `event/volume.changed`.
    #[schemars(extend("x-tighten-to" = false))]
    pub volume: bool,
    /// `telemetry/audio`: levels, noise and talk shares, second by second.
    #[schemars(extend("x-tighten-to" = false))]
    pub audio: bool,
}

/// What is done for the customer when the agent leaves the headset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldConfig {
    /// Put the customer on hold when the quick disconnect is pulled in a call.
    pub on_quick_disconnect: bool,
    /// Also when the quick disconnect is only concluded, with a confidence of at least 0.95.
    #[schemars(extend("x-scope" = "local"))]
    pub on_inferred: bool,
    /// When the customer is taken back.
    pub resume: ResumePolicy,
}

/// When a customer whom Sidetone put on hold is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResumePolicy {
    /// By the agent, in the softphone.
    Never,
    /// When the quick disconnect is plugged together again.
    OnReconnect,
}

/// Live figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Seconds between two messages of `telemetry/audio` in a call.
    #[schemars(range(min = 1, max = 10))]
    pub audio_interval_s: u16,
    /// Seconds between two messages of `telemetry/health`.
    #[schemars(range(min = 1, max = 10))]
    pub health_interval_s: u16,
}

/// Figures for monitoring on this machine, in the text format of Prometheus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where `GET /metrics` is answered: `unix:/path` or `127.0.0.1:port`. Absent: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<MetricsAddress>,
}

/// The program's own log, on standard error (the journal, under systemd).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// The least important thing still logged.
    pub level: LogLevel,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// As `tracing` names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl NodeConfig {
    /// The node's name: as configured, else made of the host name.
    #[must_use]
    pub fn effective_name(&self) -> Option<Name> {
        self.name.clone().or_else(|| {
            let host = rustix::system::uname();
            Name::from_host(&host.nodename().to_string_lossy())
        })
    }

    /// The state directory: as configured, else [`default_state_dir`].
    #[must_use]
    pub fn effective_state_dir(&self) -> Option<PathBuf> {
        self.state_dir.clone().or_else(default_state_dir)
    }
}

/// Where systemd or the user's session keeps state: `$STATE_DIRECTORY`, `$XDG_STATE_HOME/sidetone` or
/// `~/.local/state/sidetone`.
#[must_use]
pub fn default_state_dir() -> Option<PathBuf> {
    variable("STATE_DIRECTORY").or_else(|| Some(user_state_home()?.join("sidetone")))
}

/// Where the user's session keeps state: `$XDG_STATE_HOME` or `~/.local/state`; `None` without a home.
#[must_use]
pub fn user_state_home() -> Option<PathBuf> {
    variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")))
}

fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}
