//! The capture's reports, in groups of one report id, and the bits of each that may be looked at.

use sidetone_devices::hid::capture::{Capture, What};
use sidetone_devices::hid::controls::Controls;
use sidetone_devices::hid::descriptor::{Direction, Field, Layout, ReportDescriptor, ReportId};
use sidetone_devices::hid::quirks::{Condition, Place};
use sidetone_devices::hid::report::{InputReport, Reading};
use sidetone_devices::hid::usage::{self, Usage};
use std::collections::BTreeMap;

/// Usages of one field that are looked at.
const MOST_USAGES: usize = 256;

/// A report without its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) phase: usize,
    pub(super) interface: usize,
    pub(super) data: &'a [u8],
}

impl Sample<'_> {
    /// Byte 1 is the first behind the report id, as in quirk files.
    pub(super) fn byte(&self, number: usize) -> Option<u8> {
        self.data.get(number.checked_sub(1)?).copied()
    }

    pub(super) fn meets(&self, when: &[Condition]) -> bool {
        when.iter().all(|condition| {
            self.byte(condition.byte)
                .is_some_and(|value| value & condition.mask == condition.is)
        })
    }
}

/// What a byte of a report is to the search.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ByteKind {
    /// Bits that the published tables give a meaning, or that have a usage of their own: no rule on bytes.
    pub(super) spoken_for: u8,
    /// Part of declared single controls, not of a message.
    pub(super) structured: bool,
}

/// All reports with one id.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) report: Option<ReportId>,
    pub(super) samples: Vec<Sample<'a>>,
    kinds: Vec<ByteKind>,
}

impl Group<'_> {
    pub(super) fn kind(&self, byte: usize) -> ByteKind {
        let index = byte.checked_sub(1);
        index
            .and_then(|index| self.kinds.get(index).copied())
            .unwrap_or_default()
    }
}

/// The values of one place, in order.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) place: Place,
    /// More than one bit wide.
    pub(super) wide: bool,
    pub(super) points: Vec<Point>,
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) phase: usize,
    pub(super) interface: usize,
    pub(super) value: i64,
}

/// The descriptors that can be read, by interface.
pub(super) fn descriptors(capture: &Capture) -> Vec<Option<ReportDescriptor>> {
    let parsed = capture.interfaces.iter();
    parsed
        .map(|bytes| ReportDescriptor::parse(bytes).ok())
        .collect()
}

/// All reports of interfaces whose descriptor can be read.
fn reports(capture: &Capture) -> impl Iterator<Item = (usize, usize, &[u8])> {
    capture.phases.iter().enumerate().flat_map(|(at, phase)| {
        phase.sent.iter().filter_map(move |sent| match &sent.what {
            What::Report { interface, bytes } => Some((at, *interface, bytes.as_slice())),
            _ => None,
        })
    })
}

/// The reports by their id.
pub(super) fn groups<'a>(
    capture: &'a Capture,
    descriptors: &[Option<ReportDescriptor>],
) -> Vec<Group<'a>> {
    let mut by_id: BTreeMap<Option<ReportId>, Vec<Sample<'a>>> = BTreeMap::new();
    for (phase, interface, bytes) in reports(capture) {
        let Some(Some(descriptor)) = descriptors.get(interface) else {
            continue;
        };
        let (report, data) = if descriptor.uses_report_ids() {
            match bytes.split_first() {
                Some((id, data)) => (ReportId::new(*id), data),
                None => continue,
            }
        } else {
            (None, bytes)
        };
        if descriptor.uses_report_ids() && report.is_none() {
            continue;
        }
        by_id.entry(report).or_default().push(Sample {
            phase,
            interface,
            data,
        });
    }
    by_id
        .into_iter()
        .map(|(report, samples)| Group {
            report,
            samples,
            kinds: kinds(descriptors, report),
        })
        .collect()
}

fn kinds(descriptors: &[Option<ReportDescriptor>], report: Option<ReportId>) -> Vec<ByteKind> {
    let mut kinds: Vec<ByteKind> = Vec::new();
    for descriptor in descriptors.iter().flatten() {
        for field in descriptor.input_fields(report) {
            let message = is_message(descriptor, field);
            for index in 0..field.count {
                let start = field.bit_offset + index * field.element_bits;
                let usage = descriptor.usage(field, index);
                let standard = match field.layout {
                    Layout::Array => descriptor
                        .usages(field)
                        .take(MOST_USAGES)
                        .any(|usage| Controls::is_standard(field, usage)),
                    _ => usage.is_some_and(|usage| Controls::is_standard(field, usage)),
                };
                let own_bit =
                    !message && field.layout == Layout::Variable && field.element_bits == 1;
                for bit in start..start + field.element_bits {
                    let byte = (bit / 8) as usize;
                    if kinds.len() <= byte {
                        kinds.resize(byte + 1, ByteKind::default());
                    }
                    if let Some(kind) = kinds.get_mut(byte) {
                        kind.structured |= !message;
                        if standard || own_bit {
                            kind.spoken_for |= 1 << (bit % 8);
                        }
                    }
                }
            }
        }
    }
    kinds
}

/// Bytes that share one usage, or are too wide for a number: a pipe for messages of the vendor's own.
fn is_message(descriptor: &ReportDescriptor, field: &Field) -> bool {
    match field.layout {
        Layout::Opaque => field.element_bits * field.count >= 16,
        Layout::Variable => {
            field.element_bits >= 8
                && field.count > 1
                && descriptor.usages(field).take(MOST_USAGES).count() < field.count as usize
        }
        Layout::Array => false,
    }
}

/// Usages whose standard meaning a rule may replace: the mute key, which some sets latch.
const REPLACEABLE: [Usage; 2] = [usage::PHONE_MUTE, usage::CONSUMER_MUTE];

/// The values of each usage that has an element of its own; `for_mute` adds the mute keys of the tables.
pub(super) fn usages(
    capture: &Capture,
    descriptors: &[Option<ReportDescriptor>],
    for_mute: bool,
) -> Vec<Track> {
    let mut by_usage: BTreeMap<Usage, (bool, Vec<Point>)> = BTreeMap::new();
    for (phase, interface, bytes) in reports(capture) {
        let Some(Some(descriptor)) = descriptors.get(interface) else {
            continue;
        };
        let Ok(report) = InputReport::new(descriptor, bytes) else {
            continue;
        };
        let fields = descriptor.fields().iter();
        let of_report = fields.filter(|field| {
            field.direction == Direction::Input
                && field.report == report.id()
                && field.layout != Layout::Opaque
                && !is_message(descriptor, field)
        });
        for field in of_report {
            let open = |usage: Usage| {
                !Controls::is_standard(field, usage) || (for_mute && REPLACEABLE.contains(&usage))
            };
            for (index, usage) in (0_u32..).zip(descriptor.usages(field).take(MOST_USAGES)) {
                if !open(usage) {
                    continue;
                }
                let value = match field.layout {
                    Layout::Array => report.has_all_of(field).then(|| {
                        let wanted = Reading::Asserted { usage };
                        let mut elements = report.elements(field);
                        i64::from(elements.any(|element| element.reading == wanted))
                    }),
                    _ => report.value(field, index),
                };
                if let Some(value) = value {
                    let (wide, points) = by_usage.entry(usage).or_default();
                    *wide |= field.layout == Layout::Variable && field.element_bits > 1;
                    points.push(Point {
                        phase,
                        interface,
                        value,
                    });
                }
            }
        }
    }
    by_usage
        .into_iter()
        .map(|(usage, (wide, points))| Track {
            place: Place::Usage(usage),
            wide,
            points,
        })
        .collect()
}
