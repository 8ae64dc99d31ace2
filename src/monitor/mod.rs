//! `sidetone monitor`: what the daemon of this user knows now and what it has sent, live in the
//! terminal, as a snapshot to read, or as JSON for programs.
//!
//! *Promises*: shows what the local socket (`crate::local`) says, and nothing else; changes nothing.
//!
//! *Fails* with one sentence: no daemon, a terminal that cannot show it.

mod app;
mod changes;
mod feed;
mod live;
mod screen;
mod side;
mod terminal;
pub mod text;
mod words;

use crate::local::ClientError;

pub use changes::Changes;
pub use live::live;

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The daemon.
    #[error(transparent)]
    Daemon(#[from] ClientError),
    /// Standard output is no terminal, or one that only writes lines.
    #[error(
        "the live view needs a terminal; `sidetone monitor --once` prints what is now, and `--json` each change for a program"
    )]
    NoTerminal,
    /// The terminal.
    #[error("the terminal cannot be drawn on: {0}; `sidetone monitor --once` prints what is now")]
    Terminal(#[source] std::io::Error),
}
