//! `sidetone manual`

use super::Failure;
use super::args::{Cli, ManualArgs};
use crate::manual;
use clap::CommandFactory;
use std::fs;

/// Writes the pages.
///
/// # Errors
/// [`Failure`], if one cannot be written.
pub fn run(args: &ManualArgs) -> Result<(), Failure> {
    for page in manual::pages(Cli::command(), &args.date) {
        let path = args.directory.join(&page.name);
        fs::write(&path, &page.text).map_err(|source| Failure::Write { path, source })?;
    }
    Ok(())
}
