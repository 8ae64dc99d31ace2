//! One line of the outbox on disk: eight hexadecimal digits of CRC-32 (IEEE 802.3), a space, JSON, a line end.
//!
//! *Promises*: what was written is read back to the byte, or known to be damaged; a damaged line costs no other,
//! since the next one begins behind the next line end (JSON holds none). A person can read the file.

use super::Rank;
use crate::uplink::outgoing::Outgoing;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sidetone_wire::MessageClass;

/// Which record: the start it belongs to and its place in it. Ordered as the records were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct Id {
    /// The node's start counter.
    pub boot: u64,
    /// 1, 2, 3 … within it.
    pub seq: u64,
}

impl From<(u64, u64)> for Id {
    fn from((boot, seq): (u64, u64)) -> Self {
        Self { boot, seq }
    }
}

impl From<Id> for (u64, u64) {
    fn from(id: Id) -> Self {
        (id.boot, id.seq)
    }
}

/// A record as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: Id,
    pub(super) rank: Rank,
    pub(super) class: MessageClass,
    /// When it was made, ms since 1970 UTC.
    pub(super) at: u64,
    pub(super) topic: String,
    pub(super) payload: Box<RawValue>,
    pub(super) properties: Vec<(String, String)>,
}

impl Record {
    /// `None` if the payload is no JSON, which then is not worth keeping.
    pub(super) fn new(id: Id, rank: Rank, at: u64, message: &Outgoing) -> Option<Self> {
        let payload = String::from_utf8(message.payload.clone()).ok()?;
        Some(Self {
            id,
            rank,
            class: message.class,
            at,
            topic: message.topic.clone(),
            payload: RawValue::from_string(payload).ok()?,
            properties: message.properties.clone(),
        })
    }

    pub(super) fn into_message(self) -> Outgoing {
        Outgoing {
            topic: self.topic,
            payload: Box::<str>::from(self.payload).into_string().into_bytes(),
            properties: self.properties,
            class: self.class,
            superseded: false,
        }
    }

    /// What it costs to keep, as [`Outgoing::size`] counts.
    pub(super) fn size(&self) -> usize {
        let properties: usize = self.properties.iter().map(|(k, v)| k.len() + v.len()).sum();
        self.topic.len() + self.payload.get().len() + properties
    }
}

/// An alert that stands: its topic, and its state as it was last made. Or a call that is open: its `call.started`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) topic: String,
    pub(super) state: Box<RawValue>,
}

/// What a line says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// A record, to be kept.
    Put(Record),
    /// Records that need no keeping any more.
    Done(Vec<Id>),
    /// All alerts that stand and calls that are open; what later lines say of them counts on top.
    Standing(Vec<Standing>),
    /// So many records are lost and nobody has been told.
    Lost(u64),
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

impl Line {
    /// Appends the line to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        // Strings, numbers and raw JSON always have a JSON form; a line without one would only read as damaged.
        let json = serde_json::to_vec(self).unwrap_or_default();
        out.extend_from_slice(format!("{:08x} ", crc32fast::hash(&json)).as_bytes());
        out.extend_from_slice(&json);
        out.push(b'\n');
    }

    /// Reads a line, given without its end.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let (sum, json) = bytes.split_at_checked(9).ok_or(Damaged)?;
        let sum = std::str::from_utf8(sum).map_err(|_| Damaged)?;
        let digits = sum.strip_suffix(' ').ok_or(Damaged)?;
        let wanted = u32::from_str_radix(digits, 16).map_err(|_| Damaged)?;
        if crc32fast::hash(json) != wanted {
            return Err(Damaged);
        }
        serde_json::from_slice(json).map_err(|_| Damaged)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::uplink::outbox) fn record(seq: u64, topic: &str, class: MessageClass) -> Record {
        let message = Outgoing {
            topic: topic.to_owned(),
            payload: format!("{{\"v\":1, \"text\":\"Köln\",\"seq\":{seq}}}").into_bytes(),
            properties: vec![("id".to_owned(), seq.to_string())],
            class,
            superseded: false,
        };
        Record::new(Id { boot: 1, seq }, Rank::Event, 5, &message).unwrap()
    }

    #[test]
    fn a_record_comes_back_to_the_byte() {
        let line = Line::Put(record(3, "t", MessageClass::Event));
        let mut bytes = Vec::new();
        line.write(&mut bytes);
        assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), 1);
        let Ok(Line::Put(read)) = Line::read(&bytes[..bytes.len() - 1]) else {
            panic!("not read")
        };
        assert_eq!(read.id, Id { boot: 1, seq: 3 });
        let message = read.into_message();
        assert_eq!(
            message.payload,
            b"{\"v\":1, \"text\":\"K\xc3\xb6ln\",\"seq\":3}"
        );
        assert_eq!(message.properties, [("id".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed() {
        let mut bytes = Vec::new();
        Line::Done(vec![Id { boot: 9, seq: 1 }]).write(&mut bytes);
        let whole = &bytes[..bytes.len() - 1];
        assert!(Line::read(whole).is_ok());
        for at in 0..whole.len() {
            assert!(Line::read(&whole[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut damaged = whole.to_vec();
                damaged[at] ^= 1 << bit;
                // A digit of the sum in capitals is the same number.
                let same = damaged.eq_ignore_ascii_case(whole) && at < 8;
                assert_eq!(Line::read(&damaged).is_ok(), same, "bit {bit} of byte {at}");
            }
        }
    }
}
