//! What must not be lost, until the broker has acknowledged it (DESIGN §6).
//!
//! *Promises*: a record leaves only some time after its PUBACK (`settling`), by age, or because the outbox is full;
//! each that leaves without its PUBACK is counted, and the count is published. Records of one topic go out in
//! the order they came, those of older starts first. A record that a lost session dropped, or had acknowledged so
//! lately that the broker may not have kept it, is offered again under the same `boot`, `seq`; so is one that an ended
//! process left behind (`disk`). A state offered again is retained only if it is still its topic's latest: no older one
//! comes to stand in the place of a newer; its life runs on, and once that is over it is not offered again at all.
//! *When full*, what has been acknowledged goes first, then ordinary events (the oldest first), then clears, then raises.
//! *Bounded*: of what is on the disk at most [`CACHE_BYTES`] are also in memory; the rest is read back when its turn
//! comes. Only while the disk fails can memory hold all of it.
//! *Never* blocks, reads a clock or knows MQTT.

pub(in crate::uplink) mod disk;
mod line;
pub(in crate::uplink) mod segments;
mod settling;
pub(in crate::uplink) mod stands;
mod storage;

use super::config::OutboxLimits;
use super::outgoing::Outgoing;
pub use disk::DiskTrouble;
pub use line::Id;
use line::{Line, Record};
use segments::LeftBehind;
use settling::Settling;
use sidetone_wire::MessageClass;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of records kept in memory although they are on the disk.
pub const CACHE_BYTES: usize = 512 * 1024;

/// A record waits so long for the disk before it is sent; together with the sync no longer than DESIGN §6 allows.
const DISK_PATIENCE: Duration = Duration::from_millis(50);

/// What goes first when the outbox is full: the smallest.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Anything that is not about an alert.
    Event,
    /// The end of an alert: its state, or `alert.cleared`.
    Cleared,
    /// The beginning or change of an alert, and the count of what was lost.
    Raised,
}

/// Where a record's body is.
#[derive(Debug)]
enum Body {
    Here(Box<Outgoing>),
    OnDisk,
    Asked,
}

/// One record.
#[derive(Debug)]
struct Slot {
    rank: Rank,
    class: MessageClass,
    topic: Arc<str>,
    size: usize,
    body: Body,
    /// When it was made, ms since 1970 UTC.
    at: u64,
    /// When it came into this process, and how old it was then.
    since: Instant,
    age_then: Duration,
    /// It is on the disk as well.
    stored: bool,
    /// Handed to the session, not yet acknowledged.
    sent: bool,
    /// A broker has had it before: if it goes now, that is no loss.
    acknowledged: bool,
}

impl Slot {
    fn age(&self, now: Instant) -> Duration {
        self.age_then + now.saturating_duration_since(self.since)
    }

    /// Older than the contract lets it live.
    fn has_expired(&self, now: Instant) -> bool {
        let life = self.class.delivery().expiry_s.unwrap_or(u32::MAX);
        self.age(now) >= Duration::from_secs(life.into())
    }
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
    /// Why nothing is kept on disk at present.
    pub trouble: Option<DiskTrouble>,
}

/// The queue between station and broker.
#[derive(Debug)]
pub struct Outbox {
    limits: OutboxLimits,
    boot: u64,
    /// What waits for its acknowledgement.
    slots: BTreeMap<Id, Slot>,
    bytes: usize,
    /// What has it.
    settling: Settling,
    /// The latest record of each alert's state.
    latest: HashMap<Arc<str>, Id>,
    /// Bytes of the bodies in memory.
    cached: usize,
    last_seq: u64,
    dropped: u64,
    /// Lost, but not yet told.
    untold: u64,
    /// Topics of which a record is on its way.
    busy: HashSet<Arc<str>>,
    /// When a record need not wait for the disk any longer.
    wake: Option<Instant>,
    /// Topics the broker refused, and until when they wait.
    refused: HashMap<Arc<str>, Instant>,
    /// For the disk, not yet handed over.
    lines: Vec<Line>,
    wanted: Vec<Id>,
    trouble: Option<DiskTrouble>,
}

