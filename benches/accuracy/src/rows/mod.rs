//! The rows of the accuracy table, a file for each thing judged.

pub(crate) mod crackle;
pub(crate) mod double_talk;
pub(crate) mod hum;
pub(crate) mod leakage;
pub(crate) mod lost;
pub(crate) mod noise;
pub(crate) mod overtalk;
pub(crate) mod p56;
pub(crate) mod speech;
pub(crate) mod steps;
pub(crate) mod weighting;

use crate::clip::Clip;
use crate::score::Ranked;

/// Frames that count of each call, ranked; `edges` = those around a change of the truth too.
pub(crate) fn rank(clips: &[(Clip, Vec<f32>)], edges: bool) -> Ranked {
    let frames: Vec<Vec<(f32, bool)>> = clips
        .iter()
        .map(|(clip, scores)| {
            (0..clip.frames())
                .filter(|&n| clip.counts(n) && (edges || !clip.at_edge(n)))
                .map(|n| (scores[n], clip.truth[n]))
                .collect()
        })
        .collect();
    Ranked::new(&frames)
}
