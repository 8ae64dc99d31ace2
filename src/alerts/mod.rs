//! Which measurements and events a person should hear of, and the life of each alert.
//!
//! *Promises*: exactly one clear per raise, whatever the order of facts; at most one active alert
//! per kind and subject; no call, mute or sound alert outside a call; the same facts with the same
//! times and identities give the same output, live and from a recording.
//!
//! *Fails* by staying silent: a figure that is unknown never raises anything.
//!
//! *Never* reads a clock, does I/O, or keeps more than the figures of the last minute.
//!
//! ```
//! use sidetone::alerts::config::AlertConfig;
//! use sidetone::alerts::{AlertEngine, AlertOutput, Fact, HeadsetFact, HeadsetId, How, IdMint, Now};
//! use std::time::Duration;
//!
//! let mut ids = IdMint::random();
//! let call = ids.mint(1_700_000_000_000);
//! let mut engine = AlertEngine::new(AlertConfig::default(), ids);
//! let headset = HeadsetId::new("047f-c056-0f3a99c1");
//! let now = Now { monotonic: Duration::from_secs(5), utc_ms: 1_700_000_000_000 };
//! let mut out = Vec::new();
//! for fact in [
//!     HeadsetFact::CallStarted { call },
//!     HeadsetFact::QuickDisconnect(Some(How::Reported)),
//! ] {
//!     engine.step(now, Fact::About(headset.clone(), fact), &mut out);
//! }
//! // The retained state, and the event that must not be lost.
//! let [AlertOutput::Alert(alert), AlertOutput::Event(_)] = &out[..] else {
//!     unreachable!("a pulled quick disconnect in a call is told at once");
//! };
//! assert_eq!(alert.detail.text, "The headset's quick disconnect was pulled while the call runs.");
//! ```

pub mod config;
mod damping;
mod engine;
mod fact;
mod ids;
mod inhibit;
mod lifecycle;
mod rules;
#[cfg(test)]
pub(crate) mod tests;
mod texts;

pub use engine::AlertEngine;
pub use fact::{Confidence, Fact, HeadsetFact, HeadsetId, How, Mute, Now};
pub use ids::IdMint;
pub use lifecycle::AlertOutput;
