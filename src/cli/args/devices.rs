//! The arguments of `sidetone devices`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone devices`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone devices                                  what is plugged in, and can it be read
  sidetone devices --json | jq '.headsets[].name'   for a program (sidetone.devices/1)

A headset is named in the configuration as it is shown here in brackets.")]
pub struct DevicesArgs {
    /// Print one JSON object instead of a list to read
    #[arg(long)]
    pub json: bool,
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
