//! `[adapters]`: which softphones are asked about calls and told to hold.

use super::http_url::HttpUrl;
use super::local_address::LocalAddress;
use super::names::Label;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Softphones on this workstation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptersConfig {
    /// baresip, through its control socket.
    pub baresip: BaresipConfig,
    /// linphone-daemon, through its pipe.
    pub linphone: LinphoneConfig,
    /// Programs of your own.
    #[schemars(extend("x-scope" = "local"))]
    pub exec: ExecConfig,
    /// HTTP addresses of your own.
    #[schemars(extend("x-scope" = "local"))]
    pub http: HttpConfig,
    /// A gateway beside the PBX.
    pub mqtt: MqttConfig,
}

/// baresip, through its control socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaresipConfig {
    /// Look for it.
    pub enabled: bool,
    /// Address of its module ctrl_tcp.
    #[schemars(extend("x-scope" = "local"))]
    pub address: LocalAddress,
}

/// linphone-daemon, through its pipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinphoneConfig {
    /// Look for it.
    pub enabled: bool,
    /// Its socket.
    #[schemars(extend("x-scope" = "local"))]
    pub pipe: PathBuf,
}

/// Programs of your own, as lists of a program and its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecConfig {
    /// Prints the calls there are; empty = no such programs.
    pub state: Vec<String>,
    /// Puts the call of `SIDETONE_CALL` on hold.
    pub hold: Vec<String>,
    /// Takes it back.
    pub resume: Vec<String>,
    /// Ends it.
    pub hang_up: Vec<String>,
    /// Name of the application whose calls these are. Absent: every application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Milliseconds between two runs of `state`.
    #[schemars(range(min = 200, max = 10000))]
    pub poll_ms: u16,
}

/// HTTP addresses of your own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Tells the calls there are. Absent: no such addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_url: Option<HttpUrl>,
    /// Puts a call on hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_url: Option<HttpUrl>,
    /// Takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_url: Option<HttpUrl>,
    /// Ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang_up_url: Option<HttpUrl>,
    /// File whose first line is sent as the bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Name of the application whose calls these are. Absent: every application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Milliseconds between two requests of `state_url`.
    #[schemars(range(min = 200, max = 10000))]
    pub poll_ms: u16,
}

/// A gateway beside the PBX.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// Ask it.
    pub enabled: bool,
    /// This workstation's extension at the PBX, by which the gateway finds the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-scope" = "local"))]
    pub extension: Option<Label>,
}

impl AdaptersConfig {
    /// Keys that need or exclude each other: the key at fault within `adapters`, and a sentence.
    pub(super) fn conflicts(&self) -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        let exec = &self.exec;
        if exec.hold.is_empty() != exec.resume.is_empty() {
            found.push((
                "exec.hold",
                "needs its opposite; set both `adapters.exec.hold` and `adapters.exec.resume`, or neither",
            ));
        }
        if exec.state.is_empty() && !exec.hold.is_empty() {
            found.push((
                "exec.hold",
                "needs `adapters.exec.state`: a hold counts only when the state shows it",
            ));
        }
        let http = &self.http;
        if http.hold_url.is_some() != http.resume_url.is_some() {
            found.push((
                "http.hold_url",
                "needs its opposite; set both `adapters.http.hold_url` and `adapters.http.resume_url`, or neither",
            ));
        }
        if http.state_url.is_none() && http.hold_url.is_some() {
            found.push((
                "http.hold_url",
                "needs `adapters.http.state_url`: a hold counts only when the state shows it",
            ));
        }
        if self.mqtt.enabled && self.mqtt.extension.is_none() {
            found.push((
                "mqtt.enabled",
                "needs `adapters.mqtt.extension`, by which the gateway finds the call",
            ));
        }
        found
    }
}
