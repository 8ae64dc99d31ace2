//! Sidetone's MQTT contract: topics, payload types, JSON Schema and AsyncAPI (CONTRACT.md §1–§3).
//!
//! *Promises*: what these types write, any reader of the contract reads; keys that are unknown are
//! absent, never `null`; no NaN, no infinity.
//!
//! *Never* does I/O or reads a clock.

pub mod alert;
pub mod call_report;
pub mod cloudevents;
pub mod command;
pub mod config;
pub mod delivery;
pub mod event;
pub mod hold;
pub mod inventory;
pub mod message;
pub mod name;
pub mod schema;
pub mod stamp;
pub mod status;
pub mod telemetry;
pub mod topics;
pub mod vocabulary;

pub use delivery::{Delivery, MessageClass, Qos};
pub use name::{Item, NodeName, OrgName, Subject};
pub use stamp::{PayloadError, Stamp, Stamped};
pub use topics::{NodePlace, Place, Topic, Topics};
