//! The lines of the protocol.

use super::state::{Message, Sent, State};
use crate::uplink::SentLog;
use crate::uplink::sent::{SentCounts, SentMessage};
use serde::{Deserialize, Serialize};

/// Name and version of the protocol, and of the object that `sidetone monitor --once --json` prints.
pub const SCHEMA: &str = "sidetone.monitor/1";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// Everything; the first line.
    Snapshot(Box<Snapshot>),
    /// Everything but the messages, again.
    State(Box<Moment>),
    /// Messages since the line before.
    Sent(Sent),
    /// No further reader is taken; the last line.
    Refused {
        /// One sentence.
        reason: String,
    },
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`SCHEMA`].
    pub schema: String,
    /// What is now.
    #[serde(flatten)]
    pub moment: Moment,
    /// What was sent.
    pub sent: Sent,
}

/// What is at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// ms since 1970 UTC.
    pub ts: u64,
    /// What is then.
    #[serde(flatten)]
    pub state: State,
}

impl Snapshot {
    /// Brings it up to date with a line that followed. Only the latest `kept` messages stay.
    pub fn follow(&mut self, line: Line, kept: usize) {
        match line {
            Line::Snapshot(snapshot) => *self = *snapshot,
            Line::State(moment) => self.moment = *moment,
            Line::Sent(sent) => {
                self.sent.counts = sent.counts;
                self.sent.messages.extend(sent.messages);
                let surplus = self.sent.messages.len().saturating_sub(kept);
                self.sent.messages.drain(..surplus);
            }
            Line::Refused { .. } => {}
        }
    }
}

impl Message {
    fn of(sent: &SentMessage) -> Self {
        Self {
            number: sent.number,
            at: sent.at,
            retained: sent.class.delivery().retain,
            topic: sent.topic.clone(),
            payload: sent.payload.clone(),
        }
    }
}

impl Sent {
    /// What was sent after message `number`; `None` if nothing was.
    #[must_use]
    pub fn after(log: &SentLog, number: u64) -> Option<Self> {
        let messages: Vec<Message> = log.after(number).map(|sent| Message::of(sent)).collect();
        let counts = log.counts();
        let nothing = messages.is_empty() && number > 0 || counts == SentCounts::default();
        (!nothing).then_some(Self { counts, messages })
    }

    /// The number of the newest message; 0 if there is none.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.messages.last().map_or(0, |message| message.number)
    }
}
