//! Noise level, signal-to-noise ratio and kind under speech, of the call and as they run.

use crate::call::noises::Noise;
use crate::call::{RATE, Seeded, Track, add_white, mean_square};
use crate::{Material, each};
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::NoiseKind;
use sidetone_dsp::side::p56::SpeechVoltmeter;
use sidetone_dsp::units::{Db, Dbov, SampleRate};

const FRAMES: usize = 4_000;
/// Running figures count from this second on.
const SETTLED: u64 = 8;

/// How far one call's figures were off.
struct Off {
    noise: Option<f64>,
    snr: Option<f64>,
    kind: Option<NoiseKind>,
    /// Of each second: noise, ratio.
    running: Vec<(f64, f64)>,
}

pub(crate) fn measure(material: &Material) {
    let mut right = [0_u32; 2];
    for noise in Noise::ALL {
        for snr in [0.0, 10.0, 20.0, 30.0] {
            let all = each(material.calls, |n| one(material, noise, snr, n));
            let level = mean(all.iter().map(|o| o.noise));
            let ratio = mean(all.iter().map(|o| o.snr));
            let running = || all.iter().flat_map(|o| &o.running);
            let mut kinds: Vec<String> = Vec::new();
            let mut told: Vec<_> = all.iter().map(|o| o.kind).collect();
            while let Some(kind) = told.first().copied() {
                let count = told.iter().filter(|k| **k == kind).count();
                told.retain(|k| *k != kind);
                let name = kind.map_or("none".into(), |k| format!("{k:?}").to_lowercase());
                kinds.push(format!("{name} {count}"));
            }
            if snr <= 20.0 {
                right[1] += all.len() as u32;
                right[0] += all.iter().filter(|o| is_right(noise, o.kind)).count() as u32;
            }
            println!(
                "{noise:?}, SNR {snr:2}: noise {level}, ratio {ratio}; running: noise {}, ratio {}; {}",
                mean(running().map(|r| Some(r.0))),
                mean(running().map(|r| Some(r.1))),
                kinds.join(", ")
            );
        }
    }
    println!("kind right at SNR <= 20: {} of {}", right[0], right[1]);
}

fn one(material: &Material, noise: Noise, snr: f32, n: u64) -> Off {
    let rate = SampleRate::new(RATE as u32).unwrap();
    let mut seed = Seeded::new(900 + n);
    let voice = &material.voices[n as usize % material.voices.len()];
    let track = Track::talk(FRAMES, voice, (20, 150), &mut seed);
    let mut meter = SpeechVoltmeter::new(rate);
    meter.process(&track.samples);
    let speech = meter.level().unwrap().0;
    let mut under = noise.make(FRAMES, &material.others, speech - snr, &mut seed);
    add_white(&mut under, -80.0, &mut seed);
    let level = Dbov::from_mean_square(mean_square(&under).into());
    let samples: Vec<f32> = track
        .samples
        .iter()
        .zip(&under)
        .map(|(s, n)| s + n)
        .collect();
    let mut analyzer = CallAnalyzer::new(rate, None);
    let mut seconds = SecondAggregator::new(rate, None);
    let mut running = Vec::new();
    let off = |noise: Option<Dbov>| noise.map(|told| f64::from(told.0 - level.0));
    let ratio_off = |ratio: Option<Db>| ratio.map(|told| f64::from(told.0 - snr));
    for frame in samples.chunks_exact(RATE / 100) {
        if let Some(second) = seconds.push(&analyzer.process(frame, None))
            && second.second >= SETTLED
        {
            let agent = second.agent;
            // A figure that is missing counts as 20 dB off.
            let missing = 20.0;
            running.push((
                off(agent.noise).unwrap_or(missing),
                ratio_off(agent.snr).unwrap_or(missing),
            ));
        }
    }
    analyzer.finish();
    let totals = analyzer.totals().agent;
    Off {
        noise: off(totals.noise),
        snr: ratio_off(totals.snr),
        kind: totals.noise_kind,
        running,
    }
}

fn is_right(noise: Noise, kind: Option<NoiseKind>) -> bool {
    let Some(kind) = kind else { return false };
    match noise {
        Noise::White => kind == NoiseKind::Hiss,
        // Ventilation is much like pink noise.
        Noise::Pink => matches!(kind, NoiseKind::Hiss | NoiseKind::Office),
        Noise::Babble => kind == NoiseKind::Babble,
        Noise::Hum => kind == NoiseKind::Hum,
        Noise::Office => kind == NoiseKind::Office,
        Noise::Traffic => kind == NoiseKind::Traffic,
    }
}

/// Mean absolute error and bias, and how many figures were missing.
fn mean(errors: impl Iterator<Item = Option<f64>>) -> String {
    let (mut count, mut missing, mut sum, mut bias) = (0.0, 0, 0.0, 0.0);
    for error in errors {
        match error {
            Some(error) => {
                count += 1.0;
                sum += error.abs();
                bias += error;
            }
            None => missing += 1,
        }
    }
    let missing = match missing {
        0 => String::new(),
        n => format!(" ({n} missing)"),
    };
    format!(
        "MAE {:.2} dB, bias {:+.2}{missing}",
        sum / count,
        bias / count
    )
}
