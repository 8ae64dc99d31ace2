//! What can be set, where it comes from, and errors that say which line.
//!
//! *Promises*: one typed [`Config`], made of the documented `defaults.toml` and the files of
//! `/etc/sidetone/` merged over it in the order of their names. Everything wrong with a file is told
//! at once, each with file, line, column, key and what would be right.
//!
//! *Fails* whole: a layer with an unknown key or a bad value gives no configuration at all, so that a
//! running daemon keeps the one it has.
//!
//! *Never* reads a secret (only the paths of files that hold them), and never writes a file.

mod adapters;
mod broker_url;
mod check;
mod commented;
mod consistency;
mod fault;
mod http_url;
mod load;
mod local_address;
mod metrics_address;
mod model;
mod names;
mod proxy_url;
mod remote;
mod schema;
mod selector;
mod show;
mod signing_key;
mod tree;
mod web_origin;

pub use adapters::{
    AdaptersConfig, BaresipConfig, ExecConfig, HttpConfig, LinphoneConfig, MqttConfig,
};
pub use broker_url::{BrokerUrl, InvalidBrokerUrl};
pub use commented::{Line, commented, lines};
pub use fault::{ConfigError, Fault, Place};
pub use http_url::{HttpUrl, InvalidHttpUrl};
pub use load::{CONFIG_DIR, Loaded, Origin, Source, defaults, load, load_text};
pub use local_address::{InvalidLocalAddress, LocalAddress};
pub use metrics_address::{InvalidMetricsAddress, MetricsAddress};
pub use model::{
    AudioBackend, AudioConfig, BrokerConfig, CallControl, Config, DevicesConfig, HoldConfig,
    LogConfig, LogLevel, MqttChoice, NodeConfig, PrivacyConfig, ProvisioningConfig, ResumePolicy,
    SeamConfig, SessionsTaken, Signals, SpokesConfig, TelemetryConfig, default_state_dir,
    user_state_home,
};
pub use names::{InvalidName, Label, Name};
pub use proxy_url::{InvalidProxyUrl, ProxyUrl};
pub use remote::{RemoteFault, check_remote, differences, overlay};
pub use schema::json_schema;
pub use selector::{HeadsetSelector, InvalidSelector};
pub use show::show;
pub use signing_key::{InvalidSigningKey, SigningKey};
pub use web_origin::{InvalidOrigin, WebOrigin};

/// The one documented defaults file: every key, its unit and the reason for its value.
pub const DEFAULTS: &str = include_str!("defaults.toml");
