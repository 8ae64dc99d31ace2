//! Captures: what a headset sent while somebody did as asked, as one file that is also a test.
//!
//! *Promises*: what was written is read back the same ([`Capture::parse`], [`Capture::text`]); replaying it
//! gives the same events each time. Everything is there that is needed to repeat the judgement: report
//! descriptors, raw input reports with their times, the step that was asked, the events it is to give.
//!
//! *Fails* to parse with one sentence that names the entry.
//!
//! *Never* holds a serial number or text that came in a report: see [`redact`].
//!
//! A capture is TOML:
//!
//! ```toml
//! format = "sidetone.capture/1"
//! product = "047f:c056"             # vendor:product
//! name = "Bench Headset C056"       # make and model
//! firmware = "1.10"                 # optional: bcdDevice
//! recorded = "2026-11-25"           # the day
//! program = "sidetone 0.1.0"
//! by = "person"                     # who did what was asked: a person, or a script
//! notes = ["quick disconnect: ..."] # what was seen and what remains open, for people
//! learned = ["qd_open"]             # the meanings that the quirk file claims
//! quirk = "..."                     # optional: the text of that quirk file; without it, the built-in ones apply
//!
//! [[interface]]                     # one for each HID interface, in order: number 0, 1, ...
//! descriptor = "05 0c 09 01 ..."
//!
//! [[phase]]                         # one for each thing that was asked, in order
//! step = "quick_disconnect"         # quiet, mute, quick_disconnect, volume or hook
//! action = "do"                     # rest, do (mute, pull, louder, off the hook) or undo
//! round = 1
//! counted = true                    # false: done again later, or only to get back to the start
//! sent = [                          # milliseconds, interface, bytes; +61: 61 zero bytes follow
//!   "14020 0: 03 51 01 +61",
//!   "15100 0: gone",                # the interface left the bus; `back`: it is there again
//!   "15100 card gone",              # so did the sound card; `card back`
//! ]
//! events = ["QuickDisconnect { open: true, verified: true }"]   # what the reports of the phase tell
//! ```
//!
//! To contribute one, put it into `devices/tests/captures/NAME.capture`: it becomes the test `NAME`.

mod entry;
mod file;
mod redact;
mod replay;

pub use file::CaptureError;
pub use redact::redact;
pub use replay::{Seen, follows};

use super::quirks::Meaning;
use crate::headset::{ProductId, VendorId};

/// What the first line of a capture says.
pub const FORMAT: &str = "sidetone.capture/1";

/// A recording of one headset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// USB vendor id.
    pub vendor: VendorId,
    /// USB product id.
    pub product: ProductId,
    /// Make and model.
    pub name: String,
    /// `bcdDevice`, e.g. `1.10`.
    pub firmware: Option<String>,
    /// The day, `YYYY-MM-DD`.
    pub recorded: String,
    /// Program and version that wrote it.
    pub program: String,
    /// Who did what was asked.
    pub by: Doer,
    /// What was seen and what remains open, for people.
    pub notes: Vec<String>,
    /// The meanings that the quirk file claims.
    pub learned: Vec<Meaning>,
    /// The text of the quirk file that was learned from it.
    pub quirk: Option<String>,
    /// The report descriptor of each HID interface.
    pub interfaces: Vec<Vec<u8>>,
    /// What was asked, in order.
    pub phases: Vec<Phase>,
}

/// One thing that was asked, and what came meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Which part of the headset.
    pub step: Step,
    /// Done, or taken back.
    pub action: Action,
    /// Which repetition, from 1.
    pub round: u32,
    /// Whether it counts; not if it was asked for again, or only to get back to the start.
    pub counted: bool,
    /// What came, in order.
    pub sent: Vec<Sent>,
    /// The events that its reports are to give, as Rust prints them.
    pub events: Vec<String>,
}

/// Who did what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    /// Somebody at a terminal.
    Person,
    /// Another program at standard input, as with the test bench's emulated headset.
    Script,
}

impl Doer {
    /// All of them with their words.
    pub const WORDS: [(&'static str, Self); 2] =
        [("person", Self::Person), ("script", Self::Script)];
}

impl std::fmt::Display for Doer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Person => "a person",
            Self::Script => "a script",
        })
    }
}

/// The parts of a headset that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Nothing is touched.
    Quiet,
    /// Mute on, mute off.
    Mute,
    /// Pulled apart, put together.
    QuickDisconnect,
    /// Louder, softer.
    Volume,
    /// Off the hook, on the hook.
    Hook,
}

impl Step {
    /// All steps with their words.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("quiet", Self::Quiet),
        ("mute", Self::Mute),
        ("quick_disconnect", Self::QuickDisconnect),
        ("volume", Self::Volume),
        ("hook", Self::Hook),
    ];
}

/// What was asked in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    Rest,
    /// Mute on, pulled apart, louder, off the hook.
    Do,
    /// Mute off, put together, softer, on the hook.
    Undo,
}

impl Action {
    /// All actions with their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("rest", Self::Rest), ("do", Self::Do), ("undo", Self::Undo)];
}

/// Something that came from the headset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Milliseconds since the recording began.
    pub ms: u64,
    /// What.
    pub what: What,
}

/// The kinds of [`Sent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An input report.
    Report {
        /// The interface's number.
        interface: usize,
        /// As hidraw delivers it.
        bytes: Vec<u8>,
    },
    /// The interface left the bus.
    Gone {
        /// Its number.
        interface: usize,
    },
    /// The interface is there again.
    Back {
        /// Its number.
        interface: usize,
    },
    /// The sound card left.
    CardGone,
    /// The sound card is there again.
    CardBack,
}

#[cfg(test)]
mod tests;
