//! The sound of a call: whose streams are on a headset, and, only while told to, its two sides.

mod alsa;
pub mod api;
mod backend;
mod gaps;
mod headsets;
pub mod pulse;
pub mod supervisor;
pub mod tap;
mod workers;
