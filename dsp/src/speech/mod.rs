//! Is someone speaking? A score per 10 ms frame, and the decision made of it.
//!
//! *Promises*: a continuous, rankable score in 0..1 for every frame, at wide band and telephone
//! band alike, and a decision that holds on for 200 ms.
//!
//! *Fails* towards silence: before it has heard enough, the score is 0.
//!
//! *Never* says what is spoken, by whom, or in which mood.

mod crowd;
mod decision;
mod detector;
mod features;
mod floor;
mod loudness;
mod network;

pub(crate) use crowd::Crowd;
pub use decision::{HANGOVER_FRAMES, SpeechDecision};
pub use detector::SpeechDetector;

/// Scores of the network per second: one per block of 256 samples at 16 kHz.
const BLOCKS_PER_SECOND: f32 = 16_000.0 / features::BLOCK as f32;

/// What a score is divided by, as odds, where everything is explained by leakage. Chosen on the tuning part
/// (benches/accuracy): near the weight that logistic regression gives the evidence beside the network's score.
const LEAKAGE_ODDS: f32 = std::f32::consts::E;

/// The score of a frame that is the agent's own with this likelihood, 0..1.
pub(crate) fn beside_leakage(score: f32, own: f32) -> f32 {
    let against = (1.0 - score) * LEAKAGE_ODDS.powf(1.0 - own);
    score / (score + against).max(f32::MIN_POSITIVE)
}
