//! Sound that is lost: dropouts, and peaks cut off.

use crate::clip::as_16_bit;
use crate::material::Material;
use crate::row::{Row, Target};
use crate::side_call::SideCall;
use sidetone_dsp::units::UnsupportedSampleRate;

/// Lengths of dropouts, in ms.
pub(crate) const LENGTHS: [usize; 4] = [5, 10, 20, 60];

/// Where peaks are cut off, as a share of full scale.
pub(crate) const LIMITS: [f32; 4] = [0.3, 0.5, 0.7, 1.0];

/// Call `n` with nothing lost.
pub(crate) fn clean(material: &Material, n: usize) -> SideCall {
    SideCall::new(material, 850, n)
}

pub(crate) fn measure(material: &Material) -> Result<Vec<Row>, UnsupportedSampleRate> {
    let hour = material.calls(60);
    let (mut dropouts, mut clipped) = (0, 0);
    for n in 0..hour {
        clean(material, n).analyse(|_, frame| {
            dropouts += frame.dropouts;
            clipped += frame.clipped_samples;
        })?;
    }
    let mut recall = Vec::new();
    for ms in LENGTHS {
        let (mut found, mut all) = (0, 0);
        for n in 0..material.calls(10) {
            let (call, dropouts) = dropped(material, n, ms);
            found += found_of(&call, &dropouts, ms)?;
            all += dropouts.len();
        }
        recall.push((format!("{ms} ms"), found as f64 / all.max(1) as f64));
    }
    let mut cut = Vec::new();
    for limit in LIMITS {
        let calls = material.calls(20);
        let mut found = 0;
        for n in 0..calls {
            found += usize::from(is_told(&driven(material, n, limit))?);
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

/// Call `n` with dropouts in full voice, one every two seconds, and the samples at which they begin.
pub(crate) fn dropped(material: &Material, n: usize, ms: usize) -> (SideCall, Vec<usize>) {
    let mut call = SideCall::new(material, 860, n);
    let mut seed = material.seed(861, n);
    let rate = call.rate as usize;
    let length = rate * ms / 1_000;
    let (mut dropouts, mut at) = (Vec::new(), rate);
    while at + rate < call.samples.len() {
        if call.voiced(at) && call.voiced(at + length) {
            call.samples[at..at + length].fill(0.0);
            dropouts.push(at);
        }
        at += rate + seed.below(2 * rate);
    }
    (call, dropouts)
}

/// How many of these dropouts are told.
fn found_of(
    call: &SideCall,
    dropouts: &[usize],
    ms: usize,
) -> Result<usize, UnsupportedSampleRate> {
    let rate = call.rate as usize;
    let mut told = Vec::new();
    call.analyse(|frame, figures| {
        if figures.dropouts > 0 {
            told.push(frame);
        }
    })?;
    // Told when the sound is back, a frame after at the latest.
    let ends = dropouts
        .iter()
        .map(|at| (at + rate * ms / 1_000) / (rate / 100));
    let is_told = |end: &usize| told.iter().any(|t| t.abs_diff(*end) <= 1);
    Ok(ends.filter(is_told).count())
}

/// Call `n` driven 4 dB over this limit.
pub(crate) fn driven(material: &Material, n: usize, limit: f32) -> SideCall {
    let mut call = SideCall::new(material, 870, n);
    let peak = call.samples.iter().fold(0_f32, |peak, x| peak.max(x.abs()));
    let cut: Vec<f32> = call
        .samples
        .iter()
        .map(|x| (x * 1.6 * limit / peak).clamp(-limit, limit))
        .collect();
    call.samples = as_16_bit(&cut);
    call
}

/// Is any clipping told?
fn is_told(call: &SideCall) -> Result<bool, UnsupportedSampleRate> {
    let mut told = 0;
    call.analyse(|_, frame| told += frame.clipped_samples)?;
    Ok(told > 0)
}
