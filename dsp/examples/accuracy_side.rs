//! Measures the per-side detectors on real prompts with faults put in at known places.
//!
//! `make test-data`, then
//! `cargo run --release -p sidetone-dsp --example accuracy_side [clipping|dropouts|crackle|hum] [STRIDE]`
//! (every STRIDE-th prompt only; all of them without).

#![allow(clippy::expect_used, clippy::panic)] // A measuring program: without data it must stop.

#[path = "../tests/sounds/mod.rs"]
mod sounds;

use sidetone_dsp::side::{SideAnalyzer, SideFrame};
use sidetone_dsp::units::{FRAMES_PER_SECOND, SampleRate};
use std::path::{Path, PathBuf};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| {
        let named = arguments
            .first()
            .filter(|first| first.parse::<usize>().is_err());
        named.is_none_or(|first| first == name)
    };
    let stride = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(1);
    let recordings = Recording::all(stride);
    for rate in [8_000, 16_000, 48_000] {
        let speech: Vec<Recording> = recordings
            .iter()
            .filter(|r| r.rate <= rate)
            .map(|r| r.at(rate))
            .collect();
        if speech.is_empty() {
            continue;
        }
        let minutes = speech.iter().map(Recording::seconds).sum::<f32>() / 60.0;
        println!("{} prompts, {minutes:.1} min, {rate} Hz", speech.len());
        if wanted("clipping") {
            clipping(&speech, minutes);
        }
        if wanted("dropouts") {
            dropouts(&speech, minutes);
        }
        if wanted("crackle") {
            crackle(&speech, minutes);
        }
        if wanted("hum") {
            hum(&speech);
        }
    }
}

/// One prompt.
#[derive(Clone)]
struct Recording {
    name: String,
    rate: u32,
    samples: Vec<f32>,
}

impl Recording {
    fn all(stride: usize) -> Vec<Self> {
        let root = sounds::prompts();
        let mut files = Vec::new();
        list(&root, &mut files);
        files.sort();
        let read = |path: &PathBuf| {
            let (rate, samples) = sounds::read(path);
            let name = path
                .strip_prefix(&root)
                .unwrap_or(path)
                .display()
                .to_string();
            Self {
                name,
                rate,
                samples,
            }
        };
        files.iter().step_by(stride.max(1)).map(read).collect()
    }

    fn seconds(&self) -> f32 {
        self.samples.len() as f32 / self.rate as f32
    }

    fn with(&self, samples: Vec<f32>) -> Self {
        Self {
            samples,
            ..self.clone()
        }
    }

    /// Raised to a higher rate (band-limited as before), as 16-bit samples; 2 dB quieter, since
    /// new samples between old ones can be louder.
    fn at(&self, rate: u32) -> Self {
        let times = (rate / self.rate) as usize;
        if times == 1 {
            return self.clone();
        }
        let reach = 16;
        let taps = |phase: usize| -> Vec<f32> {
            let x = |k: usize| k as f32 - reach as f32 + 1.0 - phase as f32 / times as f32;
            let tap = |x: f32| {
                let sinc = if x.abs() < 1e-6 {
                    1.0
                } else {
                    (std::f32::consts::PI * x).sin() / (std::f32::consts::PI * x)
                };
                sinc * (0.5 + 0.5 * (std::f32::consts::PI * x / (reach as f32 + 1.0)).cos())
            };
            (0..2 * reach).map(|k| tap(x(k))).collect()
        };
        let phases: Vec<Vec<f32>> = (0..times).map(taps).collect();
        let mut padded = vec![0.0; reach - 1];
        padded.extend_from_slice(&self.samples);
        padded.extend(vec![0.0; reach]);
        let raised = padded.windows(2 * reach).flat_map(|window| {
            phases
                .iter()
                .map(|taps| window.iter().zip(taps).map(|(x, t)| x * t).sum::<f32>())
        });
        Self {
            name: self.name.clone(),
            rate,
            samples: raised.map(|x| as_16_bit(0.8 * x)).collect(),
        }
    }

