//! What the analysis of a frame of real speech costs, the least it can cost, and how it grows (`scripts/analyser-cost`).
//!
//! ```text
//! cost asleep|awake [RATE]   both sides of a call, the echo filter asleep or awake
//! cost floor [RATE]          only what no such analysis can do without: the transforms, and reading each sample once
//! cost headsets [RATE]       1, 2, 4, 8 and 16 headsets in one thread, by the clock, as shares of one another
//! ```
//!
//! The first two are for an instruction counter (callgrind): what is counted lies in the functions `analyse`,
//! `transforms` and `read`, over [`FRAMES`] frames. The times they print are blurred by what else the machine does.

#![allow(
    clippy::unwrap_used,
    reason = "a measuring program: stop at what is wrong"
)]

#[path = "../tests/call/mod.rs"]
mod call;

use call::{SPEAKERS, Seeded, Track, add_white, leak, voice};
use realfft::{RealFftPlanner, RealToComplex};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::units::SampleRate;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames of the call.
const FRAMES: usize = 1_500;

/// Times the growth is measured, in turns; the fastest counts.
const ROUNDS: usize = 15;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let hz: u32 = arguments.next().map_or(48_000, |r| r.parse().unwrap());
    let rate = SampleRate::new(hz).unwrap();
    let call = Call::new(rate, if what == "awake" { 6.0 } else { 40.0 });
    match what.as_str() {
        "asleep" | "awake" => {
            let mut analyzer = CallAnalyzer::new(rate, Some(rate));
            let mut spoken = 0;
            let started = Instant::now();
            for (agent, customer) in call.frames() {
                spoken += u32::from(analyse(&mut analyzer, agent, customer));
            }
            println!(
                "{FRAMES} frames at {rate}, {spoken} with agent speech, {:.1} µs each",
                each(started)
            );
        }
        "floor" => {
            let mut floor = Floor::new();
            let started = Instant::now();
            for (frame, (agent, customer)) in call.frames().enumerate() {
                floor.transforms(frame);
                black_box(read(agent) + read(customer));
            }
            println!("{FRAMES} frames at {rate}, {:.1} µs each", each(started));
        }
        "headsets" => growth(&call, rate),
        _ => eprintln!("usage: cost asleep|awake|floor|headsets [RATE]"),
    }
}

/// Microseconds of each frame since then.
fn each(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6 / FRAMES as f64
}

/// Two real voices over faint noise, and the customer's in the agent's microphone.
struct Call {
    agent: Vec<f32>,
    customer: Vec<f32>,
    frame_len: usize,
}

impl Call {
    fn new(rate: SampleRate, echo_return_loss_db: f32) -> Self {
        let mut seed = Seeded::new(8);
        let mut far = Track::talk(FRAMES, &voice(SPEAKERS[0], 40), (20, 60), &mut seed);
        add_white(&mut far.samples, -65.0, &mut seed);
        let near = Track::talk(FRAMES, &voice(SPEAKERS[3], 40), (50, 200), &mut seed);
        let mut agent = leak(&far.samples, 50.0, 10.0, echo_return_loss_db, &mut seed);
        for (s, x) in agent.iter_mut().zip(&near.samples) {
            *s += x;
        }
        add_white(&mut agent, -65.0, &mut seed);
        Self {
            agent: at_rate(&agent, rate.hz()),
            customer: at_rate(&far.samples, rate.hz()),
            frame_len: rate.frame_len(),
        }
    }

    fn frames(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let customer = self.customer.chunks_exact(self.frame_len);
        self.agent.chunks_exact(self.frame_len).zip(customer)
    }
}

/// Each number of headsets takes the whole call, one frame of each in turn, as the sound thread does.
fn growth(call: &Call, rate: SampleRate) {
    let numbers = [1, 2, 4, 8, 16];
    let mut fastest = [Duration::MAX; 5];
    for _ in 0..ROUNDS {
        for (number, fastest) in numbers.iter().zip(&mut fastest) {
            let new = || CallAnalyzer::new(rate, Some(rate));
            let mut headsets: Vec<_> = std::iter::repeat_with(new).take(*number).collect();
            let started = Instant::now();
            for (agent, customer) in call.frames() {
                for headset in &mut headsets {
                    black_box(analyse(headset, agent, customer));
                }
            }
            *fastest = (*fastest).min(started.elapsed());
        }
    }
    for (number, time) in numbers.iter().zip(fastest) {
        let each = time.as_secs_f64() * 1e6 / (FRAMES * number) as f64;
        let share = time.as_secs_f64() / fastest[0].as_secs_f64();
        println!("{number:2} headsets: {share:5.2} times one, {each:.1} µs for each of them");
    }
}

/// The transforms that a spectrum for each side every 10 ms, and the speech network's, are made of.
struct Floor {
    spectrum: Transform,
    network: Transform,
}

struct Transform {
    plan: Arc<dyn RealToComplex<f32>>,
    time: Vec<f32>,
    bins: Vec<realfft::num_complex::Complex32>,
    scratch: Vec<realfft::num_complex::Complex32>,
}

impl Transform {
    fn new(points: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(points);
        Self {
            time: plan.make_input_vec(),
            bins: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        }
    }

    fn run(&mut self) {
        self.plan
            .process_with_scratch(&mut self.time, &mut self.bins, &mut self.scratch)
            .unwrap();
        black_box(&self.bins);
    }
}

impl Floor {
    fn new() -> Self {
        Self {
            spectrum: Transform::new(320),
            network: Transform::new(1024),
        }
    }

    /// Of one frame, both sides; the network hears ten blocks of 256 samples in 16 frames of 160.
    #[inline(never)]
    fn transforms(&mut self, frame: usize) {
        for _side in 0..2 {
            self.spectrum.run();
            if (frame + 1) * 160 / 256 > frame * 160 / 256 {
                self.network.run();
            }
        }
    }
}

/// Every sample read once, in as many lanes as a baseline x86-64 processor has.
#[inline(never)]
fn read(samples: &[f32]) -> f32 {
    let mut sums = [0.0f32; 4];
    for four in samples.chunks_exact(4) {
        for (sum, x) in sums.iter_mut().zip(four) {
            *sum += x * x;
        }
    }
    sums.iter().sum()
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
