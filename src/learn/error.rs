//! Why nothing could be learned.

use sidetone_devices::hid::capture::CaptureError;
use sidetone_devices::hid::raw::Blocked;
use std::io;
use std::path::PathBuf;

/// Why `sidetone learn` ends without its result.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Nothing is plugged in.
    #[error(
        "no USB headset is plugged in; plug one in, and see `sidetone devices` if it is not found then"
    )]
    NoHeadset,
    /// Which one is open.
    #[error(
        "{count} devices could be meant; name one by number or id, e.g. `sidetone learn {example}`:\n{list}"
    )]
    Several {
        /// How many.
        count: usize,
        /// A name for one of them.
        example: String,
        /// All of them.
        list: String,
    },
    /// The named one is not there.
    #[error("no headset `{wanted}` is plugged in; there is:\n{list}")]
    NotThere {
        /// What was asked for.
        wanted: String,
        /// What is there.
        list: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// A file would be overwritten.
    #[error("{} exists already; name another file with {option}, or move it away", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
        /// The option that names it.
        option: &'static str,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}; check the directory and its permissions", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The learned rules do not stand the test.
    #[error(
        "the quirk file is not written: {0}; the recording is kept, please send it to the makers of Sidetone"
    )]
    Unproven(String),
    /// The capture cannot be put into words.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The terminal.
    #[error("cannot write to standard output: {0}; check the terminal or program behind it")]
    Output(#[source] io::Error),
}
