//! Double talk: does the agent speak while the customer does, and how surely is it told under leakage?

use super::{rank, speech::judge};
use crate::call::{Track, add_white, babble};
use crate::clip::Clip;
use crate::codec::lose_packets;
use crate::material::Material;
use crate::path::Change;
use crate::row::{Row, Target};

const FRAMES: usize = 6_000;
pub(crate) const ERLS: [f32; 4] = [0.0, 10.0, 20.0, 30.0];
pub(crate) const LOSSES: [f32; 2] = [0.01, 0.05];

/// Who leaks how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition {
    pub(crate) erl: f32,
    pub(crate) babble: bool,
    pub(crate) change: Change,
    /// Share of the far end's packets that are lost on their way here.
    pub(crate) loss: f32,
}

/// 10 dB of echo return loss in a quiet room, over a network that loses packets.
pub(crate) fn with_loss(loss: f32) -> Condition {
    Condition {
        erl: 10.0,
        babble: false,
        change: Change::Steady,
        loss,
    }
}

impl Condition {
    fn name(self) -> String {
        let room = if self.babble { "babble" } else { "quiet" };
        let change = self.change.name().replace(' ', "-");
        let loss = if self.loss > 0.0 {
            format!("-loss-{:.0}", 100.0 * self.loss)
        } else {
            String::new()
        };
        format!("{:02}-{room}-{change}{loss}", self.erl)
    }
}

/// The minutes of one condition. Both talk whenever they like: far more double talk than a call has, so
/// that there is something to count.
pub(crate) fn clips(material: &Material, condition: Condition) -> Vec<Clip> {
    (0..material.calls(20))
        .map(|n| clip(material, condition, n))
        .collect()
}

fn clip(material: &Material, condition: Condition, n: usize) -> Clip {
    // The same conversation under every condition.
    let mut seed = material.seed(200, n);
    let (agent, customer) = material.pair(n);
    let near = Track::talk(FRAMES, agent, (50, 250), &mut seed);
    let mut far = Track::talk(FRAMES, customer, (50, 250), &mut seed);
    add_white(&mut far.samples, -65.0, &mut seed);
    if condition.loss > 0.0 {
        // Dice of its own: what comes after stays as it is without loss.
        let mut lost = material.seed(201, n);
        lose_packets(&mut far.samples, condition.loss, &mut lost);
    }
    let echo = condition
        .change
        .leak(&far.samples, condition.erl, &mut seed);
    let mut mic: Vec<f32> = near.samples.iter().zip(&echo).map(|(a, b)| a + b).collect();
    add_white(&mut mic, -65.0, &mut seed);
    if condition.babble {
        let room = babble(FRAMES, &material.others, -41.0, &mut seed);
        mic.iter_mut().zip(room).for_each(|(s, b)| *s += b);
    }
    let name = format!("double-talk-{}-{n:02}", condition.name());
    Clip::new(name, &mic, near.truth).with_far(&far.samples, far.truth)
}

pub(crate) fn measure(material: &Material) -> Vec<Row> {
    let row = |key, what: &str, conditions: Vec<(String, Condition)>| {
        let miss = |condition: Condition| {
            let judged: Vec<_> = clips(material, condition).into_iter().map(judge).collect();
            rank(&judged, true).miss_at_tenth()
        };
        Row {
            key,
            what: format!("double talk, P(miss) at P(false) = .1, {what}"),
            figures: conditions
                .into_iter()
                .map(|(name, c)| (name, miss(c)))
                .collect(),
            target: Target::Told { more: false },
            noise: 0.01,
        }
    };
    let steady = |babble| {
        let condition = |erl| Condition {
            erl,
            babble,
            change: Change::Steady,
            loss: 0.0,
        };
        ERLS.map(|erl| (format!("{erl} dB"), condition(erl)))
            .to_vec()
    };
    let changing = Change::ALL[1..].iter().map(|&change| {
        (
            change.name().to_string(),
            Condition {
                erl: 10.0,
                babble: false,
                change,
                loss: 0.0,
            },
        )
    });
    let lost = LOSSES.map(|loss| (format!("{:.0} %", 100.0 * loss), with_loss(loss)));
    vec![
        row(
            "double-talk-quiet",
            "echo return loss, quiet",
            steady(false),
        ),
        row(
            "double-talk-babble",
            "echo return loss, babble 15 dB under the voice",
            steady(true),
        ),
        row(
            "double-talk-changing",
            "10 dB, path not constant",
            changing.collect(),
        ),
        row(
            "double-talk-lost",
            "10 dB, quiet, packets of the far end lost",
            lost.to_vec(),
        ),
    ]
}
