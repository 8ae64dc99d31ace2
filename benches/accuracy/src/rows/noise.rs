//! Noise under speech: its level, the ratio to the speech, its kind.

use crate::call::noises::Noise;
use crate::call::{RATE, Seeded, Track, add_white, mean_square};
use crate::clip::as_16_bit;
use crate::material::Material;
use crate::row::{Row, Target};
use crate::score::mean_abs;
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::NoiseKind;
use sidetone_dsp::side::p56::SpeechVoltmeter;
use sidetone_dsp::units::{Dbov, SampleRate, UnsupportedSampleRate};

const FRAMES: usize = 4_000;
/// Running figures count from this second on.
const SETTLED: u64 = 8;
/// A figure that is missing counts as so many decibels off.
pub(crate) const MISSING: f64 = 20.0;
pub(crate) const SNRS: [f32; 4] = [0.0, 10.0, 20.0, 30.0];

/// One call's errors.
struct Off {
    noise: f64,
    snr: f64,
    running_noise: Vec<f64>,
    running_snr: Vec<f64>,
    kind: Option<NoiseKind>,
}

/// What is under the speech.
struct Under {
    samples: Vec<f32>,
    /// Kinds that are right.
    kinds: Vec<NoiseKind>,
}

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let calls = material.calls(12);
    let mut rows: Vec<Row> = Vec::new();
    let (mut right, mut judged) = (0, 0);
    let mut means: [Vec<(String, f64)>; 4] = Default::default();
    let mut by_kind = Vec::new();
    for noise in Noise::ALL {
        let mut right_here = 0;
        for (s, snr) in SNRS.into_iter().enumerate() {
            let row = 500 + 10 * noise as u64 + s as u64;
            let all = (0..calls)
                .map(|n| {
                    one(material, snr, row, n, |level, seed| {
                        make(noise, level, material, seed)
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            if snr <= 20.0 {
                judged += calls;
                right_here += all.iter().filter(|o| is_right(o.0.kind, &o.1)).count();
            }
            let over = |of: &dyn Fn(&Off) -> Vec<f64>| {
                mean_abs(&all.iter().flat_map(|o| of(&o.0)).collect::<Vec<_>>())
            };
            let name = format!("{} {snr} dB", format!("{noise:?}").to_lowercase());
            means[0].push((name.clone(), over(&|o| vec![o.noise])));
            means[1].push((name.clone(), over(&|o| vec![o.snr])));
            means[2].push((name.clone(), over(&|o| o.running_noise.clone())));
            means[3].push((name, over(&|o| o.running_snr.clone())));
        }
        right += right_here;
        by_kind.push((
            format!("{noise:?}").to_lowercase(),
            right_here as f64 / (3 * calls) as f64,
        ));
    }
    let [level, ratio, running, running_ratio] = means;
    for (figures, keys, what, limits) in [
        (
            level,
            ["noise-call", "noise-call-30"],
            "noise level of a call",
            [0.5, 1.5],
        ),
        (
            ratio,
            ["snr-call", "snr-call-30"],
            "SNR of a call",
            [0.7, 2.0],
        ),
        (
            running,
            ["noise-running", "noise-running-30"],
            "running noise level",
            [0.5, 1.5],
        ),
        (
            running_ratio,
            ["snr-running", "snr-running-30"],
            "running SNR",
            [0.7, 2.0],
        ),
    ] {
        let (high, low): (Vec<_>, Vec<_>) =
            figures.into_iter().partition(|f| f.0.ends_with("30 dB"));
        for (figures, key, limit) in [(low, keys[0], limits[0]), (high, keys[1], limits[1])] {
            rows.push(Row {
                key,
                what: format!("{what}, mean absolute error in dB"),
                figures,
                target: Target::AtMost(limit),
                noise: 0.3,
            });
        }
    }
    let kinds = |key, what: &str, figures| Row {
        key,
        what: what.into(),
        figures,
        target: Target::AtLeast(0.9),
        noise: 0.08,
    };
    rows.push(kinds(
        "kind",
        "noise kind right, SNR 0, 10, 20 dB",
        vec![(String::new(), right as f64 / judged as f64)],
    ));
    rows.push(kinds("kind-each", "… by kind", by_kind));
    rows.push(kinds(
        "kind-mixed",
        "… of two kinds, one 8 dB stronger: the stronger",
        vec![(String::new(), mixed(material, calls)?)],
    ));
    rows.push(kinds(
        "kind-quiet",
        "… `quiet` at an SNR of 45 dB",
        vec![(String::new(), quiet(material, calls)?)],
    ));
    Ok(rows)
}

fn make(noise: Noise, level: f32, material: &Material, seed: &mut Seeded) -> Under {
    Under {
        samples: noise.make(FRAMES, &material.others, level, seed),
        kinds: right_kinds(noise),
    }
}

/// Ventilation is much like pink noise.
fn right_kinds(noise: Noise) -> Vec<NoiseKind> {
    match noise {
        Noise::White => vec![NoiseKind::Hiss],
        Noise::Pink => vec![NoiseKind::Hiss, NoiseKind::Office],
        Noise::Babble => vec![NoiseKind::Babble],
        Noise::Hum => vec![NoiseKind::Hum],
        Noise::Office => vec![NoiseKind::Office],
        Noise::Traffic => vec![NoiseKind::Traffic],
    }
}

/// Share of right kinds of mixtures, over all pairs.
fn mixed(material: &Material, calls: usize) -> Result<f64, UnsupportedSampleRate> {
    let (mut right, mut all) = (0, 0);
    for (p, (strong, weak)) in pairs().into_iter().enumerate() {
        for n in 0..calls.div_ceil(6) {
            let both = |level: f32, seed: &mut Seeded| {
                let mut under = make(strong, level, material, seed);
                let more = weak.make(FRAMES, &material.others, level - 8.0, seed);
                under
                    .samples
                    .iter_mut()
                    .zip(more)
                    .for_each(|(a, b)| *a += b);
                under
            };
            let (off, kinds) = one(material, 12.0, 600 + p as u64, n, both)?;
            right += usize::from(is_right(off.kind, &kinds));
            all += 1;
        }
    }
    Ok(right as f64 / f64::from(all))
}

/// Every two kinds, the first the stronger one.
fn pairs() -> Vec<(Noise, Noise)> {
    let with = |a: Noise| {
        Noise::ALL
            .into_iter()
            .filter(move |b| *b != a)
            .map(move |b| (a, b))
    };
    Noise::ALL.into_iter().flat_map(with).collect()
}

fn quiet(material: &Material, calls: usize) -> Result<f64, UnsupportedSampleRate> {
    let mut right = 0;
    for n in 0..calls {
        let noise = Noise::ALL[n % Noise::ALL.len()];
        let (off, _) = one(material, 45.0, 700, n, |level, seed| {
            make(noise, level, material, seed)
        })?;
        right += usize::from(off.kind == Some(NoiseKind::Quiet));
    }
    Ok(right as f64 / calls as f64)
}

fn is_right(kind: Option<NoiseKind>, kinds: &[NoiseKind]) -> bool {
    kind.is_some_and(|kind| kinds.contains(&kind))
}

/// A call with something under its speech.
pub(crate) struct Laid {
    pub(crate) samples: Vec<f32>,
    /// Level of the noise in dBov.
    level: f32,
    kinds: Vec<NoiseKind>,
    /// Power of the speech over that of the noise in dB, pauses counted: what long-term estimators mean.
    pub(crate) long_term_snr: f32,
}

/// Call `n` with this noise at the `s`-th ratio: those of the rows.
pub(crate) fn call(
    material: &Material,
    noise: Noise,
    s: usize,
    n: usize,
) -> Result<Laid, UnsupportedSampleRate> {
    let row = 500 + 10 * noise as u64 + s as u64;
    lay(material, SNRS[s], row, n, |level, seed| {
        make(noise, level, material, seed)
    })
}

/// One call of 40 s with this under its speech, `snr` lower than its P.56 level.
fn lay(
    material: &Material,
    snr: f32,
    row: u64,
    n: usize,
    under: impl Fn(f32, &mut Seeded) -> Under,
) -> Result<Laid, UnsupportedSampleRate> {
    let rate = SampleRate::new(RATE as u32)?;
    let mut seed = material.seed(row, n);
    let talk = Track::talk(FRAMES, material.voice(n), (20, 150), &mut seed);
    let mut meter = SpeechVoltmeter::new(rate);
    meter.process(&talk.samples);
    let speech = meter.level().map_or(-26.0, |level| level.0);
    let mut under = under(speech - snr, &mut seed);
    add_white(&mut under.samples, -85.0, &mut seed);
    let level = Dbov::from_mean_square(mean_square(&under.samples).into()).0;
    let both: Vec<f32> = talk
        .samples
        .iter()
        .zip(&under.samples)
        .map(|(s, n)| s + n)
        .collect();
    let speech_level = Dbov::from_mean_square(mean_square(&talk.samples).into()).0;
    Ok(Laid {
        samples: as_16_bit(&both),
        level,
        kinds: under.kinds,
        long_term_snr: speech_level - level,
    })
}

/// What the analyser says of such a call.
fn one(
    material: &Material,
    snr: f32,
    row: u64,
    n: usize,
    under: impl Fn(f32, &mut Seeded) -> Under,
) -> Result<(Off, Vec<NoiseKind>), UnsupportedSampleRate> {
    let rate = SampleRate::new(RATE as u32)?;
    let call = lay(material, snr, row, n, under)?;
    let level = call.level;
    let mut analyzer = CallAnalyzer::new(rate, None);
    let mut seconds = SecondAggregator::new(rate, None);
    let off = |told: Option<f32>, truth: f32| told.map_or(MISSING, |told| f64::from(told - truth));
    let (mut running_noise, mut running_snr) = (Vec::new(), Vec::new());
    for frame in call.samples.chunks_exact(rate.frame_len()) {
        if let Some(second) = seconds.push(&analyzer.process(frame, None))
            && second.second >= SETTLED
        {
            running_noise.push(off(second.agent.noise.map(|l| l.0), level));
            running_snr.push(off(second.agent.snr.map(|r| r.0), snr));
        }
    }
    analyzer.finish();
    let totals = analyzer.totals().agent;
    let told = Off {
        noise: off(totals.noise.map(|l| l.0), level),
        snr: off(totals.snr.map(|r| r.0), snr),
        running_noise,
        running_snr,
        kind: totals.noise_kind,
    };
    Ok((told, call.kinds))
}
