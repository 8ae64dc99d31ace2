//! The clauses of HID 1.11 §6.2.2 one by one, and what is refused.

use super::*;

/// Headset { Report 2 { hook: absolute; mute: relative; 6 bits padding } }.
const HEADSET: &[u8] = &[
    0x05, 0x0b, 0x09, 0x05, 0xa1, 0x01, 0x85, 0x02, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01,
    0x09, 0x20, 0x81, 0x22, 0x09, 0x2f, 0x81, 0x06, 0x95, 0x06, 0x81, 0x01, 0xc0,
];

fn parse(bytes: &[u8]) -> ReportDescriptor {
    ReportDescriptor::parse(bytes).unwrap()
}

fn fault(bytes: &[u8]) -> (usize, Fault) {
    let error = ReportDescriptor::parse(bytes).unwrap_err();
    (error.offset, error.fault)
}

#[test]
fn a_plain_headset() {
    let descriptor = parse(HEADSET);
    assert!(descriptor.uses_report_ids());
    assert_eq!(descriptor.applications(), [Usage::new(0x0b, 0x05)]);
    assert_eq!(descriptor.longest_input(), 2);
    let [hook, mute, padding] = descriptor.fields() else {
        panic!("{descriptor:?}")
    };
    assert_eq!(descriptor.usage(hook, 0), Some(Usage::new(0x0b, 0x20)));
    assert!(hook.flags.has_no_preferred_state() && !hook.flags.is_relative());
    assert_eq!((mute.bit_offset, mute.element_bits, mute.count), (1, 1, 1));
    assert!(mute.flags.is_relative());
    assert_eq!(
        (padding.layout, padding.bit_offset, padding.bit_end()),
        (Layout::Opaque, 2, 8)
    );
    assert_eq!(hook.report, ReportId::new(2));
    assert_eq!(hook.application, Some(Usage::new(0x0b, 0x05)));
}

#[test]
fn the_page_in_force_at_the_main_item_counts() {
    // Usage 20 is written while the page is Consumer; the page is Telephony at the Input (§6.2.2.8).
    let descriptor = parse(&[
        0x05, 0x0c, 0x09, 0x20, 0x05, 0x0b, 0x75, 1, 0x95, 1, 0x81, 0x02,
    ]);
    assert_eq!(
        descriptor.usage(&descriptor.fields()[0], 0),
        Some(Usage::new(0x0b, 0x20))
    );
}

#[test]
fn extended_usages_keep_their_own_page() {
    let descriptor = parse(&[
        0x05, 0x0c, 0x0b, 0x2f, 0x00, 0x0b, 0x00, 0x09, 0xe9, 0x75, 1, 0x95, 3, 0x81, 0x02,
    ]);
    let field = &descriptor.fields()[0];
    let usages: Vec<_> = (0..3)
        .map(|index| descriptor.usage(field, index).unwrap())
        .collect();
    // The third element has no usage of its own: the last one counts (§6.2.2.8).
    assert_eq!(
        usages,
        [
            Usage::new(0x0b, 0x2f),
            Usage::new(0x0c, 0xe9),
            Usage::new(0x0c, 0xe9)
        ]
    );
    assert_eq!(descriptor.usages(field).count(), 2);
}

#[test]
fn ranges_and_single_usages_mix() {
    let descriptor = parse(&[
        0x05, 0x0b, 0x19, 0xb0, 0x29, 0xbb, 0x09, 0x24, 0x15, 1, 0x25, 13, 0x75, 4, 0x95, 1, 0x81,
        0x00,
    ]);
    let field = &descriptor.fields()[0];
    assert_eq!(field.layout, Layout::Array);
    assert_eq!(descriptor.usage(field, 11), Some(Usage::new(0x0b, 0xbb)));
    assert_eq!(descriptor.usage(field, 12), Some(Usage::new(0x0b, 0x24)));
    assert_eq!(descriptor.usage(field, 13), None);
}

#[test]
fn push_keeps_and_pop_brings_back_all_globals() {
    let descriptor = parse(&[
        0x05, 0x0b, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 2, 0x85, 1, 0xa4, // Push
        0x05, 0x0c, 0x75, 8, 0x95, 1, 0x85, 2, 0x25, 100, 0x09, 0xe9, 0x81, 0x02, 0xb4, // Pop
        0x09, 0x20, 0x81, 0x02,
    ]);
    let field = &descriptor.fields()[1];
    assert_eq!(
        (field.element_bits, field.count, field.report),
        (1, 2, ReportId::new(1))
    );
    assert_eq!(field.logical, Some((0, 1)));
    assert_eq!(descriptor.usage(field, 0), Some(Usage::new(0x0b, 0x20)));
}

