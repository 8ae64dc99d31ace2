//! `sidetone simulate`

use super::args::SimulateArgs;
use super::{Failure, output};
use crate::run::SettingsError;
use crate::simulate::{self, Cast, Options};

/// Simulates agents until told to end.
///
/// # Errors
/// [`Failure`], if there is nobody to speak or no place for state.
pub fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let options = Options {
        agents: args.agents,
        broker: args.broker.clone(),
        org: args.org.clone(),
        state_dir: match &args.state_dir {
            Some(directory) => directory.clone(),
            None => simulate::default_state_dir().ok_or(crate::run::RunError::Settings(
                SettingsError::NoStateDirectory,
            ))?,
        },
        voices: args.voices.clone(),
        seed: args.seed,
        forget: args.forget,
    };
    let cast = Cast::gather(&options).map_err(Failure::Simulate)?;
    output::print(&format!(
        "{} simulated at {}, organisation {}, site simulated; Ctrl-C ends it\n",
        match options.agents {
            1 => "1 agent".to_owned(),
            agents => format!("{agents} agents"),
        },
        options.broker,
        options.org,
    ))?;
    Ok(cast.run()?)
}
