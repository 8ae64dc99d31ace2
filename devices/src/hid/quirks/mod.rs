//! Quirk files: what single makes and models mean by their vendor usages, as data.
//!
//! *Promises*: every rule says where it comes from and whether it was seen on real hardware; a file in
//! a directory of the administrator comes before the ones built in.
//!
//! *Fails* one file at a time, naming file, line and the nearest valid key; the other files still apply.
//!
//! *Never* applies a rule to a product that the file does not name.
//!
//! A file is a list of models, each with its rules:
//!
//! ```toml
//! [[model]]
//! name = "DA40, DA45"
//! match = ["047f:aa05-aa09", "047f:da45"]   # vendor:product, ranges, or 047f:* for a whole make
//! debounce_ms = 5                           # optional; presses closer together count once
//!
//! [[model.rule]]
//! usage = "ffa0:b7"                         # page:usage ...
//! meaning = "qd_open"
//! polarity = "inverted"                     # optional; the opposite of the meaning is sent
//! verified = false                          # true only if seen on real hardware
//! source = "where this is known from"
//! note = "what to know about it"            # optional
//!
//! [[model.rule]]
//! report = 3                                # ... or bytes of a report; 0 for devices without ids
//! when = [{ byte = 1, is = 0x51 }]          # only if these bytes are so; byte 1 follows the id
//! byte = 2
//! mask = 0x01                               # optional
//! active = 1                                # optional; otherwise anything but 0
//! meaning = "qd_open"
//! verified = true
//! source = "..."
//!
//! [[model.rule]]
//! report = 3
//! when = [{ byte = 1, is = 0x60 }]
//! byte = 2
//! each = true                               # optional, presses only: no report tells that the button was
//! meaning = "volume_up"                     # let go, so each report that asserts it is a press
//! verified = true
//! source = "..."
//! ```

mod book;
mod error;
mod file;
mod section;

pub use book::{QuirkBook, QuirkFile};
pub use error::{Problem, QuirkError};

use super::descriptor::ReportId;
use super::usage::Usage;
use crate::headset::{ProductId, VendorId};
use std::time::Duration;

/// Longest quirk file that is read, in bytes: several times the longest there is. Parsed, hostile TOML takes up to
/// a hundred times its length in memory, and no input is to take more than 1 MiB.
pub const LARGEST_FILE: usize = 8 * 1024;

/// Presses of one button that are closer together than this count once: the kernel's own double-key
/// filter for Plantronics sets (`hid-plantronics.c`) uses 5 ms.
pub const DEFAULT_DEBOUNCE: Duration = Duration::from_millis(5);

/// What a matched control means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// State: the quick disconnect is open.
    QdOpen,
    /// State: the microphone is muted.
    MuteState,
    /// Press: the mute button.
    MutePress,
    /// State: the radio link or the headset part is lost.
    LinkLost,
    /// State: off hook.
    Hook,
    /// State: the device is in a call.
    LineBusy,
    /// Press: flash.
    Flash,
    /// Press: drop or reject.
    Drop,
    /// Press: hold.
    Hold,
    /// Press: louder.
    VolumeUp,
    /// Press: softer.
    VolumeDown,
    /// Level: battery charge in percent.
    Battery,
    /// Nothing, although the usage says otherwise.
    Ignore,
}

impl Meaning {
    /// All meanings with the word that quirk files use.
    pub const WORDS: [(&'static str, Self); 13] = [
        ("qd_open", Self::QdOpen),
        ("mute_state", Self::MuteState),
        ("mute_press", Self::MutePress),
        ("link_lost", Self::LinkLost),
        ("hook", Self::Hook),
        ("line_busy", Self::LineBusy),
        ("flash", Self::Flash),
        ("drop", Self::Drop),
        ("hold", Self::Hold),
        ("volume_up", Self::VolumeUp),
        ("volume_down", Self::VolumeDown),
        ("battery", Self::Battery),
        ("ignore", Self::Ignore),
    ];

    /// Something that is pressed, as opposed to a state or a level.
    #[must_use]
    pub const fn is_press(self) -> bool {
        matches!(
            self,
            Self::MutePress
                | Self::Flash
                | Self::Drop
                | Self::Hold
                | Self::VolumeUp
                | Self::VolumeDown
        )
    }

    /// The word that quirk files use.
    #[must_use]
    pub fn word(self) -> &'static str {
        let known = Self::WORDS.iter().find(|(_, meaning)| *meaning == self);
        known.map_or("ignore", |(word, _)| word)
    }
}

/// Which products a model covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductMatch {
    /// The make.
    pub vendor: VendorId,
    /// First and last product; `None` for every product of the make.
    pub products: Option<(ProductId, ProductId)>,
}

impl ProductMatch {
    /// Whether the product is covered.
    #[must_use]
    pub fn covers(&self, vendor: VendorId, product: ProductId) -> bool {
        let in_range = |(first, last)| (first..=last).contains(&product);
        self.vendor == vendor && self.products.is_none_or(in_range)
    }
}

/// A byte of a report that must have a value for a rule to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Which byte; 1 is the first behind the report id.
    pub byte: usize,
    /// The bits that count.
    pub mask: u8,
    /// The value of those bits.
    pub is: u8,
}

/// Where a rule looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At a usage of the report descriptor.
    Usage(Usage),
    /// At bits of one byte of a report.
    Bytes {
        /// The report's id; `None` for devices without ids.
        report: Option<ReportId>,
        /// All must hold.
        when: Vec<Condition>,
        /// The byte with the value; 1 is the first behind the report id.
        byte: usize,
        /// The bits with the value.
        mask: u8,
    },
}

/// One fact about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where to look.
    pub place: Place,
    /// What it means.
    pub meaning: Meaning,
    /// A state is asserted by this value alone; `None`: by anything but 0.
    pub active: Option<i64>,
    /// The device sends the opposite of the meaning.
    pub inverted: bool,
    /// Each report that asserts it is a press: none tells that the button was let go.
    pub each: bool,
    /// Seen on real hardware.
    pub verified: bool,
    /// Where it is known from.
    pub source: String,
    /// What else to know.
    pub note: Option<String>,
}

impl Rule {
    /// What the value of its bits says about a state.
    #[must_use]
    pub fn asserts(&self, value: i64) -> bool {
        self.active.map_or(value != 0, |active| value == active) != self.inverted
    }
}

/// What the files say about one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its products.
    pub matches: Vec<ProductMatch>,
    /// Its own debounce time.
    pub debounce: Option<Duration>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// Everything the loaded files say about one headset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quirk {
    /// The files that apply, e.g. `plantronics`, joined with `+`.
    pub name: String,
    /// Rules, most important first: the first one for a place wins.
    pub rules: Vec<Rule>,
    /// Presses closer together than this count once.
    pub debounce: Duration,
    /// The product itself is named, not only its make.
    pub names_product: bool,
}
