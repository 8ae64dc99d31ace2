//! The parser and the decoder against an independent one, the crate `hidreport`: on all recorded
//! descriptors, and on generated well-formed ones with random reports. (`hidreport` panics on hostile
//! input, which is why it is only asked about what is well formed.)

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so when its material is wrong"
)]

use hidreport::{Field as Theirs, FieldAttributes, Report};
use proptest::prelude::*;
use sidetone_devices::hid::descriptor::{Direction, Layout, ReportDescriptor, ReportId};
use sidetone_devices::hid::report::InputReport;
use std::path::Path;

/// One control of an input report, as both sides can say it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Control {
    report: Option<u8>,
    first_bit: usize,
    bits: usize,
    usages: Vec<u32>,
    logical: (i64, i64),
    relative: bool,
}

fn ours(descriptor: &ReportDescriptor) -> Vec<Control> {
    let mut controls = Vec::new();
    for field in descriptor.fields() {
        if field.direction != Direction::Input || field.layout == Layout::Opaque {
            continue;
        }
        let report = field.report.map(ReportId::get);
        let logical = field.logical.unwrap();
        let relative = field.flags.is_relative();
        let width = field.element_bits as usize;
        let start = field.bit_offset as usize + if report.is_some() { 8 } else { 0 };
        if field.layout == Layout::Array {
            let usages = descriptor.usages(field).map(|usage| usage.0).collect();
            let bits = width * field.count as usize;
            controls.push(Control {
                report,
                first_bit: start,
                bits,
                usages,
                logical,
                relative,
            });
            continue;
        }
        for index in 0..field.count {
            let usages = descriptor
                .usage(field, index)
                .iter()
                .map(|usage| usage.0)
                .collect();
            let first_bit = start + index as usize * width;
            controls.push(Control {
                report,
                first_bit,
                bits: width,
                usages,
                logical,
                relative,
            });
        }
    }
    controls.sort();
    controls
}

fn theirs(descriptor: &hidreport::ReportDescriptor) -> Vec<Control> {
    let mut controls = Vec::new();
    let number = |usage: &hidreport::Usage| {
        u32::from(u16::from(usage.usage_page)) << 16 | u32::from(u16::from(usage.usage_id))
    };
    for report in descriptor.input_reports() {
        let id = report.report_id().as_ref().map(u8::from);
        for field in report.fields() {
            let (bits, usages, low, high, relative) = match field {
                Theirs::Variable(field) => (
                    &field.bits,
                    vec![number(&field.usage)],
                    i32::from(field.logical_minimum),
                    i32::from(field.logical_maximum),
                    field.is_relative(),
                ),
                Theirs::Array(field) => (
                    &field.bits,
                    field.usages().iter().map(number).collect(),
                    i32::from(field.logical_minimum),
                    i32::from(field.logical_maximum),
                    field.is_relative(),
                ),
                Theirs::Constant(_) => continue,
            };
            controls.push(Control {
                report: id,
                first_bit: bits.start,
                bits: bits.len(),
                usages,
                logical: (i64::from(low), i64::from(high)),
                relative,
            });
        }
    }
    controls.sort();
    controls
}

/// All variables of a report that lie in their extent: first bit and value.
fn values(descriptor: &hidreport::ReportDescriptor, bytes: &[u8]) -> Vec<(usize, i64)> {
    let Some(report) = descriptor.find_input_report(bytes) else {
        return Vec::new();
    };
    let mut values = Vec::new();
    for field in report.fields() {
        if let Theirs::Variable(field) = field {
            let value = field.extract(bytes).unwrap();
            let value = if value.is_signed() {
                i64::from(i32::from(value))
            } else {
                i64::from(u32::from(value))
            };
            let low = i64::from(i32::from(field.logical_minimum));
            let high = i64::from(i32::from(field.logical_maximum));
            if (low..=high).contains(&value) {
                values.push((field.bits.start, value));
            }
        }
    }
    values.sort_unstable();
    values
}

