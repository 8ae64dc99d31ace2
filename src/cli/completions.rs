//! `sidetone completions`

use super::args::{Cli, CompletionsArgs};
use super::{Failure, output};
use clap::CommandFactory;

/// Prints what the shell needs to complete commands and options.
///
/// # Errors
/// [`Failure`], if it cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sidetone", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
