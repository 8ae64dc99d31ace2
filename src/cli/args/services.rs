//! The arguments of `sidetone uplink` and `sidetone station`.

use clap::Args;
use std::path::PathBuf;

/// `sidetone uplink`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone uplink                      with /etc/sidetone/*.toml over the defaults
  sudo systemctl enable --now sidetone-uplink

Identity, keys, outbox and broker; it knows no headset. Stations of the users who sit at this workstation
reach it through uplink.socket. It ends on SIGINT and SIGTERM, after it has said goodbye to the broker.")]
pub struct UplinkArgs {
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `sidetone station`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone station                      with the uplink of this workstation
  systemctl --user status sidetone-station

Headset, sound and call of the user it runs as; it needs no broker and no key. Settings come from the
uplink: of its own file only uplink.socket and log.level are used. It waits while another session is the
active one. It ends on SIGINT and SIGTERM.")]
pub struct StationArgs {
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