    /// The prompt at an RMS level of −26 dBov over its loud half, as 16-bit samples.
    fn normalised(&self) -> Self {
        let mut powers: Vec<f32> = self
            .samples
            .chunks(self.rate as usize / 50)
            .map(|c| c.iter().map(|x| x * x).sum::<f32>() / c.len() as f32)
            .collect();
        powers.sort_by(f32::total_cmp);
        let loud = &powers[powers.len() / 2..];
        let mean = loud.iter().sum::<f32>() / loud.len().max(1) as f32;
        let gain = if mean > 1e-9 {
            (0.002_512 / mean).sqrt()
        } else {
            1.0
        };
        self.with(self.samples.iter().map(|x| as_16_bit(x * gain)).collect())
    }

    fn analyse(&self, mut each: impl FnMut(usize, &SideFrame)) {
        let rate = SampleRate::new(self.rate).expect("a rate we accept");
        let mut analyser = SideAnalyzer::new(rate);
        for (n, frame) in self.samples.chunks_exact(rate.frame_len()).enumerate() {
            each(n, &analyser.process(frame));
        }
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "wav") {
            files.push(path);
        }
    }
}

fn as_16_bit(x: f32) -> f32 {
    (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0
}

/// Through G.711 µ-law and back.
fn mu_law(x: f32) -> f32 {
    let biased = ((x.abs() * 32_768.0) as u32).min(32_635) + 132;
    let step = biased.ilog2() - 4;
    let middle = ((biased >> step) << step) + (1 << (step - 1));
    (middle - 132) as f32 / 32_768.0 * x.signum()
}

/// A small seeded generator (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as usize % limit.max(1)
    }
}

fn clipping(speech: &[Recording], minutes: f32) {
    let count = |recording: &Recording| {
        let mut clipped = 0;
        recording.analyse(|_, frame| clipped += frame.clipped_samples);
        clipped
    };
    let false_files = |label: &str, make: &dyn Fn(&Recording) -> Recording| {
        let mut files = 0;
        let mut samples = 0;
        let mut names = Vec::new();
        for recording in speech {
            let clipped = count(&make(recording));
            samples += clipped;
            files += u32::from(clipped > 0);
            if clipped > 0 {
                names.push(format!("{} ({clipped})", recording.name));
            }
        }
        let hour = samples as f32 / minutes * 60.0;
        println!("  clipping, {label}: {files} files, {samples} samples ({hour:.1} per hour)");
        names.iter().take(6).for_each(|name| println!("    {name}"));
    };
    false_files("as they are", &Recording::clone);
    false_files("at −26 dBov", &Recording::normalised);
    false_files("µ-law", &|r| {
        r.with(r.samples.iter().map(|x| mu_law(*x)).collect())
    });
    for limit in [0.3f32, 0.5, 0.7, 1.0] {
        let (mut truth, mut found, mut clips, mut clips_found) = (0, 0, 0, 0);
        for recording in speech {
            let peak = recording
                .samples
                .iter()
                .fold(0f32, |peak, x| peak.max(x.abs()));
            if peak < 0.05 {
                continue;
            }
            let top = as_16_bit(limit);
            let cut = |x: &f32| as_16_bit((x * 1.6 * limit / peak).clamp(-top, top));
            let clipped = recording.with(recording.samples.iter().map(cut).collect());
            let runs = clipped.samples.chunk_by(|a, b| a == b);
            let flat = runs.filter(|run| run.len() >= 3 && run[0].abs() >= top - 4e-5);
            let here: u32 = flat.map(|run| run.len() as u32).sum();
            let counted = count(&clipped);
            (truth, found) = (truth + here, found + counted);
            if here > 0 {
                clips += 1;
                clips_found += u32::from(counted > 0);
            }
        }
        println!(
            "  clipping at {limit}: {found} of {truth} samples, {clips_found} of {clips} files"
        );
    }
}

