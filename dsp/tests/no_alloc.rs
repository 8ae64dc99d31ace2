//! The frame path allocates nothing: counted by an allocator that counts.

#![allow(unsafe_code)] // An allocator can only be written with `unsafe`; this one hands everything on.
#![allow(clippy::expect_used)] // In a test.

use sidetone_dsp::side::SideAnalyzer;
use sidetone_dsp::units::SampleRate;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system allocator unchanged; counting touches only a
// constant-initialised thread-local, which does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's layout, as the caller promised it to be.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the pointer came from `alloc` above, which is the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_side_analyser_does_not_allocate() {
    for hz in SampleRate::ALLOWED {
        let rate = SampleRate::new(hz).expect("an allowed rate");
        let mut analyser = SideAnalyzer::new(rate);
        let mut state = 1u32;
        // Noise with clicks, gaps and flat tops, so that every detector has work.
        let signal: Vec<f32> = (0..3 * hz as usize)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
                match n % 4_000 {
                    100 => 0.9,
                    500..=900 => 0.0,
                    _ => (0.4 * noise).clamp(-0.3, 0.3),
                }
            })
            .collect();
        let before = ALLOCATIONS.get();
        for frame in signal.chunks(rate.frame_len()) {
            analyser.process(frame);
        }
        assert_eq!(ALLOCATIONS.get(), before, "at {rate}");
    }
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![0u8; 100]));
    assert_eq!(ALLOCATIONS.get(), before + 2, "the counter counts");
}
