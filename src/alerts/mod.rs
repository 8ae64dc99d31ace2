//! Which measurements and events a person should hear of, and the life of each alert. Deterministic: driven by an explicit clock.

pub mod config;
