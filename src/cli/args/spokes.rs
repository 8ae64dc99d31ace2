//! The arguments of `sidetone spokes`.

use crate::config::WebOrigin;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `sidetone spokes`.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  sudo sidetone spokes install --origin https://apps.mypurecloud.com
  sudo sidetone spokes uninstall"
)]
pub struct SpokesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SpokesCommand,
}

/// Its commands.
#[derive(Debug, Subcommand)]
pub enum SpokesCommand {
    /// Make the certificate and the browser policies by which softphones in the browser reach this
    /// machine; again to renew.
    Install(InstallArgs),
    /// Remove what install has written, and nothing else.
    Uninstall(UninstallArgs),
}

/// `sidetone spokes install`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sudo sidetone spokes install --origin https://apps.mypurecloud.com
  sudo sidetone spokes install                    the sites of `spokes.origins`; renews the certificate
  sidetone spokes install --group agents          by a management system, as root: who may read the key

The certificate holds 700 days, for 127.0.0.1 and localhost only; the key of its authority is thrown
away at once. Then restart the daemon: systemctl --user restart sidetone")]
pub struct InstallArgs {
    /// A site whose softphone may talk to the headset: https://HOST or https://HOST:PORT. Written into the
    /// configuration; without it, the sites of `spokes.origins`
    #[arg(long = "origin", value_name = "URL")]
    pub origins: Vec<WebOrigin>,
    /// Group whose members may read the service's key; without it the group of who called sudo
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write below this directory, for an image or a test
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
}

/// `sidetone spokes uninstall`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sudo sidetone spokes uninstall

A file that another has changed since is left, and named.")]
pub struct UninstallArgs {
    /// Read this file instead of /etc/sidetone/*.toml
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Remove below this directory
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
}
