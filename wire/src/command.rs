//! `cmd/{name}/request` and `…/reply`: asked by a supervisor or IT, answered by the node (CONTRACT §5).

use crate::stamp::{PAYLOAD_MAX, PayloadError, VERSION};
use crate::vocabulary::{Command, NodeState, closed_list};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request older than this is refused, in milliseconds.
pub const REQUEST_LIFE_MS: u64 = 10_000;

/// What is asked; the topic says which command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandRequest {
    /// Version of the payload: 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: u32,
    /// When it was asked, ms since 1970 UTC; ten seconds later it is refused.
    pub issued_ms: u64,
}

impl CommandRequest {
    /// Reads a request; keys that are not known are ignored.
    ///
    /// # Errors
    /// If it is none of this version.
    pub fn from_json(payload: &[u8]) -> Result<Self, PayloadError> {
        match payload.len() {
            0 => return Err(PayloadError::Empty),
            n if n > PAYLOAD_MAX => return Err(PayloadError::TooLong(n)),
            _ => {}
        }
        let read: Self = serde_json::from_slice(payload)?;
        if read.v == VERSION {
            Ok(read)
        } else {
            Err(PayloadError::Version(read.v))
        }
    }
}

closed_list! {
    /// Why a command was not done.
    pub enum CommandRefusal {
        /// The request was retained: nobody knows when it was meant.
        Retained = "retained",
        /// It was issued more than ten seconds ago by the node's clock; `age_ms` tells how long.
        TooOld = "too_old",
        /// It comes from the future by the node's clock: one of the two clocks is off.
        Ahead = "ahead",
        /// It is no request.
        Malformed = "malformed",
    }
}

closed_list! {
    /// Where `identify` could be shown.
    pub enum ShownOn {
        /// As a notification on the desktop, and in the log.
        Desktop = "desktop",
        /// In the log (and `sidetone monitor`) only: this session takes no notifications.
        Log = "log",
    }
}

/// What a node answers besides the common keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandReply {
    /// Which command; the same as in the topic.
    pub command: Command,
    /// It was done.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CommandRefusal>,
    /// The same as a sentence that says what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Age of the request by the node's clock, in milliseconds; negative if it comes from the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<i64>,
    /// `identify`: where it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<ShownOn>,
    /// `diagnostics`: the figures.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<Box<Diagnostics>>,
}

/// The state of a daemon: numbers and states only.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Diagnostics {
    /// As `status` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<NodeState>,
    /// Why it is degraded, in snake case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// Seconds since the daemon started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime_s: Option<f64>,
    /// Resident memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Processor time used, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<f64>,
    /// Messages that wait for the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox_records: Option<u64>,
    /// Messages lost since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox_dropped: Option<u64>,
    /// Headsets that are plugged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headsets: Option<u64>,
    /// Those of them whose controls are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headsets_read: Option<u64>,
    /// Calls that are on now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Alerts that stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<u64>,
    /// Troubles with devices and sound; `sidetone doctor` on the workstation tells which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub troubles: Option<u64>,
    /// Samples lost because the analysis was behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_samples: Option<u64>,
    /// Errors in `config/reported`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_errors: Option<u64>,
}
