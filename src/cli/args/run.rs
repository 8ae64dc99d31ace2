//! The arguments of `sidetone run`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone run                      with /etc/sidetone/*.toml over the defaults
  sidetone run -c sidetone.toml     with this file over the defaults

It ends on SIGINT and SIGTERM, after it has said goodbye to the broker.")]
pub struct RunArgs {
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
