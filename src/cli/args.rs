//! The arguments, and the help made of them.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Knows what the headset of an agent does and how the call really sounds, and tells it over MQTT.
///
/// Sidetone reads the buttons of USB headsets, listens to both sides of a call while it lasts, and
/// publishes events, figures and alerts. It keeps and sends no sound.
#[derive(Debug, Parser)]
#[command(
    name = "sidetone",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  sidetone config check             what is wrong with /etc/sidetone/*.toml
  sidetone run -c sidetone.toml     the whole daemon, with this configuration only

`sidetone COMMAND --help` tells more. Exit status: 0 success, 1 failure, 2 wrong usage."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole daemon in one process.
    Run(RunArgs),
    /// Check, show and document the configuration.
    Config(ConfigArgs),
}

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

/// `sidetone config`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone config check                      check /etc/sidetone/*.toml
  sidetone config check -c sidetone.toml     check one file
  sidetone config show                       what is in force, and which file says so
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
    /// Print the effective configuration; each key a file sets says which file and line.
    #[command(after_help = "Example:
  sidetone config show | grep '# /'     only what differs from the defaults")]
    Show,
    /// Print the documented defaults: every key, its unit and the reason for its value.
    #[command(after_help = "Example:
  sidetone config defaults > /tmp/sidetone.toml     a file to start from")]
    Defaults,
    /// Print the JSON Schema of the configuration.
    #[command(after_help = "Example:
  sidetone config schema > sidetone.schema.json     for an editor that completes TOML")]
    Schema,
}
