//! `sidetone run`

use super::args::RunArgs;
use super::{Failure, config};

/// Loads the configuration and runs the daemon until it is told to end.
///
/// # Errors
/// [`Failure`], if the configuration is wrong or cannot be read.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let loaded = config::load(args.config.as_ref())?;
    Ok(crate::run::run(&loaded)?)
}
