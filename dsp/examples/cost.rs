//! What a frame costs: `valgrind --tool=callgrind --toggle-collect='*cost::analyse*'
//! target/release/examples/cost asleep|awake [rate]`; the instructions over the frames printed.
//!
//! Without valgrind it prints the time, which other programs on the machine blur.

#![allow(
    clippy::unwrap_used,
    reason = "a measuring program: stop at what is wrong"
)]

#[path = "../tests/call/mod.rs"]
mod call;

use call::{SPEAKERS, Seeded, Track, add_white, leak, voice};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::units::SampleRate;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let awake = arguments.next().as_deref() == Some("awake");
    let hz: u32 = arguments.next().map_or(48_000, |r| r.parse().unwrap());
    const FRAMES: usize = 1_500;
    let mut seed = Seeded::new(8);
    let mut far = Track::talk(FRAMES, &voice(SPEAKERS[0], 40), (20, 60), &mut seed);
    add_white(&mut far.samples, -65.0, &mut seed);
    let near = Track::talk(FRAMES, &voice(SPEAKERS[3], 40), (50, 200), &mut seed);
    let erl = if awake { 6.0 } else { 40.0 };
    let mut agent = leak(&far.samples, 50.0, 10.0, erl, &mut seed);
    for (s, x) in agent.iter_mut().zip(&near.samples) {
        *s += x;
    }
    add_white(&mut agent, -65.0, &mut seed);
    let rate = SampleRate::new(hz).unwrap();
    let (agent, far) = (at_rate(&agent, hz), at_rate(&far.samples, hz));
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let started = std::time::Instant::now();
    let frames = agent
        .chunks_exact(rate.frame_len())
        .zip(far.chunks_exact(rate.frame_len()));
    let mut spoken = 0;
    for (a, c) in frames {
        spoken += u32::from(analyse(&mut analyzer, a, c));
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / FRAMES as f64;
    println!("{FRAMES} frames at {rate}, {spoken} with agent speech, {each:.1} µs each");
}

/// One frame, in a function of its own for callgrind to find.
#[inline(never)]
fn analyse(analyzer: &mut CallAnalyzer, agent: &[f32], customer: &[f32]) -> bool {
    analyzer.process(agent, Some(customer)).agent.speech
}

/// Linear interpolation: the cost does not depend on how well it is done.
fn at_rate(samples: &[f32], hz: u32) -> Vec<f32> {
    let step = call::RATE as f64 / f64::from(hz);
    let count = (samples.len() as f64 / step) as usize;
    (0..count)
        .map(|i| {
            let at = i as f64 * step;
            let n = at as usize;
            let next = samples.get(n + 1).copied().unwrap_or(0.0);
            samples[n] + (next - samples[n]) * (at - n as f64) as f32
        })
        .collect()
}
