//! `packaging/broker`, word for word, in a real mosquitto with certificates of the shipped script: each
//! permission of CONTRACT §1, who is not let in, and a site's bridge whose line is cut; and what
//! `sidetone doctor` finds at brokers that let a workstation do too little or too much.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod bridge;
#[path = "../support/broker.rs"]
#[allow(dead_code)]
mod broker;
mod client;
#[path = "../support/daemon.rs"]
#[allow(dead_code)]
mod daemon;
#[path = "../support/examined.rs"]
#[allow(dead_code)]
mod examined;
mod line;
mod refused;
mod rights;
#[path = "../support/testbed.rs"]
#[allow(dead_code)]
mod testbed;
mod trial;
