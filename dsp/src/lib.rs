//! The signal processing of Sidetone.
//!
//! *Promises*: pure functions of samples. Nothing here does I/O, reads a clock, takes a lock, or
//! allocates after construction, so every `process` call may run on a real-time thread.
//!
//! *Fails* by saying "unknown" (`None`), never by inventing a figure.
//!
//! *Never* knows a device, a call or MQTT.

pub mod aggregate;
pub mod analyzer;
pub mod double_talk;
mod echo;
mod lanes;
pub mod line_up;
pub mod measurement;
mod noise;
pub mod overtalk;
mod real_transform;
pub mod resample;
pub mod second;
pub mod side;
mod side_path;
pub mod slip;
mod spectrum;
pub mod speech;
pub mod totals;
pub mod turns;
pub mod units;
