//! Every kind of WAV file that may be analysed, and those that may not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[path = "support/wav.rs"]
mod wav;

use proptest::prelude::*;
use sidetone::alerts::config::AlertConfig;
use sidetone::analyze::wav::{WavFault, WavFile};
use sidetone::analyze::{Analysis, analyze};
use std::fs;
use std::io::Cursor;
use support::sidetone;
use wav::{Wav, speech};

const RATES: [u32; 6] = [8_000, 16_000, 24_000, 32_000, 44_100, 48_000];

/// How samples are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Int16,
    Int24,
    /// 24 valid bits at the top of four bytes.
    Int24In32,
    Int32,
    Float32,
}

const KINDS: [Kind; 5] = [
    Kind::Int16,
    Kind::Int24,
    Kind::Int24In32,
    Kind::Int32,
    Kind::Float32,
];

fn encode(kind: Kind, value: f32) -> Vec<u8> {
    let full = |bits: u32| (f64::from(value) * f64::from(1u32 << (bits - 1))).round() as i64;
    match kind {
        Kind::Int16 => (full(16) as i16).to_le_bytes().to_vec(),
        Kind::Int24 => full(24).to_le_bytes()[..3].to_vec(),
        Kind::Int24In32 => ((full(24) << 8) as i32).to_le_bytes().to_vec(),
        Kind::Int32 => (full(32) as i32).to_le_bytes().to_vec(),
        Kind::Float32 => value.to_le_bytes().to_vec(),
    }
}

fn file(kind: Kind, rate: u32, extensible: bool, sides: &[&[f32]]) -> Wav {
    let points = sides[0].len();
    let samples = (0..points).flat_map(|i| sides.iter().map(move |side| side[i]));
    let data = samples.flat_map(|value| encode(kind, value)).collect();
    let (bits, valid) = match kind {
        Kind::Int16 => (16, 16),
        Kind::Int24 => (24, 24),
        Kind::Int24In32 => (32, 24),
        Kind::Int32 | Kind::Float32 => (32, 32),
    };
    Wav {
        tag: if kind == Kind::Float32 { 3 } else { 1 },
        bits,
        extensible: extensible.then_some(valid),
        ..Wav::pcm16(rate, sides.len() as u16, data)
    }
}

fn report(bytes: Vec<u8>) -> Analysis {
    let wav = WavFile::new(Cursor::new(bytes)).unwrap();
    analyze(wav, &AlertConfig::default(), |_| Ok(())).unwrap()
}

#[test]
fn the_same_sound_gives_the_same_figures_in_every_encoding() {
    for rate in RATES {
        let (agent, customer) = (speech(1, rate, 3.0), speech(2, rate, 3.0));
        let reference = report(file(Kind::Float32, rate, false, &[&agent, &customer]).bytes());
        assert!(reference.agent.activity > 0.3, "{:?}", reference.agent);
        for kind in KINDS {
            for extensible in [false, true] {
                let wav = file(kind, rate, extensible, &[&agent, &customer]);
                let got = report(wav.bytes());
                let what = format!("{kind:?} at {rate} Hz, extensible: {extensible}");
                assert_eq!(got.duration_s, 3.0, "{what}");
                assert_eq!(got.sample_rate, rate, "{what}");
                // 16 bits add −101 dBov of noise to a floor of −65.
                close(
                    &what,
                    &reference,
                    &got,
                    if kind == Kind::Int16 { 0.02 } else { 0.001 },
                );
            }
        }
    }
}

