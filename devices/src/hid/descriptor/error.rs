//! Why a descriptor is refused: where, and what would have been allowed.

use super::limits;

/// A descriptor that is not read further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("report descriptor refused at byte {offset}: {fault}")]
pub struct DescriptorError {
    /// Where the offending item starts.
    pub offset: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a descriptor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// HID 1.11 §6.2.1 allows 65,535 bytes; the kernel hands out 4096.
    #[error("{0} bytes long, at most {max} are read", max = limits::DESCRIPTOR_BYTES)]
    TooLong(usize),
    /// An item announces more data than there is (§6.2.2.2, §6.2.2.3).
    #[error("the item needs {wanted} more bytes and the descriptor ends before")]
    CutOff {
        /// Bytes that should follow the prefix.
        wanted: usize,
    },
    /// More Input, Output and Feature items than any headset has.
    #[error("more than {max} fields", max = limits::FIELDS)]
    TooManyFields,
    /// Report Size × Report Count reaches too far (§6.2.2.7, §8.4).
    #[error("the report would be {bits} bits long, at most {max} are allowed", max = limits::REPORT_BITS)]
    ReportTooLong {
        /// Length it would have.
        bits: u64,
    },
    /// §6.2.2.7: Report ID zero is reserved, and the id is one byte.
    #[error("report id {0} is not one of 1 to 255")]
    ReportId(u32),
    /// §6.2.2.7, Push.
    #[error("more than {max} Push items are open", max = limits::PUSH_DEPTH)]
    PushTooDeep,
    /// §6.2.2.7, Pop.
    #[error("Pop without a Push before it")]
    PopWithoutPush,
    /// §6.2.2.6.
    #[error("collections are nested deeper than {max}", max = limits::COLLECTION_DEPTH)]
    CollectionTooDeep,
    /// §6.2.2.6.
    #[error("End Collection without a Collection before it")]
    EndWithoutCollection,
    /// §6.2.2.6: every Collection is closed.
    #[error("{0} collections are still open at the end")]
    CollectionOpen(usize),
    /// §6.2.2.8: a range runs upwards, on one page.
    #[error("usages {minimum:08x} to {maximum:08x} are not a range that runs upwards on one page")]
    UsageRange {
        /// Usage Minimum.
        minimum: u32,
        /// Usage Maximum.
        maximum: u32,
    },
    /// §6.2.2.8: minimum and maximum come in pairs.
    #[error("Usage Minimum and Usage Maximum have to come as a pair")]
    HalfUsageRange,
    /// §6.2.2.7.
    #[error("Logical Maximum {maximum} is below Logical Minimum {minimum}")]
    LogicalRange {
        /// Logical Minimum.
        minimum: i64,
        /// Logical Maximum.
        maximum: i64,
    },
    /// §6.2.2.8: Delimiter 1 opens, 0 closes, and they do not nest.
    #[error("Delimiter {0} does not fit here: 1 opens a set, 0 closes it, and sets do not nest")]
    Delimiter(u32),
    /// §6.2.2.7: the usage page is 16 bits wide.
    #[error("usage page {0:x} is wider than 16 bits")]
    UsagePage(u32),
}
