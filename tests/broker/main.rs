//! `packaging/broker`, word for word, in a real mosquitto with certificates of the shipped script: each
//! permission of CONTRACT §1, who is not let in, and a site's bridge whose line is cut.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bridge;
#[path = "../support/broker.rs"]
#[allow(dead_code)]
mod broker;
mod client;
mod line;
mod refused;
mod rights;
mod trial;
