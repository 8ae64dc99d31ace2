//! The files through which peers are asked and answer.
//!
//! A call is `CALL.wav`, or `CALL.mic.wav` and `CALL.far.wav`. An answer is `CALL.PEER.f32` (a
//! little-endian float per 10 ms), `CALL.PEER.events` (seconds, one a line) or `CALL.PEER.figure` (one
//! number).

use crate::Outcome;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where the calls of a part, or of a kind of a part, are.
pub(crate) fn place(folder: &Path, part: &str, kind: &str) -> Outcome<PathBuf> {
    let here = folder.join(part).join(kind);
    std::fs::create_dir_all(&here)?;
    Ok(here)
}

/// Mono, 16 bits.
pub(crate) fn wav(path: &Path, rate: u32, samples: &[f32]) -> Outcome<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        file.write_sample((sample * 32_768.0) as i16)?;
    }
    Ok(file.finalize()?)
}

/// A peer's scores, one a frame.
pub(crate) fn put_scores(here: &Path, call: &str, peer: &str, scores: &[f32]) -> Outcome<()> {
    let bytes: Vec<u8> = scores.iter().flat_map(|s| s.to_le_bytes()).collect();
    Ok(std::fs::write(
        here.join(format!("{call}.{peer}.f32")),
        bytes,
    )?)
}

/// What a program said of each frame of a call, if it was asked.
pub(crate) fn scores(here: &Path, call: &str, peer: &str, frames: usize) -> Option<Vec<f32>> {
    let bytes = std::fs::read(here.join(format!("{call}.{peer}.f32"))).ok()?;
    let (floats, _) = bytes.as_chunks::<4>();
    let mut scores: Vec<f32> = floats.iter().map(|b| f32::from_le_bytes(*b)).collect();
    scores.resize(frames, 0.0);
    Some(scores)
}

/// The numbers of a text answer, one a line.
pub(crate) fn numbers(here: &Path, call: &str, peer: &str, kind: &str) -> Outcome<Vec<f64>> {
    let path = here.join(format!("{call}.{peer}.{kind}"));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let mut told = String::new();
        let _ = write!(
            told,
            "{}: {error}; `make peers` asks the peers",
            path.display()
        );
        told
    })?;
    let number = |line: &str| {
        line.trim().parse::<f64>().map_err(|_| {
            format!(
                "{}: `{line}` is not a number; `make peers` asks the peers anew",
                path.display()
            )
        })
    };
    Ok(text.lines().map(number).collect::<Result<_, _>>()?)
}

/// The peers that left answers of this kind about a call.
pub(crate) fn peers(here: &Path, call: &str, kind: &str) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(here)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let peer = name
            .strip_prefix(&format!("{call}."))
            .and_then(|rest| rest.strip_suffix(&format!(".{kind}")));
        names.extend(peer.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
