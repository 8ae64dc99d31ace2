//! `sidetone monitor`: what the daemon of this user knows now and what it has sent, live in the
//! terminal, as a snapshot to read, or as JSON for programs.
//!
//! *Promises*: shows what the local socket (`crate::local`) says, and nothing else; changes nothing.
//!
//! *Fails* with one sentence: no daemon, a terminal that cannot show it.

mod changes;
pub mod text;
mod words;

use crate::local::ClientError;

pub use changes::Changes;

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The daemon.
    #[error(transparent)]
    Daemon(#[from] ClientError),
}
