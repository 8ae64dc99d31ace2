//! The arguments of `sidetone softphones`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone softphones`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone softphones                               which softphones are here, and what each can do
  sidetone softphones --json | jq '.softphones[]'   for a program (sidetone.softphones/1)

Calls are shown by where they are, without names or numbers. [adapters] in the configuration says
where each softphone is looked for.")]
pub struct SoftphonesArgs {
    /// Print one JSON object instead of a list to read
    #[arg(long)]
    pub json: bool,
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
