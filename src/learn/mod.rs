//! `sidetone learn`: what the vendor bits of a headset mean, found out together with a person.
//!
//! *Promises*: a rule is written only if the action was done and taken back at least twice, the same each
//! time, with nothing else moving it; and only after the file, read by the real quirk parser, gave the
//! right events for the whole recording through the real controls. What remains open is said, in the file too.
//!
//! *Fails* with one sentence and a way on ([`LearnError`]); whatever was learned before somebody stops is kept.
//!
//! *Never* writes a report to the headset, guesses between two readings, or keeps a serial number or text
//! that a report carried.
//!
//! [`Session`] is the conversation (no I/O, its time is handed in), [`analysis`] judges the recording,
//! [`proof`] makes and tests the files, [`desk`] joins them to the headset, the terminal and the disk.

pub mod analysis;
pub mod desk;
mod error;
pub mod movement;
pub mod proof;
mod quirk_file;
mod session;
mod summary;
mod words;

pub use error::LearnError;
pub use session::{Key, Session};