fn our_values(descriptor: &ReportDescriptor, bytes: &[u8]) -> Vec<(usize, i64)> {
    let Ok(report) = InputReport::new(descriptor, bytes) else {
        return Vec::new();
    };
    let offset = if descriptor.uses_report_ids() { 8 } else { 0 };
    let mut values = Vec::new();
    for field in report
        .fields()
        .filter(|field| field.layout == Layout::Variable)
    {
        for index in 0..field.count {
            if let Some(value) = report.value(field, index) {
                let bit = field.bit_offset + index * field.element_bits;
                values.push((bit as usize + offset, value));
            }
        }
    }
    values.sort_unstable();
    values
}

#[test]
fn recorded_descriptors_are_read_the_same() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/descriptors");
    let mut compared = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hex") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let bytes: Vec<u8> = text
            .lines()
            .flat_map(|line| {
                line.split('#')
                    .next()
                    .unwrap_or_default()
                    .split_whitespace()
            })
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        let oracle = hidreport::ReportDescriptor::try_from(&bytes).unwrap();
        assert_eq!(
            ours(&ReportDescriptor::parse(&bytes).unwrap()),
            theirs(&oracle),
            "{path:?}"
        );
        compared += 1;
    }
    assert!(compared >= 12);
}

/// An Input item with everything it needs, in bytes.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let page = prop::sample::select(vec![0x08_u16, 0x0b, 0x0c, 0x85, 0xff00, 0xffa0]);
    let extent = prop::sample::select(vec![
        (0_i16, 1_i16),
        (0, 127),
        (-1, 1),
        (-128, 127),
        (1, 12),
    ]);
    (
        page,
        1_u8..40,
        0_u8..6,
        1_u8..17,
        1_u8..6,
        extent,
        prop::sample::select(vec![0_u8, 2, 6, 0x22, 1]),
    )
        .prop_map(|(page, first, more, size, count, (low, high), flags)| {
            let mut item = vec![0x06];
            item.extend(page.to_le_bytes());
            item.push(0x16);
            item.extend(low.to_le_bytes());
            item.push(0x26);
            item.extend(high.to_le_bytes());
            if flags == 0 {
                // An array with as many usages as it has values to select.
                let last = first + u8::try_from((high - low).min(60)).unwrap_or(60);
                item.extend([0x19, first, 0x29, last]);
                item.extend([
                    0x25,
                    u8::try_from(low + i16::from(last - first)).unwrap_or(1),
                ]);
            } else {
                (0..=more.min(count - 1)).for_each(|step| item.extend([0x09, first + step]));
            }
            item.extend([0x75, size, 0x95, count, 0x81, flags]);
            item
        })
}

/// A collection of such items, with or without report ids.
fn descriptor() -> impl Strategy<Value = Vec<u8>> {
    (
        prop::collection::vec((input(), 1_u8..4), 1..8),
        any::<bool>(),
    )
        .prop_map(|(items, numbered)| {
            let mut bytes = vec![0x05, 0x0b, 0x09, 0x05, 0xa1, 1];
            for (item, id) in items {
                if numbered {
                    bytes.extend([0x85, id]);
                }
                bytes.extend(item);
            }
            bytes.push(0xc0);
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn generated_descriptors_and_reports_are_read_the_same(
        bytes in descriptor(),
        mut report in prop::collection::vec(any::<u8>(), 120),
        id in 1_u8..4,
    ) {
        let oracle = hidreport::ReportDescriptor::try_from(&bytes).unwrap();
        let descriptor = ReportDescriptor::parse(&bytes).unwrap();
        prop_assert_eq!(ours(&descriptor), theirs(&oracle));
        if descriptor.uses_report_ids() {
            report[0] = id;
        }
        prop_assert_eq!(our_values(&descriptor, &report), values(&oracle, &report));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(descriptor) = ReportDescriptor::parse(&bytes) {
            for field in descriptor.fields() {
                prop_assert!(field.bit_end() <= 8 * 4096);
            }
        }
    }
}
