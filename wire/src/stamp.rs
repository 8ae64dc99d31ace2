//! What every payload carries besides its own facts, and the one way a payload becomes JSON.
//!
//! *Promises*: [`Stamped::to_json`] yields one flat object of top-level scalars, and for `call.ended`
//! also lists of flat objects; a number that is
//! not finite, an empty text and an unknown value are absent keys, never `null` (CONTRACT §2).
//! *Fails* only if the body is no JSON object at all, which no type of this crate is.

use crate::config::ConfigReported;
use crate::name::NodeName;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the payloads, key `v`.
pub const VERSION: u32 = 1;

/// The key of [`Stamp::valid_until_ms`].
pub const VALID_UNTIL: &str = "valid_until_ms";

/// Longest team or site, in characters.
pub const LABEL_MAX: usize = 64;

/// The common keys (CONTRACT §2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stamp {
    /// Version of the payload: 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: u32,
    /// When the thing was observed, ms since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<u64>,
    /// The node's persisted start counter.
    pub boot: u64,
    /// 1, 2, 3 … per boot over all messages that pass the outbox; absent on those that do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The workstation.
    pub node: NodeName,
    /// The agent's pseudonym: 16 lower-case base-32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The configured team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub team: Option<String>,
    /// The configured site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub site: Option<String>,
    /// When the message runs out, ms since 1970 UTC. Only from a node on MQTT 3.1.1, where it stands for the message
    /// expiry of MQTT 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until_ms: Option<u64>,
}

impl Stamp {
    /// A stamp with nothing optional in it.
    #[must_use]
    pub fn new(node: NodeName, boot: u64) -> Self {
        Self {
            v: VERSION,
            ts: None,
            boot,
            seq: None,
            node,
            agent: None,
            team: None,
            site: None,
            valid_until_ms: None,
        }
    }
}

/// A payload: the common keys and the body's keys in one flat object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stamped<T> {
    /// The common keys.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// The rest.
    #[serde(flatten)]
    pub body: T,
}

/// A payload that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Not the JSON the contract asks for.
    #[error("the payload does not follow the contract: {0}")]
    Json(#[from] serde_json::Error),
    /// Not an object.
    #[error("the payload is no JSON object")]
    NotAnObject,
    /// A version this program does not know.
    #[error("the payload has version {0}, this program reads version {VERSION}")]
    Version(u32),
    /// A number that a document may not have.
    #[error("`{0}` must be a whole number from 1 to 9007199254740991")]
    Number(&'static str),
    /// A retained removal, where a payload was needed.
    #[error("the payload is empty")]
    Empty,
    /// Longer than any message of the contract.
    #[error("the payload has {0} bytes, more than the {PAYLOAD_MAX} any message needs")]
    TooLong(usize),
}

/// Longest payload that is read, in bytes; the broker's `max_packet_size` of the shipped
/// configuration is the same.
pub const PAYLOAD_MAX: usize = 65_536;

impl<T: Serialize> Stamped<T> {
    /// The payload's bytes.
    ///
    /// # Errors
    /// If the body is not a JSON object.
    pub fn to_json(&self) -> Result<Vec<u8>, PayloadError> {
        let value = serde_json::to_value(self)?;
        let lists = value.get("type").and_then(Value::as_str) == Some(LISTS_IN);
        Ok(serde_json::to_vec(&flat(value, lists)?)?)
    }
}

impl<T: DeserializeOwned> Stamped<T> {
    /// Reads a payload; keys that are not known are ignored.
    ///
    /// # Errors
    /// If it is no payload of this version and type.
    pub fn from_json(payload: &[u8]) -> Result<Self, PayloadError> {
        match payload.len() {
            0 => return Err(PayloadError::Empty),
            n if n > PAYLOAD_MAX => return Err(PayloadError::TooLong(n)),
            _ => {}
        }
        let read: Self = serde_json::from_slice(payload)?;
        if read.stamp.v == VERSION {
            Ok(read)
        } else {
            Err(PayloadError::Version(read.stamp.v))
        }
    }
}

impl Stamped<ConfigReported> {
    /// The payload's bytes; it may hold lists of flat objects (CONTRACT §2).
    ///
    /// # Errors
    /// If the body is not a JSON object.
    pub fn to_json_with_lists(&self) -> Result<Vec<u8>, PayloadError> {
        let value = serde_json::to_value(self)?;
        Ok(serde_json::to_vec(&flat(value, true)?)?)
    }
}

/// The one event whose payload may hold lists (CONTRACT §2).
const LISTS_IN: &str = "call.ended";

/// Keeps the top-level scalars that say something, and the lists where there may be some.
pub(crate) fn flat(value: Value, may_hold_lists: bool) -> Result<Map<String, Value>, PayloadError> {
    let Value::Object(mut map) = value else {
        return Err(PayloadError::NotAnObject);
    };
    map.retain(|_, value| match value {
        Value::Array(list) if may_hold_lists => {
            list.retain_mut(keep_scalars);
            !list.is_empty()
        }
        scalar => says_something(scalar),
    });
    Ok(map)
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Keeps what says something of an entry of a list; `false` if it is no object, or nothing is left.
fn keep_scalars(entry: &mut Value) -> bool {
    let Value::Object(map) = entry else {
        return false;
    };
    map.retain(|_, value| says_something(value));
    !map.is_empty()
}
