//! Input reports: the bytes of one read, as values by usage (HID 1.11 §5.6, §8).
//!
//! *Promises*: no allocation, and no more work than the descriptor has elements in that report.
//!
//! *Fails* visibly: a report that is too short yields the elements that are wholly there and says how
//! much is missing; one that is too long yields all and says how much is left over; an unknown id is
//! its own outcome.
//!
//! *Never* invents a value: an element outside its logical extent is no value (§5.10, null values).

use super::descriptor::{Field, Layout, ReportDescriptor, ReportId, limits};
use super::usage::Usage;

/// One input report, matched to its descriptor.
#[derive(Debug, Clone, Copy)]
pub struct InputReport<'a> {
    descriptor: &'a ReportDescriptor,
    id: Option<ReportId>,
    data: &'a [u8],
    length: Length,
}

/// How the report's length compares with the descriptor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As declared.
    Exact,
    /// This many bytes are missing; what lies in them has no value.
    Short(usize),
    /// This many bytes follow behind the last field; they are ignored.
    Long(usize),
}

/// Why bytes are not a report of this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAReport {
    /// Nothing was read.
    #[error("an empty report")]
    Empty,
    /// The descriptor has no input field under this id (`None`: it declares no input at all).
    #[error("a report with an id that the descriptor does not declare: {0:?}")]
    UnknownId(Option<ReportId>),
}

/// What one element says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A variable has this value.
    Value {
        /// What it is.
        usage: Usage,
        /// Its value, sign extended where the field is signed.
        value: i64,
    },
    /// An array element asserts this usage; usages of the array that no element names are released.
    Asserted {
        /// What is asserted.
        usage: Usage,
    },
}

/// A [`Reading`] and where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The field it belongs to.
    pub field: &'a Field,
    /// Its number in the field, from 0.
    pub index: u32,
    /// What it says.
    pub reading: Reading,
}

impl<'a> InputReport<'a> {
    /// Matches bytes as hidraw delivers them: the report id first if the device uses ids.
    ///
    /// # Errors
    /// [`NotAReport`] if there are no bytes or no such report.
    pub fn new(descriptor: &'a ReportDescriptor, bytes: &'a [u8]) -> Result<Self, NotAReport> {
        let (&first, rest) = bytes.split_first().ok_or(NotAReport::Empty)?;
        let (id, data) = if descriptor.uses_report_ids() {
            (
                Some(ReportId::new(first).ok_or(NotAReport::UnknownId(None))?),
                rest,
            )
        } else {
            (None, bytes)
        };
        let bits = descriptor
            .input_fields(id)
            .map(Field::bit_end)
            .max()
            .ok_or(NotAReport::UnknownId(id))?;
        let declared = bits.div_ceil(8) as usize;
        let length = match data.len() {
            got if got < declared => Length::Short(declared - got),
            got if got > declared => Length::Long(got - declared),
            _ => Length::Exact,
        };
        Ok(Self {
            descriptor,
            id,
            data,
            length,
        })
    }

    /// The report's id.
    #[must_use]
    pub fn id(&self) -> Option<ReportId> {
        self.id
    }

    /// The bytes behind the id.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// How long it is, against the descriptor.
    #[must_use]
    pub fn length(&self) -> Length {
        self.length
    }

    /// The input fields of this report that have values.
    pub fn fields(&self) -> impl Iterator<Item = &'a Field> + use<'a> {
        self.descriptor
            .input_fields(self.id)
            .filter(|field| field.layout != Layout::Opaque)
    }

    /// The value of one element of a variable field of this report; `None` if it is missing or outside
    /// its logical extent.
    #[must_use]
    pub fn value(&self, field: &Field, index: u32) -> Option<i64> {
        raw(self.data, field, index).filter(|&value| in_extent(field, value))
    }

    /// Whether all bits of the field are there.
    #[must_use]
    pub fn has_all_of(&self, field: &Field) -> bool {
        self.data.len() * 8 >= field.bit_end() as usize
    }

    /// The elements of one field of this report that have a value.
    pub fn elements(&self, field: &'a Field) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let Self {
            descriptor, data, ..
        } = *self;
        // Nobody presses more keys than that at once; a hostile descriptor may have a million slots.
        let count = match field.layout {
            Layout::Array => field.count.min(limits::ARRAY_SLOTS),
            Layout::Variable | Layout::Opaque => field.count,
        };
        (0..count)
            .map_while(move |index| Some((index, raw(data, field, index)?)))
            .filter_map(move |(index, value)| {
                let reading = read(descriptor, field, index, value)?;
                Some(Element {
                    field,
                    index,
                    reading,
                })
            })
    }

    /// All elements of the report that have a value.
    pub fn readings(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let report = *self;
        self.fields().flat_map(move |field| report.elements(field))
    }
}

