//! The arguments of `sidetone manual`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone manual`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sidetone manual man && man -l man/sidetone.1")]
pub struct ManualArgs {
    /// An existing directory
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// The date at the foot of each page
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "")]
    pub date: String,
}
