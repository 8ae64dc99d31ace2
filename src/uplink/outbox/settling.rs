//! What the broker has acknowledged, but may not have brought to its own disk yet.
//!
//! *Promises*: a record stays until its time is over, and leaves in the order it came, so that of a topic never an
//! older record stays than one that has left. *Never* counts as waiting: whoever looks at the queue does not see it.

use super::Slot;
use super::line::Id;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// The acknowledged records.
#[derive(Debug, Default)]
pub(super) struct Settling {
    slots: BTreeMap<Id, Slot>,
    /// Until when each stays, in the order of the acknowledgements; some may have left already.
    due: VecDeque<(Instant, Id)>,
    bytes: usize,
}

impl Settling {
    /// A record was acknowledged.
    pub(super) fn add(&mut self, id: Id, slot: Slot, until: Instant) {
        self.bytes += slot.size;
        self.slots.insert(id, slot);
        self.due.push_back((until, id));
    }

    /// A record whose time is over, if there is one.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<(Id, Slot)> {
        while let Some((until, id)) = self.due.front().copied()
            && until <= now
        {
            self.due.pop_front();
            if let Some(slot) = self.slots.remove(&id) {
                self.bytes -= slot.size;
                return Some((id, slot));
            }
        }
        None
    }

    /// The oldest, for whom there is no room.
    pub(super) fn pop_first(&mut self) -> Option<(Id, Slot)> {
        let (id, slot) = self.slots.pop_first()?;
        self.bytes -= slot.size;
        Some((id, slot))
    }

    /// All of it: the broker may have lost it.
    pub(super) fn take(&mut self) -> BTreeMap<Id, Slot> {
        let Self { slots, .. } = std::mem::take(self);
        slots
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Slot> {
        self.slots.get_mut(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Id, &Slot)> {
        self.slots.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of its records, in memory or not.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
