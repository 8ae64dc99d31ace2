//! Other programs on the same calls: files for them to judge, and the paired comparison.
//!
//! A peer's score of a call lies beside it as `CALL.PEER.f32`, one little-endian float per 10 ms. Its
//! lag is taken out as the analyser's own is: by the shift that is best on the tuning part.

use crate::Outcome;
use crate::call::RATE;
use crate::clip::Clip;
use crate::material::{Material, Part};
use crate::path::Change;
use crate::rows::double_talk::{self, Condition, ERLS};
use crate::rows::{rank, speech};
use crate::score::{Merit, Ranked, difference};
use sidetone_dsp::resample::ANALYSIS_FRAME;
use std::fmt::Write;
use std::path::Path;

/// Shifts tried, in frames a peer's score may come late.
const LAGS: std::ops::RangeInclusive<isize> = -4..=12;

/// A group of calls judged together.
struct Group {
    name: String,
    merit: Merit,
    clips: Vec<Clip>,
}

fn groups(part: Part) -> Vec<Group> {
    let material = Material::new(part, false);
    let mut groups = Vec::new();
    for (telephone, name) in [
        (false, "speech, wide band"),
        (true, "speech, telephone band"),
    ] {
        groups.push(Group {
            name: name.into(),
            merit: Merit::Area,
            clips: speech::clips(&material, telephone),
        });
    }
    let meetings = crate::corpus_clips();
    if part == Part::Test && !meetings.is_empty() {
        groups.push(Group {
            name: "speech, real meetings".into(),
            merit: Merit::Area,
            clips: meetings,
        });
    }
    for (babble, room) in [(false, "quiet"), (true, "babble")] {
        for erl in ERLS {
            let condition = Condition {
                erl,
                babble,
                change: Change::Steady,
            };
            groups.push(Group {
                name: format!("double talk, {room}, {erl} dB"),
                merit: Merit::FoundAtTenth,
                clips: double_talk::clips(&material, condition),
            });
        }
    }
    groups
}

/// Writes every call: `CALL.wav`, or `CALL.mic.wav` and `CALL.far.wav`, and its truth in `CALL.truth`
/// (one byte per 10 ms: 1 the agent speaks, 2 the frame counts).
pub(crate) fn export(folder: &Path) -> Outcome<()> {
    for part in [Part::Tuning, Part::Test] {
        let here = folder.join(part.name());
        std::fs::create_dir_all(&here)?;
        for clip in groups(part).into_iter().flat_map(|g| g.clips) {
            let truth: Vec<u8> = (0..clip.frames())
                .map(|n| u8::from(clip.truth[n]) + 2 * u8::from(clip.counts(n)))
                .collect();
            std::fs::write(here.join(format!("{}.truth", clip.name)), truth)?;
            match &clip.far {
                None => wav(&here.join(format!("{}.wav", clip.name)), &clip.mic)?,
                Some(far) => {
                    wav(&here.join(format!("{}.mic.wav", clip.name)), &clip.mic)?;
                    wav(&here.join(format!("{}.far.wav", clip.name)), far)?;
                }
            }
            if clip.far.is_none() {
                let scores: Vec<u8> = earshot_alone(&clip)
                    .iter()
                    .flat_map(|s| s.to_le_bytes())
                    .collect();
                std::fs::write(here.join(format!("{}.earshot.f32", clip.name)), scores)?;
            }
        }
    }
    Ok(())
}

fn wav(path: &Path, samples: &[f32]) -> Outcome<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        file.write_sample((sample * 32_768.0) as i16)?;
    }
    Ok(file.finalize()?)
}

/// The network the analyser uses, as its authors ship it: blocks of 16 ms, no lining up.
fn earshot_alone(clip: &Clip) -> Vec<f32> {
    const BLOCK: usize = 256;
    let mut network = earshot::Detector::default_boxed();
    let blocks: Vec<f32> = clip
        .mic
        .chunks_exact(BLOCK)
        .map(|block| network.predict_f32(&std::array::from_fn::<f32, BLOCK, _>(|n| block[n])))
        .collect();
    let last = blocks.len().saturating_sub(1);
    let block = |frame: usize| (frame * ANALYSIS_FRAME + ANALYSIS_FRAME / 2) / BLOCK;
    (0..clip.frames())
        .map(|n| blocks.get(block(n).min(last)).copied().unwrap_or(0.0))
        .collect()
}

