//! What a peer costs: its work on the first seconds of one call, to be counted from outside.
//!
//! `benches/accuracy/peers/cost.py` runs each with two lengths and takes the difference, so that start-up
//! and reading the files do not count.

use super::{aec3, voice};
use crate::Outcome;
use crate::call::read_wav;
use crate::side_call::SideCall;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::units::SampleRate;
use std::hint::black_box;
use std::path::Path;

/// Where the counts are left: name, instructions per 10 ms, µs per 10 ms; tabs between.
const COUNTS: &str = "cost.tsv";

/// Runs one program over the first `seconds` of the call whose files begin with `call`.
pub(crate) fn run(program: &str, call: &str, seconds: usize) -> Outcome<()> {
    let (hz, mic) = read_wav(Path::new(&format!("{call}.mic.wav")));
    let (_, far) = read_wav(Path::new(&format!("{call}.far.wav")));
    let length = (seconds * hz as usize).min(mic.len()).min(far.len());
    let wide = |samples: &[f32]| {
        let call = SideCall {
            rate: hz,
            samples: samples.to_vec(),
        };
        call.at_48_khz().samples
    };
    match program {
        "sidetone-one-side" => analyse(hz, &mic[..length], None)?,
        "sidetone" => analyse(hz, &mic[..length], Some(&far[..length]))?,
        // All of the call is raised whatever the length is, so that this does not count.
        "sidetone-48k" => {
            let (mic, far) = (wide(&mic), wide(&far));
            analyse(48_000, &mic[..3 * length], Some(&far[..3 * length]))?;
        }
        "earshot" => drop(black_box(voice::earshot(&mic[..length], length / 160))),
        "rnnoise" => drop(black_box(voice::rnnoise_at_48_khz(&wide(&mic)[..3 * length]))),
        "aec3" => drop(black_box(aec3::cancel(&mic[..length], &far[..length])?)),
        other => return Err(format!("no such program: {other}; use sidetone-one-side, sidetone, sidetone-48k, earshot, rnnoise or aec3").into()),
    }
    Ok(())
}

fn analyse(hz: u32, mic: &[f32], far: Option<&[f32]>) -> Outcome<()> {
    let rate = SampleRate::new(hz)?;
    let mut analyzer = CallAnalyzer::new(rate, far.map(|_| rate));
    let frame = rate.frame_len();
    for (n, near) in mic.chunks_exact(frame).enumerate() {
        let other = far.map(|far| &far[n * frame..(n + 1) * frame]);
        black_box(analyzer.process(near, other));
    }
    Ok(())
}

/// The counts as a table.
pub(super) fn table(folder: &Path) -> Outcome<String> {
    let path = folder.join(COUNTS);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; `make peers` counts the cost", path.display()))?;
    let mut table = String::from(
        "| program | instructions per 10 ms | time per 10 ms |\n| --- | --- | --- |\n",
    );
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    Ok(table)
}
