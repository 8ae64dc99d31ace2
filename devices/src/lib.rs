//! Headsets as Sidetone sees them.
//!
//! *Promises*: says what a headset reported and hands over the call's samples; writes nothing but a headset's
//! lights, and those only when told to.
//!
//! *Fails* one device at a time: a broken descriptor, an unplugged headset or a dead sound server is
//! an event, and the others go on.
//!
//! *Never* decides what an event means for a call, writes to a device unasked, or listens to another
//! device than the one it was told to.

pub mod audio;
pub mod event;
pub mod headset;
pub mod hid;
pub mod hotplug;
pub mod pairing;
#[cfg(feature = "simulated")]
pub mod simulated;
