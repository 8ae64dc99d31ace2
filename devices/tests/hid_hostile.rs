//! Hostile input: the fuzz targets' own bodies over their corpora, over inputs made to hurt, and over
//! seeded mutations of both. None may panic, and none may hold more than 1 MiB of memory at once.
//!
//! `cargo test -p sidetone-devices --test hid_hostile -- --ignored` writes the corpora anew from the
//! recorded descriptors and the quirk files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so when its material is wrong"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicIsize, Ordering};

#[path = "../../fuzz/fuzz_targets/hid_bodies.rs"]
mod hid_bodies;

/// The system's allocator with the bytes in use and their peak.
struct Counting;

static IN_USE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    let now = IN_USE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

#[allow(unsafe_code, reason = "an allocator can only be counted from inside")]
// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MOST: isize = 1 << 20;
const MUTATIONS_PER_SEED: u32 = 2000;

/// xorshift64*: the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides.max(1)
    }
}

/// A few cuts, copies and changed bytes.
fn mutate(dice: &mut Dice, seed: &[u8], other: &[u8]) -> Vec<u8> {
    const HURTFUL: [u8; 12] = [
        0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xa1, 0xc0, 0x97, 0x77, b'[', b'"',
    ];
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < bytes.len() => bytes[at] = HURTFUL[dice.roll(HURTFUL.len())],
            2 => bytes.truncate(at),
            3 => bytes.insert(at, HURTFUL[dice.roll(HURTFUL.len())]),
            4 if !other.is_empty() => {
                let from = dice.roll(other.len());
                let until = from + dice.roll(other.len() - from);
                bytes.splice(at..at, other[from..until].iter().copied());
            }
            _ => {
                let until = at + dice.roll(bytes.len() - at + 1);
                bytes.drain(at..until);
            }
        }
    }
    bytes
}

/// Runs one input and returns the most memory it held.
fn held(body: fn(&[u8]), input: &[u8]) -> isize {
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    body(input);
    PEAK.load(Ordering::Relaxed) - before
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target)
}

fn attack(target: &str, body: fn(&[u8]), made: Vec<Vec<u8>>) {
    let mut paths: Vec<_> = fs::read_dir(corpus(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "{target} has no corpus");
    seeds.extend(made);
    held(body, &seeds[0]); // What is set up once is not this input's.
    let mut dice = Dice(0x51de_70e5);
    let mut worst = 0;
    for number in 0..seeds.len() {
        let most = held(body, &seeds[number]);
        assert!(most <= MOST, "{target} seed {number} held {most} bytes");
        worst = worst.max(most);
        for _ in 0..MUTATIONS_PER_SEED {
            let other = dice.roll(seeds.len());
            let input = mutate(&mut dice, &seeds[number], &seeds[other]);
            let most = held(body, &input);
            assert!(most <= MOST, "{target} held {most} bytes on {input:02x?}");
            worst = worst.max(most);
        }
    }
    println!(
        "{target}: {} seeds, at most {worst} bytes held",
        seeds.len()
    );
}

/// Descriptors made to hurt.
fn descriptors() -> Vec<Vec<u8>> {
    let many = |item: &[u8]| item.iter().copied().cycle().take(4096).collect::<Vec<u8>>();
    let whole_pages = [
        0x05, 0x0b, 0x19, 0, 0x2a, 0xff, 0xff, 0x15, 0, 0x27, 0xff, 0xff, 0, 0, 0x75, 16,
    ];
    vec![
        vec![
            0x77, 0xff, 0xff, 0xff, 0xff, 0x97, 0xff, 0xff, 0xff, 0xff, 0x81, 0x02,
        ],
        many(&[0x09, 1]),
        many(&[0xa4]),
        many(&[0xa1, 1]),
        many(&[0x75, 1, 0x95, 1, 0x81, 2]),
        many(&[0x09, 0x20, 0x75, 1, 0x95, 200, 0x81, 2]),
        [
            &whole_pages[..],
            &many(&[0x19, 0, 0x2a, 0xff, 0xff, 0x95, 1, 0x81, 0])[..4070],
        ]
        .concat(),
        [
            &[0x05, 0x0b, 0x75, 1, 0x96, 0, 0x70][..],
            &many(&[0x09, 0x24])[..4060],
            &[0x81, 2],
        ]
        .concat(),
        many(&[0xfe, 0xff, 0]),
    ]
}

// One test, so that nothing else allocates meanwhile.
#[test]
fn hostile_input_neither_panics_nor_holds_memory() {
    attack("descriptor", hid_bodies::descriptor, descriptors());
    let with_reports = descriptors().into_iter().map(|descriptor| {
        let length = u16::try_from(descriptor.len()).unwrap().to_le_bytes();
        [&length[..], &descriptor, &[255; 600]].concat()
    });
    attack("report", hid_bodies::report, with_reports.collect());
    let room = sidetone_devices::hid::quirks::LARGEST_FILE;
    let filled = |start: &str, unit: &str| {
        [
            start.as_bytes(),
            &unit.as_bytes().repeat((room - start.len()) / unit.len()),
        ]
        .concat()
    };
    let quirks = vec![
        filled("a=", "["),
        filled("a=", "[{b="),
        filled("a", ".a"),
        filled("", "[[model]]\n"),
        filled("", "[[model]]\n[[model.rule]]\n"),
        filled("[[model]]\nname=\"x\"\nmatch=[", "\"0b0e:*\","),
        filled("[[model]]\nname=\"x\"\nmatch=[\"0b0e:*\"]\nrule=[", "{},"),
    ];
    attack("quirk", hid_bodies::quirk, quirks);
}

/// Bytes in hexadecimal; `#` begins a remark.
fn hex(text: &str) -> Vec<u8> {
    let plain = text.lines().flat_map(|line| {
        line.split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace()
    });
    plain
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

#[test]
#[ignore = "writes fuzz/corpus"]
fn write_corpora() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in ["descriptor", "report", "quirk"] {
        fs::create_dir_all(corpus(target)).unwrap();
    }
    for entry in fs::read_dir(here.join("tests/descriptors")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hex") {
            continue;
        }
        let name = path.file_stem().unwrap();
        let descriptor = hex(&fs::read_to_string(&path).unwrap());
        fs::write(corpus("descriptor").join(name), &descriptor).unwrap();
        let length = u16::try_from(descriptor.len()).unwrap();
        let mut input = [&length.to_le_bytes()[..], &descriptor].concat();
        let expected: toml::Table = fs::read_to_string(path.with_extension("toml"))
            .unwrap()
            .parse()
            .unwrap();
        for sample in expected["sample"].as_array().unwrap() {
            let report = hex(sample["bytes"].as_str().unwrap());
            input.push(u8::try_from(report.len()).unwrap());
            input.extend(report);
        }
        fs::write(corpus("report").join(name), input).unwrap();
    }
    for directory in ["quirks", "../tests/bench/quirks"] {
        for entry in fs::read_dir(here.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, corpus("quirk").join(path.file_name().unwrap())).unwrap();
        }
    }
}
