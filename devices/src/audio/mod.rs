//! The sound of a call: whose streams are on a headset, and, only while told to, its two sides.

pub mod api;
pub mod tap;
