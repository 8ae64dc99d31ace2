//! Lining up two streams: bit by bit the samples that came in, whatever the pieces and the jitter.

#![allow(clippy::unwrap_used, reason = "test material")]

mod call;

use call::{RATE, Seeded, Track, add_white};
use proptest::prelude::*;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::line_up::{FrameKind, LineUp};
use sidetone_dsp::measurement::{Measurement, Side};
use sidetone_dsp::units::SampleRate;

const MS: u64 = 1_000_000;

/// A chunk on its way.
struct Chunk {
    side: Side,
    at: u64,
    from: usize,
    to: usize,
}

/// Cuts a stream that began at `start_ns` into pieces of the given sizes; each arrives when its
/// last sample has been heard, or up to `jitter_ns` later, in order.
fn deliver(
    side: Side,
    hz: u64,
    len: usize,
    start_ns: u64,
    jitter_ns: u64,
    sizes: (usize, usize),
    seed: &mut Seeded,
) -> Vec<Chunk> {
    let (mut chunks, mut from, mut last) = (Vec::new(), 0, 0);
    while from < len {
        let to = (from + sizes.0 + seed.below(sizes.1 - sizes.0 + 1)).min(len);
        // Every now and then a piece comes without delay.
        let delay = if seed.below(4) == 0 {
            0
        } else {
            seed.next_u64() % (jitter_ns + 1)
        };
        let at = (start_ns + to as u64 * 1_000_000_000 / hz + delay).max(last);
        last = at;
        chunks.push(Chunk { side, at, from, to });
        from = to;
    }
    chunks
}

/// What comes out: samples of both sides and the kinds of the frames.
#[derive(Default)]
struct Out {
    agent: Vec<f32>,
    customer: Vec<f32>,
    kinds: Vec<(FrameKind, FrameKind)>,
    at: Vec<u64>,
}

fn drain(line_up: &mut LineUp, out: &mut Out) {
    while let Some(pair) = line_up.pop() {
        let customer = pair.customer.unwrap();
        out.agent.extend_from_slice(pair.agent.samples);
        out.customer.extend_from_slice(customer.samples);
        out.kinds.push((pair.agent.kind, customer.kind));
        out.at.push(pair.at_ns);
    }
}

fn run(line_up: &mut LineUp, mut chunks: Vec<Chunk>, agent: &[f32], customer: &[f32]) -> Out {
    chunks.sort_by_key(|c| c.at);
    let mut out = Out::default();
    for c in &chunks {
        let samples = match c.side {
            Side::Agent => &agent[c.from..c.to],
            Side::Customer => &customer[c.from..c.to],
        };
        line_up.push(c.side, samples, c.at);
        drain(line_up, &mut out);
    }
    let end = chunks.last().map_or(0, |c| c.at);
    line_up.tick(end + 50 * MS);
    drain(line_up, &mut out);
    out
}

fn ramp(len: usize, scale: f32) -> Vec<f32> {
    (1..=len).map(|i| i as f32 * scale).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    /// Two streams of different rates, ragged, jittered: every sample comes out once and in order,
    /// and both sides of a pair belong to the same instant within the jitter.
    #[test]
    fn whatever_the_pieces(seed in 1_u64..1_000_000, offset_ms in 0_u64..80, jitter_ms in 0_u64..25) {
        let mut seed = Seeded::new(seed);
        let (agent, customer) = (ramp(48_000 * 3, 1.0), ramp(16_000 * 3, 1.0));
        let rates = (SampleRate::new(48_000).unwrap(), SampleRate::new(16_000).unwrap());
        let mut line_up = LineUp::new(rates.0, Some(rates.1));
        let start = 5_000 * MS;
        let jitter = jitter_ms * MS;
        let mut chunks = deliver(Side::Agent, 48_000, agent.len(), start, jitter, (3, 1_200), &mut seed);
        chunks.extend(deliver(Side::Customer, 16_000, customer.len(), start + offset_ms * MS, jitter, (3, 1_200), &mut seed));
        let out = run(&mut line_up, chunks, &agent, &customer);
        prop_assert!(out.kinds.len() > 280, "{} pairs", out.kinds.len());
        for (side, samples) in [(Side::Agent, &out.agent), (Side::Customer, &out.customer)] {
            let heard: Vec<f32> = samples.iter().copied().skip_while(|&s| s == 0.0).take_while(|&s| s != 0.0).collect();
            prop_assert!(heard.windows(2).all(|w| w[1] - w[0] == 1.0), "{:?}: a sample was lost or doubled", side);
            prop_assert!(heard.len() * 10 > samples.len() * 9);
        }
        // The customer's sample n was heard offset_ms later than the agent's 3n.
        let at = 480 * 150;
        let agent_ms = out.agent[at] / 48.0;
        let customer_ms = out.customer[at / 3] / 16.0 + offset_ms as f32;
        prop_assert!((agent_ms - customer_ms).abs() <= jitter_ms as f32 + 1.0, "{agent_ms} {customer_ms}");
    }
}

