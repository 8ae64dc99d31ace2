//! Mains hum under speech.

use crate::call::mean_square;
use crate::material::Material;
use crate::row::{Row, Target};
use crate::side_call::SideCall;
use sidetone_dsp::units::UnsupportedSampleRate;

/// Amplitudes of the harmonics.
const HUM: [f32; 6] = [1.0, 0.5, 0.6, 0.2, 0.3, 0.15];

/// What mains really have.
const MAINS: [f32; 4] = [50.0, 49.95, 60.0, 60.05];

/// Levels of the hum, in dBov.
pub(crate) const LEVELS: [f32; 3] = [-50.0, -60.0, -70.0];

/// Call `n` without hum.
pub(crate) fn clean(material: &Material, n: usize) -> SideCall {
    SideCall::new(material, 810, n)
}

/// Call `n` with hum at this level.
pub(crate) fn hummed(material: &Material, n: usize, dbov: f32) -> SideCall {
    let mut call = SideCall::new(material, 800, n);
    add_hum(&mut call, MAINS[n % MAINS.len()], dbov);
    call
}

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let calls = material.calls(40);
    let mut found = Vec::new();
    for dbov in LEVELS {
        let mut told = 0;
        for n in 0..calls {
            let mut last = None;
            hummed(material, n, dbov).analyse(|_, frame| last = frame.hum)?;
            told += usize::from(last.is_some());
        }
        found.push((format!("{dbov} dBov"), told as f64 / calls as f64));
    }
    let (mut false_frames, mut frames) = (0_u32, 0_u32);
    for n in 0..calls {
        clean(material, n).analyse(|_, frame| {
            frames += 1;
            false_frames += u32::from(frame.hum.is_some());
        })?;
    }
    let faint = found.pop();
    let row = |key, what: &str, figures, target| Row {
        key,
        what: what.into(),
        figures,
        target,
        noise: 0.05,
    };
    Ok(vec![
        row(
            "hum",
            "hum under speech, found after a minute",
            found,
            Target::AtLeast(0.98),
        ),
        row(
            "hum-faint",
            "… fainter",
            faint.into_iter().collect(),
            Target::AtLeast(0.8),
        ),
        row(
            "hum-false",
            "… share of the time told where there is none",
            vec![(
                String::new(),
                f64::from(false_frames) / f64::from(frames.max(1)),
            )],
            Target::AtMost(0.01),
        ),
    ])
}

fn add_hum(call: &mut SideCall, mains: f32, dbov: f32) {
    let rate = f64::from(call.rate);
    let wave = |n: usize| -> f32 {
        let turn = (f64::from(mains) * n as f64 / rate).fract() as f32;
        let harmonics = HUM.iter().enumerate();
        harmonics
            .map(|(k, a)| a * ((k + 1) as f32 * turn * std::f32::consts::TAU).sin())
            .sum()
    };
    let hum: Vec<f32> = (0..call.samples.len()).map(wave).collect();
    let gain = 10_f32.powf(dbov / 20.0) / mean_square(&hum).sqrt();
    call.samples
        .iter_mut()
        .zip(hum)
        .for_each(|(s, h)| *s += gain * h);
}
