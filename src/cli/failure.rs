//! Failures, and what the shell sees of them.

use crate::analyze::wav::WavError;
use crate::config::ConfigError;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why a command failed; printed as one sentence per fault.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A recording that cannot be analysed.
    #[error(transparent)]
    Wav(WavError),
    /// A file that cannot be written.
    #[error("cannot write {path}: {source}; check the directory and its permissions", path = path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to be written is the recording itself.
    #[error("{path} is the recording; name another file to write to", path = .0.display())]
    OverRecording(PathBuf),
    /// The daemon.
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
    /// The board.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Board(#[from] crate::board::ServeError),
    /// The simulated agents.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Simulate(#[from] crate::simulate::SimulateError),
    /// The doctor found problems, and has said on standard output which.
    #[error("")]
    Problems,
    /// Settings of many workstations.
    #[error(transparent)]
    Fleet(#[from] crate::fleet::FleetError),
    /// The live view.
    #[error(transparent)]
    Monitor(#[from] crate::monitor::MonitorError),
    /// Learning a headset.
    #[error(transparent)]
    Learn(#[from] crate::learn::LearnError),
    /// The demonstration.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] crate::demo::DemoError),
    /// Certificate and policies for softphones in the browser.
    #[error(transparent)]
    Spokes(#[from] crate::softphone::spokes::install::InstallError),
    /// Standard output.
    #[error("cannot write to standard output: {0}; check the disk or program behind it")]
    Output(#[source] io::Error),
}

/// The exit status of a command that has run; says on standard error why it failed.
#[must_use]
pub fn finish(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.to_string().lines() {
                eprintln!("sidetone: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The exit status when the arguments name no command that can be run: prints the help or version
/// asked for, or says what is wrong with the arguments (exit status 2).
#[must_use]
pub fn refuse(stop: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    match stop.kind() {
        DisplayHelp | DisplayVersion => {
            // A reader that has gone away has read enough.
            let _ = stop.print();
            ExitCode::SUCCESS
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = stop.print();
            ExitCode::from(2)
        }
        _ => {
            eprintln!("sidetone: {}", usage_sentence(&stop.to_string()));
            ExitCode::from(2)
        }
    }
}

/// One sentence of clap's several lines.
fn usage_sentence(report: &str) -> String {
    let (problem, usage) = report.split_once("\nUsage: ").unwrap_or((report, ""));
    let parts: Vec<&str> = problem
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
        .collect();
    let problem = parts.join(" ").replace(" tip: ", "; ");
    let problem = problem.strip_prefix("error: ").unwrap_or(&problem);
    let command: Vec<&str> = usage
        .split_whitespace()
        .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
        .collect();
    let command = match command.as_slice() {
        [] => "sidetone".to_owned(),
        words => words.join(" "),
    };
    format!("{problem}; `{command} --help` shows how to use it")
}
