//! The arguments of `sidetone config`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `sidetone config`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone config check                      check /etc/sidetone/*.toml
  sidetone config check -c sidetone.toml     check one file
  sidetone config show                       what is in force, and which file or document says so
  sidetone config defaults | less            every key, its unit and the reason for its value
  sidetone config schema > sidetone.schema.json")]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// The commands about the configuration.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Say everything that is wrong, each with file, line, column and what would be right.
    ///
    /// Exit status 0 if nothing is wrong, 1 otherwise.
    #[command(after_help = "Example:
  sidetone config check -c sidetone.toml && systemctl --user restart sidetone")]
    Check,
    /// Print the effective configuration; each key that is set says which file and line, or which document over MQTT.
    ///
    /// Settings over MQTT are those that the daemon has taken and keeps; a key that waits for its next start is shown as it
    /// will be. With the two services only root and the user sidetone may read them.
    #[command(after_help = "Examples:
  sidetone config show | grep ' # '             only what is set
  sudo sidetone config show | grep 'over MQTT'  what came over MQTT")]
    Show,
    /// Print the documented defaults: every key, its unit and the reason for its value.
    #[command(after_help = "Examples:
  sidetone config defaults | less
  sidetone config defaults --commented > sidetone.toml     a file to start from")]
    Defaults {
        /// Every key commented out, so that the file sets nothing yet (as the packages install it)
        #[arg(long)]
        commented: bool,
    },
    /// Print the JSON Schema of the configuration.
    #[command(after_help = "Example:
  sidetone config schema > sidetone.schema.json     for an editor that completes TOML")]
    Schema,
}
