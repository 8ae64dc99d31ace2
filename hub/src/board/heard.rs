//! What the board hears: messages, and how its connection to the broker stands.

use serde::Serialize;

/// How the board stands with its broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum BrokerLink {
    /// The first attempt is under way.
    Connecting,
    /// Connected and subscribed.
    Connected {
        /// Which broker, if it is another one than [`super::Board::start`] was told.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// The version of MQTT that is spoken, e.g. `5`.
        mqtt: &'static str,
    },
    /// Not connected; it is tried again.
    Down {
        /// Why, in a sentence.
        why: String,
    },
}

/// One thing that is heard.
#[derive(Debug)]
pub enum Heard {
    /// A message of the organisation's topics.
    Message {
        /// Where it came.
        topic: String,
        /// What it holds, as it came.
        payload: Vec<u8>,
    },
    /// The connection changed.
    Link(BrokerLink),
    /// Messages may have been missed: what only events tell is forgotten.
    Missed,
}
