//! The test bench's programs: a composite USB headset that exists only as this process, served to a real
//! kernel over USB/IP, and the small tools a guest without a distribution needs.
//!
//! Promises: the headset answers as one on a cable would. Its isochronous endpoints keep a 1 ms frame
//! clock, what is played to its earpiece leaks sample-accurately into its microphone, and every report it
//! sends and every output report written to it is logged with the guest's time.
//!
//! Fails: by ending with one sentence on standard error. A kernel that closes the connection ends the plug,
//! not the program.
//!
//! Never: touches a real device, opens a network socket, or writes outside what it was told to write.
//!
//! ```text
//! serve (poll, commands) ── headset ─┬─ control ── descriptors, report
//!        │                           ├─ iso ────── earpiece ─▶ leak ─┐
//!      usbip                         └─ microphone ◀─ sounds, faults ┘
//! ```

pub mod clock;
pub mod command;
pub mod control;
pub mod descriptors;
pub mod faults;
pub mod headset;
pub mod hidcat;
pub mod iso;
pub mod leak;
pub mod levels;
pub mod microphone;
pub mod report;
pub mod serve;
pub mod softphone;
pub mod sounds;
pub mod usbip;
pub mod watch;