fn close(what: &str, a: &Analysis, b: &Analysis, decibels: f64) {
    let sides = |x: &Analysis| [x.agent.clone(), x.customer.clone().unwrap()];
    for (a, b) in sides(a).iter().zip(&sides(b)) {
        for (name, a, b, limit) in [
            (
                "active level",
                a.active_speech_level_dbov,
                b.active_speech_level_dbov,
                decibels,
            ),
            ("activity", a.activity, b.activity, 0.002),
            ("rms", a.rms_dbov, b.rms_dbov, decibels),
            ("peak", a.peak_dbov, b.peak_dbov, decibels),
            (
                "noise",
                a.noise_dbov.unwrap_or(0.0),
                b.noise_dbov.unwrap_or(0.0),
                10.0 * decibels,
            ),
            ("dc", a.dc_offset, b.dc_offset, 1e-4),
        ] {
            assert!((a - b).abs() <= limit, "{what}: {name} {a} and {b}");
        }
    }
    assert!((a.silence_ratio - b.silence_ratio).abs() < 0.02, "{what}");
}

#[test]
fn mono_is_the_agent_and_stereo_is_left_agent_right_customer() {
    let (agent, customer) = (speech(1, 16_000, 3.0), speech(2, 16_000, 3.0));
    let half: Vec<f32> = customer.iter().map(|x| x / 2.0).collect();
    let stereo = report(file(Kind::Int24, 16_000, false, &[&agent, &half]).bytes());
    let mono = report(file(Kind::Int24, 16_000, false, &[&agent]).bytes());
    let other = report(file(Kind::Int24, 16_000, false, &[&customer]).bytes());

    assert!(mono.customer.is_none() && mono.double_talk.is_none());
    assert!(mono.speech.customer.is_none());
    assert_eq!(mono.agent.rms_dbov, stereo.agent.rms_dbov);
    let softer = stereo.customer.unwrap().rms_dbov - other.agent.rms_dbov;
    assert!((softer + 6.02).abs() < 0.01, "{softer}");
}

#[test]
fn samples_are_those_that_another_reader_reads() {
    for kind in [Kind::Int16, Kind::Int24, Kind::Int32, Kind::Float32] {
        let sound = speech(3, 8_000, 0.5);
        let bytes = file(kind, 8_000, true, &[&sound]).bytes();
        let mut theirs = hound::WavReader::new(Cursor::new(&bytes)).unwrap();
        let theirs: Vec<f32> = if kind == Kind::Float32 {
            theirs.samples::<f32>().map(Result::unwrap).collect()
        } else {
            let scale = 2f64.powi(i32::from(theirs.spec().bits_per_sample) - 1);
            let samples = theirs.samples::<i32>().map(Result::unwrap);
            samples.map(|x| (f64::from(x) / scale) as f32).collect()
        };
        let mut wav = WavFile::new(Cursor::new(&bytes)).unwrap();
        let mut ours = Vec::new();
        while let Some(frame) = wav.next_frame().unwrap() {
            ours.extend_from_slice(frame.left);
        }
        assert_eq!(ours, theirs, "{kind:?}");
    }
}

#[test]
fn other_chunks_and_what_follows_the_samples_are_passed_over() {
    let sound = speech(4, 8_000, 1.0);
    let plain = file(Kind::Int16, 8_000, false, &[&sound]);
    let mut wav = plain.clone();
    wav.between = vec![
        (b"LIST", b"INFOISFT\x05\x00\x00\x00made\x00\x00".to_vec()),
        // Of odd length: the next chunk begins at an even position.
        (b"note", b"odd".to_vec()),
        (b"fact", 8_000u32.to_le_bytes().to_vec()),
    ];
    let mut bytes = wav.bytes();
    bytes.extend(b"id3 \xff\xff\xff\x7f");
    assert_eq!(report(bytes), report(plain.bytes()));
}

