//! The arguments, and the help made of them.

use clap::{Args, Parser, Subcommand, ValueEnum};
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
  sidetone devices                  which headsets are here, and can they be read
  sidetone analyze call.wav         what a recorded call is like

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
    /// List the headsets that are plugged in: controls, sound card, what is wrong with them.
    Devices(DevicesArgs),
    /// Analyse a recorded call as if it were a live one.
    Analyze(AnalyzeArgs),
    /// Check, show and document the configuration.
    Config(ConfigArgs),
    /// Print the contract of the MQTT messages, for programs.
    Schema(SchemaArgs),
}

/// `sidetone schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone schema > payloads.schema.json         JSON Schema of every payload
  sidetone schema asyncapi > sidetone.async.json topics, directions and payloads (AsyncAPI 3)

The schema of the configuration is `sidetone config schema`.")]
pub struct SchemaArgs {
    /// As what
    #[arg(value_enum, default_value_t = SchemaFormat::Json)]
    pub format: SchemaFormat,
}

/// How the contract is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// JSON Schema of the payloads
    Json,
    /// AsyncAPI 3: topics and payloads
    Asyncapi,
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

/// `sidetone analyze`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone analyze call.wav                        a report to read
  sidetone analyze call.wav --json | jq .agent     one JSON object (sidetone.analysis/1)
  sidetone analyze call.wav --frames frames.csv    also a line of CSV for each 10 ms

Stereo: left = agent, right = customer. Mono is analysed as the agent.
WAV of 8, 16, 24, 32, 44.1 or 48 kHz; 16, 24 or 32-bit integer or 32-bit float samples.
Levels are in dBov: 0 is digital overload, nominal speech lies at -26.")]
pub struct AnalyzeArgs {
    /// The recording
    #[arg(value_name = "FILE.wav")]
    pub file: PathBuf,
    /// Print one JSON object instead of a report to read
    #[arg(long)]
    pub json: bool,
    /// Also write the figures of each 10 ms frame to this file
    #[arg(long, value_name = "FILE.csv")]
    pub frames: Option<PathBuf>,
    /// Judge by the alert limits of this configuration file instead of the defaults
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
