//! The documents are true: their commands run, their links lead somewhere, their payloads are valid, their two
//! languages say the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/broker.rs"]
mod broker;
mod commands;
mod configuration;
mod consistency;
#[path = "../support/daemon.rs"]
mod daemon;
mod page;
mod payloads;
#[path = "../support/speech.rs"]
mod speech;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/testbed.rs"]
mod testbed;
mod voices;

use daemon::PROGRAM;
