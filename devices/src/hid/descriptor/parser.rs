//! The pass over the items: state in, fields out.

use super::error::{DescriptorError, Fault};
use super::item::{Item, Items, Tag};
use super::state::{Globals, Locals};
use super::{Direction, Field, ItemFlags, Layout, ReportDescriptor, ReportId, limits};
use crate::hid::usage::Usage;

/// See [`ReportDescriptor::parse`].
pub(super) fn parse(bytes: &[u8]) -> Result<ReportDescriptor, DescriptorError> {
    if bytes.len() > limits::DESCRIPTOR_BYTES {
        let fault = Fault::TooLong(bytes.len());
        return Err(DescriptorError {
            offset: limits::DESCRIPTOR_BYTES,
            fault,
        });
    }
    let mut parser = Parser::default();
    for item in Items::new(bytes) {
        let item = item?;
        parser.take(item).map_err(|fault| DescriptorError {
            offset: item.offset,
            fault,
        })?;
    }
    parser.finish().map_err(|fault| DescriptorError {
        offset: bytes.len(),
        fault,
    })
}

/// How long one report has become.
#[derive(Debug, Clone, Copy)]
struct Extent {
    direction: Direction,
    report: Option<ReportId>,
    bits: u32,
}

#[derive(Debug, Default)]
struct Parser {
    globals: Globals,
    pushed: Vec<Globals>,
    locals: Locals,
    depth: usize,
    application: Option<Usage>,
    extents: Vec<Extent>,
    result: Partial,
}

#[derive(Debug, Default)]
struct Partial {
    fields: Vec<Field>,
    spans: Vec<super::UsageSpan>,
    applications: Vec<Usage>,
    numbered: bool,
}

impl Parser {
    fn take(&mut self, item: Item) -> Result<(), Fault> {
        match item.tag {
            Tag::Input => self.main(Direction::Input, item)?,
            Tag::Output => self.main(Direction::Output, item)?,
            Tag::Feature => self.main(Direction::Feature, item)?,
            Tag::Collection => self.collection()?,
            Tag::EndCollection => self.end_collection()?,
            Tag::UsagePage => {
                self.globals.usage_page =
                    u16::try_from(item.data).map_err(|_| Fault::UsagePage(item.data))?;
            }
            Tag::LogicalMinimum => self.globals.logical_minimum = Some(item),
            Tag::LogicalMaximum => self.globals.logical_maximum = Some(item),
            Tag::ReportSize => self.globals.report_size = item.data,
            Tag::ReportCount => self.globals.report_count = item.data,
            Tag::ReportId => self.report_id(item)?,
            Tag::Push => self.push()?,
            Tag::Pop => self.globals = self.pushed.pop().ok_or(Fault::PopWithoutPush)?,
            Tag::Usage => self.locals.usage(item),
            Tag::UsageMinimum => self.locals.usage_minimum(item),
            Tag::UsageMaximum => self.locals.usage_maximum(item),
            Tag::Delimiter => self.locals.delimiter(item)?,
            Tag::Other => {}
        }
        Ok(())
    }

    /// §6.2.2.7. The id stays in force until the next one.
    fn report_id(&mut self, item: Item) -> Result<(), Fault> {
        let id = u8::try_from(item.data).ok().and_then(ReportId::new);
        self.globals.report_id = Some(id.ok_or(Fault::ReportId(item.data))?);
        self.result.numbered = true;
        Ok(())
    }

    fn push(&mut self) -> Result<(), Fault> {
        if self.pushed.len() >= limits::PUSH_DEPTH {
            return Err(Fault::PushTooDeep);
        }
        self.pushed.push(self.globals);
        Ok(())
    }

    /// §6.2.2.6. Only the outermost collection's usage is kept: it says what kind of device this is.
    fn collection(&mut self) -> Result<(), Fault> {
        let usage = self.locals.take_first(self.globals.usage_page);
        if self.depth >= limits::COLLECTION_DEPTH {
            return Err(Fault::CollectionTooDeep);
        }
        if self.depth == 0 {
            self.application = usage;
            self.result.applications.extend(usage);
        }
        self.depth += 1;
        Ok(())
    }

    fn end_collection(&mut self) -> Result<(), Fault> {
        self.locals.take_first(self.globals.usage_page);
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or(Fault::EndWithoutCollection)?;
        if self.depth == 0 {
            self.application = None;
        }
        Ok(())
    }

    /// An Input, Output or Feature item (§6.2.2.4, §6.2.2.5).
    fn main(&mut self, direction: Direction, item: Item) -> Result<(), Fault> {
        let globals = self.globals;
        let first_span = self.result.spans.len();
        self.locals
            .take_spans(globals.usage_page, &mut self.result.spans)?;
        let wanted = u64::from(globals.report_size) * u64::from(globals.report_count);
        if wanted == 0 {
            self.result.spans.truncate(first_span);
            return Ok(());
        }
        let bit_offset = self.extend_report(direction, globals.report_id, wanted)?;
        if self.result.fields.len() >= limits::FIELDS {
            return Err(Fault::TooManyFields);
        }
        let flags = ItemFlags(item.data);
        let layout = match (flags.is_constant(), flags.is_variable()) {
            (true, _) => Layout::Opaque,
            _ if globals.report_size > limits::ELEMENT_BITS => Layout::Opaque,
            (false, true) => Layout::Variable,
            (false, false) => Layout::Array,
        };
        // Padding often follows with whatever extent was last in force; it means nothing there.
        let logical = if layout == Layout::Opaque {
            None
        } else {
            globals.logical()?
        };
        self.result.fields.push(Field {
            direction,
            report: globals.report_id,
            bit_offset,
            element_bits: globals.report_size,
            count: globals.report_count,
            layout,
            flags,
            logical,
            application: self.application,
            usages: first_span..self.result.spans.len(),
        });
        Ok(())
    }

    /// Adds `wanted` bits to a report and says where they begin. What comes out fits `u32`, with room.
    fn extend_report(
        &mut self,
        direction: Direction,
        report: Option<ReportId>,
        wanted: u64,
    ) -> Result<u32, Fault> {
        let same = |extent: &&mut Extent| extent.direction == direction && extent.report == report;
        let mut fresh = Extent {
            direction,
            report,
            bits: 0,
        };
        let known = self.extents.iter_mut().find(same);
        let is_new = known.is_none();
        let extent = known.unwrap_or(&mut fresh);
        let start = extent.bits;
        let end = u64::from(start).saturating_add(wanted);
        extent.bits = u32::try_from(end)
            .ok()
            .filter(|&bits| bits <= limits::REPORT_BITS)
            .ok_or(Fault::ReportTooLong { bits: end })?;
        if is_new {
            self.extents.push(fresh);
        }
        Ok(start)
    }

    fn finish(self) -> Result<ReportDescriptor, Fault> {
        if self.depth > 0 {
            return Err(Fault::CollectionOpen(self.depth));
        }
        let Partial {
            fields,
            spans,
            applications,
            numbered,
        } = self.result;
        Ok(ReportDescriptor {
            fields,
            spans,
            applications,
            numbered,
        })
    }
}
