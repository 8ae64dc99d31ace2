//! The messages, each a line of JSON.

use crate::config::Config;
use crate::local::state::Broker;
use crate::services::calls::OpenCall;
use crate::softphone::Answer;
use crate::uplink::sent::{SentCounts, SentMessage};
use serde::{Deserialize, Serialize};
use sidetone_wire::command::{Diagnostics, ShownOn};
use sidetone_wire::message::StationMessage;
use uuid::Uuid;

/// The version of this protocol: raised when a message or a setting changes its meaning, or goes. Both halves must
/// have the same.
pub const PROTOCOL: u32 = 1;

/// What the station says.
///
/// Not boxed: a few wait at most.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToUplink {
    /// First, on each connection.
    Hello(Hello),
    /// A message for the broker. `n` counts up over the life of the station's process: 1, 2, 3 …
    Said {
        /// Its number.
        n: u64,
        /// The message.
        message: StationMessage,
    },
    /// The settings sent last are in force.
    Applied,
    /// The facts that were asked for.
    Facts {
        /// The question's number.
        ask: u64,
        /// The facts.
        diagnostics: Box<Diagnostics>,
    },
    /// Where the text was shown.
    Shown {
        /// The question's number.
        ask: u64,
        /// Where.
        on: ShownOn,
    },
    /// Told that it is not its turn, the station has ended its calls and streams.
    Rested,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The program's version.
    pub version: String,
    /// This process; the same on each of its connections.
    pub station: Uuid,
    /// Alerts that stand for it, or whose end the uplink has not taken yet.
    pub standing: Vec<Uuid>,
    /// Calls that go on.
    #[serde(default)]
    pub calls: Vec<OpenCall>,
    /// Messages it had to give up since it last said so, because nobody took them.
    pub lost: u64,
}

/// What the uplink says.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToStation {
    /// The station speaks for the node.
    Welcome(Box<Welcome>),
    /// It is not this station's turn: it ends its calls and streams, says nothing, and waits.
    Inactive {
        /// One sentence.
        reason: String,
    },
    /// The two halves do not understand each other.
    Restart {
        /// The uplink's [`PROTOCOL`].
        protocol: u32,
        /// The uplink's version.
        version: String,
    },
    /// New settings.
    Settings(Box<Config>),
    /// Everything up to this number is with the broker or on the disk.
    Taken {
        /// [`ToUplink::Said::n`].
        n: u64,
    },
    /// The gateway's answer to an order of the station.
    Gateway {
        /// The order's number.
        order: u64,
        /// What it said.
        answer: GatewayAnswer,
    },
    /// Asks for the station's facts.
    Facts {
        /// The question's number.
        ask: u64,
    },
    /// Asks to show the person at the desk something.
    Show {
        /// The question's number.
        ask: u64,
        /// What.
        text: String,
    },
    /// How broker and outbox stand.
    View(View),
    /// What was handed to the broker since the station's turn began, or since the last of these.
    Sent {
        /// Of the uplink's whole life.
        counts: SentCounts,
        /// Word for word.
        messages: Vec<SentMessage>,
    },
}

/// What a station needs to begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// The uplink's version.
    pub version: String,
    /// The node.
    pub node: String,
    /// The uplink's start.
    pub boot: u64,
    /// What headsets are named with in messages. It keeps serial numbers from who reads the broker, not from the
    /// person who holds the headset.
    pub naming: String,
    /// The settings in force.
    pub config: Config,
    /// This start of the uplink has everything of this station up to here.
    pub taken: u64,
    /// How broker and outbox stand.
    pub view: View,
}

/// How broker and outbox stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The broker.
    pub broker: Broker,
    /// Records that wait.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records lost.
    pub dropped: u64,
}

/// What the gateway said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayAnswer {
    /// It did it.
    Accepted,
    /// It did not, and says why.
    Refused(String),
    /// There was no answer.
    Unknown(String),
}

impl From<Answer> for GatewayAnswer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Accepted => Self::Accepted,
            Answer::Refused(why) => Self::Refused(why),
            Answer::Unknown(why) => Self::Unknown(why),
        }
    }
}

impl From<GatewayAnswer> for Answer {
    fn from(answer: GatewayAnswer) -> Self {
        match answer {
            GatewayAnswer::Accepted => Self::Accepted,
            GatewayAnswer::Refused(why) => Self::Refused(why),
            GatewayAnswer::Unknown(why) => Self::Unknown(why),
        }
    }
}

#[cfg(test)]
mod tests;
