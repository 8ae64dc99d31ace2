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
pub(crate) const AMPLITUDES: [f32; 3] = [0.05, 0.1, 0.3];

/// At what rate the microphone is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    Khz48,
    Khz16,
    Khz8,
}

impl Rate {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Khz48 => "48 kHz",
            Self::Khz16 => "16 kHz",
            Self::Khz8 => "8 kHz",
        }
    }

    fn of(self, call: SideCall) -> SideCall {
        match self {
            Self::Khz48 => call.at_48_khz(),
            Self::Khz16 => call,
            Self::Khz8 => call.at_8_khz(),
        }
    }
}

/// Call `n` without a click.
pub(crate) fn clean(material: &Material, rate: Rate, n: usize) -> SideCall {
    rate.of(SideCall::new(material, 830, n))
}

/// Call `n` with clicks of this amplitude, and the samples at which they begin.
pub(crate) fn clicked(
    material: &Material,
    rate: Rate,
    amplitude: f32,
    n: usize,
) -> (SideCall, Vec<usize>) {
    let mut seed = material.seed(840, n);
    let call = rate.of(SideCall::new(material, 841, n));
    with_clicks(call, CLICKS[n % 4], amplitude, &mut seed)
}

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let (mut recall, mut falses) = (Vec::new(), Vec::new());
    for rate in [Rate::Khz48, Rate::Khz16, Rate::Khz8] {
        let name = rate.name();
        let minutes = material.calls(60);
        let mut told = 0;
        for n in 0..minutes {
            clean(material, rate, n).analyse(|_, frame| told += frame.crackles)?;
        }
        falses.push((name.to_string(), f64::from(told) / minutes as f64));
        for amplitude in AMPLITUDES {
            let (mut found, mut all) = (0, 0);
            for n in 0..material.calls(16) {
                let (call, clicks) = clicked(material, rate, amplitude, n);
                found += found_of(&call, &clicks)?;
                all += clicks.len();
            }
            recall.push((
                format!("{amplitude} at {name}"),
                found as f64 / all.max(1) as f64,
            ));
        }
    }
    let narrow = recall.split_off(2 * AMPLITUDES.len());
    let narrow_false = falses.split_off(2);
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
        Row {
            key: "crackle-narrow",
            what: "crackle under speech in the telephone's band, recall".into(),
            figures: narrow,
            target: Target::Told { more: true },
            noise: 0.03,
        },
        Row {
            key: "crackle-narrow-false",
            what: "… false alarms per minute".into(),
            figures: narrow_false,
            target: Target::AtMost(0.2),
            noise: 0.2,
        },
    ])
}

/// Clicks put into full voice, one a second or so, and where they are.
fn with_clicks(
    mut call: SideCall,
    shape: &[f32],
    amplitude: f32,
    seed: &mut Seeded,
) -> (SideCall, Vec<usize>) {
    let rate = call.rate as usize;
    let (mut clicks, mut at) = (Vec::new(), rate);
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
            clicks.push(at);
        }
        at += rate / 2 + seed.below(rate);
    }
    call.samples = as_16_bit(&call.samples);
    (call, clicks)
}

/// How many of these clicks are told.
fn found_of(call: &SideCall, clicks: &[usize]) -> Result<usize, UnsupportedSampleRate> {
    let mut told = Vec::new();
    call.analyse(|n, frame| {
        if frame.crackles > 0 {
            told.push(n);
        }
    })?;
    // A click may be told one frame after it.
    let frames = clicks
        .iter()
        .map(|at| at * FRAMES_PER_SECOND / call.rate as usize);
    let is_told = |f: &usize| told.iter().any(|n| n == f || *n == f + 1);
    Ok(frames.filter(is_told).count())
}
