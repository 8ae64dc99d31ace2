//! Whatever comes in, nothing panics and every figure that comes out is a number.

#![allow(clippy::unwrap_used)] // In a test, what is wrong stops it.

use proptest::collection::vec;
use proptest::num::f32::{ANY, NORMAL};
use proptest::prelude::*;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::SideMeasurement;
use sidetone_dsp::side::SideAnalyzer;
use sidetone_dsp::units::{Dbov, SampleRate};

fn rate() -> impl Strategy<Value = SampleRate> {
    prop::sample::select(&SampleRate::ALLOWED[..]).prop_map(|hz| SampleRate::new(hz).unwrap())
}

/// Sound, silence, and what no sound card should give: not a number, infinite, subnormal, huge.
fn sample() -> impl Strategy<Value = f32> {
    prop_oneof![
        6 => -1.0f32..=1.0,
        2 => Just(0.0f32),
        1 => NORMAL,
        1 => ANY,
        1 => prop::sample::select(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN][..]),
    ]
}

/// A frame of any length, or a whole frame of one value.
fn frame() -> impl Strategy<Value = Vec<f32>> {
    prop_oneof![
        3 => vec(sample(), 0..700),
        1 => (sample(), 0usize..700).prop_map(|(x, length)| vec![x; length]),
        2 => vec(-1.0f32..=1.0, 480),
    ]
}

fn is_number(level: Option<Dbov>) -> bool {
    level.is_none_or(|level| level.0.is_finite())
}

fn check(side: &SideMeasurement) {
    assert!(
        is_number(Some(side.level)) && is_number(Some(side.peak)),
        "{side:?}"
    );
    assert!(is_number(side.noise) && is_number(side.noise_a), "{side:?}");
    assert!(is_number(side.active_speech_level), "{side:?}");
    assert!((0.0..=1.0).contains(&side.speech_score), "{side:?}");
    assert!(
        side.dc_offset.is_finite() && side.dropout_ms.is_finite(),
        "{side:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_side_takes_anything(rate in rate(), frames in vec(frame(), 1..30)) {
        let mut side = SideAnalyzer::new(rate);
        for frame in &frames {
            let figures = side.process(frame);
            prop_assert!(is_number(Some(figures.level)) && is_number(Some(figures.peak)));
            prop_assert!(is_number(figures.active_speech_level));
            prop_assert!(figures.mean_square.is_finite() && figures.mean_square_a.is_finite());
        }
    }

    #[test]
    fn a_call_takes_anything(
        rates in (rate(), proptest::option::of(rate())),
        frames in vec((frame(), proptest::option::of(frame())), 1..30),
    ) {
        let mut call = CallAnalyzer::new(rates.0, rates.1);
        for (agent, customer) in &frames {
            let measurement = call.process(agent, customer.as_deref());
            check(&measurement.agent);
            prop_assert_eq!(measurement.customer.is_some(), rates.1.is_some());
            if let Some(customer) = &measurement.customer {
                check(customer);
            }
        }
        for late in call.finish() {
            check(&late.agent);
        }
        prop_assert_eq!(call.totals().frames, frames.len() as u64);
    }
}
