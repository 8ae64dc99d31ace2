//! What the broker has acknowledged, read off the line: whoever loses a message after that, it was not the node.
//!
//! Follows the packets of one connection in both directions (MQTT 5 §2.1: type, length of one to four bytes, rest),
//! and notes the name of each PUBLISH whose PUBACK passes by. What its CONNECT says decides whether a PUBLISH has
//! properties (5) or none (3.1.1).

use crate::consumer::key;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

/// The names of all messages that were acknowledged.
pub(crate) type Acknowledged = Arc<Mutex<HashSet<String>>>;

const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;

/// One connection: what is on its way, by packet identifier.
#[derive(Clone, Default)]
pub(crate) struct Conversation {
    /// The protocol's level: 5, or 4 for MQTT 3.1.1.
    level: Arc<AtomicU8>,
    on_its_way: Arc<Mutex<HashMap<u16, String>>>,
    acknowledged: Acknowledged,
}

impl Conversation {
    pub(crate) fn new(acknowledged: Acknowledged) -> Self {
        Self {
            acknowledged,
            ..Self::default()
        }
    }

    fn packet(&self, first: u8, body: &[u8]) -> Option<()> {
        match (first >> 4, first >> 1 & 3) {
            (CONNECT, _) => {
                let level = body.get(2 + usize::from(number(body)?))?;
                self.level.store(*level, Ordering::Relaxed);
            }
            (PUBLISH, 1) => {
                let (topic, rest) = body.get(2..)?.split_at_checked(number(body)?.into())?;
                let mut payload = rest.get(2..)?;
                if self.level.load(Ordering::Relaxed) >= 5 {
                    let (length, properties) = length(payload)?;
                    payload = properties.get(length..)?;
                }
                let topic = std::str::from_utf8(topic).ok()?;
                let name = key(topic, &serde_json::from_slice(payload).ok()?)?;
                self.on_its_way.lock().unwrap().insert(number(rest)?, name);
            }
            // A reason of 0x80 or more refuses.
            (PUBACK, _) if body.get(2).is_none_or(|reason| *reason < 0x80) => {
                let name = self.on_its_way.lock().unwrap().remove(&number(body)?)?;
                self.acknowledged.lock().unwrap().insert(name);
            }
            _ => {}
        }
        Some(())
    }
}

/// One direction of a conversation.
pub(crate) struct Direction {
    conversation: Conversation,
    unread: Vec<u8>,
}

impl Direction {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        Self {
            conversation: conversation.clone(),
            unread: Vec::new(),
        }
    }

    /// These bytes passed.
    pub(crate) fn passed(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let mut done = 0;
        while let Some((length, rest)) = self.unread.get(done + 1..).and_then(length)
            && let Some(body) = rest.get(..length)
        {
            self.conversation.packet(self.unread[done], body);
            done = self.unread.len() - rest.len() + length;
        }
        self.unread.drain(..done);
    }
}

/// Two bytes, the higher first.
fn number(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|two| u16::from_be_bytes(*two))
}

/// A variable byte integer (MQTT 5 §1.5.5), and what comes after it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[place + 1..]));
        }
    }
    None
}