impl Outbox {
    /// The outbox of the start `boot`, with what older starts left behind; `now` is also `now_ms` since 1970 UTC.
    #[must_use]
    pub(super) fn new(
        limits: OutboxLimits,
        boot: u64,
        left: &LeftBehind,
        (now, now_ms): (Instant, u64),
    ) -> Self {
        let mut outbox = Self {
            limits,
            boot,
            slots: BTreeMap::new(),
            bytes: 0,
            settling: Settling::default(),
            latest: HashMap::new(),
            cached: 0,
            last_seq: 0,
            dropped: 0,
            untold: 0,
            busy: HashSet::new(),
            wake: None,
            refused: HashMap::new(),
            lines: Vec::new(),
            wanted: Vec::new(),
            trouble: None,
        };
        outbox.take_left(left, (now, now_ms));
        outbox
    }

    /// Takes what older starts left behind. Of an alert whose state was said since, theirs is out of date.
    pub(super) fn take_left(&mut self, left: &LeftBehind, (now, now_ms): (Instant, u64)) {
        self.dropped += left.lost;
        self.untold += left.lost;
        let mut topics: HashMap<&str, Arc<str>> = HashMap::new();
        for (id, outline) in &left.records {
            let topic = topics
                .entry(&outline.topic)
                .or_insert_with(|| outline.topic.as_str().into());
            self.bytes += outline.size;
            let slot = Slot {
                rank: outline.rank,
                class: outline.class,
                topic: Arc::clone(topic),
                size: outline.size,
                body: Body::OnDisk,
                at: outline.at,
                since: now,
                age_then: Duration::from_millis(now_ms.saturating_sub(outline.at)),
                stored: true,
                sent: false,
                acknowledged: false,
            };
            self.note_state(*id, &slot);
            self.slots.insert(*id, slot);
        }
        self.make_room(now);
    }

