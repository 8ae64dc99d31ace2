//! Sound that is lost: dropouts, and peaks cut off.

use crate::clip::as_16_bit;
use crate::material::Material;
use crate::row::{Row, Target};
use crate::side_call::SideCall;
use sidetone_dsp::units::UnsupportedSampleRate;

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let hour = material.calls(60);
    let (mut dropouts, mut clipped) = (0, 0);
    for n in 0..hour {
        SideCall::new(material, 850, n).analyse(|_, frame| {
            dropouts += frame.dropouts;
            clipped += frame.clipped_samples;
        })?;
    }
    let mut recall = Vec::new();
    for ms in [5, 10, 20, 60] {
        let (mut found, mut all) = (0, 0);
        for n in 0..material.calls(10) {
            let (here, of) = dropped(material, n, ms)?;
            (found, all) = (found + here, all + of);
        }
        recall.push((format!("{ms} ms"), found as f64 / all.max(1) as f64));
    }
    let mut cut = Vec::new();
    for limit in [0.3, 0.5, 0.7, 1.0] {
        let calls = material.calls(20);
        let mut found = 0;
        for n in 0..calls {
            found += usize::from(is_told(material, n, limit)?);
        }
        cut.push((format!("at {limit}"), found as f64 / calls as f64));
    }
    let row = |key, what: String, figures, target, noise| Row {
        key,
        what,
        figures,
        target,
        noise,
    };
    let nothing = |count: u32| vec![(String::new(), f64::from(count))];
    Ok(vec![
        row(
            "dropouts",
            "dropouts under speech, recall".into(),
            recall,
            Target::AtLeast(0.98),
            0.02,
        ),
        row(
            "dropouts-false",
            format!("… false in {hour} min"),
            nothing(dropouts),
            Target::AtMost(0.0),
            0.0,
        ),
        row(
            "clipping",
            "clipping at a share of full scale, calls in which it was found".into(),
            cut,
            Target::AtLeast(1.0),
            0.05,
        ),
        row(
            "clipping-false",
            format!("… samples told in {hour} min without"),
            nothing(clipped),
            Target::AtMost(0.0),
            0.0,
        ),
    ])
}

/// Dropouts in full voice, one every two seconds: how many were told, and how many there are.
fn dropped(
    material: &Material,
    n: usize,
    ms: usize,
) -> Result<(usize, usize), UnsupportedSampleRate> {
    let mut call = SideCall::new(material, 860, n);
    let mut seed = material.seed(861, n);
    let rate = call.rate as usize;
    let length = rate * ms / 1_000;
    let (mut ends, mut at) = (Vec::new(), rate);
    while at + rate < call.samples.len() {
        if call.voiced(at) && call.voiced(at + length) {
            call.samples[at..at + length].fill(0.0);
            ends.push((at + length) / (rate / 100));
        }
        at += rate + seed.below(2 * rate);
    }
    let mut told = Vec::new();
    call.analyse(|frame, figures| {
        if figures.dropouts > 0 {
            told.push(frame);
        }
    })?;
    // Told when the sound is back, a frame after at the latest.
    let found = ends
        .iter()
        .filter(|end| told.iter().any(|t| t.abs_diff(**end) <= 1))
        .count();
    Ok((found, ends.len()))
}

/// A call driven 4 dB over this limit: is any clipping told?
fn is_told(material: &Material, n: usize, limit: f32) -> Result<bool, UnsupportedSampleRate> {
    let mut call = SideCall::new(material, 870, n);
    let peak = call.samples.iter().fold(0_f32, |peak, x| peak.max(x.abs()));
    let cut: Vec<f32> = call
        .samples
        .iter()
        .map(|x| (x * 1.6 * limit / peak).clamp(-limit, limit))
        .collect();
    call.samples = as_16_bit(&cut);
    let mut told = 0;
    call.analyse(|_, frame| told += frame.clipped_samples)?;
    Ok(told > 0)
}
