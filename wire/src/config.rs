//! `config/desired` and `config/reported`: what IT wants of a node, and what the node made of it (CONTRACT §5).

use crate::stamp::{PAYLOAD_MAX, PayloadError, VERSION};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Largest `version` and `issued_ms`: beyond it JSON numbers are no longer exact everywhere.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// A document of one layer: fleet, group or node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigDesired {
    /// Version of the payload: 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: u32,
    /// Grows with each document of a layer; an older one is ignored.
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub version: u64,
    /// When it was made, ms since 1970 UTC.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub issued_ms: u64,
    /// What is set, as in `sidetone.toml`; merged over the layers below as JSON Merge Patch (RFC 7396).
    pub set: Map<String, Value>,
    /// Ed25519 signature in base64, where nodes ask for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl ConfigDesired {
    /// Reads a document; keys beside these are ignored.
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
        if read.v != VERSION {
            return Err(PayloadError::Version(read.v));
        }
        for (key, number) in [("version", read.version), ("issued_ms", read.issued_ms)] {
            if number > NUMBER_MAX || (key == "version" && number == 0) {
                return Err(PayloadError::Number(key));
            }
        }
        Ok(read)
    }
}

/// What a node made of the documents it knows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConfigReported {
    /// Version of the fleet's document in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet_version: Option<u64>,
    /// The node's groups in their order, the last one wins; absent without groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_versions: Vec<GroupVersion>,
    /// Version of the node's own document in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_version: Option<u64>,
    /// Everything that was received is in force: nothing was refused, nothing waits for a restart.
    pub applied: bool,
    /// What was not taken, and why; absent if there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ConfigFault>,
    /// Keys whose new value is in force from the daemon's next start on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<ConfigKey>,
    /// Signals that this node sends nothing of (`privacy.signals`, `privacy.aggregate`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals_off: Vec<SignalOff>,
    /// Whether messages carry the agent's pseudonym.
    pub names_agent: bool,
}

/// One of the node's groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupVersion {
    /// The group.
    pub group: String,
    /// Version of its document in force; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// Why something of a document is not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigFault {
    /// `fleet`, `group/{group}` or `node`.
    pub layer: String,
    /// The key, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigKey {
    /// With dots, e.g. `audio.backend`.
    pub key: String,
}

/// A signal that is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignalOff {
    /// Its name in `privacy.signals`.
    pub signal: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_and_others_say_what_is_wrong() {
        let read = |text: &str| ConfigDesired::from_json(text.as_bytes());
        let document = read(r#"{"v":1,"version":3,"issued_ms":5,"set":{"log":{}},"by":"x"}"#);
        assert_eq!(document.unwrap().version, 3);
        assert!(matches!(read(""), Err(PayloadError::Empty)));
        for (bad, says) in [
            (r#"{"v":2,"version":3,"issued_ms":5,"set":{}}"#, "version 2"),
            (r#"{"v":1,"version":0,"issued_ms":5,"set":{}}"#, "`version`"),
            (
                r#"{"v":1,"version":9007199254740992,"issued_ms":5,"set":{}}"#,
                "`version`",
            ),
            (r#"{"v":1,"version":1,"issued_ms":5,"set":[]}"#, "map"),
            (r#"{"v":1,"version":1,"issued_ms":5}"#, "`set`"),
            (&"[".repeat(60_000), "line 1"),
        ] {
            let told = read(bad).unwrap_err().to_string();
            assert!(told.contains(says), "{told}");
        }
    }
}
