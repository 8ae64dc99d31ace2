//! The items a report descriptor is written in (HID 1.11 §6.2.2.1 to §6.2.2.3).

use super::error::{DescriptorError, Fault};

/// The largest data of a short item, which is what every item of meaning is.
const LONG_ITEM_PREFIX: u8 = 0xfe;

/// One short item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Where it starts in the descriptor.
    pub(super) offset: usize,
    /// What it is: `bTag` and `bType`, i.e. the prefix without its size bits.
    pub(super) tag: Tag,
    /// Its data, little-endian, without sign.
    pub(super) data: u32,
    /// How many bytes of data: 0, 1, 2 or 4 (`bSize` 3 means 4, §6.2.2.2).
    pub(super) size: u8,
}

impl Item {
    /// The data as the signed number of its size (§6.2.2.7: logical extents are signed).
    pub(super) fn signed(self) -> i32 {
        match self.size {
            1 => i32::from(self.data as u8 as i8),
            2 => i32::from(self.data as u16 as i16),
            _ => self.data as i32,
        }
    }
}

/// The tags of HID 1.11 §6.2.2.4 (main), §6.2.2.7 (global) and §6.2.2.8 (local).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Input,
    Output,
    Feature,
    Collection,
    EndCollection,
    UsagePage,
    LogicalMinimum,
    LogicalMaximum,
    ReportSize,
    ReportId,
    ReportCount,
    Push,
    Pop,
    Usage,
    UsageMinimum,
    UsageMaximum,
    Delimiter,
    /// Physical extents, units, designators, strings and the reserved tags: they change nothing of
    /// what a report means to us (§6.2.2.3: a reserved tag is to be ignored).
    Other,
}

impl Tag {
    fn of(prefix: u8) -> Self {
        match prefix & 0xfc {
            0x80 => Self::Input,
            0x90 => Self::Output,
            0xb0 => Self::Feature,
            0xa0 => Self::Collection,
            0xc0 => Self::EndCollection,
            0x04 => Self::UsagePage,
            0x14 => Self::LogicalMinimum,
            0x24 => Self::LogicalMaximum,
            0x74 => Self::ReportSize,
            0x84 => Self::ReportId,
            0x94 => Self::ReportCount,
            0xa4 => Self::Push,
            0xb4 => Self::Pop,
            0x08 => Self::Usage,
            0x18 => Self::UsageMinimum,
            0x28 => Self::UsageMaximum,
            0xa8 => Self::Delimiter,
            _ => Self::Other,
        }
    }
}

/// Walks over the short items of `bytes`; long items (§6.2.2.3, none is defined) are stepped over.
#[derive(Debug)]
pub(super) struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Items<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn short(&mut self, offset: usize, prefix: u8) -> Result<Item, DescriptorError> {
        let size = [0_u8, 1, 2, 4][usize::from(prefix & 3)];
        let start = offset + 1;
        let raw = self
            .bytes
            .get(start..start + usize::from(size))
            .ok_or(DescriptorError {
                offset,
                fault: Fault::CutOff {
                    wanted: usize::from(size),
                },
            })?;
        let mut data = [0_u8; 4];
        data[..raw.len()].copy_from_slice(raw);
        self.at = start + raw.len();
        Ok(Item {
            offset,
            tag: Tag::of(prefix),
            data: u32::from_le_bytes(data),
            size,
        })
    }
}

impl Iterator for Items<'_> {
    type Item = Result<Item, DescriptorError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let offset = self.at;
            let prefix = *self.bytes.get(offset)?;
            if prefix != LONG_ITEM_PREFIX {
                let item = self.short(offset, prefix);
                if item.is_err() {
                    self.at = self.bytes.len();
                }
                return Some(item);
            }
            let length = self
                .bytes
                .get(offset + 1)
                .map_or(3, |&length| usize::from(length) + 3);
            if offset + length > self.bytes.len() {
                self.at = self.bytes.len();
                return Some(Err(DescriptorError {
                    offset,
                    fault: Fault::CutOff { wanted: length },
                }));
            }
            self.at = offset + length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_prefix() {
        let items: Vec<Item> =
            Items::new(&[0x05, 0x0b, 0x26, 0xff, 0x00, 0x0b, 1, 0, 0x0b, 0, 0xc0])
                .collect::<Result<_, _>>()
                .unwrap();
        let seen: Vec<_> = items
            .iter()
            .map(|item| (item.offset, item.tag, item.data))
            .collect();
        assert_eq!(
            seen,
            [
                (0, Tag::UsagePage, 0x0b),
                (2, Tag::LogicalMaximum, 0xff),
                (5, Tag::Usage, 0x000b_0001),
                (10, Tag::EndCollection, 0),
            ]
        );
    }

    #[test]
    fn signs_follow_the_size() {
        let item = |size, data| Item {
            offset: 0,
            tag: Tag::LogicalMinimum,
            data,
            size,
        };
        assert_eq!(item(1, 0xff).signed(), -1);
        assert_eq!(item(2, 0xff).signed(), 255);
        assert_eq!(item(4, 0xffff_ffff).signed(), -1);
        assert_eq!(item(0, 0).signed(), 0);
    }

    #[test]
    fn long_items_are_stepped_over_and_cut_ones_refused() {
        let mut items = Items::new(&[0xfe, 2, 0xf1, 9, 9, 0xc0]);
        assert_eq!(items.next().unwrap().unwrap().offset, 5);
        for cut in [
            &[0xfe][..],
            &[0xfe, 9, 0xf1, 1],
            &[0x26, 0xff],
            &[0x07, 1, 2, 3],
        ] {
            let mut items = Items::new(cut);
            assert!(items.next().unwrap().is_err());
            assert!(items.next().is_none());
        }
    }
}
