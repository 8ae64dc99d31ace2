//! Which bits moved, in words: `report 3 byte 2 bit 0: 0→1`. Byte 1 is the first behind the report id, as
//! in quirk files.

use sidetone_devices::hid::descriptor::{Layout, ReportDescriptor, ReportId};
use std::collections::{BTreeMap, BTreeSet};

/// So many bytes of one report are told; more is a new message, not a movement.
const MOST_BYTES: usize = 6;

/// A byte of a report of an interface.
pub type Spot = (usize, Option<u8>, usize);

/// The last report of each id, to tell what moved since.
#[derive(Debug, Default)]
pub struct Movements {
    last: BTreeMap<(usize, Option<u8>), Vec<u8>>,
}

/// What one report moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Which byte.
    pub spot: Spot,
    /// Which of its bits.
    pub bits: u8,
    /// In words.
    pub text: String,
}

impl Movements {
    /// What a report moves against the one before it with the same id; of the first one, the bytes that
    /// are not zero.
    pub fn take(
        &mut self,
        interface: usize,
        descriptor: Option<&ReportDescriptor>,
        bytes: &[u8],
    ) -> Vec<Moved> {
        let (report, data) = match bytes.split_first() {
            Some((id, data)) if descriptor.is_none_or(ReportDescriptor::uses_report_ids) => {
                (Some(*id), data)
            }
            _ => (None, bytes),
        };
        let before = self.last.insert((interface, report), data.to_vec());
        let before = before.unwrap_or_default();
        let moved = data.iter().zip(1_usize..).filter_map(|(now, byte)| {
            let was = before.get(byte - 1).copied().unwrap_or(0);
            let bits = was ^ now;
            (bits != 0).then(|| Moved {
                spot: (interface, report, byte),
                bits,
                text: text(descriptor, report, byte, was, *now),
            })
        });
        moved.collect()
    }
}

/// The texts of what moved, without what moves by itself.
#[must_use]
pub fn told(moved: &[Moved], noise: &BTreeMap<Spot, u8>) -> Vec<String> {
    let loud = |moved: &&Moved| {
        let noise = noise.get(&moved.spot).copied().unwrap_or(0);
        moved.bits & !noise != 0
    };
    let texts: Vec<&str> = moved
        .iter()
        .filter(loud)
        .map(|moved| moved.text.as_str())
        .collect();
    let mut told: Vec<String> = texts
        .iter()
        .take(MOST_BYTES)
        .map(|text| (*text).to_owned())
        .collect();
    if texts.len() > MOST_BYTES {
        told.push(format!("and {} more bytes", texts.len() - MOST_BYTES));
    }
    told
}

/// Bits that move by themselves, by byte, as a person reads them.
#[must_use]
pub fn noise_texts(noise: &BTreeMap<Spot, u8>) -> Vec<String> {
    let mut by_report: BTreeMap<(usize, Option<u8>), BTreeSet<usize>> = BTreeMap::new();
    for (interface, report, byte) in noise.keys() {
        by_report
            .entry((*interface, *report))
            .or_default()
            .insert(*byte);
    }
    by_report
        .into_iter()
        .map(|((_, report), bytes)| {
            let bytes: Vec<String> = bytes.iter().map(ToString::to_string).collect();
            format!("{} byte {}", name(report), bytes.join(", "))
        })
        .collect()
}

fn name(report: Option<u8>) -> String {
    report.map_or_else(|| "the report".to_owned(), |id| format!("report {id}"))
}

fn text(
    descriptor: Option<&ReportDescriptor>,
    report: Option<u8>,
    byte: usize,
    was: u8,
    now: u8,
) -> String {
    let bits = was ^ now;
    let place = format!("{} byte {byte}", name(report));
    if !bits.is_power_of_two() {
        return format!("{place}: 0x{was:02x}→0x{now:02x}");
    }
    let bit = bits.trailing_zeros();
    let usage = descriptor
        .and_then(|descriptor| usage(descriptor, report, byte, bit))
        .map(|name| format!(" ({name})"))
        .unwrap_or_default();
    let value = |byte: u8| u8::from(byte & bits != 0);
    format!("{place} bit {bit}{usage}: {}→{}", value(was), value(now))
}

/// The name of the usage that has this bit to itself.
fn usage(
    descriptor: &ReportDescriptor,
    report: Option<u8>,
    byte: usize,
    bit: u32,
) -> Option<String> {
    let at = u32::try_from(byte - 1).ok()? * 8 + bit;
    let id = report.and_then(ReportId::new);
    let field = descriptor.input_fields(id).find(|field| {
        field.layout == Layout::Variable
            && field.element_bits == 1
            && (field.bit_offset..field.bit_end()).contains(&at)
    })?;
    let usage = descriptor.usage(field, at - field.bit_offset)?;
    Some(usage.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movements_name_report_byte_and_bit() {
        let mut movements = Movements::default();
        let mut take = |bytes: &[u8]| {
            let moved = movements.take(0, None, bytes);
            told(&moved, &BTreeMap::from([((0, Some(3), 3), 0xff)]))
        };
        assert_eq!(
            take(&[3, 0x51, 1, 9]),
            ["report 3 byte 1: 0x00→0x51", "report 3 byte 2 bit 0: 0→1"]
        );
        assert_eq!(take(&[3, 0x51, 0, 8]), ["report 3 byte 2 bit 0: 1→0"]);
        assert_eq!(take(&[3, 0x51, 0, 7]), [""; 0], "what moves by itself");
        let many: Vec<u8> = (2..14).collect();
        assert_eq!(
            take(&many).last().map(String::as_str),
            Some("and 5 more bytes")
        );
    }

    #[test]
    fn usages_are_named_where_a_bit_has_its_own() {
        let bytes = [
            0x05, 0x0b, 0x09, 5, 0xa1, 1, 0x85, 2, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0x20,
            0x81, 0x22, 0x09, 0x2f, 0x81, 6, 0xc0,
        ];
        let descriptor = ReportDescriptor::parse(&bytes).unwrap();
        let moved = Movements::default().take(0, Some(&descriptor), &[2, 2]);
        assert_eq!(moved[0].text, "report 2 byte 1 bit 1 (Phone Mute): 0→1");
    }
}
