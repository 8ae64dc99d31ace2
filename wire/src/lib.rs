//! Sidetone's MQTT contract: topics, payload types, JSON Schema and AsyncAPI (CONTRACT.md §1–§3).
//!
//! *Promises*: what these types write, any reader of the contract reads; keys that are unknown are
//! absent, never `null`; no NaN, no infinity.
//!
//! *Never* does I/O or reads a clock.

pub mod alert;
pub mod event;
pub mod message;
pub mod telemetry;
pub mod vocabulary;
