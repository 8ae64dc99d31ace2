//! Speech and double talk: scores of each frame, ranked.
//!
//! A peer's lag is taken out as the analyser's own is: by the shift that is best on the tuning part.

use super::exchange::{peers, place, put_scores, scores, wav};
use super::{aec3, voice};
use crate::Outcome;
use crate::call::RATE;
use crate::clip::Clip;
use crate::material::{Material, Part};
use crate::path::Change;
use crate::rows::double_talk::{self, Condition, ERLS, LOSSES, with_loss};
use crate::rows::{rank, speech};
use crate::score::{Merit, Ranked, difference, verdict};
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

fn groups(part: Part, quick: bool) -> Vec<Group> {
    let material = Material::new(part, quick);
    let mut groups = Vec::new();
    for line in speech::Line::ALL {
        groups.push(Group {
            name: format!("speech, {}", line.name()),
            merit: Merit::Area,
            clips: speech::clips(&material, line),
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
                loss: 0.0,
            };
            groups.push(Group {
                name: format!("double talk, {room}, {erl} dB"),
                merit: Merit::FoundAtTenth,
                clips: double_talk::clips(&material, condition),
            });
        }
    }
    for loss in LOSSES {
        groups.push(Group {
            name: format!("double talk, 10 dB, {:.0} % of packets lost", 100.0 * loss),
            merit: Merit::FoundAtTenth,
            clips: double_talk::clips(&material, with_loss(loss)),
        });
    }
    groups
}

/// Writes every call and its truth in `CALL.truth` (one byte per 10 ms: 1 the agent speaks, 2 the frame
/// counts); what AEC3 leaves of a microphone in `CALL.aec3.wav`.
pub(crate) fn export(folder: &Path, quick: bool) -> Outcome<()> {
    for part in [Part::Tuning, Part::Test] {
        let here = place(folder, part.name(), "")?;
        for clip in groups(part, quick).into_iter().flat_map(|g| g.clips) {
            let truth: Vec<u8> = (0..clip.frames())
                .map(|n| u8::from(clip.truth[n]) + 2 * u8::from(clip.counts(n)))
                .collect();
            let name = &clip.name;
            std::fs::write(here.join(format!("{name}.truth")), truth)?;
            let file = |kind: &str, samples: &[f32]| {
                wav(
                    &here.join(format!("{name}{kind}.wav")),
                    RATE as u32,
                    samples,
                )
            };
            let put = |peer, told: &[f32]| put_scores(&here, name, peer, told);
            match &clip.far {
                None => {
                    file("", &clip.mic)?;
                    put("earshot", &voice::earshot(&clip.mic, clip.frames()))?;
                    put("rnnoise", &voice::rnnoise(&clip))?;
                }
                Some(far) => {
                    let left = aec3::cancel(&clip.mic, far)?;
                    file(".mic", &clip.mic)?;
                    file(".far", far)?;
                    file(".aec3", &left)?;
                    put("earshot-aec3", &voice::earshot(&left, clip.frames()))?;
                }
            }
        }
    }
    Ok(())
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
            let here = folder.join(part.name());
            let scores = scores(&here, &clip.name, peer, clip.frames())?;
            let last = scores.len() as isize - 1;
            let moved = (0..=last)
                .map(|n| scores[(n + lag).clamp(0, last) as usize])
                .collect();
            Some((clip.clone(), moved))
        })
        .collect::<Option<Vec<_>>>()?;
    Some(rank(&judged, edges))
}

/// A table of every group: ours, and each peer's figures with the paired difference.
pub(crate) fn judge(folder: &Path, quick: bool) -> Outcome<String> {
    let tuning = groups(Part::Tuning, quick);
    let here = folder.join(Part::Test.name());
    let mut table = String::from(
        "| calls | judged by | ROC area | F1 at 0.5 | P(miss) at P(false) = .1 | area without edges | lag taken out | ours less theirs (95 % at least) |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for group in groups(Part::Test, quick) {
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
            .map_or(Ok(Vec::new()), |c| peers(&here, &c.name, "f32"))?
        {
            let known = tuning.iter().find(|g| g.name == group.name);
            let lag = known.map_or(lag_of(folder, &tuning[0], &peer), |g| {
                lag_of(folder, g, &peer)
            });
            let by = |edges| ranked(folder, Part::Test, &group.clips, &peer, lag, edges);
            let (Some(theirs), Some(inner)) = (by(true), by(false)) else {
                continue;
            };
            let told = difference(&ours, &theirs, group.merit);
            let rest = format!(
                "{} ms | {:+.4} ({:+.4}): {}",
                lag * 10,
                told.0,
                told.1,
                verdict(told, 0.005)
            );
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
