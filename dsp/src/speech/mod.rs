//! Is someone speaking? A score per 10 ms frame, and the decision made of it.
//!
//! *Promises*: a continuous, rankable score in 0..1 for every frame, at wide band and telephone
//! band alike, and a decision that holds on for 200 ms.
//!
//! *Fails* towards silence: before it has heard enough, the score is 0.
//!
//! *Never* says what is spoken, by whom, or in which mood.

mod decision;
mod detector;

pub use decision::{HANGOVER_FRAMES, SpeechDecision};
pub use detector::SpeechDetector;
