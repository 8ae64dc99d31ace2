//! Clicks of a bad contact, under speech.

use crate::call::Seeded;
use crate::clip::as_16_bit;
use crate::material::Material;
use crate::row::{Row, Target};
use crate::side_call::SideCall;
use sidetone_dsp::units::{FRAMES_PER_SECOND, UnsupportedSampleRate};

/// The shapes a click may have; amplitude 1.
const CLICKS: [&[f32]; 4] = [
    &[1.0],
    &[1.0, -0.7],
    &[0.6, 1.0, -0.8, 0.3],
    &[1.0, -0.75, 0.5, -0.4, 0.3, -0.2, 0.15, -0.1],
];

/// As many samples as a click of this rate's band has at the least are put in.
const AMPLITUDES: [f32; 3] = [0.05, 0.1, 0.3];

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let (mut recall, mut falses) = (Vec::new(), Vec::new());
    for wide in [true, false] {
        let name = if wide { "48 kHz" } else { "16 kHz" };
        let call = |row, n| {
            let call = SideCall::new(material, row, n);
            if wide { call.at_48_khz() } else { call }
        };
        let minutes = material.calls(60);
        let mut told = 0;
        for n in 0..minutes {
            call(830, n).analyse(|_, frame| told += frame.crackles)?;
        }
        falses.push((name.to_string(), f64::from(told) / minutes as f64));
        for amplitude in AMPLITUDES {
            let (mut found, mut all) = (0, 0);
            for n in 0..material.calls(16) {
                let mut seed = material.seed(840, n);
                let (here, of) = clicked(call(841, n), CLICKS[n % 4], amplitude, &mut seed)?;
                (found, all) = (found + here, all + of);
            }
            recall.push((
                format!("{amplitude} at {name}"),
                found as f64 / all.max(1) as f64,
            ));
        }
    }
    Ok(vec![
        Row {
            key: "crackle",
            what: "crackle under speech, recall at a share of full scale".into(),
            figures: recall,
            target: Target::AtLeast(0.95),
            noise: 0.03,
        },
        Row {
            key: "crackle-false",
            what: "… false alarms per minute".into(),
            figures: falses,
            target: Target::AtMost(0.2),
            noise: 0.2,
        },
    ])
}

/// Clicks put into full voice, one a second or so: found, and put in.
fn clicked(
    mut call: SideCall,
    shape: &[f32],
    amplitude: f32,
    seed: &mut Seeded,
) -> Result<(usize, usize), UnsupportedSampleRate> {
    let rate = call.rate as usize;
    let (mut frames, mut at) = (Vec::new(), rate);
    while at + rate < call.samples.len() {
        if call.voiced(at) {
            let sign = if seed.below(2) == 0 {
                amplitude
            } else {
                -amplitude
            };
            for (x, click) in call.samples[at..].iter_mut().zip(shape) {
                *x += sign * click;
            }
            frames.push(at * FRAMES_PER_SECOND / rate);
        }
        at += rate / 2 + seed.below(rate);
    }
    call.samples = as_16_bit(&call.samples);
    let mut told = Vec::new();
    call.analyse(|n, frame| {
        if frame.crackles > 0 {
            told.push(n);
        }
    })?;
    // A click may be told one frame after it.
    let found = frames
        .iter()
        .filter(|f| told.iter().any(|n| n == *f || *n == **f + 1))
        .count();
    Ok((found, frames.len()))
}
