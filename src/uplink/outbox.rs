//! What must not be lost, until the broker has acknowledged it (DESIGN §6).
//!
//! *Promises*: a record leaves only at its PUBACK, by age, or because the outbox is full; each
//! record that leaves otherwise than by PUBACK is counted. Records of one topic leave in the order
//! they came. A record that a lost session dropped is offered again under the same `boot`, `seq`.
//! *When full*, ordinary events go first (the oldest first), then clears, then raises.
//! *Never* blocks, reads a clock or knows MQTT. It is kept in memory: a process that dies loses it.

use super::config::OutboxLimits;
use super::outgoing::Outgoing;
use sidetone_wire::MessageClass;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// What goes first when the outbox is full: the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Anything that is not about an alert.
    Event,
    /// The end of an alert: its state, or `alert.cleared`.
    Cleared,
    /// The beginning or change of an alert, and the count of what was lost.
    Raised,
}

/// One record.
#[derive(Debug)]
struct Slot {
    rank: Rank,
    message: Outgoing,
    since: Instant,
    /// Handed to the session, not yet acknowledged.
    sent: bool,
}

/// What is in the outbox and what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxStats {
    /// Records that wait for their acknowledgement.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records lost since the start.
    pub dropped: u64,
}

/// The queue between station and broker.
#[derive(Debug)]
pub struct Outbox {
    limits: OutboxLimits,
    /// By `seq`.
    slots: BTreeMap<u64, Slot>,
    bytes: usize,
    last_seq: u64,
    dropped: u64,
    /// Lost, but not yet told.
    untold: u64,
    /// Topics the broker refused, and until when they wait.
    refused: HashMap<String, Instant>,
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub fn new(limits: OutboxLimits) -> Self {
        Self {
            limits,
            slots: BTreeMap::new(),
            bytes: 0,
            last_seq: 0,
            dropped: 0,
            untold: 0,
            refused: HashMap::new(),
        }
    }

    /// The `seq` of the next record.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.last_seq + 1
    }

    /// Takes a message, stamped with [`Outbox::next_seq`], and makes room for it.
    pub fn append(&mut self, message: Outgoing, rank: Rank, now: Instant) {
        self.last_seq += 1;
        self.bytes += message.size();
        self.slots.insert(
            self.last_seq,
            Slot {
                rank,
                message,
                since: now,
                sent: false,
            },
        );
        self.expire(now);
        while self.slots.len() > self.limits.records || self.bytes > self.limits.bytes {
            let waiting = self.slots.iter().filter(|(_, slot)| !slot.sent);
            match waiting.map(|(seq, slot)| (slot.rank, *seq)).min() {
                Some((_, seq)) => self.lose(seq),
                None => break,
            }
        }
    }

    /// Drops what is too old.
    pub fn expire(&mut self, now: Instant) {
        while let Some((&seq, slot)) = self.slots.first_key_value() {
            if slot.sent || now.saturating_duration_since(slot.since) <= self.limits.age {
                break;
            }
            self.lose(seq);
        }
        // A request to hold is of no use later than the contract lets it live.
        let stale = |slot: &Slot| {
            let life = slot.message.class.delivery().expiry_s.unwrap_or(u32::MAX);
            slot.message.class == MessageClass::Hold
                && !slot.sent
                && now.saturating_duration_since(slot.since) > Duration::from_secs(life.into())
        };
        let slots = self.slots.iter().filter(|(_, slot)| stale(slot));
        for seq in slots.map(|(seq, _)| *seq).collect::<Vec<_>>() {
            self.lose(seq);
        }
    }

    /// The next record to send, and for how many seconds it has been waiting.
    #[must_use]
    pub fn next(&self, now: Instant) -> Option<(u64, &Outgoing, u64)> {
        let waits = |topic: &str| self.refused.get(topic).is_some_and(|until| *until > now);
        let (seq, slot) = self
            .slots
            .iter()
            .find(|(_, slot)| !slot.sent && !waits(&slot.message.topic))?;
        let age = now.saturating_duration_since(slot.since).as_secs();
        Some((*seq, &slot.message, age))
    }

    /// The record was handed to the session.
    pub fn sent(&mut self, seq: u64) {
        if let Some(slot) = self.slots.get_mut(&seq) {
            slot.sent = true;
        }
    }

    /// The broker has it.
    pub fn acknowledged(&mut self, seq: u64) {
        if let Some(slot) = self.remove(seq) {
            self.refused.remove(&slot.message.topic);
        }
    }

    /// The session lost it: it is offered again.
    pub fn reset(&mut self, seq: u64) {
        if let Some(slot) = self.slots.get_mut(&seq) {
            slot.sent = false;
        }
    }

    /// The broker will not have this topic now: it and all others of the topic wait until then.
    pub fn refused(&mut self, seq: u64, until: Instant) {
        if let Some(slot) = self.slots.get_mut(&seq) {
            slot.sent = false;
            self.refused.insert(slot.message.topic.clone(), until);
        }
    }

    /// The broker will never have it.
    pub fn lose(&mut self, seq: u64) {
        if self.remove(seq).is_some() {
            self.dropped += 1;
            self.untold += 1;
        }
    }

    fn remove(&mut self, seq: u64) -> Option<Slot> {
        let slot = self.slots.remove(&seq)?;
        self.bytes -= slot.message.size();
        Some(slot)
    }

    /// How many were lost since this was last asked; asked only once there is room to tell it, so
    /// that telling a loss causes none.
    pub fn take_untold(&mut self) -> Option<u64> {
        let full = self.slots.len() >= self.limits.records || self.bytes + 1024 > self.limits.bytes;
        if full {
            return None;
        }
        Some(std::mem::take(&mut self.untold)).filter(|lost| *lost > 0)
    }

    /// Whether a record of this topic waits or is on its way.
    #[must_use]
    pub fn holds(&self, topic: &str) -> bool {
        self.slots.values().any(|slot| slot.message.topic == topic)
    }

    /// What is in it.
    #[must_use]
    pub fn stats(&self) -> OutboxStats {
        OutboxStats {
            records: self.slots.len() as u64,
            bytes: self.bytes as u64,
            dropped: self.dropped,
        }
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
