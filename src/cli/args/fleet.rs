//! The arguments of `sidetone fleet`.

use crate::fleet::Pair;
use clap::{ArgGroup, Args, Subcommand};
use std::path::PathBuf;

/// `sidetone fleet`.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  sidetone fleet set --fleet alerts.double_talk.overtalk_s=3
  sidetone fleet set --group late --unset telemetry.audio_interval_s
  sidetone fleet get --node desk-17
  sidetone fleet diff                      which workstations have not got it, and why
  sidetone fleet -c it.toml watch          with the organisation and broker of this file

Layers: defaults < files of the workstation < fleet < group < node; of two groups the later one in the
workstation's node.groups wins. Only `remote` keys of `sidetone config schema` can be set so: where messages
go stays in the workstation's files, and what is said about people can only be tightened."
)]
pub struct FleetArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: FleetCommand,
    /// Read this file instead of /etc/sidetone/*.toml: its node.org and `[broker]`
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// Its commands.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Print the settings that are published, of all layers or of one.
    Get(GetArgs),
    /// Change the settings of a layer and publish them as its next version.
    Set(SetArgs),
    /// Say which workstations do not have what is published for them, and why.
    Diff(DiffArgs),
    /// Print every change of settings, and what each workstation makes of it, as it happens.
    Watch(WatchArgs),
    /// Make a key to sign settings with.
    Keygen(KeygenArgs),
}

/// Whose settings.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct WhoseArgs {
    /// Those of every workstation
    #[arg(long)]
    pub fleet: bool,
    /// Those of the workstations with this name in their node.groups
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Those of this workstation
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
}

/// `sidetone fleet get`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone fleet get                       every layer
  sidetone fleet get --fleet --json        the document as it is published")]
pub struct GetArgs {
    /// Whose
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Print the documents as JSON, by layer
    #[arg(long)]
    pub json: bool,
}

/// `sidetone fleet set`.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("layer").required(true).args(["fleet", "group", "node"])),
    after_help = "Examples:
  sidetone fleet set --fleet alerts.double_talk.overtalk_s=3 telemetry.audio_interval_s=2
  sidetone fleet set --node desk-17 'node.team=Service Munich'
  sidetone fleet set --group late --unset alerts.double_talk      all keys of a section
  sidetone fleet set --node desk-17 log.level=null                the default, whatever fleet, groups and files say
  sidetone fleet set --fleet --key fleet.pem log.level=debug      signed
  sidetone fleet set --fleet --dry-run log.level=debug            shown, not published

A wrong key or value is refused here, before any workstation hears of it. A setting that costs a
workstation its broker for a minute is taken back by it."
)]
pub struct SetArgs {
    /// KEY=VALUE, the value as in a file; what is no number, list, true or false is text; null undoes what layers below have set
    #[arg(value_name = "KEY=VALUE", required_unless_present_any = ["unset", "replace"])]
    pub set: Vec<Pair>,
    /// A key or section to say nothing of any more
    #[arg(long, value_name = "KEY")]
    pub unset: Vec<String>,
    /// Whose
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Begin with nothing instead of the settings that are published
    #[arg(long)]
    pub replace: bool,
    /// Sign with this private key (`sidetone fleet keygen`)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Show the document instead of publishing it
    #[arg(long)]
    pub dry_run: bool,
    /// Print the document as JSON
    #[arg(long)]
    pub json: bool,
}

/// `sidetone fleet diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone fleet diff && echo everybody has it
  sidetone fleet diff --node desk-17
  sidetone fleet diff --json | jq -r '.[] | select(.state == \"refused\") | .node'

Exit status 0 if every workstation has what is published for it, 1 otherwise. A workstation that is
switched off has what it had when it was last on.")]
pub struct DiffArgs {
    /// Only this workstation
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Print all workstations as JSON, also those that have everything
    #[arg(long)]
    pub json: bool,
}

/// `sidetone fleet watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone fleet watch
  sidetone fleet watch --json | jq .topic

First what is retained, then each change, until it is interrupted.")]
pub struct WatchArgs {
    /// Print each message as a line of JSON: `topic` and `payload`
    #[arg(long)]
    pub json: bool,
}

/// `sidetone fleet keygen`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sidetone fleet keygen fleet.pem

The file is the secret: whoever has it can set any remote key. What it prints goes into a file of
every workstation; from the next start on, settings without its signature are refused there.")]
pub struct KeygenArgs {
    /// Where the private key is written; an existing file is never overwritten
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
