//! Descriptors of different makes and shapes, each with the reports it declares and sample reports with
//! the events they are to give. They are written from public facts (each names its source); the tests
//! are generated, one per file in `descriptors/`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so when its material is wrong"
)]

use sidetone_devices::event::ControlEvent;
use sidetone_devices::headset::{ProductId, VendorId};
use sidetone_devices::hid::controls::Controls;
use sidetone_devices::hid::descriptor::{Direction, ReportDescriptor};
use sidetone_devices::hid::leds::{LedReports, Leds};
use sidetone_devices::hid::quirks::{Quirk, QuirkBook};
use sidetone_devices::hid::{ReportListing, reports};
use std::path::Path;
use std::time::{Duration, Instant};

include!(concat!(env!("OUT_DIR"), "/descriptor_tests.rs"));

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    source: Vec<String>,
    product: Option<String>,
    quirks: Option<String>,
    reports: Vec<String>,
    /// The output reports with lights in them: off-hook, ring, mute and hold alone, and none on.
    #[serde(default)]
    lights: Vec<String>,
    sample: Vec<Sample>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    #[serde(default = "pause")]
    after_ms: u64,
    bytes: String,
    events: Vec<String>,
}

fn pause() -> u64 {
    100
}

/// Bytes in hexadecimal; `#` begins a remark.
fn bytes(text: &str) -> Vec<u8> {
    let plain = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    plain
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn quirk(expected: &Expected) -> Option<Quirk> {
    let mut book = QuirkBook::built_in();
    if let Some(directory) = &expected.quirks {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        assert_eq!(book.add_directory(&directory), []);
    }
    let (vendor, product) = expected.product.as_deref()?.split_once(':').unwrap();
    let id = |digits| u16::from_str_radix(digits, 16).unwrap();
    book.find(VendorId(id(vendor)), ProductId(id(product)))
}

fn line(report: &ReportListing) -> String {
    let direction = match report.direction {
        Direction::Input => "in",
        Direction::Output => "out",
        Direction::Feature => "feature",
    };
    let id = report
        .id
        .map_or("--".to_owned(), |id| format!("{:02x}", id.get()));
    let usages: Vec<String> = report.usages.iter().map(ToString::to_string).collect();
    format!("{direction} {id}: {}", usages.join(" "))
}

/// What is written to show each light alone, and none, one line each; nothing without lights.
fn lights(reports: &LedReports) -> Vec<String> {
    if reports.is_empty() {
        return Vec::new();
    }
    let names = ["off_hook", "ring", "mute", "hold", "none"];
    let line = |name: &&str| {
        let leds = Leds {
            off_hook: *name == "off_hook",
            ring: *name == "ring",
            mute: *name == "mute",
            hold: *name == "hold",
        };
        let reports = reports.report(leds);
        let hex = |report: &Vec<u8>| {
            let bytes: Vec<String> = report.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(" ")
        };
        let reports: Vec<String> = reports.iter().map(hex).collect();
        format!("{name}: {}", reports.join(", "))
    };
    names.iter().map(line).collect()
}

fn check(name: &str) {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/descriptors")
        .join(name);
    let text = |extension| std::fs::read_to_string(base.with_extension(extension)).unwrap();
    let expected: Expected = toml::from_str(&text("toml")).unwrap();
    assert!(!expected.source.is_empty() && !expected.sample.is_empty());

    let descriptor = ReportDescriptor::parse(&bytes(&text("hex"))).unwrap();
    let declared: Vec<String> = reports(&descriptor).iter().map(line).collect();
    assert_eq!(declared, expected.reports);

    assert_eq!(lights(&LedReports::find(&descriptor)), expected.lights);

    let mut controls = Controls::new(descriptor, quirk(&expected).as_ref());
    let mut at = Instant::now();
    for sample in &expected.sample {
        at += Duration::from_millis(sample.after_ms);
        let mut events: Vec<ControlEvent> = Vec::new();
        let _ = controls.feed(at, &bytes(&sample.bytes), |event| events.push(event));
        let events: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
        assert_eq!(events, sample.events, "after {}", sample.bytes);
    }
}
