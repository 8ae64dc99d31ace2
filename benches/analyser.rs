//! The whole analysis of both sides, per 10 ms frame, at three rates and two echo return losses.

#[path = "signals.rs"]
mod signals;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::units::SampleRate;
use std::hint::black_box;

fn analyser(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("analyser, both sides, per 10 ms");
    for (rate, echo_return_loss_db) in [
        (8_000, 40.0),
        (16_000, 40.0),
        (48_000, 40.0),
        (48_000, 10.0),
    ] {
        let Ok(sample_rate) = SampleRate::new(rate) else {
            continue;
        };
        let call = signals::Call::new(rate, 20, echo_return_loss_db);
        let mut analyzer = CallAnalyzer::new(sample_rate, Some(sample_rate));
        let mut index = 0;
        for _ in 0..1000 {
            let (agent, customer) = call.frame(index);
            analyzer.process(agent, Some(customer));
            index += 1;
        }
        group.bench_function(
            format!("{rate} Hz, echo return loss {echo_return_loss_db} dB"),
            |bencher| {
                bencher.iter(|| {
                    let (agent, customer) = call.frame(index);
                    index += 1;
                    black_box(analyzer.process(agent, Some(customer)))
                });
            },
        );
    }
    group.finish();
}

criterion_group!(benches, analyser);
criterion_main!(benches);
