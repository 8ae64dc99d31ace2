//! `sidetone demo`

use super::args::DemoArgs;
use super::{Failure, output};
use crate::demo::{self, Options};

/// Shows simulated agents on the board until it is told to end.
///
/// # Errors
/// [`Failure`], if something is missing, or ends by itself.
pub fn run(args: &DemoArgs) -> Result<(), Failure> {
    let options = Options {
        agents: args.agents,
        listen: args.listen,
        voices: args.voices.clone(),
    };
    let mut printed = Ok(());
    demo::run(&options, |address| {
        printed = output::print(&format!(
            "http://{address}/\n\
             Simulated agents call with real voices; trouble comes and goes: mute, quick disconnect, noise, bad lines.\n\
             Plug in a USB headset and this machine's own tile shows it. Ctrl-C ends everything.\n"
        ));
    })?;
    printed
}