#[test]
fn the_same_samples_give_the_same_bits() {
    let mut seed = Seeded::new(11);
    let (a, b) = (
        call::voice(call::SPEAKERS[3], 9),
        call::voice(call::SPEAKERS[0], 9),
    );
    let mut agent = Track::talk(1_500, &a, (20, 150), &mut seed);
    let mut customer = Track::talk(1_500, &b, (20, 150), &mut seed);
    add_white(&mut agent.samples, -60.0, &mut seed);
    add_white(&mut customer.samples, -60.0, &mut seed);
    let rate = SampleRate::new(RATE as u32).unwrap();

    let direct: Vec<Measurement> = {
        let mut analyzer = CallAnalyzer::new(rate, Some(rate));
        let pairs = agent
            .samples
            .chunks_exact(160)
            .zip(customer.samples.chunks_exact(160));
        pairs.map(|(x, y)| analyzer.process(x, Some(y))).collect()
    };

    let mut chunks = deliver(
        Side::Agent,
        16_000,
        agent.samples.len(),
        40 * MS,
        0,
        (3, 1_200),
        &mut seed,
    );
    chunks.extend(deliver(
        Side::Customer,
        16_000,
        customer.samples.len(),
        40 * MS,
        0,
        (3, 1_200),
        &mut seed,
    ));
    chunks.sort_by_key(|c| c.at);
    let mut line_up = LineUp::new(rate, Some(rate));
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let mut live = Vec::new();
    for c in &chunks {
        let samples = match c.side {
            Side::Agent => &agent.samples,
            Side::Customer => &customer.samples,
        };
        line_up.push(c.side, &samples[c.from..c.to], c.at);
        while let Some(pair) = line_up.pop() {
            live.push(analyzer.process(pair.agent.samples, pair.customer.map(|c| c.samples)));
        }
    }
    assert_eq!(live.len(), 1_500);
    for (live, direct) in live.iter().zip(&direct) {
        // Debug shows every float in full, so that equal text is equal bits (−0 and NaN included).
        assert_eq!(format!("{live:?}"), format!("{direct:?}"));
    }
}

/// 60 s of a customer stream whose clock is off by `ppm`.
fn with_drift(ppm: i64) -> (LineUp, Out) {
    let rate = SampleRate::new(16_000).unwrap();
    let mut line_up = LineUp::new(rate, Some(rate));
    let mut out = Out::default();
    let samples = [0.25_f32; 400];
    let start = 1_000 * MS;
    let mut pushed = (0_u64, 0_u64);
    for ms in 0..60_000_u64 {
        let now = start + ms * MS;
        let due = ms * 16;
        let due_customer = (due as i64 + due as i64 * ppm / 1_000_000) as u64;
        if due >= pushed.0 + 400 {
            line_up.push(Side::Agent, &samples, now);
            pushed.0 += 400;
        }
        if due_customer >= pushed.1 + 400 {
            line_up.push(Side::Customer, &samples, now);
            pushed.1 += 400;
        }
        line_up.tick(now);
        drain(&mut line_up, &mut out);
    }
    (line_up, out)
}

