//! The daemon: every part joined in one process.

use crate::cli::Failure;
use crate::config::Loaded;

/// Runs until told to end.
///
/// # Errors
/// [`Failure::NotJoined`]: its parts are not joined yet.
pub fn run(_configuration: &Loaded) -> Result<(), Failure> {
    Err(Failure::NotJoined)
}
