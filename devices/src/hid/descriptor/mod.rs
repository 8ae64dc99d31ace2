//! Report descriptors (HID 1.11 §6.2.2): what each report of a device consists of.
//!
//! *Promises*: whatever bytes come in, parsing ends after one pass, allocates no more than in
//! proportion to their number (never to a count *written* in them), and yields fields that lie inside
//! a report of bounded length.
//!
//! *Fails* with the offset of the offending item and what would have been allowed there.
//!
//! *Never* panics, and never guesses: what HID 1.11 forbids and the kernel refuses is refused.
//!
//! Two leniences, both the kernel's own: a data field wider than 32 bits (§8.4 forbids it, vendors
//! describe their data pipes so) is kept as opaque bits, and an item before the first Report ID of a
//! device that uses them belongs to no report that can arrive.

mod error;
mod item;
mod parser;
mod state;

pub use error::{DescriptorError, Fault};

use super::usage::Usage;
use std::ops::Range;

/// What is accepted at most. Real headsets stay an order of magnitude below.
pub mod limits {
    /// Length of a descriptor in bytes; the kernel's `HID_MAX_DESCRIPTOR_SIZE`.
    pub const DESCRIPTOR_BYTES: usize = 4096;
    /// Input, Output and Feature items that occupy bits.
    pub const FIELDS: usize = 256;
    /// Length of one report in bits, report id not counted.
    pub const REPORT_BITS: u32 = 8 * 4096;
    /// Open Push items; the kernel has 4.
    pub const PUSH_DEPTH: usize = 16;
    /// Collections in collections.
    pub const COLLECTION_DEPTH: usize = 32;
    /// Widest element that is decoded (§8.4: an item spans at most 4 bytes).
    pub const ELEMENT_BITS: u32 = 32;
    /// Elements of one array that are decoded.
    pub const ARRAY_SLOTS: u32 = 64;
}

/// A report id, 1 to 255 (§6.2.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(std::num::NonZeroU8);

impl ReportId {
    /// `None` for the reserved id 0.
    #[must_use]
    pub const fn new(id: u8) -> Option<Self> {
        match std::num::NonZeroU8::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// The byte that leads the report.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

/// Which way a report goes (§6.2.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Device to host.
    Input,
    /// Host to device.
    Output,
    /// Both, on request.
    Feature,
}

/// How the elements of a field are to be read (§6.2.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Padding, or too wide to mean a number: nothing to read.
    Opaque,
    /// Each element is the value of one usage.
    Variable,
    /// Each element is the index of a usage that is asserted.
    Array,
}

/// The data of an Input, Output or Feature item (§6.2.2.5), bits as they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemFlags(u32);

impl ItemFlags {
    /// Bit 0: no data.
    #[must_use]
    pub const fn is_constant(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bit 1: variable, not array.
    #[must_use]
    pub const fn is_variable(self) -> bool {
        self.0 & 1 << 1 != 0
    }

    /// Bit 2: a change, not a state.
    #[must_use]
    pub const fn is_relative(self) -> bool {
        self.0 & 1 << 2 != 0
    }

    /// Bit 5: stays where it is put; clear for what springs back, such as a button.
    #[must_use]
    pub const fn has_no_preferred_state(self) -> bool {
        self.0 & 1 << 5 != 0
    }
}

/// One Input, Output or Feature item: `count` elements of `element_bits` each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Which way its report goes.
    pub direction: Direction,
    /// Its report's id, if the device uses ids.
    pub report: Option<ReportId>,
    /// First bit in the report, report id not counted.
    pub bit_offset: u32,
    /// Width of one element in bits.
    pub element_bits: u32,
    /// Number of elements.
    pub count: u32,
    /// How to read them.
    pub layout: Layout,
    /// The item's flags.
    pub flags: ItemFlags,
    /// Logical extent (§6.2.2.7); `None` if the descriptor declares none. Signed if it begins below 0.
    pub logical: Option<(i64, i64)>,
    /// The usage of the outermost collection, e.g. `0b:05` headset.
    pub application: Option<Usage>,
    usages: Range<usize>,
}