#[test]
fn logical_extents_are_signed_only_if_they_begin_below_zero() {
    let logical = |bytes: &[u8]| {
        let tail = [0x75, 8, 0x95, 1, 0x09, 1, 0x81, 0x02];
        parse(&[bytes, &tail].concat()).fields()[0].logical
    };
    assert_eq!(logical(&[0x15, 0, 0x25, 0xff]), Some((0, 255)));
    assert_eq!(logical(&[0x15, 0xff, 0x25, 1]), Some((-1, 1)));
    assert_eq!(logical(&[0x15, 0x81, 0x25, 0xff]), Some((-127, -1)));
    assert_eq!(logical(&[0x14, 0x25, 1]), Some((0, 1)));
    assert_eq!(logical(&[]), None);
}

#[test]
fn of_a_delimited_set_the_first_usage_counts() {
    let descriptor = parse(&[
        0x05, 0x0b, 0xa9, 1, 0x09, 0x20, 0x09, 0x21, 0xa9, 0, 0x09, 0x2f, 0x75, 1, 0x95, 2, 0x81, 2,
    ]);
    let field = &descriptor.fields()[0];
    assert_eq!(descriptor.usage(field, 0), Some(Usage::new(0x0b, 0x20)));
    assert_eq!(descriptor.usage(field, 1), Some(Usage::new(0x0b, 0x2f)));
}

#[test]
fn a_wide_vendor_pipe_is_opaque_and_the_rest_is_read() {
    let descriptor = parse(&[
        0x06, 0x00, 0xff, 0x09, 1, 0x76, 0xf8, 0x01, 0x95, 1, 0x81, 0x02, 0x05, 0x0b, 0x09, 0x20,
        0x75, 1, 0x81, 0x02,
    ]);
    assert_eq!(descriptor.fields()[0].layout, Layout::Opaque);
    assert_eq!(descriptor.fields()[1].bit_offset, 504);
}

#[test]
fn counts_in_the_input_cost_nothing() {
    // Report Size and Report Count 0xFFFFFFFF.
    let huge = [
        0x77, 0xff, 0xff, 0xff, 0xff, 0x97, 0xff, 0xff, 0xff, 0xff, 0x81, 0x02,
    ];
    assert!(matches!(fault(&huge), (10, Fault::ReportTooLong { .. })));
    // Half a million usages in one span, and an array that may select them all.
    let span = [
        0x05, 0x0b, 0x1a, 0, 0, 0x2a, 0xff, 0xff, 0x15, 0, 0x27, 0xff, 0xff, 0xff, 0x7f, 0x75, 32,
        0x95, 1, 0x81, 0x00,
    ];
    let descriptor = parse(&span);
    assert_eq!(descriptor.usages(&descriptor.fields()[0]).count(), 0x1_0000);
}

#[test]
fn what_the_standard_forbids_is_refused_with_its_place() {
    assert_eq!(fault(&[0x85, 0]), (0, Fault::ReportId(0)));
    assert_eq!(fault(&[0x05, 1, 0x86, 0, 1]), (2, Fault::ReportId(256)));
    assert_eq!(fault(&[0xb4]), (0, Fault::PopWithoutPush));
    assert_eq!(fault(&[0xa4; 17]), (16, Fault::PushTooDeep));
    assert_eq!(fault(&[0xc0]), (0, Fault::EndWithoutCollection));
    assert_eq!(fault(&[0xa1, 1, 0xa1, 1]), (4, Fault::CollectionOpen(2)));
    assert_eq!(fault(&[0xa0; 33]), (32, Fault::CollectionTooDeep));
    assert_eq!(fault(&[0x19, 1, 0x81, 2]), (2, Fault::HalfUsageRange));
    assert_eq!(
        fault(&[0x19, 9, 0x29, 1, 0x81, 2]),
        (
            4,
            Fault::UsageRange {
                minimum: 9,
                maximum: 1
            }
        )
    );
    assert_eq!(fault(&[0xa9, 0]), (0, Fault::Delimiter(0)));
    assert_eq!(fault(&[0xa9, 1, 0xa9, 1]), (2, Fault::Delimiter(1)));
    assert_eq!(
        fault(&[0x15, 5, 0x25, 1, 0x75, 1, 0x95, 1, 0x81, 2]),
        (
            8,
            Fault::LogicalRange {
                minimum: 5,
                maximum: 1
            }
        )
    );
    assert_eq!(fault(&[0x05]), (0, Fault::CutOff { wanted: 1 }));
    assert_eq!(fault(&[0x07, 0, 0, 1, 0]), (0, Fault::UsagePage(0x1_0000)));
    assert_eq!(fault(&[0; 4097]), (4096, Fault::TooLong(4097)));
    let many = [&[0x75, 1, 0x95, 1][..], &[0x81, 2].repeat(257)].concat();
    assert_eq!(fault(&many), (4 + 512, Fault::TooManyFields));
}

#[test]
fn errors_name_the_byte_and_what_is_allowed() {
    let error = ReportDescriptor::parse(&[0x05, 0x0b, 0x86, 0x2c, 0x01]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "report descriptor refused at byte 2: report id 300 is not one of 1 to 255"
    );
}
