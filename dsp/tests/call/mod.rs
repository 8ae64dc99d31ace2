//! Two-sided calls with exact truth, made of real voices: turns on a time line, leakage of the far
//! end into the microphone, noise. Everything follows from a seed.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test material: each test and example uses a part of it"
)]

pub mod noises;

use std::path::{Path, PathBuf};

use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::{Measurement, SPEECH_LAG_FRAMES};
use sidetone_dsp::resample::{ANALYSIS_FRAME, To16k};
use sidetone_dsp::units::SampleRate;

/// Samples per second of every call made here.
pub const RATE: usize = 16_000;

/// A seeded generator (xorshift64*): the same calls on every machine.
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Even in 0..1.
    pub fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1 << 24) as f32
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next_u64() % n as u64) as usize
    }

    /// Normal, mean 0, variance 1.
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * self.unit().max(1e-7).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }
}

/// The folder of the speakers' prompts.
///
/// # Panics
/// With the command that fetches them, if they are not there.
pub fn prompts() -> PathBuf {
    let root = std::env::var_os("SIDETONE_TEST_SOUNDS").map_or_else(
        || {
            // The workspace's, whichever crate tests with this.
            let here = Path::new(env!("CARGO_MANIFEST_DIR"));
            let workspace = here.ancestors().find(|dir| dir.join("dsp").is_dir());
            workspace.unwrap_or(here).join("target/test-data/sounds")
        },
        PathBuf::from,
    );
    let folder = root.join("usr/share/asterisk/sounds");
    assert!(
        folder.is_dir(),
        "the speech recordings are not in {}; run `make test-data`",
        folder.display()
    );
    folder
}

/// Reads a mono 16-bit WAV file: its rate and samples, ±1.
pub fn read_wav(path: &Path) -> (u32, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut at = 12;
    while &bytes[at..at + 4] != b"data" {
        at += 8 + word(at + 4) as usize;
    }
    let end = (at + 8 + word(at + 4) as usize).min(bytes.len());
    let samples = bytes[at + 8..end]
        .chunks_exact(2)
        .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
        .collect();
    (word(24), samples)
}

/// One speaker's prompts at 16 kHz, trimmed, each at −26 dBov over its speech, with its truth.
pub struct Voice {
    pub utterances: Vec<Utterance>,
}

pub struct Utterance {
    pub samples: Vec<f32>,
    /// Speech per 10 ms frame: within 35 dB of the loudest frame, gaps below 100 ms filled.
    pub truth: Vec<bool>,
}

pub const SPEAKERS: [&str; 5] = [
    "en_US_f_Allison",
    "es_MX_f_Allison",
    "fr_CA_f_June",
    "it_IT_m_Carlo",
    "ru_RU_f_IvrvoiceRU",
];

/// Every `step`-th prompt of a speaker that holds 0.3 s of speech or more.
pub fn voice(speaker: &str, step: usize) -> Voice {
    let folder = prompts().join(speaker);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "wav"))
        .collect();
    files.sort();
    let utterances = files
        .iter()
        .step_by(step)
        .filter_map(|f| utterance(f))
        .collect();
    Voice { utterances }
}

fn utterance(path: &Path) -> Option<Utterance> {
    let (hz, samples) = read_wav(path);
    let rate = SampleRate::new(hz).unwrap();
    let mut converter = To16k::new(rate);
    let mut wide = Vec::new();
    let mut out = [0.0; ANALYSIS_FRAME];
    for frame in samples.chunks_exact(rate.frame_len()) {
        converter.process(frame, &mut out);
        wide.extend_from_slice(&out);
    }
    let power: Vec<f32> = wide.chunks_exact(ANALYSIS_FRAME).map(mean_square).collect();
    let loudest = power.iter().copied().fold(0.0, f32::max);
    if loudest < 1e-6 {
        return None;
    }
    let mut truth: Vec<bool> = power
        .iter()
        .map(|&p| p > loudest * 10_f32.powf(-3.5))
        .collect();
    let (first, last) = (
        truth.iter().position(|&s| s)?,
        truth.iter().rposition(|&s| s)?,
    );
    if last - first < 30 {
        return None;
    }
    let mut quiet = usize::MAX;
    for i in first..=last {
        if truth[i] {
            if quiet < i && i - quiet <= 10 {
                truth[quiet..i].fill(true);
            }
            quiet = usize::MAX;
        } else if quiet == usize::MAX {
            quiet = i;
        }
    }
    let samples = &wide[first * ANALYSIS_FRAME..(last + 1) * ANALYSIS_FRAME];
    let truth = truth[first..=last].to_vec();
    let spoken: f32 = samples
        .chunks_exact(ANALYSIS_FRAME)
        .zip(&truth)
        .filter(|(_, t)| **t)
        .map(|(f, _)| mean_square(f))
        .sum::<f32>()
        / truth.iter().filter(|t| **t).count() as f32;
    let gain = (10_f32.powf(-2.6) / spoken).sqrt();
    Some(Utterance {
        samples: samples.iter().map(|s| s * gain).collect(),
        truth,
    })
}

pub fn mean_square(x: &[f32]) -> f32 {
    x.iter().map(|v| v * v).sum::<f32>() / x.len().max(1) as f32
}

/// One side's clean speech on the time line.
#[derive(Clone)]
pub struct Track {
    pub samples: Vec<f32>,
    pub truth: Vec<bool>,
}