fn read(descriptor: &ReportDescriptor, field: &Field, index: u32, value: i64) -> Option<Reading> {
    if !in_extent(field, value) {
        return None;
    }
    match field.layout {
        Layout::Opaque => None,
        Layout::Variable => descriptor
            .usage(field, index)
            .map(|usage| Reading::Value { usage, value }),
        Layout::Array => {
            // §6.2.2.5: the value is an index from the logical minimum; usage 0 is "no event" (HID
            // Usage Tables: id 0 of every page).
            let minimum = field.logical.map_or(0, |(minimum, _)| minimum);
            let selected = u32::try_from(value - minimum).ok()?;
            let usage = descriptor.usage(field, selected)?;
            (usage.id() != 0).then_some(Reading::Asserted { usage })
        }
    }
}

fn in_extent(field: &Field, value: i64) -> bool {
    field
        .logical
        .is_none_or(|(minimum, maximum)| (minimum..=maximum).contains(&value))
}

/// The bits of one element, least significant first (§8.4); `None` if they are not all there.
fn raw(data: &[u8], field: &Field, index: u32) -> Option<i64> {
    let width = field.element_bits;
    let start = field.bit_offset.checked_add(width.checked_mul(index)?)?;
    let end = start.checked_add(width)?;
    let bytes = data.get(start as usize / 8..end.div_ceil(8) as usize)?;
    // At most 32 bits that begin anywhere in a byte: five bytes.
    let gathered = bytes
        .iter()
        .rev()
        .fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    let value = gathered >> (start % 8) & ((1_u64 << width) - 1);
    let negative = field.is_signed() && value >> (width - 1) & 1 == 1;
    Some(if negative {
        value as i64 - (1_i64 << width)
    } else {
        value as i64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(descriptor: &[u8], report: &[u8]) -> (Length, Vec<(Usage, Option<i64>)>) {
        let descriptor = ReportDescriptor::parse(descriptor).unwrap();
        let report = InputReport::new(&descriptor, report).unwrap();
        let readings = report.readings().map(|element| match element.reading {
            Reading::Value { usage, value } => (usage, Some(value)),
            Reading::Asserted { usage } => (usage, None),
        });
        (report.length(), readings.collect())
    }

    /// Report 3: a signed 12-bit, two unsigned 10-bit values, and a 32-bit one that starts in a byte.
    const ODD: &[u8] = &[
        0x05, 0x0b, 0x85, 3, 0x16, 0x00, 0xf8, 0x26, 0xff, 0x07, 0x75, 12, 0x95, 1, 0x09, 1, 0x81,
        2, 0x15, 0, 0x26, 0xff, 0x03, 0x75, 10, 0x95, 2, 0x09, 2, 0x09, 3, 0x81, 2, 0x27, 0xff,
        0xff, 0xff, 0xff, 0x75, 32, 0x95, 1, 0x09, 4, 0x81, 2,
    ];

    fn usage(id: u16) -> Usage {
        Usage::new(0x0b, id)
    }

    #[test]
    fn elements_may_begin_and_end_anywhere() {
        // -2 in 12 bits, 0x155, 0x2aa, then 0xdeadbeef.
        let bits: u128 = 0xffe | 0x155 << 12 | 0x2aa << 22 | 0xdead_beef << 32;
        let mut report = vec![3];
        report.extend(&bits.to_le_bytes()[..8]);
        let (length, seen) = values(ODD, &report);
        assert_eq!(length, Length::Exact);
        let expected = [(1, -2), (2, 0x155), (3, 0x2aa), (4, 0xdead_beef)];
        assert_eq!(seen, expected.map(|(id, value)| (usage(id), Some(value))));
    }

    #[test]
    fn a_short_report_gives_what_is_wholly_there() {
        let (length, seen) = values(ODD, &[3, 0x01, 0x00, 0x00]);
        assert_eq!(length, Length::Short(5));
        assert_eq!(seen, [(usage(1), Some(1)), (usage(2), Some(0))]);
    }

    #[test]
    fn a_long_report_says_so_and_is_read() {
        let (length, seen) = values(ODD, &[3, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9]);
        assert_eq!(length, Length::Long(2));
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn arrays_assert_by_index_and_outside_their_extent_nothing() {
        // Values 1..=12 select keys B0..BB; 0 lies outside the extent.
        let keypad = [
            0x05, 0x0b, 0x19, 0xb0, 0x29, 0xbb, 0x15, 1, 0x25, 12, 0x75, 8, 0x95, 3, 0x81, 0,
        ];
        let (_, seen) = values(&keypad, &[1, 0, 12]);
        assert_eq!(seen, [(usage(0xb0), None), (usage(0xbb), None)]);
        assert_eq!(values(&keypad, &[0, 13, 255]).1, []);
    }

    #[test]
    fn what_is_no_report_of_this_device_is_told() {
        let descriptor = ReportDescriptor::parse(ODD).unwrap();
        let refused = |bytes| InputReport::new(&descriptor, bytes).unwrap_err();
        assert_eq!(refused(&[]), NotAReport::Empty);
        assert_eq!(refused(&[0, 1]), NotAReport::UnknownId(None));
        assert_eq!(refused(&[9, 1]), NotAReport::UnknownId(ReportId::new(9)));
    }
}
