//! Speech activity: one side in noise, wide band and over the telephone; and real meetings.

use super::rank;
use crate::call::noises::Noise;
use crate::call::{Track, read_wav};
use crate::clip::Clip;
use crate::codec::{a_law, g722, lose_packets, mu_law, telephone_band};
use crate::gain::wander;
use crate::material::Material;
use crate::row::{Row, Target};
use std::path::Path;

const FRAMES: usize = 4_000;

/// Noise and signal-to-noise ratio. Babble only well under the voice: who of many is "the" speaker is
/// not in the sound.
const CONDITIONS: [(Noise, f32); 16] = [
    (Noise::White, 0.0),
    (Noise::White, 10.0),
    (Noise::White, 20.0),
    (Noise::White, 40.0),
    (Noise::Pink, 0.0),
    (Noise::Pink, 10.0),
    (Noise::Pink, 20.0),
    (Noise::Office, 0.0),
    (Noise::Office, 10.0),
    (Noise::Office, 20.0),
    (Noise::Traffic, 0.0),
    (Noise::Traffic, 10.0),
    (Noise::Hum, 10.0),
    (Noise::Babble, 10.0),
    (Noise::Babble, 15.0),
    (Noise::Babble, 20.0),
];

/// What a voice comes over. The same calls come over each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing: the microphone.
    Wide,
    /// The telephone's band and G.711; a third of the calls loses packets.
    Telephone,
    /// G.722; a third of the calls loses packets.
    G722,
    /// A microphone whose gain is changed by 6 or 12 dB every few seconds.
    Steps,
}

impl Line {
    pub(crate) const ALL: [Self; 4] = [Self::Wide, Self::Telephone, Self::G722, Self::Steps];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide band",
            Self::Telephone => "telephone band",
            Self::G722 => "G.722",
            Self::Steps => "gain steps",
        }
    }
}

/// The calls over one line, 40 s each.
pub(crate) fn clips(material: &Material, line: Line) -> Vec<Clip> {
    let each = material.calls(6);
    let band = match line {
        Line::Wide => "wide",
        Line::Telephone => "telephone",
        Line::G722 => "g722",
        Line::Steps => "steps",
    };
    let one = |condition: usize, n: usize| {
        let (noise, snr) = CONDITIONS[condition];
        let mut seed = material.seed(100 + condition as u64, n);
        let talk = Track::talk(FRAMES, material.voice(n), (20, 200), &mut seed);
        let level = seed.between(-36.0, -20.0);
        let under = noise.make(FRAMES, &material.others, -26.0 - snr, &mut seed);
        let gain = 10_f32.powf((level + 26.0) / 20.0);
        let mut mic: Vec<f32> = talk
            .samples
            .iter()
            .zip(&under)
            .map(|(s, n)| gain * (s + n))
            .collect();
        match line {
            Line::Wide => {}
            Line::Telephone => {
                telephone_band(&mut mic);
                let law = if n.is_multiple_of(2) { mu_law } else { a_law };
                mic.iter_mut().for_each(|s| *s = law(*s));
            }
            Line::G722 => mic = g722(&mic),
            Line::Steps => wander(&mut mic, &mut seed),
        }
        if matches!(line, Line::Telephone | Line::G722) && n % 3 == 2 {
            lose_packets(&mut mic, 0.01, &mut seed);
        }
        Clip::new(
            format!("speech-{band}-{condition:02}-{n}"),
            &mic,
            talk.truth,
        )
    };
    (0..CONDITIONS.len())
        .flat_map(|c| (0..each).map(move |n| (c, n)))
        .map(|(c, n)| one(c, n))
        .collect()
}

/// The meetings of a corpus folder: six half-minutes of real talk, labelled by turns.
pub(crate) fn meetings(corpus: &Path) -> Vec<Clip> {
    let folder = corpus.join("overlap");
    let Ok(turns) = std::fs::read_to_string(folder.join("turns.rttm")) else {
        return Vec::new();
    };
    let mut names: Vec<&str> = turns
        .lines()
        .filter_map(|l| l.split_whitespace().nth(1))
        .collect();
    names.dedup();
    let one = |name: &str| {
        let (_, samples) = read_wav(&folder.join(format!("{name}.wav")));
        let mut truth = vec![false; samples.len() / 160];
        let frames = truth.len();
        for line in turns.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let number = |n: usize| cells.get(n).and_then(|c| c.parse::<f64>().ok());
            if let (Some(&told), Some(start), Some(length)) = (cells.get(1), number(3), number(4))
                && told == name
            {
                let (start, length) = ((start * 100.0) as usize, (length * 100.0) as usize);
                truth[start.min(frames)..(start + length).min(frames)].fill(true);
            }
        }
        Clip::new(format!("meeting-{name}"), &samples[..frames * 160], truth)
    };
    names.into_iter().map(one).collect()
}

pub(crate) fn measure(material: &Material) -> Vec<Row> {
    let mut rows = Vec::new();
    for (line, key, what) in [
        (Line::Wide, "speech-wide", "speech activity, wide band"),
        (
            Line::Telephone,
            "speech-telephone",
            "speech activity, telephone band, G.711, 1 % of packets lost in a third of the calls",
        ),
        (
            Line::G722,
            "speech-g722",
            "speech activity, G.722, 1 % of packets lost in a third of the calls",
        ),
        (
            Line::Steps,
            "speech-steps",
            "speech activity, wide band, gain changed by 6 or 12 dB every 4 to 10 s",
        ),
    ] {
        let judged = clips(material, line)
            .into_iter()
            .map(judge)
            .collect::<Vec<_>>();
        rows.push(row(&judged, key, what));
    }
    rows
}

/// The row of clips judged.
pub(crate) fn row(judged: &[(Clip, Vec<f32>)], key: &'static str, what: &str) -> Row {
    let (all, inner) = (rank(judged, true), rank(judged, false));
    Row {
        key,
        what: what.into(),
        figures: vec![
            ("ROC area".into(), all.auc()),
            ("F1 at 0.5".into(), all.f1()),
            ("ROC area without ±50 ms of edges".into(), inner.auc()),
            ("F1".into(), inner.f1()),
        ],
        target: Target::Peers,
        noise: 0.003,
    }
}

pub(crate) fn judge(clip: Clip) -> (Clip, Vec<f32>) {
    let scores = clip.scores(&clip.analyse());
    (clip, scores)
}
