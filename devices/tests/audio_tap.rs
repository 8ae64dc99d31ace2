//! The tap, as the callback and the analysis thread use it: no allocation, loss counted, nothing left.
#![allow(unsafe_code)] // A counting allocator cannot be written without it.
#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

use sidetone_devices::audio::tap::{MonotonicNanos, Stamp, TapReader, TapWriter, tap};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::num::NonZeroU16;

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn stereo(capacity: usize) -> (TapWriter, TapReader) {
    tap(NonZeroU16::new(2).unwrap(), 48_000, capacity).unwrap()
}

fn all(reader: &mut TapReader) -> Vec<(Vec<f32>, Stamp)> {
    let mut pieces = Vec::new();
    reader.read(|mono, stamp| pieces.push((mono.to_vec(), stamp)));
    pieces
}

#[test]
fn neither_end_allocates() {
    let (mut writer, mut reader) = stereo(4800);
    let chunk = [0.125_f32; 2 * 960];
    let before = CALLS.with(Cell::get);
    let mut heard = 0.0;
    for _ in 0..200 {
        writer.push(&chunk);
        reader.read(|mono, _| heard += mono.iter().sum::<f32>());
    }
    for _ in 0..20 {
        writer.push(&chunk); // runs full
    }
    assert_eq!(CALLS.with(Cell::get), before, "allocations");
    assert!((heard - 200.0 * 960.0 * 0.125).abs() < 1.0, "{heard}");
    assert!(reader.lost_frames() > 0);
}

#[test]
fn channels_are_averaged_also_across_the_end_of_the_ring() {
    let (mut writer, mut reader) = stereo(100);
    let mut next = 0_u16;
    for _ in 0..50 {
        let chunk: Vec<f32> = (0..37)
            .flat_map(|_| {
                next += 1;
                [f32::from(next) + 0.25, f32::from(next) - 0.25]
            })
            .collect();
        writer.push(&chunk);
        let pieces = all(&mut reader);
        assert_eq!(pieces.len(), 1);
        let expected: Vec<f32> = (next - 36..=next).map(f32::from).collect();
        assert_eq!(pieces[0].0, expected);
        assert_eq!(pieces[0].1.position, u64::from(next) - 37);
    }
}

#[test]
fn a_full_ring_loses_whole_chunks_and_shows_the_hole() {
    let (mut writer, mut reader) = stereo(100);
    for value in [1.0, 2.0, 3.0] {
        writer.push_at(&[value; 2 * 45], MonotonicNanos(7)); // the third has no room
    }
    assert_eq!(reader.lost_frames(), 45);
    assert_eq!(all(&mut reader).len(), 2);
    writer.push(&[4.0; 2 * 45]);
    let pieces = all(&mut reader);
    assert_eq!(pieces[0].1.position, 3 * 45);
    assert_eq!(pieces[0].0[0].to_bits(), 4.0_f32.to_bits());
    assert_eq!(writer.position(), 4 * 45);
}

#[test]
fn the_end_is_seen_only_after_the_last_sample() {
    let (mut writer, mut reader) = stereo(100);
    writer.push(&[0.5; 20]);
    assert!(!reader.is_ended());
    drop(writer);
    assert!(!reader.is_ended());
    assert_eq!(all(&mut reader).len(), 1);
    assert!(reader.is_ended());

    let (writer, reader) = stereo(100);
    assert!(!writer.is_abandoned());
    drop(reader);
    assert!(writer.is_abandoned());
}

#[test]
fn two_threads_see_every_frame_once_and_in_order() {
    let (mut writer, mut reader) = tap(NonZeroU16::MIN, 48_000, 1 << 20).unwrap();
    let producer = std::thread::spawn(move || {
        let mut next = 0_u32;
        while next < 500_000 {
            let length = 1 + next % 301;
            #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
            let chunk: Vec<f32> = (next..next + length).map(|n| n as f32).collect();
            writer.push(&chunk);
            next += length;
        }
        next
    });
    let mut expected = 0_u64;
    let mut last = MonotonicNanos(0);
    while !reader.is_ended() {
        reader.read(|mono, stamp| {
            assert_eq!(stamp.position, expected);
            assert!(stamp.arrival >= last);
            last = stamp.arrival;
            for sample in mono {
                #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
                let right = expected as f32;
                assert_eq!(sample.to_bits(), right.to_bits());
                expected += 1;
            }
        });
    }
    assert_eq!(expected, u64::from(producer.join().unwrap()));
    assert_eq!(reader.lost_frames(), 0);
}

/// How often four frames of the marker lie anywhere in this process' writable memory.
fn marker_in_memory(bits: u32) -> usize {
    let maps = BufReader::new(std::fs::File::open("/proc/self/maps").unwrap());
    let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    for line in maps.lines() {
        let line = line.unwrap();
        let mut fields = line.split(' ');
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        if !rights.starts_with("rw") || line.ends_with("[stack]") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.seek(SeekFrom::Start(from)).is_err() || memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        // Compared as numbers: a needle in memory would find itself.
        let samples: Vec<u32> = bytes
            .chunks_exact(4)
            .map(|c| u32::from_ne_bytes([c[0], c[1], c[2], c[3]]))
            .collect();
        found += samples
            .windows(4)
            .filter(|four| four.iter().all(|sample| *sample == bits))
            .count();
        std::hint::black_box(samples).fill(0);
        bytes.fill(0); // so that this copy is not found in a later region
    }
    found
}

#[test]
fn nothing_of_a_call_stays_in_memory() {
    // Never written down as a float, so that the only copies are those made below.
    let marker = f32::from_bits(0x3e5a_11ce ^ std::hint::black_box(0x0000_2b00));
    let (mut writer, mut reader) = stereo(4800);
    let mut chunk = [marker; 2 * 500];
    for _ in 0..7 {
        writer.push(&chunk);
        reader.read(|mono, _| assert_eq!(mono.len(), 500));
    }
    writer.push(&chunk);
    chunk.fill(0.0);
    std::hint::black_box(&mut chunk);
    assert!(
        marker_in_memory(marker.to_bits()) > 3000,
        "the search works"
    );
    drop(writer);
    drop(reader);
    assert_eq!(marker_in_memory(marker.to_bits()), 0);
}
