//! The arguments of `sidetone monitor`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone monitor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone monitor                                 live, in a terminal of 60 x 16 or more
  sidetone monitor --once                          a snapshot to read
  sidetone monitor --once --json | jq .headsets    one JSON object (sidetone.monitor/1)
  sidetone monitor --json                          a line of JSON for each change

It looks at the daemon that runs for this user, and changes nothing.")]
pub struct MonitorArgs {
    /// Print what is now, and end
    #[arg(long)]
    pub once: bool,
    /// Print JSON: with --once one object, without it a line for each change
    #[arg(long)]
    pub json: bool,
    /// The configuration the daemon runs with, if it was told one (it says where its state directory is)
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