/// Where a talker is in full voice: the 20 ms around this sample are above −40 dBov.
fn voiced(recording: &Recording, at: usize) -> bool {
    let half = recording.rate as usize / 100;
    let part =
        &recording.samples[at.saturating_sub(half)..(at + half).min(recording.samples.len())];
    part.iter().map(|x| x * x).sum::<f32>() / part.len().max(1) as f32 > 1e-4
}

fn dropouts(speech: &[Recording], minutes: f32) {
    let count = |recording: &Recording| {
        let mut dropouts = 0;
        recording.analyse(|_, frame| dropouts += frame.dropouts);
        dropouts
    };
    let false_ones: u32 = speech.iter().map(count).sum();
    println!("  dropouts, as they are: {false_ones} in {minutes:.1} min");
    speech
        .iter()
        .filter(|r| count(r) > 0)
        .take(6)
        .for_each(|r| println!("    {}", r.name));
    for ms in [5, 10, 20, 60] {
        let mut dice = Dice(ms as u64);
        let (mut truth, mut found) = (0, 0);
        for recording in speech {
            let recording = recording.normalised();
            let length = recording.rate as usize * ms / 1000;
            let at = dice.below(recording.samples.len());
            if at + 2 * length >= recording.samples.len()
                || !voiced(&recording, at)
                || !voiced(&recording, at + length)
            {
                continue;
            }
            let mut samples = recording.samples.clone();
            samples[at..at + length].fill(0.0);
            truth += 1;
            found += count(&recording.with(samples)).min(1);
        }
        println!(
            "  dropouts of {ms} ms: {found} of {truth} ({:.3})",
            found as f32 / truth as f32
        );
    }
}

/// The shapes a click may have; amplitude 1.
const CLICKS: [(&str, &[f32]); 4] = [
    ("1 sample", &[1.0]),
    ("2 samples", &[1.0, -0.7]),
    ("4 samples", &[0.6, 1.0, -0.8, 0.3]),
    ("decaying", &[1.0, -0.75, 0.5, -0.4, 0.3, -0.2, 0.15, -0.1]),
];

fn crackle(speech: &[Recording], minutes: f32) {
    let false_ones = |label: &str, make: &dyn Fn(&Recording) -> Recording| {
        let mut total = 0;
        let mut names = Vec::new();
        for recording in speech {
            let mut here = 0;
            make(recording).analyse(|_, frame| here += frame.crackles);
            if here > 0 {
                names.push(format!("{} ({here})", recording.name));
            }
            total += here;
        }
        println!(
            "  crackle, {label}: {total} in {minutes:.1} min ({:.3}/min)",
            total as f32 / minutes
        );
        names.iter().take(6).for_each(|name| println!("    {name}"));
    };
    false_ones("as they are", &Recording::clone);
    false_ones("at −26 dBov", &Recording::normalised);
    false_ones("µ-law", &|r| {
        r.with(r.samples.iter().map(|x| mu_law(*x)).collect())
    });
    for amplitude in [0.02f32, 0.05, 0.1, 0.3] {
        print!("  clicks of {amplitude}:");
        for (name, shape) in CLICKS {
            let mut dice = Dice(7);
            let (mut truth, mut found) = (0, 0);
            for recording in speech {
                let recording = recording.normalised();
                let mut samples = recording.samples.clone();
                let mut frames = Vec::new();
                let mut at = recording.rate as usize / 2;
                loop {
                    at += recording.rate as usize / 4 + dice.below(recording.rate as usize / 2);
                    if at + 400 >= samples.len() {
                        break;
                    }
                    if voiced(&recording, at) {
                        let sign = if dice.below(2) == 0 {
                            amplitude
                        } else {
                            -amplitude
                        };
                        for (x, click) in samples[at..].iter_mut().zip(shape) {
                            *x = as_16_bit(*x + sign * click);
                        }
                        frames.push(at * FRAMES_PER_SECOND / recording.rate as usize);
                    }
                }
                let mut seen = Vec::new();
                recording.with(samples).analyse(|n, frame| {
                    if frame.crackles > 0 {
                        seen.push(n);
                    }
                });
                truth += frames.len();
                // A click may be told one frame later than it was.
                found += frames
                    .iter()
                    .filter(|f| seen.iter().any(|n| n.abs_diff(**f) <= 1))
                    .count();
            }
            print!(" {name} {:.3} ({truth})", found as f32 / truth as f32);
        }
        println!();
    }
}

