//! The lights of a headset that a call switches: the one thing that is ever written to it, and only when told
//! to.
//!
//! *Promises*: only usages of the LED page that the descriptor declares as outputs (HID Usage Tables 1.5
//! §11); all lights of one report go together, all else in it is zero.
//!
//! *Fails* softly: a headset without such lights, or one that cannot be written to, stays as it is, and the log
//! says so once.
//!
//! *Never* writes to an interface without telephony controls, and never makes its caller wait: a wireless
//! dongle may take seconds.

mod report;
mod worker;

pub use report::{LedReports, Leds};
pub use worker::{LedWorker, write};
