//! `sidetone spokes`

use super::args::{InstallArgs, SpokesArgs, SpokesCommand, UninstallArgs};
use super::{Failure, config, output};
use crate::config::Config;
use crate::softphone::spokes::install::{self, InstallError, Plan};
use std::path::{Path, PathBuf};

/// Installs or uninstalls; prints each file.
///
/// # Errors
/// [`Failure`], if the configuration is wrong or cannot be read, or a file cannot be written.
pub fn run(args: &SpokesArgs) -> Result<(), Failure> {
    match &args.command {
        SpokesCommand::Install(args) => install(args),
        SpokesCommand::Uninstall(args) => uninstall(args),
    }
}

fn install(args: &InstallArgs) -> Result<(), Failure> {
    let config = configuration(args.config.as_ref(), &args.root)?;
    let configured = args.origins.is_empty();
    let plan = Plan {
        root: args.root.clone(),
        dir: config.spokes.dir,
        sites: if configured {
            config.spokes.origins
        } else {
            args.origins.clone()
        },
        configure: !configured,
        group: readers(args.group.as_deref())?,
    };
    let installed = install::install(&plan)?;
    let mut text: String = installed
        .files
        .iter()
        .map(|file| format!("wrote {}\n", file.display()))
        .collect();
    for hint in installed.hints {
        text.push_str(&format!("look: {hint}\n"));
    }
    text.push_str("Now restart the daemon (systemctl --user restart sidetone) and the browsers.\n");
    output::print(&text)
}

fn uninstall(args: &UninstallArgs) -> Result<(), Failure> {
    let config = configuration(args.config.as_ref(), &args.root)?;
    let left = install::uninstall(&args.root, &config.spokes.dir)?;
    let left: String = left
        .iter()
        .map(|file| format!("left {}: another has changed it\n", file.display()))
        .collect();
    output::print(&format!("{left}Removed what was installed.\n"))
}

/// The configuration of the machine below `root`.
fn configuration(file: Option<&PathBuf>, root: &Path) -> Result<Config, Failure> {
    let loaded = match file {
        Some(_) => config::load(file)?,
        None => {
            let directory = root.join(crate::config::CONFIG_DIR.trim_start_matches('/'));
            crate::config::load(crate::config::Source::Directory(&directory))?
        }
    };
    Ok(loaded.config)
}

/// Who may read the key: who is named, else who called sudo. Without root's rights nobody else can be.
fn readers(named: Option<&str>) -> Result<Option<u32>, InstallError> {
    let sudo = std::env::var("SUDO_GID").ok();
    match named.or(sudo.as_deref()) {
        Some(group) => install::group(group).map(Some),
        None if rustix::process::geteuid().is_root() => Err(InstallError::NoGroup),
        None => Ok(None),
    }
}
