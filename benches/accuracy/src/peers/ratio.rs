//! The ratio of speech to noise of whole calls, beside blind estimators.
//!
//! Each is judged by what it means: the analyser by the P.56 level over the noise, estimators without
//! speech detection by the long-term power of both. An estimator's mean error on the tuning part is
//! taken out, as the lags are.

use super::exchange::{numbers, peers, place, wav};
use crate::Outcome;
use crate::call::RATE;
use crate::call::noises::Noise;
use crate::material::{Material, Part};
use crate::rows::noise::{self, Laid, MISSING, SNRS};
use crate::score::{bootstrap, verdict};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::units::SampleRate;
use std::fmt::Write;
use std::path::Path;

/// One call: its name, the ratio it was made with, and what it holds.
struct Noisy {
    name: String,
    snr: f32,
    laid: Laid,
}

fn calls(part: Part, quick: bool) -> Outcome<Vec<Noisy>> {
    let material = Material::new(part, quick);
    let mut all = Vec::new();
    for (s, snr) in SNRS.into_iter().enumerate() {
        for kind in Noise::ALL {
            for n in 0..material.calls(12) {
                all.push(Noisy {
                    name: format!("{kind:?}-{snr}-{n:02}").to_lowercase(),
                    snr,
                    laid: noise::call(&material, kind, s, n)?,
                });
            }
        }
    }
    Ok(all)
}

/// Writes the calls.
pub(super) fn export(folder: &Path, quick: bool) -> Outcome<()> {
    for part in [Part::Tuning, Part::Test] {
        let here = place(folder, part.name(), "ratio")?;
        for call in calls(part, quick)? {
            let path = here.join(format!("{}.wav", call.name));
            wav(&path, RATE as u32, &call.laid.samples)?;
        }
    }
    Ok(())
}

/// What the analyser is off, in dB.
fn ours(call: &Noisy) -> Outcome<f64> {
    let rate = SampleRate::new(RATE as u32)?;
    let mut analyzer = CallAnalyzer::new(rate, None);
    for frame in call.laid.samples.chunks_exact(rate.frame_len()) {
        analyzer.process(frame, None);
    }
    analyzer.finish();
    let told = analyzer.totals().agent.snr;
    Ok(told.map_or(MISSING, |told| f64::from(told.0 - call.snr)))
}

/// What a peer is off in each call, in dB.
fn theirs(here: &Path, all: &[Noisy], peer: &str) -> Outcome<Vec<f64>> {
    let off = |call: &Noisy| {
        let told = numbers(here, &call.name, peer, "figure")?;
        let truth = f64::from(call.laid.long_term_snr);
        Ok(told.first().map_or(MISSING, |told| told - truth))
    };
    all.iter().map(off).collect()
}

/// A table: mean absolute error at each ratio over all noises, ours and each peer's.
pub(super) fn judge(folder: &Path, quick: bool) -> Outcome<String> {
    let (tuning, test) = (calls(Part::Tuning, quick)?, calls(Part::Test, quick)?);
    let at = |part: Part| place(folder, part.name(), "ratio");
    let mut table = String::from("| SNR of a call, mean absolute error in dB |");
    SNRS.iter()
        .try_for_each(|snr| write!(table, " {snr} dB |"))?;
    table.push_str(" offset taken out | theirs less ours (95 % at least) |\n| --- |");
    table.push_str(&" --- |".repeat(SNRS.len() + 2));
    table.push('\n');
    let told: Vec<f64> = test.iter().map(ours).collect::<Outcome<_>>()?;
    line(&mut table, "Sidetone", &test, &told, "|")?;
    let first = test.first().map_or("", |c| c.name.as_str());
    for peer in peers(&at(Part::Test)?, first, "figure")? {
        let known = theirs(&at(Part::Tuning)?, &tuning, &peer)?;
        let offset = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let mut off = theirs(&at(Part::Test)?, &test, &peer)?;
        off.iter_mut().for_each(|off| *off -= offset);
        let paired = bootstrap(off.len(), |weights| {
            let mean = |errors: &[f64]| {
                let weighted = errors.iter().zip(weights);
                let sum: f64 = weighted.map(|(e, w)| f64::from(*w) * e.abs()).sum();
                sum / errors.len().max(1) as f64
            };
            mean(&off) - mean(&told)
        });
        let rest = format!(
            "{offset:+.1} dB | {:+.2} ({:+.2}): {}",
            paired.0,
            paired.1,
            verdict(paired, 0.05)
        );
        line(&mut table, &peer, &test, &off, &rest)?;
    }
    Ok(table)
}

fn line(table: &mut String, by: &str, all: &[Noisy], off: &[f64], rest: &str) -> std::fmt::Result {
    write!(table, "| {by} |")?;
    for snr in SNRS {
        let here = all.iter().zip(off).filter(|(call, _)| call.snr == snr);
        let errors: Vec<f64> = here.map(|(_, off)| *off).collect();
        write!(table, " {:.2} |", crate::score::mean_abs(&errors))?;
    }
    writeln!(table, " {rest} |")
}