impl Field {
    /// The first bit behind the field.
    #[must_use]
    pub const fn bit_end(&self) -> u32 {
        // Bounded by `limits::REPORT_BITS` when the field was made.
        self.bit_offset + self.element_bits * self.count
    }

    /// Whether an element is a signed number (§6.2.2.7: if the logical minimum is negative).
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self.logical, Some((minimum, _)) if minimum < 0)
    }
}

/// A run of usages on one page, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UsageSpan {
    first: Usage,
    last: Usage,
}

impl UsageSpan {
    const fn len(self) -> u32 {
        self.last.0 - self.first.0 + 1
    }
}

/// A parsed report descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDescriptor {
    fields: Vec<Field>,
    spans: Vec<UsageSpan>,
    applications: Vec<Usage>,
    numbered: bool,
}

impl ReportDescriptor {
    /// Parses the bytes a device sends as its report descriptor.
    ///
    /// # Errors
    /// The first item that HID 1.11 §6.2.2 or [`limits`] do not allow, by its offset.
    pub fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        parser::parse(bytes)
    }

    /// All fields, in the order of the descriptor, padding included.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The outermost collections' usages, in order.
    #[must_use]
    pub fn applications(&self) -> &[Usage] {
        &self.applications
    }

    /// Whether a report begins with its id (§6.2.2.7: then all do).
    #[must_use]
    pub fn uses_report_ids(&self) -> bool {
        self.numbered
    }

    /// The input fields of one report.
    pub fn input_fields(&self, report: Option<ReportId>) -> impl Iterator<Item = &Field> + use<'_> {
        self.fields
            .iter()
            .filter(move |field| field.direction == Direction::Input && field.report == report)
    }

    /// Length in bytes of the longest input report, its id included.
    #[must_use]
    pub fn longest_input(&self) -> usize {
        let inputs = self
            .fields
            .iter()
            .filter(|field| field.direction == Direction::Input);
        let bits = inputs.map(Field::bit_end).max().unwrap_or(0);
        usize::from(self.numbered) + bits.div_ceil(8) as usize
    }

    /// The usage of the element at `index`: the last usage counts for all that have none of their own
    /// (§6.2.2.8). For an array, the usage that index *selects*, and none beyond the last.
    #[must_use]
    pub fn usage(&self, field: &Field, index: u32) -> Option<Usage> {
        let spans = self.spans.get(field.usages.clone())?;
        let mut left = index;
        for span in spans {
            if left < span.len() {
                return Some(Usage(span.first.0 + left));
            }
            left -= span.len();
        }
        match field.layout {
            Layout::Variable => spans.last().map(|span| span.last),
            Layout::Array | Layout::Opaque => None,
        }
    }

    /// The pages of a field's usages, in their order, with repetitions.
    pub fn pages(&self, field: &Field) -> impl Iterator<Item = u16> + use<'_> {
        let spans = self.spans.get(field.usages.clone()).unwrap_or(&[]);
        spans.iter().map(|span| span.first.page())
    }

    /// The different usages of a field, each once, at most as many as it has elements (a variable) or
    /// selectable values (an array).
    pub fn usages<'a>(&'a self, field: &'a Field) -> impl Iterator<Item = Usage> + 'a {
        let spans = self.spans.get(field.usages.clone()).unwrap_or(&[]);
        let most = match (field.layout, field.logical) {
            (Layout::Variable, _) => i64::from(field.count),
            (Layout::Array, Some((minimum, maximum))) => maximum - minimum + 1,
            _ => 0,
        };
        let all = spans
            .iter()
            .flat_map(|span| (span.first.0..=span.last.0).map(Usage));
        all.take(usize::try_from(most).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests;