/// What a program said of a call, if it was asked.
fn told(folder: &Path, part: Part, clip: &Clip, peer: &str) -> Option<Vec<f32>> {
    let path = folder
        .join(part.name())
        .join(format!("{}.{peer}.f32", clip.name));
    let bytes = std::fs::read(path).ok()?;
    let (floats, _) = bytes.as_chunks::<4>();
    let mut scores: Vec<f32> = floats.iter().map(|b| f32::from_le_bytes(*b)).collect();
    scores.resize(clip.frames(), 0.0);
    Some(scores)
}

/// All of a group's scores by one peer, moved forward by its lag.
fn ranked(
    folder: &Path,
    part: Part,
    clips: &[Clip],
    peer: &str,
    lag: isize,
    edges: bool,
) -> Option<Ranked> {
    let judged = clips
        .iter()
        .map(|clip| {
            let scores = told(folder, part, clip, peer)?;
            let last = scores.len() as isize - 1;
            let moved = (0..=last)
                .map(|n| scores[(n + lag).clamp(0, last) as usize])
                .collect();
            Some((clip.clone(), moved))
        })
        .collect::<Option<Vec<_>>>()?;
    Some(rank(&judged, edges))
}

/// The peers that left scores of these calls.
fn peers(folder: &Path, part: Part, clip: &Clip) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join(part.name()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let peer = name
            .strip_prefix(&format!("{}.", clip.name))
            .and_then(|rest| rest.strip_suffix(".f32"));
        names.extend(peer.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// A table of every group: ours, and each peer's figures with the paired difference.
pub(crate) fn judge(folder: &Path) -> Outcome<String> {
    let tuning = groups(Part::Tuning);
    let mut table = String::from(
        "| calls | judged by | ROC area | F1 at 0.5 | P(miss) at P(false) = .1 | area without edges | lag taken out | ours less theirs (95 % at least) |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for group in groups(Part::Test) {
        let judged: Vec<_> = group.clips.iter().cloned().map(speech::judge).collect();
        let ours = rank(&judged, true);
        line(
            &mut table,
            &group.name,
            "Sidetone",
            &ours,
            &rank(&judged, false),
            "",
        )?;
        for peer in group
            .clips
            .first()
            .map_or(Ok(Vec::new()), |c| peers(folder, Part::Test, c))?
        {
            let known = tuning.iter().find(|g| g.name == group.name);
            let lag = known.map_or(lag_of(folder, &tuning[0], &peer), |g| {
                lag_of(folder, g, &peer)
            });
            let by = |edges| ranked(folder, Part::Test, &group.clips, &peer, lag, edges);
            let (Some(theirs), Some(inner)) = (by(true), by(false)) else {
                continue;
            };
            let (mean, least) = difference(&ours, &theirs, group.merit);
            let verdict = match least {
                l if l > 0.0 => "ahead",
                l if l >= -0.005 => "at least as good",
                _ if mean > 0.0 => "ahead, but not beyond chance",
                _ => "**behind**",
            };
            let rest = format!("{} ms | {mean:+.4} ({least:+.4}): {verdict}", lag * 10);
            line(&mut table, "", &peer, &theirs, &inner, &rest)?;
        }
    }
    Ok(table)
}

/// The lag that suits a peer best on the tuning part.
fn lag_of(folder: &Path, group: &Group, peer: &str) -> isize {
    let area = |lag: &isize| {
        ranked(folder, Part::Tuning, &group.clips, peer, *lag, true).map_or(0.0, |r| r.auc())
    };
    let best = LAGS
        .map(|lag| (lag, area(&lag)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or(0, |b| b.0)
}

fn line(
    table: &mut String,
    calls: &str,
    by: &str,
    all: &Ranked,
    inner: &Ranked,
    rest: &str,
) -> std::fmt::Result {
    let rest = if rest.is_empty() { "|" } else { rest };
    writeln!(
        table,
        "| {calls} | {by} | {:.4} | {:.4} | {:.3} | {:.4} | {rest} |",
        all.auc(),
        all.f1(),
        all.miss_at_tenth(),
        inner.auc()
    )
}
