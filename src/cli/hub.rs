//! `sidetone hub`

use super::args::HubArgs;
use super::{Failure, config, output};

/// Serves the board until it is told to end; prints its address once it is served.
///
/// # Errors
/// [`Failure`], if the configuration is wrong or cannot be read, or the page cannot be served.
pub fn run(args: &HubArgs) -> Result<(), Failure> {
    let loaded = config::load(args.config.as_ref())?;
    let mut printed = Ok(());
    crate::board::serve(&loaded, args.listen, |address| {
        printed = output::print(&format!("http://{address}/\n"));
    })?;
    printed
}
