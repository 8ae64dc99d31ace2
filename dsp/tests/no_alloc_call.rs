//! Nothing is allocated after construction: not per frame, not when the streams are lined up.

#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]
#![allow(clippy::unwrap_used, reason = "test material")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::line_up::LineUp;
use sidetone_dsp::measurement::Side;
use sidetone_dsp::units::SampleRate;

/// Counts what this thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; the counter is a plain cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A voiced-like sound that comes and goes, so that every state is passed through.
fn sound(n: usize, rate: u32, shift: f32) -> f32 {
    let t = n as f32 / rate as f32 + shift;
    let on = (t * 0.7).sin() > 0.0;
    let tone: f32 = (1..12)
        .map(|k| (t * 130.0 * k as f32 * std::f32::consts::TAU).sin())
        .sum();
    if on {
        0.02 * tone * (1.0 + (t * 25.0).sin())
    } else {
        0.0
    }
}

#[test]
fn a_call_allocates_nothing() {
    for (agent, customer) in [(48_000, 48_000), (44_100, 8_000), (16_000, 24_000)] {
        let rates = (
            SampleRate::new(agent).unwrap(),
            SampleRate::new(customer).unwrap(),
        );
        let mut line_up = LineUp::new(rates.0, Some(rates.1));
        let mut analyzer = CallAnalyzer::new(rates.0, Some(rates.1));
        let mut seconds = SecondAggregator::new(rates.0, Some(rates.1));
        let far: Vec<f32> = (0..customer as usize * 12)
            .map(|n| sound(n, customer, 0.0))
            .collect();
        // The far end leaks in 40 ms late, so that the filter wakes.
        let near: Vec<f32> = (0..agent as usize * 12)
            .map(|n| {
                0.5 * sound(n, agent, -0.04) + 0.001 * ((n * 7919 % 1009) as f32 / 504.5 - 1.0)
            })
            .collect();
        let before = ASKED.get();
        let (mut frames, mut summaries) = (0, 0);
        for (n, (a, c)) in near
            .chunks(agent as usize / 40)
            .zip(far.chunks(customer as usize / 40))
            .enumerate()
        {
            let now = 1_000_000_000 + n as u64 * 25_000_000;
            line_up.push(Side::Agent, a, now);
            if n % 97 != 0 {
                line_up.push(Side::Customer, c, now);
            }
            while let Some(pair) = line_up.pop() {
                let m = analyzer.process(pair.agent.samples, pair.customer.map(|c| c.samples));
                frames += 1;
                summaries += u32::from(seconds.push(&m).is_some());
            }
        }
        assert_eq!(ASKED.get() - before, 0, "{agent}/{customer} Hz");
        assert!(frames > 1_100 && summaries >= 11);
    }
}
