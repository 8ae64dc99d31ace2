//! A file of any length, and a header of any promise, is read in the memory of a frame.

// A counting allocator cannot be written without.
#![allow(unsafe_code, clippy::unwrap_used)]

#[path = "support/wav.rs"]
mod wav;

use sidetone::alerts::config::AlertConfig;
use sidetone::analyze::analyze;
use sidetone::analyze::html::Curves;
use sidetone::analyze::wav::WavFile;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Cursor;
use wav::{Wav, speech};

struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // While a thread ends its counters may be gone already; it counts for no test.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + change);
        let _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
    });
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches only cells of this
// thread that never allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were held at once beyond those held before.
fn most_held(act: impl FnOnce()) -> isize {
    let before = NOW.get();
    MOST.set(before);
    act();
    MOST.get() - before
}

fn file(seconds: f64) -> Vec<u8> {
    let sound = speech(1, 8_000, seconds);
    let data = sound
        .iter()
        .flat_map(|x| ((x * 32_768.0) as i16).to_le_bytes());
    Wav::pcm16(8_000, 1, data.collect()).bytes()
}

#[test]
fn a_long_file_takes_no_more_memory_than_a_short_one() {
    let held = |bytes: Vec<u8>| {
        most_held(|| {
            let wav = WavFile::new(Cursor::new(&bytes)).unwrap();
            let mut rows = 0;
            analyze(wav, &AlertConfig::default(), |_| {
                rows += 1;
                Ok(())
            })
            .unwrap();
            assert!(rows > 0);
        })
    };
    let (short, long) = (held(file(6.0)), held(file(120.0)));
    // What grows is the report: 16 bytes for each stretch of speech.
    assert!(long - short < 16 * 1024, "{short} and {long} bytes");
}

#[test]
fn what_a_header_promises_is_not_believed() {
    let mut wav = Wav::pcm16(48_000, 2, vec![0; 64]);
    wav.announced = Some(u32::MAX);
    let mut chunk = wav.bytes();
    chunk.splice(12..12, *b"LIST\xff\xff\xff\xff");
    let mut format = wav.bytes();
    format[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    for bytes in [wav.bytes(), chunk, format] {
        let held = most_held(|| assert!(WavFile::new(Cursor::new(&bytes)).is_err()));
        assert!(held < 4 * 1024, "{held} bytes");
    }
}

#[test]
fn the_drawings_of_a_long_file_take_no_more_memory_than_those_of_a_short_one() {
    let held = |bytes: Vec<u8>| {
        most_held(|| {
            let wav = WavFile::new(Cursor::new(&bytes)).unwrap();
            let mut curves = Curves::of(&wav);
            analyze(wav, &AlertConfig::default(), |row| {
                curves.push(row);
                Ok(())
            })
            .unwrap();
        })
    };
    // Both have the most columns there can be.
    let (short, long) = (held(file(29.6)), held(file(148.0)));
    assert!(long - short < 16 * 1024, "{short} and {long} bytes");
}
