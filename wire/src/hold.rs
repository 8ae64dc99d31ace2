//! `hold/request` and `hold/reply`: a node asks the gateway beside the PBX to hold or resume the call on
//! its extension (CONTRACT §1). Both live two seconds.

use crate::stamp::{PAYLOAD_MAX, PayloadError, VERSION};
use crate::vocabulary::closed_list;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

closed_list! {
    /// What the gateway is asked for.
    pub enum HoldAction {
        Hold = "hold",
        Resume = "resume",
    }
}

/// What a request says besides the common keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldRequest {
    /// The node's id of the call.
    pub call: Uuid,
    /// The agent's extension at the PBX.
    pub extension: String,
    /// What to do.
    pub action: HoldAction,
}

/// What is read of a reply: it repeats the request, so `boot` and `seq` tell which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldReply {
    /// Version of the payload: 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: u32,
    /// The request's.
    pub boot: u64,
    /// The request's.
    pub seq: u64,
    /// It was done.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl HoldReply {
    /// Reads a reply; keys that are not known are ignored.
    ///
    /// # Errors
    /// If it is none of this version.
    pub fn from_json(payload: &[u8]) -> Result<Self, PayloadError> {
        match payload.len() {
            0 => return Err(PayloadError::Empty),
            n if n > PAYLOAD_MAX => return Err(PayloadError::TooLong(n)),
            _ => {}
        }
        let reply: Self = serde_json::from_slice(payload)?;
        if reply.v == VERSION {
            Ok(reply)
        } else {
            Err(PayloadError::Version(reply.v))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_repeats_the_request_is_read_and_others_say_what_is_wrong() {
        let read = |text: &str| HoldReply::from_json(text.as_bytes());
        let reply = read(
            r#"{"v":1,"ts":5,"boot":3,"seq":17,"node":"desk-1","extension":"204","action":"hold","ok":false,"reason":"no such channel"}"#,
        );
        let reply = reply.expect("a reply");
        assert_eq!((reply.boot, reply.seq, reply.ok), (3, 17, false));
        assert_eq!(reply.reason.as_deref(), Some("no such channel"));
        assert!(matches!(read(""), Err(PayloadError::Empty)));
        assert!(matches!(
            read(r#"{"v":2,"boot":1,"seq":1,"ok":true}"#),
            Err(PayloadError::Version(2))
        ));
        assert!(matches!(
            read(r#"{"v":1,"boot":1,"ok":true}"#),
            Err(PayloadError::Json(_))
        ));
        assert!(matches!(
            read(&" ".repeat(70_000)),
            Err(PayloadError::TooLong(_))
        ));
    }
}