    /// The `seq` of the next record.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.last_seq + 1
    }

    /// Takes a message, stamped with [`Outbox::next_seq`], and makes room for it.
    pub fn append(&mut self, message: Outgoing, rank: Rank, (now, now_ms): (Instant, u64)) {
        self.last_seq += 1;
        let id = Id {
            boot: self.boot,
            seq: self.last_seq,
        };
        // A request to hold is of no use to a later start.
        if message.class != MessageClass::Hold {
            let record = Record::new(id, rank, now_ms, &message);
            self.lines.extend(record.map(Line::Put));
        }
        let size = message.size();
        self.bytes += size;
        self.cached += size;
        let slot = Slot {
            rank,
            class: message.class,
            topic: message.topic.as_str().into(),
            size,
            body: Body::Here(Box::new(message)),
            at: now_ms,
            since: now,
            age_then: Duration::ZERO,
            stored: false,
            sent: false,
            acknowledged: false,
        };
        self.note_state(id, &slot);
        self.slots.insert(id, slot);
        self.make_room(now);
    }

    fn make_room(&mut self, now: Instant) {
        let full = |o: &Self| {
            o.slots.len() + o.settling.len() > o.limits.records
                || o.bytes + o.settling.bytes() > o.limits.bytes
        };
        while full(self)
            && let Some((id, slot)) = self.settling.pop_first()
        {
            self.leave(id, &slot);
        }
        // Looking at every record is for the full outbox and the housekeeping, not for each new record.
        if full(self) {
            self.expire(now);
        }
        while full(self) {
            let waiting = self.slots.iter().filter(|(_, slot)| !slot.sent);
            let worth = waiting.map(|(id, slot)| (!slot.acknowledged, slot.rank, *id));
            match worth.min() {
                Some((_, _, id)) => self.lose(id),
                None => break,
            }
        }
    }

    /// An alert's state: whatever came before on its topic is out of date.
    fn note_state(&mut self, id: Id, slot: &Slot) {
        if let MessageClass::AlertActive | MessageClass::AlertCleared = slot.class {
            let latest = self.latest.entry(Arc::clone(&slot.topic)).or_insert(id);
            *latest = id.max(*latest);
        }
    }

    /// Lets go of what has settled.
    pub fn settle(&mut self, now: Instant) {
        while let Some((id, slot)) = self.settling.next_due(now) {
            self.leave(id, &slot);
        }
    }

    /// Drops what is too old.
    pub fn expire(&mut self, now: Instant) {
        let stale = |slot: &Slot| {
            let age = slot.age(now);
            // A request to hold is of no use later than the contract lets it live.
            let life = slot.class.delivery().expiry_s.unwrap_or(u32::MAX);
            let useless =
                slot.class == MessageClass::Hold && age > Duration::from_secs(life.into());
            !slot.sent && (age > self.limits.age || useless)
        };
        let slots = self.slots.iter().filter(|(_, slot)| stale(slot));
        for id in slots.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.lose(id);
        }
    }

    /// The next record to send, and for how many seconds it has been waiting.
    ///
    /// Records go out in the order they came, and of a topic one at a time: whatever a broken connection makes of
    /// the order of what was on its way, records of a topic stay in theirs. A record waits until it is on the disk,
    /// so that what a supervisor has heard is still known after a crash (an alert must end once); but for
    /// `DISK_PATIENCE` at most.
    pub fn next(&mut self, now: Instant) -> Option<(Id, &Outgoing, u64)> {
        self.wake = None;
        let waits = |topic: &str| self.refused.get(topic).is_some_and(|until| *until > now);
        let mut useless = Vec::new();
        let mut waiting = self.slots.iter().filter(|(_, slot)| !slot.sent);
        let next = waiting.find(|(id, slot)| {
            let of_no_use = self.is_superseded(**id, slot) && slot.has_expired(now);
            useless.extend(of_no_use.then_some(**id));
            !of_no_use && !waits(&slot.topic)
        });
        let next = next.map(|(id, slot)| (*id, Arc::clone(&slot.topic)));
        for id in useless {
            self.remove(id);
        }
        let (id, topic) = next?;
        if self.busy.contains(&topic) {
            return None;
        }
        let slot = self.slots.get(&id)?;
        let durable = slot.stored || slot.class == MessageClass::Hold || self.trouble.is_some();
        if !durable && slot.since + DISK_PATIENCE > now {
            self.wake = Some(slot.since + DISK_PATIENCE);
            return None;
        }
        if let Body::OnDisk = slot.body {
            self.read_back_from(id);
        }
        let superseded = self.is_superseded(id, self.slots.get(&id)?);
        let slot = self.slots.get_mut(&id)?;
        // A repetition must not live longer than what it repeats, by no part of a second.
        let waited_s = slot.age(now).as_secs() + u64::from(superseded);
        match &mut slot.body {
            Body::Here(message) => {
                message.superseded = superseded;
                Some((id, message, waited_s))
            }
            Body::OnDisk | Body::Asked => None,
        }
    }

    /// The state of an alert that a broker may have had before, and that has a newer one: whoever was away, and for whom
    /// the first saying has expired, would hear it after that.
    fn is_superseded(&self, id: Id, slot: &Slot) -> bool {
        let repeated = slot.acknowledged || id.boot < self.boot;
        repeated && self.latest.get(&slot.topic).is_some_and(|l| *l > id)
    }

    /// When [`Outbox::next`] is to be asked again although nothing has happened.
    #[must_use]
    pub fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// The record was handed to the session.
    pub fn sent(&mut self, id: Id) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.sent = true;
            self.busy.insert(Arc::clone(&slot.topic));
        }
    }

    /// The broker has it; whether on its disk too, nobody says, so it is kept until then. A request to hold is of no
    /// use later, and must not be made twice.
    pub fn acknowledged(&mut self, id: Id, until: Instant) {
        self.unsend(id);
        let Some(mut slot) = self.slots.remove(&id) else {
            return;
        };
        self.bytes -= slot.size;
        self.refused.remove(&slot.topic);
        if slot.class == MessageClass::Hold {
            self.leave(id, &slot);
            return;
        }
        slot.acknowledged = true;
        if slot.stored {
            self.drop_body(&mut slot);
        }
        self.settling.add(id, slot, until);
    }

    /// A good end of the connection: what was acknowledged is the broker's.
    pub fn settle_all(&mut self) {
        while let Some((id, slot)) = self.settling.pop_first() {
            self.leave(id, &slot);
        }
    }

    /// The session lost it: it is offered again.
    pub fn reset(&mut self, id: Id) {
        self.unsend(id);
    }

    /// The connection broke: everything on its way, and everything that had not settled, is offered again.
    pub fn connection_lost(&mut self) {
        self.busy.clear();
        for slot in self.slots.values_mut() {
            slot.sent = false;
        }
        for (id, slot) in self.settling.take() {
            self.bytes += slot.size;
            self.slots.insert(id, slot);
        }
    }

    /// Whether the broker should be taking records now.
    #[must_use]
    pub fn has_any_for(&self, now: Instant) -> bool {
        let waits = |topic: &str| self.refused.get(topic).is_some_and(|until| *until > now);
        self.slots.values().any(|slot| !waits(&slot.topic))
    }

    /// The broker will not have this topic now: it and all others of the topic wait until then.
    pub fn refused(&mut self, id: Id, until: Instant) {
        self.unsend(id);
        if let Some(slot) = self.slots.get(&id) {
            self.refused.insert(Arc::clone(&slot.topic), until);
        }
    }

    /// The broker will never have it.
    pub fn lose(&mut self, id: Id) {
        if self.remove(id).is_some_and(|slot| !slot.acknowledged) {
            self.dropped += 1;
            self.untold += 1;
            self.lines.push(Line::Lost(self.untold));
        }
    }

    fn unsend(&mut self, id: Id) {
        if let Some(slot) = self.slots.get_mut(&id)
            && std::mem::take(&mut slot.sent)
        {
            self.busy.remove(&slot.topic);
        }
    }

    fn remove(&mut self, id: Id) -> Option<Slot> {
        self.unsend(id);
        let slot = self.slots.remove(&id)?;
        self.bytes -= slot.size;
        self.leave(id, &slot);
        Some(slot)
    }

    /// It is in no queue any more.
    fn leave(&mut self, id: Id, slot: &Slot) {
        if let Body::Here(_) = slot.body {
            self.cached -= slot.size;
        }
        if self.latest.get(&slot.topic) == Some(&id) {
            self.latest.remove(&slot.topic);
        }
        match self.lines.last_mut() {
            Some(Line::Done(ids)) => ids.push(id),
            _ => self.lines.push(Line::Done(vec![id])),
        }
    }

    /// How many were lost since this was last asked; asked only once there is room to tell it, so
    /// that telling a loss causes none. Whoever asks tells it, as the next record.
    pub fn take_untold(&mut self) -> Option<u64> {
        let full = self.slots.len() >= self.limits.records || self.bytes + 1024 > self.limits.bytes;
        if full || self.untold == 0 {
            return None;
        }
        self.lines.push(Line::Lost(0));
        Some(std::mem::take(&mut self.untold))
    }

    /// The `seq` of the latest record; 0 if this start has none.
    #[must_use]
    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Whether a record of this topic waits or is on its way.
    #[must_use]
    pub fn holds(&self, topic: &str) -> bool {
        self.slots.values().any(|slot| *slot.topic == *topic)
    }

    /// What is in it.
    #[must_use]
    pub fn stats(&self) -> OutboxStats {
        OutboxStats {
            records: self.slots.len() as u64,
            bytes: self.bytes as u64,
            dropped: self.dropped,
            trouble: self.trouble,
        }
    }
}

#[cfg(test)]
mod settling_tests;
#[cfg(test)]
mod tests;
