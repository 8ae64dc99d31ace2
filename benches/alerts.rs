//! What the alert rules cost: one second of a call (its summary and ten ticks), and one raise.
//!
//! `cargo bench --bench alerts`

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sidetone::alerts::config::AlertConfig;
use sidetone::alerts::{AlertEngine, Fact, HeadsetFact, HeadsetId, How, IdMint, Mute, Now};
use sidetone_dsp::second::{SecondSummary, SideSecond};
use sidetone_dsp::units::{Db, Dbov};
use std::hint::black_box;
use std::time::Duration;
use uuid::Uuid;

fn side() -> SideSecond {
    SideSecond {
        level: Dbov(-28.0),
        active_speech_level: Some(Dbov(-26.0)),
        noise: Some(Dbov(-68.0)),
        noise_a: Some(Dbov(-72.0)),
        snr: Some(Db(42.0)),
        noise_kind: None,
        noise_gated: false,
        speech_ratio: 0.5,
        clipped_ratio: 0.0,
        dropouts: 0,
        dropout_ms: 0.0,
        crackles: 0,
        hum: None,
        dc_offset: 0.0,
        digital_silence_ratio: 0.0,
    }
}

fn now(ms: u64) -> Now {
    Now {
        monotonic: Duration::from_millis(ms),
        utc_ms: 1_700_000_000_000 + ms,
    }
}

/// An engine a minute into a faultless call.
fn in_call(headset: &HeadsetId) -> AlertEngine {
    let mut engine = AlertEngine::new(AlertConfig::default(), IdMint::seeded(1));
    let mut out = Vec::new();
    let about = |fact| Fact::About(headset.clone(), fact);
    let how = How::Mixer;
    engine.step(
        now(0),
        about(HeadsetFact::Mute(Mute::Off { how })),
        &mut out,
    );
    let call = Uuid::from_u128(1);
    engine.step(now(0), about(HeadsetFact::CallStarted { call }), &mut out);
    for second in 0..60 {
        engine.step(
            now((second + 1) * 1_000),
            about(HeadsetFact::Second(summary(second))),
            &mut out,
        );
    }
    assert!(out.is_empty(), "a faultless call raises nothing");
    engine
}

fn summary(second: u64) -> SecondSummary {
    SecondSummary {
        second,
        agent: side(),
        customer: Some(side()),
        double_talk_ratio: 0.0,
        echo_return_loss: None,
        talk: Default::default(),
    }
}

fn benches(c: &mut Criterion) {
    let headset = HeadsetId::new("047f-c056-00000001");
    c.bench_function("alerts: a second of a call (summary and ten ticks)", |b| {
        let mut engine = in_call(&headset);
        let mut out = Vec::new();
        let mut second = 60;
        b.iter(|| {
            let at = (second + 1) * 1_000;
            let fact = HeadsetFact::Second(black_box(summary(second)));
            engine.step(now(at), Fact::About(headset.clone(), fact), &mut out);
            for tick in 0..10 {
                engine.step(now(at + tick * 100), Fact::Tick, &mut out);
            }
            second += 1;
            black_box(out.len())
        });
        assert!(out.is_empty(), "nothing was wrong");
    });
    c.bench_function("alerts: a pulled quick disconnect raises its alert", |b| {
        b.iter_batched(
            || (in_call(&headset), Vec::with_capacity(4)),
            |(mut engine, mut out)| {
                let open = HeadsetFact::QuickDisconnect(Some(How::Reported));
                engine.step(now(61_500), Fact::About(headset.clone(), open), &mut out);
                assert_eq!(out.len(), 2);
                (engine, out)
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(alerts, benches);
criterion_main!(alerts);
