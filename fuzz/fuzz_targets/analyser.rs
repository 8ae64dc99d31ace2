//! Any samples, at any two rates, in chunks of any length and at any time, from the sound server to the figures:
//! no panic, and every figure one that can be told.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::line_up::{FrameKind, LineUp};
use sidetone_dsp::measurement::{Measurement, Side, SideMeasurement};
use sidetone_dsp::units::SampleRate;

fn check_side(side: &SideMeasurement) {
    assert!((0.0..=1.0).contains(&side.speech_score));
    assert!(side.level.0.is_finite() && side.peak.0.is_finite() && side.dc_offset.is_finite());
    assert!(side.dropout_ms >= 0.0 && side.dropout_ms.is_finite());
    let levels = [side.active_speech_level, side.noise, side.noise_a];
    assert!(levels.iter().flatten().all(|level| level.0.is_finite()));
    assert!(side.snr.is_none_or(|snr| snr.0.is_finite()));
}

fn check(measurement: &Measurement) {
    check_side(&measurement.agent);
    if let Some(customer) = &measurement.customer {
        check_side(customer);
    }
    if let Some(both) = &measurement.both {
        assert!((0.0..=1.0).contains(&both.double_talk_score));
    }
}

fn rate(byte: u8) -> SampleRate {
    let hz = SampleRate::ALLOWED[usize::from(byte) % SampleRate::ALLOWED.len()];
    SampleRate::new(hz).expect("an allowed rate")
}

fuzz_target!(|input: &[u8]| {
    let [first, second, rest @ ..] = input else {
        return;
    };
    let (agent, customer) = (rate(*first), (second & 0x80 == 0).then(|| rate(*second)));
    let mut line_up = LineUp::new(agent, customer);
    let mut analyzer = CallAnalyzer::new(agent, customer);
    let mut now_ns = 0;
    let mut samples = Vec::new();
    // Each order: what, how much (in hundreds of samples), how much later (ms), and the bits of two samples.
    for order in rest.chunks_exact(11) {
        let bits = |at: usize| {
            f32::from_le_bytes([order[at], order[at + 1], order[at + 2], order[at + 3]])
        };
        let (one, two) = (bits(3), bits(7));
        samples.clear();
        for n in 0..usize::from(order[1]) * 10 {
            samples.push(if n * usize::from(order[1] | 1) & 8 == 0 {
                one
            } else {
                two
            });
        }
        now_ns += u64::from(order[2]) * 1_000_000;
        match order[0] % 8 {
            0..=2 => line_up.push(Side::Agent, &samples, now_ns),
            3..=5 => line_up.push(Side::Customer, &samples, now_ns),
            6 => line_up.tick(now_ns),
            _ if order[0] & 8 == 0 => analyzer.set_excluded(order[1] & 1 == 0),
            _ => analyzer.reset(),
        }
        while let Some(pair) = line_up.pop() {
            for (side, kind) in [
                (Side::Agent, Some(pair.agent.kind)),
                (Side::Customer, pair.customer.map(|c| c.kind)),
            ] {
                if let Some(slip) = kind.and_then(FrameKind::slip) {
                    analyzer.realign(side, slip);
                }
            }
            check(&analyzer.process(pair.agent.samples, pair.customer.map(|c| c.samples)));
        }
    }
    for measurement in analyzer.finish() {
        check(&measurement);
    }
    let totals = analyzer.totals();
    assert!(
        totals
            .agent
            .active_speech_level
            .is_none_or(|level| level.0.is_finite())
    );
});