/// Amplitudes of a mains hum's harmonics.
const HUM: [f32; 6] = [1.0, 0.5, 0.6, 0.2, 0.3, 0.15];

fn hum(speech: &[Recording]) {
    // Calls of 15 s, one voice each: the prompts are far shorter.
    let mut calls: Vec<Recording> = Vec::new();
    let mut open: Option<Recording> = None;
    for recording in speech.iter().map(Recording::normalised) {
        let voice = |name: &str| name.split('/').next().map(str::to_owned);
        let call = match open.take() {
            Some(call) if voice(&call.name) == voice(&recording.name) => {
                let mut samples = call.samples;
                samples.extend_from_slice(&recording.samples);
                Recording {
                    samples,
                    ..recording
                }
            }
            _ => recording,
        };
        if call.seconds() >= 15.0 {
            calls.push(call);
        } else {
            open = Some(call);
        }
    }
    let ends_with_hum = |call: &Recording| {
        let mut last = None;
        call.analyse(|_, frame| last = frame.hum);
        last
    };
    let seconds_with_hum = |call: &Recording| {
        let mut frames = 0;
        call.analyse(|_, frame| frames += u32::from(frame.hum.is_some()));
        frames as f32 / 100.0
    };
    let all: f32 = calls.iter().map(Recording::seconds).sum();
    let false_calls = calls
        .iter()
        .filter(|call| ends_with_hum(call).is_some())
        .count();
    let false_seconds: f32 = calls.iter().map(seconds_with_hum).sum();
    println!(
        "  hum, none: {false_calls} of {} calls, {false_seconds:.1} of {all:.0} s ({:.2} %)",
        calls.len(),
        100.0 * false_seconds / all
    );
    for mains in [50.0f32, 49.98, 49.6, 60.0, 60.4] {
        for level in [-40.0f32, -50.0, -60.0, -70.0] {
            let (mut found, mut hz_off, mut db_off) = (0, 0f32, 0f32);
            for call in &calls {
                let power: f32 = HUM.iter().map(|a| a * a / 2.0).sum();
                let gain = 10f32.powf(level / 20.0) / power.sqrt();
                let add = |(n, x): (usize, &f32)| {
                    let turn = f64::from(mains) * n as f64 / f64::from(call.rate);
                    let wave =
                        |k: usize| (std::f64::consts::TAU * (k + 1) as f64 * turn + k as f64).sin();
                    let hum: f32 = HUM
                        .iter()
                        .enumerate()
                        .map(|(k, a)| a * wave(k) as f32)
                        .sum();
                    as_16_bit(x + gain * hum)
                };
                let samples = call.samples.iter().enumerate().map(add).collect();
                if let Some(hum) = ends_with_hum(&call.with(samples)) {
                    found += 1;
                    hz_off += (hum.fundamental.0 - mains).abs();
                    db_off += (hum.level.0 - level).abs();
                }
            }
            println!(
                "  hum {mains} Hz at {level} dBov: {found} of {} ({:.3}), off by {:.3} Hz, {:.1} dB",
                calls.len(),
                found as f32 / calls.len() as f32,
                hz_off / found.max(1) as f32,
                db_off / found.max(1) as f32
            );
        }
    }
}
