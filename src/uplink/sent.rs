//! What was handed to the broker, word for word, newest last: what "each message as it was sent" means
//! (CONTRACT §9.3).
//!
//! *Promises*: topic and payload are the very bytes of the publication; a message that a lost session
//! makes go out twice stands here twice. *Bounded* by number and bytes; the counts go on.

use super::outgoing::{Outgoing, now_ms};
use sidetone_wire::MessageClass;
use std::collections::VecDeque;
use std::sync::Arc;

/// Most messages kept.
const MESSAGES: usize = 200;

/// Most bytes of topics and payloads kept.
const BYTES: usize = 128 * 1024;

/// One message as it was handed over.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SentMessage {
    /// 1, 2, 3 … since the start, without gaps.
    pub number: u64,
    /// When, ms since 1970 UTC.
    pub at: u64,
    /// How it travels.
    pub class: MessageClass,
    /// Where to.
    pub topic: String,
    /// JSON; empty = a retained message is removed.
    pub payload: String,
}

/// How many of which kind, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct SentCounts {
    /// `event/…`
    pub events: u64,
    /// `alert/…`
    pub alerts: u64,
    /// `telemetry/…`
    pub telemetry: u64,
    /// `status` and `inventory/…`
    pub states: u64,
    /// Bytes of all payloads.
    pub payload_bytes: u64,
}

/// The latest messages and the counts of all.
#[derive(Debug, Clone, Default)]
pub struct SentLog {
    messages: VecDeque<Arc<SentMessage>>,
    bytes: usize,
    counts: SentCounts,
    last: u64,
}

impl SentLog {
    /// A message was handed over.
    pub(super) fn note(&mut self, message: &Outgoing) {
        use MessageClass as C;
        let count = match message.class {
            C::Event => &mut self.counts.events,
            C::AlertActive | C::AlertCleared => &mut self.counts.alerts,
            C::Telemetry => &mut self.counts.telemetry,
            C::Status | C::Inventory | C::Command | C::Hold | C::Config | C::Ack => {
                &mut self.counts.states
            }
        };
        *count += 1;
        self.counts.payload_bytes += message.payload.len() as u64;
        self.last += 1;
        self.bytes += message.topic.len() + message.payload.len();
        self.messages.push_back(Arc::new(SentMessage {
            number: self.last,
            at: now_ms(),
            class: message.class,
            topic: message.topic.clone(),
            payload: String::from_utf8_lossy(&message.payload).into_owned(),
        }));
        self.keep_bounds();
    }

    /// Follows the log of another process, under numbers of its own.
    pub(crate) fn follow(&mut self, counts: SentCounts, messages: Vec<SentMessage>) {
        for mut message in messages {
            self.last += 1;
            message.number = self.last;
            self.bytes += message.topic.len() + message.payload.len();
            self.messages.push_back(Arc::new(message));
        }
        self.counts = counts;
        self.keep_bounds();
    }

    fn keep_bounds(&mut self) {
        while self.messages.len() > MESSAGES || self.bytes > BYTES {
            let Some(oldest) = self.messages.pop_front() else {
                break;
            };
            self.bytes -= oldest.topic.len() + oldest.payload.len();
        }
    }

    /// The kept messages after `number`, oldest first; 0 for all.
    pub fn after(&self, number: u64) -> impl Iterator<Item = &Arc<SentMessage>> {
        let known = self.messages.partition_point(|m| m.number <= number);
        self.messages.range(known..)
    }

    /// How many were sent since the start.
    #[must_use]
    pub fn counts(&self) -> SentCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(class: MessageClass, payload: &str) -> Outgoing {
        Outgoing {
            topic: "t".to_owned(),
            payload: payload.into(),
            properties: Vec::new(),
            class,
            superseded: false,
        }
    }

    #[test]
    fn the_newest_stay_and_all_are_counted() {
        let mut log = SentLog::default();
        for number in 0..300 {
            log.note(&message(MessageClass::Event, &number.to_string()));
        }
        log.note(&message(MessageClass::AlertCleared, "end"));
        let kept: Vec<_> = log.after(0).collect();
        assert_eq!(kept.len(), MESSAGES);
        assert_eq!((kept[0].number, kept[0].payload.as_str()), (102, "101"));
        let counts = log.counts();
        assert_eq!((counts.events, counts.alerts), (300, 1));
        assert_eq!(counts.payload_bytes, 10 + 2 * 90 + 3 * 200 + 3);
        assert_eq!(log.after(300).count(), 1);
        assert_eq!(log.after(301).count(), 0);
    }

    #[test]
    fn large_messages_push_out_more_than_one() {
        let mut log = SentLog::default();
        for _ in 0..100 {
            log.note(&message(MessageClass::Event, "small"));
        }
        log.note(&message(MessageClass::Event, &"x".repeat(BYTES - 60)));
        assert_eq!(log.after(0).count(), 10);
    }
}
