//! Nothing but leakage in the microphone: seconds taken for overtalk.

use super::overtalk::told_seconds;
use crate::call::{Track, add_white, babble};
use crate::clip::Clip;
use crate::material::Material;
use crate::path::Change;
use crate::row::{Row, Target};

const FRAMES: usize = 6_000;

pub(crate) fn measure(material: &Material) -> Vec<Row> {
    // A row that asks for zero is run over three hours: 4 echo return losses x 45 minutes.
    let row = |key, what: &str, babble: bool, whole: usize, conditions: &[(f32, Change)]| {
        let calls = material.calls(whole);
        let told = |(erl, change): (f32, Change)| {
            (0..calls)
                .map(|n| told_seconds(&clip(material, erl, babble, change, n).analyse()))
                .fold(0.0, |sum, told| sum + told)
        };
        let name = |(erl, change): (f32, Change)| match change {
            Change::Steady => format!("{erl} dB"),
            other => other.name().into(),
        };
        Row {
            key,
            what: format!(
                "seconds of overtalk told, leakage only, {what}, {} min each",
                calls * FRAMES / 6_000
            ),
            figures: conditions.iter().map(|&c| (name(c), told(c))).collect(),
            target: Target::AtMost(0.0),
            noise: 2.0,
        }
    };
    let steady = [0.0, 10.0, 20.0, 30.0].map(|erl| (erl, Change::Steady));
    let changing = [Change::Drift, Change::Moved, Change::Slip].map(|change| (10.0, change));
    vec![
        row("leakage-quiet", "quiet", false, 45, &steady),
        row("leakage-babble", "babble in the room", true, 45, &steady),
        row(
            "leakage-changing",
            "quiet, 10 dB, path not constant",
            false,
            20,
            &changing,
        ),
    ]
}

fn clip(material: &Material, erl: f32, noisy: bool, change: Change, n: usize) -> Clip {
    let mut seed = material.seed(300, n);
    let (_, customer) = material.pair(n);
    let mut far = Track::talk(FRAMES, customer, (50, 250), &mut seed);
    add_white(&mut far.samples, -65.0, &mut seed);
    let mut mic = change.leak(&far.samples, erl, &mut seed);
    add_white(&mut mic, -65.0, &mut seed);
    if noisy {
        let room = babble(FRAMES, &material.others, -41.0, &mut seed);
        mic.iter_mut().zip(room).for_each(|(s, b)| *s += b);
    }
    Clip::new(String::new(), &mic, vec![false; FRAMES]).with_far(&far.samples, far.truth)
}
