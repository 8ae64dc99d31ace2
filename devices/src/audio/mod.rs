//! The sound of a call: whose streams are on a headset, and, only while told to, its two sides.

mod alsa;
pub mod api;
pub(crate) mod backend;
pub(crate) mod gaps;
mod headsets;
pub mod pulse;
mod retry;
pub mod supervisor;
pub mod tap;
pub(crate) mod workers;