impl Track {
    pub fn silent(frames: usize) -> Self {
        Self {
            samples: vec![0.0; frames * ANALYSIS_FRAME],
            truth: vec![false; frames],
        }
    }

    /// Puts an utterance at a frame, cut at the end of the track; gives the frame after it.
    pub fn put(&mut self, at: usize, utterance: &Utterance) -> usize {
        let frames = utterance
            .truth
            .len()
            .min(self.truth.len().saturating_sub(at));
        for i in 0..frames {
            self.truth[at + i] |= utterance.truth[i];
        }
        let from = at * ANALYSIS_FRAME;
        for i in 0..frames * ANALYSIS_FRAME {
            self.samples[from + i] += utterance.samples[i];
        }
        at + frames
    }

    /// Utterances one after the other with pauses in this range of frames.
    pub fn talk(frames: usize, voice: &Voice, pause: (usize, usize), seed: &mut Seeded) -> Self {
        let mut track = Self::silent(frames);
        let mut at = seed.below(pause.1) + 10;
        while at < frames {
            let u = &voice.utterances[seed.below(voice.utterances.len())];
            at = track.put(at, u) + pause.0 + seed.below(pause.1 - pause.0);
        }
        track
    }
}

/// The far end through the headset into its microphone: a delay, then an exponentially decaying
/// impulse response, `erl_db` quieter.
pub fn leak(far: &[f32], delay_ms: f32, decay_ms: f32, erl_db: f32, seed: &mut Seeded) -> Vec<f32> {
    let delay = (delay_ms * 16.0) as usize;
    let decay = decay_ms * 16.0;
    let length = (decay * 2.5) as usize;
    let mut response: Vec<f32> = (0..length)
        .map(|i| seed.normal() * (-6.9 * i as f32 / (2.5 * decay)).exp())
        .collect();
    response[0] += 2.0;
    let gain = 10_f32.powf(-erl_db / 20.0) / (mean_square(&response) * length as f32).sqrt();
    let mut out = vec![0.0; far.len()];
    for (k, h) in response.iter().enumerate() {
        let h = h * gain;
        let shift = delay + k;
        if shift < far.len() {
            for (y, x) in out[shift..].iter_mut().zip(far) {
                *y += h * x;
            }
        }
    }
    out
}

/// White noise at a level.
pub fn add_white(samples: &mut [f32], dbov: f32, seed: &mut Seeded) {
    let amplitude = 10_f32.powf(dbov / 20.0);
    for s in samples {
        *s += amplitude * seed.normal();
    }
}

/// Other people talking: many voices at once, at a level.
pub fn babble(frames: usize, voices: &[Voice], dbov: f32, seed: &mut Seeded) -> Vec<f32> {
    let mut sum = vec![0.0; frames * ANALYSIS_FRAME];
    for n in 0..12 {
        let track = Track::talk(frames, &voices[n % voices.len()], (1, 40), seed);
        for (s, x) in sum.iter_mut().zip(&track.samples) {
            *s += x;
        }
    }
    let gain = 10_f32.powf(dbov / 20.0) / mean_square(&sum).sqrt();
    sum.iter().map(|s| s * gain).collect()
}

/// Every measurement of a call, its end included.
pub fn analyse(agent: &[f32], customer: Option<&[f32]>) -> Vec<Measurement> {
    let rate = SampleRate::new(RATE as u32).unwrap();
    let mut analyzer = CallAnalyzer::new(rate, customer.map(|_| rate));
    let mut out = Vec::new();
    for (n, frame) in agent.chunks_exact(ANALYSIS_FRAME).enumerate() {
        let far = customer.map(|c| &c[n * ANALYSIS_FRAME..(n + 1) * ANALYSIS_FRAME]);
        out.push(analyzer.process(frame, far));
    }
    out.extend(analyzer.finish());
    out
}

/// The measurement whose speech figures are about `frame`.
pub fn judged(all: &[Measurement], frame: usize) -> &Measurement {
    &all[frame + SPEECH_LAG_FRAMES as usize]
}

/// Area under the ROC curve, P(miss) at P(false) = 0.1, F1 at 0.5.
pub fn rank(scored: &mut [(f32, bool)]) -> (f64, f64, f64) {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = scored.iter().filter(|s| s.1).count() as f64;
    let negatives = scored.len() as f64 - positives;
    let (mut hits, mut falses, mut area, mut miss) = (0.0, 0.0, 0.0, f64::NAN);
    let mut rest = &scored[..];
    while let Some(&(score, _)) = rest.first() {
        let tied = rest.iter().take_while(|s| s.0 == score).count();
        let good = rest[..tied].iter().filter(|s| s.1).count() as f64;
        let bad = tied as f64 - good;
        area += bad * (hits + good / 2.0);
        if miss.is_nan() && falses + bad > 0.1 * negatives {
            let share = ((0.1 * negatives - falses) / bad).clamp(0.0, 1.0);
            miss = 1.0 - (hits + good * share) / positives;
        }
        hits += good;
        falses += bad;
        rest = &rest[tied..];
    }
    let at_half = |truth: bool, over: bool| {
        scored
            .iter()
            .filter(|s| s.1 == truth && (s.0 >= 0.5) == over)
            .count() as f64
    };
    let tp = at_half(true, true);
    let f1 = 2.0 * tp / (2.0 * tp + at_half(false, true) + at_half(true, false));
    (area / (positives * negatives), miss, f1)
}
