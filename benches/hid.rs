//! A headset's report descriptor parsed, and one of its input reports decoded.

use criterion::{Criterion, criterion_group, criterion_main};
use sidetone_devices::hid::descriptor::ReportDescriptor;
use sidetone_devices::hid::report::InputReport;
use std::hint::black_box;

#[path = "headset.rs"]
mod headset;

fn hid(criterion: &mut Criterion) {
    criterion.bench_function("descriptor parse", |bencher| {
        bencher.iter(|| ReportDescriptor::parse(black_box(&headset::DESCRIPTOR)));
    });
    let Ok(descriptor) = ReportDescriptor::parse(&headset::DESCRIPTOR) else {
        return;
    };
    criterion.bench_function("report decode", |bencher| {
        bencher.iter(|| {
            InputReport::new(&descriptor, black_box(&headset::OFF_HOOK_AND_MUTE))
                .map(|report| report.readings().count())
        });
    });
}

criterion_group!(benches, hid);
criterion_main!(benches);