#[test]
fn a_file_that_cannot_be_analysed_is_one_sentence_that_says_why_and_what_is_allowed() {
    let sound = speech(5, 8_000, 1.0);
    let good = file(Kind::Int16, 8_000, false, &[&sound]);
    let whole = good.bytes();
    let wav = |change: &dyn Fn(&mut Wav)| {
        let mut wav = good.clone();
        change(&mut wav);
        wav.bytes()
    };
    let float = |value: f32| {
        let mut sound = sound.clone();
        sound[4_000] = value;
        file(Kind::Float32, 8_000, false, &[&sound]).bytes()
    };
    let text = |text: &str| text.repeat(20).into_bytes();

    for (what, bytes, expected) in [
        (
            "empty",
            Vec::new(),
            "the file is empty; give a WAV file with sound in it",
        ),
        (
            "garbage",
            text("no sound at all "),
            "this is no WAV file (it does not begin with RIFF); convert it to WAV",
        ),
        (
            "mp3",
            text("ID3\u{3}"),
            "this is no WAV file (it does not begin with RIFF); convert it to WAV",
        ),
        (
            "avi",
            b"RIFF\x00\x01\x00\x00AVI LIST".to_vec(),
            "this is no WAV file (it is a RIFF file of another kind); convert it to WAV",
        ),
        (
            "rf64",
            b"RF64\xff\xff\xff\xffWAVE".to_vec(),
            "this is no WAV file (it is an RF64 file); convert it to WAV",
        ),
        (
            "cut in the name",
            whole[..8].to_vec(),
            "the file ends before its samples begin; it is cut off, so copy or record it again",
        ),
        (
            "cut in the format",
            whole[..30].to_vec(),
            "the file ends before its samples begin; it is cut off, so copy or record it again",
        ),
        (
            "cut before the samples",
            whole[..40].to_vec(),
            "the file ends before its samples begin; it is cut off, so copy or record it again",
        ),
        (
            "cut in the samples",
            whole[..10_044].to_vec(),
            "the file is cut off: its header announces 16000 bytes of samples, and 10000 are there; copy or record it again",
        ),
        (
            "streamed",
            wav(&|w| w.announced = Some(u32::MAX)),
            "the file is cut off: its header announces 4294967295 bytes of samples, and 16000 are there; copy or record it again",
        ),
        (
            "no samples",
            wav(&|w| w.data.clear()),
            "there are no samples in it; give a file with sound in it",
        ),
        (
            "half a sample",
            wav(&|w| w.data.truncate(15_999)),
            "the WAV header is broken (the samples do not fill whole sampling points); write the file again with another program",
        ),
        (
            "no channel",
            wav(&|w| w.channels = 0),
            "it has 0 channels; allowed are 1 (analysed as the agent) and 2 (left = agent, right = customer)",
        ),
        (
            "three channels",
            wav(&|w| w.channels = 3),
            "it has 3 channels; allowed are 1 (analysed as the agent) and 2 (left = agent, right = customer)",
        ),
        (
            "11025 Hz",
            wav(&|w| w.rate = 11_025),
            "sampling rate 11025 Hz is not supported; use 8000, 16000, 24000, 32000, 44100 or 48000 Hz",
        ),
        (
            "0 Hz",
            wav(&|w| w.rate = 0),
            "sampling rate 0 Hz is not supported; use 8000, 16000, 24000, 32000, 44100 or 48000 Hz",
        ),
        (
            "8 bits",
            wav(&|w| w.bits = 8),
            "its samples are encoded as 8-bit integers; convert it to 16, 24 or 32-bit integer or 32-bit float samples",
        ),
        (
            "64-bit float",
            wav(&|w| (w.tag, w.bits) = (3, 64)),
            "its samples are encoded as 64-bit floats; convert it to 16, 24 or 32-bit integer or 32-bit float samples",
        ),
        (
            "A-law",
            wav(&|w| (w.tag, w.bits) = (6, 8)),
            "its samples are encoded as A-law; convert it to 16, 24 or 32-bit integer or 32-bit float samples",
        ),
        (
            "µ-law",
            wav(&|w| (w.tag, w.bits) = (7, 8)),
            "its samples are encoded as µ-law; convert it to 16, 24 or 32-bit integer or 32-bit float samples",
        ),
        (
            "ADPCM",
            wav(&|w| (w.tag, w.bits) = (2, 4)),
            "its samples are encoded as ADPCM; convert it to 16, 24 or 32-bit integer or 32-bit float samples",
        ),
        (
            "18 bits in two bytes",
            patched(&whole, 34, 18),
            "the WAV header is broken (its sample sizes contradict each other); write the file again with another program",
        ),
        (
            "12 bits in two bytes",
            patched(&whole, 34, 12),
            "its samples are encoded as 12-bit integers; convert it to 16, 24 or 32-bit integer or 32-bit float samples",
        ),
        (
            "NaN",
            float(f32::NAN),
            "the sample at 0.500 s is not a number; write the file again with another program",
        ),
        (
            "infinite",
            float(f32::NEG_INFINITY),
            "the sample at 0.500 s is not a number; write the file again with another program",
        ),
        (
            "not scaled",
            float(-12_000.0),
            "the sample at 0.500 s is -12000, but float samples must be scaled to -1..1; write the file again, scaled or as integers",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("call.wav");
        fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        for args in [&["analyze", path][..], &["analyze", "--json", path]] {
            let run = sidetone(args);
            assert_eq!((run.status, run.out.as_str()), (1, ""), "{what}");
            assert_eq!(run.err, format!("sidetone: {path}: {expected}\n"), "{what}");
        }
    }
}

/// The file with one byte changed.
fn patched(file: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at] = value;
    file
}

