//! The checks, one a file.

mod access;
mod broker;
mod call;
mod certificate;
mod clock;
mod config;
mod headset;
mod memory_lock;
mod mixer;
mod other_programs;
mod permission;
mod quirks;
mod secrets;
mod service;
mod services;
mod session;
mod sound_card;
mod sound_server;
mod spokes;
mod state;

use super::Check;

/// In the order in which a workstation is put right.
pub(super) const ALL: [Check; 20] = [
    config::CHECK,
    state::CHECK,
    secrets::CHECK,
    session::CHECK,
    headset::CHECK,
    permission::CHECK,
    quirks::CHECK,
    other_programs::CHECK,
    sound_server::CHECK,
    sound_card::CHECK,
    mixer::CHECK,
    call::CHECK,
    memory_lock::CHECK,
    broker::CHECK,
    certificate::CHECK,
    access::CHECK,
    spokes::CHECK,
    clock::CHECK,
    service::CHECK,
    services::CHECK,
];
