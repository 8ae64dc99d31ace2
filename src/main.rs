//! The `sidetone` binary: what it can do, and where each command is.

use clap::Parser;
use sidetone::cli::{self, Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(stop) => return cli::refuse(&stop),
    };
    cli::finish(match &cli.command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => cli::demo::run(args),
        Command::Run(args) => cli::run::run(args),
        Command::Uplink(args) => cli::services::uplink(args),
        Command::Station(args) => cli::services::station(args),
        Command::Devices(args) => cli::devices::run(args),
        Command::Softphones(args) => cli::softphones::run(args),
        Command::Doctor(args) => cli::doctor::run(args),
        Command::Monitor(args) => cli::monitor::run(args),
        Command::Learn(args) => cli::learn::run(args),
        Command::Analyze(args) => cli::analyze::run(args),
        Command::Config(args) => cli::config::run(args),
        Command::Fleet(args) => cli::fleet::run(args),
        #[cfg(feature = "hub")]
        Command::Hub(args) => cli::hub::run(args),
        Command::Spokes(args) => cli::spokes::run(args),
        Command::Schema(args) => cli::schema::run(args),
        Command::Completions(args) => cli::completions::run(args),
        Command::Manual(args) => cli::manual::run(args),
        #[cfg(feature = "demo")]
        Command::Simulate(args) => cli::simulate::run(args),
    })
}