#[test]
fn a_file_that_cannot_be_read_is_one_sentence_too() {
    for (path, expected) in [
        (
            "/nowhere/call.wav",
            "cannot read it: No such file or directory (os error 2); check the name and whether it may be read",
        ),
        (
            "/",
            "this is no WAV file (it is a directory); convert it to WAV",
        ),
    ] {
        let run = sidetone(["analyze", path]);
        assert_eq!((run.status, run.out.as_str()), (1, ""));
        assert_eq!(run.err, format!("sidetone: {path}: {expected}\n"));
    }
}

#[test]
fn very_short_files_are_analysed() {
    for points in [1, 79, 80, 81] {
        let got = report(file(Kind::Int16, 8_000, false, &[&vec![0.1; points]]).bytes());
        assert_eq!(got.duration_s, points as f64 / 8_000.0);
        assert!((got.agent.rms_dbov + 20.0).abs() < 0.01, "{:?}", got.agent);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// A good file with a few bytes changed and cut off somewhere.
    #[test]
    fn a_damaged_file_is_read_or_refused(
        changes in prop::collection::vec((0usize..80, any::<u8>()), 0..6),
        length in 0usize..700,
        stereo in any::<bool>(),
        kind in prop::sample::select(&KINDS[..]),
    ) {
        let sound = speech(6, 8_000, 0.05);
        let sides: &[&[f32]] = if stereo { &[&sound, &sound] } else { &[&sound] };
        let mut bytes = file(kind, 8_000, length % 2 == 0, sides).bytes();
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(length);
        read_through(bytes);
    }

    #[test]
    fn any_bytes_after_riff_are_read_or_refused(
        tail in prop::collection::vec(any::<u8>(), 0..120),
        chunk in prop::sample::select(vec![&b"fmt "[..], b"data", b"LIST"]),
    ) {
        let mut bytes = b"RIFF\x00\x00\x00\x00WAVE".to_vec();
        bytes.extend_from_slice(chunk);
        bytes.extend(tail);
        read_through(bytes);
    }
}

/// Reads to the end or to the first fault; never more samples than there are bytes.
fn read_through(bytes: Vec<u8>) {
    let length = bytes.len() as u64;
    let Ok(mut wav) = WavFile::new(Cursor::new(bytes)) else {
        return;
    };
    assert!(wav.samples() > 0 && wav.samples() <= length);
    let mut read = 0;
    loop {
        match wav.next_frame() {
            Ok(Some(frame)) => {
                assert!(frame.left.iter().all(|x| x.is_finite()));
                assert!(
                    frame
                        .right
                        .is_none_or(|right| right.len() == frame.left.len())
                );
                read += frame.left.len() as u64;
            }
            Ok(None) => return assert_eq!(read, wav.samples()),
            Err(fault) => {
                return assert!(matches!(
                    fault,
                    WavFault::NotANumber { .. } | WavFault::NotScaled { .. }
                ));
            }
        }
    }
}
