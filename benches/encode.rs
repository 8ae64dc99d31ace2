//! What it costs to turn one message of the station into topic, payload and attributes.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "messages.rs"]
mod messages;

use criterion::{Criterion, criterion_group, criterion_main};
use messages::{alert, event, sender, telemetry};
use std::hint::black_box;

fn encode(c: &mut Criterion) {
    let sender = sender();
    let mut group = c.benchmark_group("encode");
    group.bench_function("event", |b| {
        b.iter(|| sender.event(black_box(event()), 1).unwrap())
    });
    group.bench_function("alert", |b| {
        b.iter(|| sender.alert(black_box(alert()), 1).unwrap())
    });
    group.bench_function("telemetry_audio", |b| {
        b.iter(|| sender.telemetry(black_box(telemetry())).unwrap());
    });
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
