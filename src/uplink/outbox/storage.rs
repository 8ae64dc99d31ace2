//! What the outbox keeps on its disk: handed over, heard of, read back.
//!
//! *Promises*: a body is in memory, or on the disk, or both; of those on the disk not more than [`CACHE_BYTES`] are in
//! memory too.

use super::disk::{Disk, Report};
use super::line::{Id, Line, Record, Standing};
use super::stands::OpenCalls;
use super::{Body, CACHE_BYTES, Outbox, Outgoing, Slot};
use serde_json::value::RawValue;
use sidetone_wire::MessageClass;

/// Records read back at a time.
const LOAD: usize = 32;

impl Outbox {
    /// Hands the disk what it must write and read.
    pub(in crate::uplink) fn flush(&mut self, disk: &Disk) {
        if !self.lines.is_empty() {
            disk.append(std::mem::take(&mut self.lines));
        }
        if !self.wanted.is_empty() {
            disk.load(std::mem::take(&mut self.wanted));
        }
    }

    /// The disk has told something.
    pub(in crate::uplink) fn hear(&mut self, report: Report) {
        match report {
            Report::Stored(ids) => ids.into_iter().for_each(|id| self.stored(id)),
            Report::Loaded(id, Some(message)) => {
                if let Some(slot) = self.slots.get_mut(&id)
                    && let Body::Asked = slot.body
                {
                    slot.body = Body::Here(message);
                    self.cached += slot.size;
                }
            }
            Report::Loaded(id, None) => self.lose(id),
            // Its taker takes it (`Outbox::take_left`).
            Report::Opened(_) => {}
            Report::Failing(trouble) => self.trouble = Some(trouble),
            Report::Working => {
                self.trouble = None;
                self.store_again();
            }
        }
    }

    /// A record is on the disk; its body goes if there are enough in memory. The newest go, the oldest are needed next.
    fn stored(&mut self, id: Id) {
        let (slot, needed) = match self.slots.get_mut(&id) {
            Some(slot) => {
                let needed = slot.sent || self.cached <= CACHE_BYTES;
                (slot, needed)
            }
            None => match self.settling.get_mut(id) {
                Some(slot) => (slot, false),
                None => return,
            },
        };
        slot.stored = true;
        if !needed && let Body::Here(_) = slot.body {
            slot.body = Body::OnDisk;
            self.cached -= slot.size;
        }
    }

    /// Everything that is in memory only goes to the disk.
    fn store_again(&mut self) {
        let all = self.settling.iter().chain(&self.slots);
        for (id, slot) in all.filter(|(_, slot)| !slot.stored) {
            if let Body::Here(message) = &slot.body
                && slot.class != MessageClass::Hold
            {
                let record = Record::new(*id, slot.rank, slot.at, message);
                self.lines.extend(record.map(Line::Put));
            }
        }
        self.lines.push(Line::Lost(self.untold));
    }

    /// The disk works again: which alerts stand and which calls are open by now, whatever it missed of their ends.
    pub(in crate::uplink) fn note_standing<'a>(
        &mut self,
        states: impl Iterator<Item = &'a Outgoing>,
        calls: &OpenCalls,
    ) {
        let standing = states.filter_map(|message| {
            let state = String::from_utf8(message.payload.clone()).ok()?;
            Some(Standing {
                topic: message.topic.clone(),
                state: RawValue::from_string(state).ok()?,
            })
        });
        let standing = standing.chain(calls.beginnings().cloned());
        self.lines.push(Line::Standing(standing.collect()));
    }

    /// Whether every record up to this `seq` is on the disk, or needs to be no more; while the disk fails, memory is
    /// all there is.
    pub(in crate::uplink) fn is_kept(&self, seq: u64) -> bool {
        let id = |seq| Id {
            boot: self.boot,
            seq,
        };
        let mut ours = self.slots.range(id(0)..=id(seq));
        self.trouble.is_some()
            || ours.all(|(_, slot)| slot.stored || slot.class == MessageClass::Hold)
    }

    /// Asks for this record and those behind it.
    pub(super) fn read_back_from(&mut self, first: Id) {
        for (id, slot) in self
            .slots
            .range_mut(first..)
            .filter(|(_, s)| !s.sent)
            .take(LOAD)
        {
            if let Body::OnDisk = slot.body {
                slot.body = Body::Asked;
                self.wanted.push(*id);
            }
        }
    }

    /// It is read back from the disk if it is needed.
    pub(super) fn drop_body(&mut self, slot: &mut Slot) {
        if let Body::Here(_) = std::mem::replace(&mut slot.body, Body::OnDisk) {
            self.cached -= slot.size;
        }
    }
}