#[test]
fn a_drifting_clock_is_followed_by_whole_frames() {
    // 500 ppm over 60 s is 30 ms: two or three frames.
    for ppm in [500, -500] {
        let (line_up, out) = with_drift(ppm);
        let c = line_up.corrections(Side::Customer).unwrap();
        let (more, less) = (c.dropped_frames, c.repeated_frames);
        let moved = if ppm > 0 { more } else { less };
        assert!((1..=3).contains(&moved), "{ppm} ppm: {c:?}");
        assert_eq!(more.min(less), 0, "{ppm} ppm: both ways: {c:?}");
        assert_eq!((c.gaps, c.missing_frames), (0, 0), "{ppm} ppm: {c:?}");
        assert!(out.kinds.len() > 5_980);
        let slips = out.kinds.iter().filter_map(|kind| kind.1.slip());
        assert_eq!(slips.count() as u64, moved, "{ppm} ppm: every one is told");
    }
    let (line_up, _) = with_drift(0);
    assert_eq!(
        line_up.corrections(Side::Customer),
        Some(Default::default())
    );
}

#[test]
fn an_absent_customer_does_not_hold_up_the_agent() {
    let rate = SampleRate::new(16_000).unwrap();
    let mut line_up = LineUp::new(rate, Some(rate));
    let mut out = Out::default();
    let mut worst_age = 0;
    for ms in (25..20_000).step_by(25) {
        let now = (1_000 + ms) * MS;
        line_up.push(Side::Agent, &[0.5; 400], now);
        // Plays from 4 s to 8 s and from 12 s on.
        if (4_000..8_000).contains(&ms) || ms >= 12_000 {
            line_up.push(Side::Customer, &[0.25; 400], now);
        }
        drain(&mut line_up, &mut out);
        if ms > 1_000 {
            worst_age = worst_age.max(now - out.at.last().unwrap());
        }
    }
    assert!(worst_age <= 330 * MS, "{} ms behind", worst_age / MS);
    let customer_at = |s: f32| out.kinds[(s * 100.0) as usize].1;
    for s in [1.0, 3.9, 8.5, 11.9] {
        assert_eq!(customer_at(s), FrameKind::Missing, "at {s} s");
    }
    for s in [4.2, 7.8, 12.2, 19.0] {
        assert_eq!(customer_at(s), FrameKind::Heard, "at {s} s");
    }
    assert!(out.kinds.iter().all(|k| k.0 == FrameKind::Heard));
    assert!(out.agent.iter().all(|&s| s == 0.5));
}

#[test]
fn a_gap_becomes_silence_and_later_frames_stay_in_place() {
    let rate = SampleRate::new(16_000).unwrap();
    for gap_ms in [150_u64, 1_000] {
        let mut line_up = LineUp::new(rate, Some(rate));
        let mut out = Out::default();
        for ms in (25..10_000_u64).step_by(25) {
            let now = (1_000 + ms) * MS;
            // A sample's value is the second it was heard in.
            let value = ms as f32 / 1_000.0;
            line_up.push(Side::Agent, &[value; 400], now);
            if !(5_000..5_000 + gap_ms).contains(&ms) {
                line_up.push(Side::Customer, &[value; 400], now);
            }
            drain(&mut line_up, &mut out);
        }
        let c = line_up.corrections(Side::Customer).unwrap();
        assert_eq!(c.gaps, 1, "{gap_ms} ms: {c:?}");
        let at = 160 * 900;
        let apart = (out.agent[at] - out.customer[at]).abs();
        assert!(apart <= 0.03, "{gap_ms} ms: {apart} s apart after the gap");
        let silent = out.customer.iter().filter(|&&s| s == 0.0).count() as u64 / 16;
        assert!(
            silent.abs_diff(gap_ms) <= 35,
            "{gap_ms} ms: {silent} ms of silence"
        );
    }
}

#[test]
fn nobody_takes_the_frames() {
    let rate = SampleRate::new(16_000).unwrap();
    let mut line_up = LineUp::new(rate, Some(rate));
    for ms in (25..5_000_u64).step_by(25) {
        line_up.push(Side::Agent, &[0.5; 400], (1_000 + ms) * MS);
        line_up.push(Side::Customer, &[0.5; 400], (1_000 + ms) * MS);
    }
    let mut out = Out::default();
    drain(&mut line_up, &mut out);
    let c = line_up.corrections(Side::Agent).unwrap();
    assert!(c.overrun_samples > 16_000 * 3, "{c:?}");
    assert_eq!(out.kinds[480], (FrameKind::Heard, FrameKind::Heard));
}
