//! The arguments of `sidetone hub`.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `sidetone hub`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sidetone hub                             the organisation and broker of /etc/sidetone/*.toml
  sidetone hub -c hub.toml                 those of this file: node.org and [broker]
  sidetone hub --listen 127.0.0.1:8500     on another port

The page knows no accounts: it listens on this machine only. A reverse proxy with a login shows it to
others. It ends on SIGINT and SIGTERM.")]
pub struct HubArgs {
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the page is served: a loopback address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8420")]
    pub listen: SocketAddr,
}
