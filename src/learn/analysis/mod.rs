//! What a capture shows: which bits follow which part of the headset, and which do not.
//!
//! *Promises*: a rule is claimed only if, replayed over the whole capture, it tells what was done in every
//! repetition and nothing in any other step; the real quirk parser and the real controls judge that at the
//! end ([`super::proof`]).
//!
//! *Fails* into [`Outcome::Unclear`], saying what remains open.
//!
//! *Never* chooses between two readings of the same movement: what moves with the quick disconnect and with
//! mute is neither.

mod messages;
mod outcome;
mod press;
mod state;
mod tracks;

use super::movement::{self, Movements, Spot};
use outcome::Judge;
use sidetone_devices::hid::capture::{Capture, Step, What};
use sidetone_devices::hid::quirks::{Quirk, Rule};
use std::collections::BTreeMap;

/// Everything a capture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// What moves by itself, in words.
    pub noise: Vec<String>,
    /// Each step that was tried.
    pub steps: Vec<Finding>,
}

/// What a step shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which step.
    pub step: Step,
    /// What it shows.
    pub outcome: Outcome,
    /// What else to know about it.
    pub remarks: Vec<String>,
}

/// The kinds of findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person left it out.
    Skipped,
    /// No report came that would not have come anyway.
    NothingMoved,
    /// The whole headset leaves the bus: the daemon sees that without a rule.
    Unplugs,
    /// The sound card alone leaves: the daemon takes that for a quick disconnect without a rule.
    CardLeaves,
    /// It is understood already; by what.
    Explained(String),
    /// New rules.
    Learned(Vec<Rule>),
    /// Something moved, and it is not known what it means; why.
    Unclear(String),
}

impl Outcome {
    /// Whether there is nothing to gain from doing the step once more.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        !matches!(self, Self::NothingMoved | Self::Unclear(_))
    }
}

impl Findings {
    /// All rules that are claimed.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.steps
            .iter()
            .flat_map(|finding| match &finding.outcome {
                Outcome::Learned(rules) => rules.as_slice(),
                _ => &[],
            })
    }
}

/// Judges a capture. `known` is what quirk files say about this headset already; `tried` the steps that the
/// person did or skipped, in their order.
#[must_use]
pub fn analyze(capture: &Capture, known: Option<&Quirk>, tried: &[Step]) -> Findings {
    let noise = noise(capture);
    let judge = Judge::new(capture, known, &noise);
    Findings {
        noise: movement::noise_texts(&noise),
        steps: tried
            .iter()
            .filter(|step| **step != Step::Quiet)
            .map(|step| judge.finding(*step))
            .collect(),
    }
}

/// The bits that move while nobody touches the headset.
#[must_use]
pub fn noise(capture: &Capture) -> BTreeMap<Spot, u8> {
    let descriptors = tracks::descriptors(capture);
    let mut movements = Movements::default();
    let mut noise = BTreeMap::new();
    for phase in capture
        .phases
        .iter()
        .filter(|phase| phase.step == Step::Quiet)
    {
        let mut begun = BTreeMap::new();
        for sent in &phase.sent {
            let What::Report { interface, bytes } = &sent.what else {
                continue;
            };
            let descriptor = descriptors.get(*interface).and_then(Option::as_ref);
            for moved in movements.take(*interface, descriptor, bytes) {
                // The first report of an id has nothing before it that it could have moved against.
                let (_, report, _) = moved.spot;
                if begun.contains_key(&(*interface, report)) {
                    *noise.entry(moved.spot).or_insert(0) |= moved.bits;
                }
            }
            begun.insert((*interface, report_id(descriptor, bytes)), ());
        }
    }
    noise
}

fn report_id(
    descriptor: Option<&sidetone_devices::hid::descriptor::ReportDescriptor>,
    bytes: &[u8],
) -> Option<u8> {
    let numbered = descriptor.is_none_or(|descriptor| descriptor.uses_report_ids());
    bytes.first().copied().filter(|_| numbered)
}

#[cfg(test)]
mod tests;
