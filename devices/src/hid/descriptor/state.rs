//! The parser's item state table (HID 1.11 §5.4): globals that last, locals that end with the next
//! main item.

use super::error::Fault;
use super::item::Item;
use super::{ReportId, UsageSpan};
use crate::hid::usage::Usage;

/// Global items (§6.2.2.7). Physical extents and units do not matter to a headset.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Globals {
    pub(super) usage_page: u16,
    pub(super) logical_minimum: Option<Item>,
    pub(super) logical_maximum: Option<Item>,
    pub(super) report_size: u32,
    pub(super) report_count: u32,
    pub(super) report_id: Option<ReportId>,
}

impl Globals {
    /// The logical extent. A maximum whose top bit is set is negative only if the minimum is: many
    /// descriptors write 0..255 with a one-byte 0xFF, against the letter of §6.2.2.7, and every host
    /// reads it as they mean it.
    pub(super) fn logical(&self) -> Result<Option<(i64, i64)>, Fault> {
        let (Some(minimum), Some(maximum)) = (self.logical_minimum, self.logical_maximum) else {
            // §6.2.2.7 has no default. One of them alone says that the other is 0.
            return Ok(match (self.logical_minimum, self.logical_maximum) {
                (None, Some(maximum)) => Some((0, i64::from(maximum.data))),
                _ => None,
            });
        };
        let low = i64::from(minimum.signed());
        let high = if low < 0 {
            i64::from(maximum.signed())
        } else {
            i64::from(maximum.data)
        };
        if high < low {
            return Err(Fault::LogicalRange {
                minimum: low,
                maximum: high,
            });
        }
        Ok(Some((low, high)))
    }
}

/// A usage as it is written: its page may still be open.
#[derive(Debug, Clone, Copy)]
enum Written {
    /// One or two bytes: an id on the page that is in force at the next main item (§6.2.2.8).
    Id(u16),
    /// Four bytes: an extended usage.
    Extended(u32),
}

impl Written {
    fn of(item: Item) -> Self {
        if item.size == 4 {
            Self::Extended(item.data)
        } else {
            Self::Id(item.data as u16)
        }
    }

    fn on(self, page: u16) -> Usage {
        match self {
            Self::Id(id) => Usage::new(page, id),
            Self::Extended(usage) => Usage(usage),
        }
    }
}

/// Local items (§6.2.2.8). Strings and designators do not matter to a headset.
#[derive(Debug, Default)]
pub(super) struct Locals {
    usages: Vec<(Written, Written)>,
    minimum: Option<Written>,
    maximum: Option<Written>,
    in_set: bool,
    /// Something of the open set was taken; the rest are alternatives.
    set_served: bool,
}

impl Locals {
    pub(super) fn usage(&mut self, item: Item) {
        let usage = Written::of(item);
        self.keep(usage, usage);
    }

    pub(super) fn usage_minimum(&mut self, item: Item) {
        self.minimum = Some(Written::of(item));
        self.pair();
    }

    pub(super) fn usage_maximum(&mut self, item: Item) {
        self.maximum = Some(Written::of(item));
        self.pair();
    }

    fn pair(&mut self) {
        if let (Some(minimum), Some(maximum)) = (self.minimum, self.maximum) {
            (self.minimum, self.maximum) = (None, None);
            self.keep(minimum, maximum);
        }
    }

    /// Of a delimited set only the first usage is kept: the most preferred one (§6.2.2.8).
    fn keep(&mut self, first: Written, last: Written) {
        if self.in_set && self.set_served {
            return;
        }
        self.set_served = self.in_set;
        self.usages.push((first, last));
    }

    pub(super) fn delimiter(&mut self, item: Item) -> Result<(), Fault> {
        match (item.data, self.in_set) {
            (1, false) => (self.in_set, self.set_served) = (true, false),
            (0, true) => self.in_set = false,
            (other, _) => return Err(Fault::Delimiter(other)),
        }
        Ok(())
    }

    /// The usages with the page of the main item, appended to `spans`; the locals are empty afterwards.
    pub(super) fn take_spans(
        &mut self,
        page: u16,
        spans: &mut Vec<UsageSpan>,
    ) -> Result<(), Fault> {
        if self.minimum.is_some() || self.maximum.is_some() {
            return Err(Fault::HalfUsageRange);
        }
        if self.in_set {
            return Err(Fault::Delimiter(1));
        }
        for (first, last) in self.usages.drain(..) {
            let (first, last) = (first.on(page), last.on(page));
            if first.page() != last.page() || first > last {
                return Err(Fault::UsageRange {
                    minimum: first.0,
                    maximum: last.0,
                });
            }
            spans.push(UsageSpan { first, last });
        }
        Ok(())
    }

    /// The first usage, as a collection needs it; the locals are empty afterwards.
    pub(super) fn take_first(&mut self, page: u16) -> Option<Usage> {
        let usage = self.usages.first().map(|(first, _)| first.on(page));
        *self = Self {
            usages: std::mem::take(&mut self.usages),
            ..Self::default()
        };
        self.usages.clear();
        usage
    }
}
