//! A step within the call: somebody turns the microphone's gain, or talks louder from now on.

use crate::call::noises::Noise;
use crate::call::{RATE, Track, add_white, mean_square};
use crate::clip::as_16_bit;
use crate::gain::{STEPS, factor};
use crate::material::Material;
use crate::row::{Row, Target};
use crate::score::mean_abs;
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::side::p56::SpeechVoltmeter;
use sidetone_dsp::units::{Dbov, SampleRate, UnsupportedSampleRate};

/// A minute; the step is at half of it.
const FRAMES: usize = 6_000;
/// Running figures count from this second on: 10 s after the step.
const SETTLED: u64 = 40;
/// A figure that is missing counts as so many decibels off.
const MISSING: f64 = 20.0;
/// What the noise is below the voice, before the step.
const SNR: f32 = 20.0;

/// Who is stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stepped {
    /// Voice and noise.
    Gain,
    /// The voice alone.
    Voice,
}

/// One call's errors, in dB.
struct Off {
    level: f64,
    snr: f64,
    running_noise: Vec<f64>,
}

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let calls = material.calls(12);
    let mut means: [Vec<(String, f64)>; 3] = Default::default();
    for (stepped, name) in [(Stepped::Gain, "gain"), (Stepped::Voice, "voice")] {
        for (s, db) in STEPS.into_iter().enumerate() {
            let all = (0..calls)
                .map(|n| one(material, stepped, db, s, n))
                .collect::<Result<Vec<_>, _>>()?;
            let over = |of: &dyn Fn(&Off) -> Vec<f64>| {
                mean_abs(&all.iter().flat_map(of).collect::<Vec<_>>())
            };
            let name = format!("{name} {db:+} dB");
            means[0].push((name.clone(), over(&|o| vec![o.level])));
            means[1].push((name.clone(), over(&|o| vec![o.snr])));
            means[2].push((name, over(&|o| o.running_noise.clone())));
        }
    }
    let [level, snr, running] = means;
    let row = |key, what: &str, figures| Row {
        key,
        what: format!("{what}, a step at half time, mean absolute error in dB"),
        figures,
        target: Target::Told { more: false },
        noise: 0.3,
    };
    Ok(vec![
        row("steps-level", "active speech level of a call", level),
        row("steps-snr", "SNR of a call", snr),
        row("steps-noise", "running noise level from 10 s on", running),
    ])
}

fn one(
    material: &Material,
    stepped: Stepped,
    db: f32,
    step: usize,
    n: usize,
) -> Result<Off, UnsupportedSampleRate> {
    let rate = SampleRate::new(RATE as u32)?;
    let mut seed = material.seed(720 + step as u64, n);
    let mut talk = Track::talk(FRAMES, material.voice(n), (20, 150), &mut seed);
    let noise = [Noise::White, Noise::Pink, Noise::Office][n % 3];
    let mut under = noise.make(FRAMES, &material.others, -26.0 - SNR, &mut seed);
    add_white(&mut under, -85.0, &mut seed);
    // Half of the step before, half after: neither end is cut off.
    let half = talk.samples.len() / 2;
    let (before, after) = (factor(-db / 2.0), factor(db / 2.0));
    let turn = |samples: &mut [f32]| {
        samples[..half].iter_mut().for_each(|s| *s *= before);
        samples[half..].iter_mut().for_each(|s| *s *= after);
    };
    turn(&mut talk.samples);
    if stepped == Stepped::Gain {
        turn(&mut under);
    }
    let mut meter = SpeechVoltmeter::new(rate);
    meter.process(&talk.samples);
    let speech = meter.level().map_or(-26.0, |level| level.0);
    let level_of = |samples: &[f32]| Dbov::from_mean_square(mean_square(samples).into()).0;
    let (whole, later) = (level_of(&under), level_of(&under[half..]));
    let both: Vec<f32> = talk
        .samples
        .iter()
        .zip(&under)
        .map(|(s, n)| s + n)
        .collect();
    let mut analyzer = CallAnalyzer::new(rate, None);
    let mut seconds = SecondAggregator::new(rate, None);
    let off = |told: Option<f32>, truth: f32| told.map_or(MISSING, |told| f64::from(told - truth));
    let mut running_noise = Vec::new();
    for frame in as_16_bit(&both).chunks_exact(rate.frame_len()) {
        if let Some(second) = seconds.push(&analyzer.process(frame, None))
            && second.second >= SETTLED
        {
            running_noise.push(off(second.agent.noise.map(|l| l.0), later));
        }
    }
    analyzer.finish();
    let totals = analyzer.totals().agent;
    Ok(Off {
        level: off(totals.active_speech_level.map(|l| l.0), speech),
        snr: off(totals.snr.map(|r| r.0), speech - whole),
        running_noise,
    })
}
