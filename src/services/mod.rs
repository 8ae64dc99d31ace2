//! The two services: what `sidetone station` (the user's half) and `sidetone uplink` (the system's half) say to each
//! other, whose turn it is to speak for the node, and what is not lost between them. No I/O here but the question
//! who sits at the workstation (`seats`); threads and sockets are in `crate::run`.
//!
//! *Promises*: an event or alert that the station has said stays with it until the uplink has it on the disk or with
//! the broker; an alert is cleared and a call ended exactly once, whichever half dies (CONTRACT §2); only one station
//! speaks at a time, and only that of a user at the seat. *Never* trusts what comes over the socket: frames are bounded, and a wrong one
//! ends its connection only.

pub mod calls;
pub mod frames;
pub mod kept;
pub mod message;
pub mod seats;
pub mod standing;
pub mod turns;

pub use message::{PROTOCOL, ToStation, ToUplink};
