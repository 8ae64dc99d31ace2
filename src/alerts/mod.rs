//! Which measurements and events a person should hear of, and the life of each alert.
//!
//! *Promises*: exactly one clear per raise, whatever the order of facts; at most one active alert
//! per kind and subject; no call, mute or sound alert outside a call; the same facts with the same
//! times and identities give the same output, live and from a recording.
//!
//! *Fails* by staying silent: a figure that is unknown never raises anything.
//!
//! *Never* reads a clock, does I/O, or keeps more than the figures of the last minute.

pub mod config;
mod engine;
mod fact;
mod ids;
mod inhibit;
mod lifecycle;
mod rules;
#[cfg(test)]
mod tests;
mod texts;

pub use engine::AlertEngine;
pub use fact::{Confidence, Fact, HeadsetFact, HeadsetId, How, Mute, Now};
pub use ids::IdMint;
pub use lifecycle::AlertOutput;
