//! What is done with hostile input, and what must hold then. The fuzz targets run these, and so does
//! `devices/tests/hid_hostile.rs`, on the corpora, on a stable compiler.

use sidetone_devices::headset::{ProductId, VendorId};
use sidetone_devices::hid::controls::Controls;
use sidetone_devices::hid::descriptor::{ReportDescriptor, limits};
use sidetone_devices::hid::quirks::{Quirk, QuirkBook, QuirkFile};
use sidetone_devices::hid::report::InputReport;
use sidetone_devices::hid::reports;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A make with rules on usages and on bytes.
static QUIRK: LazyLock<Option<Quirk>> =
    LazyLock::new(|| QuirkBook::built_in().find(VendorId(0x0b0e), ProductId(0x24c7)));

/// A report descriptor: parsed and listed, or refused at a place inside it.
pub(crate) fn descriptor(input: &[u8]) {
    match ReportDescriptor::parse(input) {
        Ok(descriptor) => {
            assert!(descriptor.fields().len() <= limits::FIELDS);
            for field in descriptor.fields() {
                assert!(field.bit_end() > field.bit_offset);
                assert!(field.bit_end() <= limits::REPORT_BITS);
            }
            assert!(descriptor.longest_input() <= limits::REPORT_BITS as usize / 8 + 1);
            let _ = reports(&descriptor);
            let _ = Controls::new(descriptor, QUIRK.as_ref());
        }
        Err(error) => assert!(error.offset <= input.len(), "{error}"),
    }
}

/// Two bytes of length, a descriptor of that length, then reports, each after one byte of length.
pub(crate) fn report(input: &[u8]) {
    let Some((length, rest)) = input.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (descriptor, mut rest) = rest.split_at(length);
    let Ok(descriptor) = ReportDescriptor::parse(descriptor) else {
        return;
    };
    let mut controls = Controls::new(descriptor.clone(), QUIRK.as_ref());
    let mut at = Instant::now();
    while let Some((&length, tail)) = rest.split_first() {
        let (bytes, tail) = tail.split_at(usize::from(length).min(tail.len()));
        rest = tail;
        at += Duration::from_millis(1);
        let _ = controls.feed(at, bytes, |_| {});
        if let Ok(report) = InputReport::new(&descriptor, bytes) {
            assert!(
                report
                    .readings()
                    .all(|element| element.index < element.field.count)
            );
        }
    }
}

/// A quirk file: read, or refused at one of its lines.
pub(crate) fn quirk(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match QuirkFile::parse("fuzz.toml", text) {
        Ok(file) => {
            let mut book = QuirkBook::empty();
            let entry = file
                .models
                .first()
                .and_then(|model| model.matches.first().copied());
            book.add(file);
            if let Some(entry) = entry {
                let product = entry.products.map_or(ProductId(0), |(first, _)| first);
                assert!(book.find(entry.vendor, product).is_some());
            }
        }
        Err(error) => {
            let lines = text.bytes().filter(|&byte| byte == b'\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "{error}");
        }
    }
}
