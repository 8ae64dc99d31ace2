//! Speech activity: on prompts in noise, wide band and telephone band, and on real meetings.

use crate::call::noises::Noise;
use crate::call::{self, RATE, Seeded, Track, analyse, judged, rank};
use crate::{Material, each};

const FRAMES: usize = 4_000;

/// Scores with their truth.
type Scored = Vec<(f32, bool)>;

/// On real meetings, whose turns people marked.
pub(crate) fn meetings() {
    let Some(corpus) = std::env::var_os("SIDETONE_CORPUS") else {
        return;
    };
    let folder = std::path::Path::new(&corpus).join("overlap");
    let turns = std::fs::read_to_string(folder.join("turns.rttm")).unwrap();
    let mut scored = Vec::new();
    for name in ["dev00", "trn02", "trn04", "trn06", "trn08", "tst00"] {
        let (_, samples) = call::read_wav(&folder.join(format!("{name}.wav")));
        let frames = samples.len() / 160;
        let mut truth = vec![false; frames];
        for line in turns.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            if cells[1] == name {
                let start = (cells[3].parse::<f64>().unwrap() * 100.0) as usize;
                let length = (cells[4].parse::<f64>().unwrap() * 100.0) as usize;
                truth[start.min(frames)..(start + length).min(frames)].fill(true);
            }
        }
        let all = analyse(&samples, None);
        let running: Vec<String> = (2..frames / 100)
            .step_by(3)
            .map(|s| {
                all[s * 100]
                    .agent
                    .snr
                    .map_or("-".into(), |r| format!("{:.0}", r.0))
            })
            .collect();
        println!("{name}: running ratio {}", running.join(" "));
        scored.extend((0..frames).map(|i| (judged(&all, i).agent.speech_score, truth[i])));
    }
    tell("meetings", scored);
}

/// On prompts in noise.
pub(crate) fn prompts(material: &Material) {
    for telephone in [false, true] {
        let mut all = Vec::new();
        for noise in [Noise::White, Noise::Pink, Noise::Office, Noise::Traffic] {
            for snr in [0.0, 5.0, 10.0, 20.0, 30.0] {
                let scored: Scored =
                    each(material.calls, |n| one(material, noise, snr, telephone, n))
                        .into_iter()
                        .flatten()
                        .collect();
                all.extend_from_slice(&scored);
            }
        }
        tell(
            if telephone {
                "telephone band"
            } else {
                "wide band"
            },
            all,
        );
    }
}

fn one(material: &Material, noise: Noise, snr: f32, telephone: bool, n: u64) -> Scored {
    let mut seed = Seeded::new(300 + n);
    let voice = &material.voices[n as usize % material.voices.len()];
    let track = Track::talk(FRAMES, voice, (20, 200), &mut seed);
    let under = noise.make(FRAMES, &material.others, -26.0 - snr, &mut seed);
    let mut samples: Vec<f32> = track
        .samples
        .iter()
        .zip(&under)
        .map(|(s, n)| s + n)
        .collect();
    if telephone {
        telephone_band(&mut samples);
    }
    let all = analyse(&samples, None);
    (0..FRAMES)
        .map(|i| (judged(&all, i).agent.speech_score, track.truth[i]))
        .collect()
}

/// 300 to 3,400 Hz (fourth order each), through µ-law.
fn telephone_band(samples: &mut [f32]) {
    for (hz, high) in [
        (300.0, true),
        (300.0, true),
        (3_400.0, false),
        (3_400.0, false),
    ] {
        let w = std::f32::consts::TAU * hz / RATE as f32;
        let alpha = w.sin() / (2.0 * 0.707);
        let edge = if high {
            (1.0 + w.cos()) / 2.0
        } else {
            (1.0 - w.cos()) / 2.0
        };
        let middle = if high { -2.0 * edge } else { 2.0 * edge };
        let [mut x1, mut x2, mut y1, mut y2] = [0.0_f32; 4];
        for s in samples.iter_mut() {
            let y = (edge * *s + middle * x1 + edge * x2 + 2.0 * w.cos() * y1 - (1.0 - alpha) * y2)
                / (1.0 + alpha);
            (x2, x1, y2, y1) = (x1, *s, y1, y);
            *s = y;
        }
    }
    for s in samples {
        let companded = (1.0 + 255.0 * s.abs().min(1.0)).ln() / 256.0_f32.ln();
        let coded = (companded * 127.0).round() / 127.0;
        *s = s.signum() * (256.0_f32.powf(coded) - 1.0) / 255.0;
    }
}

fn tell(what: &str, mut scored: Scored) {
    let (area, miss, f1) = rank(&mut scored);
    let (best, at) = best_f1(&scored);
    println!(
        "{what}: AUC {area:.4}, P(miss) at .1 {miss:.3}, F1 {f1:.4} at 0.5, best {best:.4} at {at:.2}"
    );
}

/// The best F1 of scores that [`rank`] has sorted, and the threshold that gives it.
fn best_f1(sorted: &[(f32, bool)]) -> (f64, f32) {
    let positives = sorted.iter().filter(|s| s.1).count() as f64;
    let (mut hits, mut best) = (0.0, (0.0, 0.0));
    for (n, (score, truth)) in sorted.iter().enumerate() {
        hits += f64::from(u8::from(*truth));
        let f1 = 2.0 * hits / (n as f64 + 1.0 + positives);
        if f1 > best.0 {
            best = (f1, *score);
        }
    }
    best
}
