//! Sidetone: the daemon on an agent's workstation, as the library its one binary is made of.

pub mod alerts;
pub mod analyze;
#[cfg(feature = "hub")]
pub mod board;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod fleet;
pub mod learn;
pub mod local;
pub mod manual;
pub mod metrics;
pub mod monitor;
mod overtalk;
pub mod remote;
pub mod report;
pub mod run;
pub mod services;
#[cfg(feature = "demo")]
pub mod simulate;
pub mod softphone;
pub mod sound_card;
pub mod station;
pub mod uplink;
