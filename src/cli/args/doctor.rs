//! The arguments of `sidetone doctor`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone doctor                     what is wrong here, worst first, and what to do
  sidetone doctor -c sidetone.toml    with this configuration
  sidetone doctor --json | jq '.checks[] | select(.status == \"problem\")'
  sidetone doctor --broker            also what the broker lets this node do, by trying it
  sidetone doctor --list              what is looked at

Run it as the person at the desk, not as root: permissions and sound are theirs.
It changes nothing, publishes nothing and opens no microphone; it ends within 10 seconds.
With --broker it publishes seven messages of no content, which readers leave out; nothing that the broker keeps changes.
Exit status: 0 no problem (there may be warnings), 1 problems, 2 wrong usage.")]
pub struct DoctorArgs {
    /// Print one JSON object (sidetone.doctor/1) instead of a list to read
    #[arg(long, conflicts_with = "list")]
    pub json: bool,
    /// Print the names of the checks and what each looks at, and examine nothing
    #[arg(long)]
    pub list: bool,
    /// Also try at the broker what this node may publish and read, and what it must not; not while the daemon is
    /// connected
    #[arg(long, conflicts_with = "list")]
    pub broker: bool,
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
