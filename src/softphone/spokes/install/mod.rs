//! `sidetone spokes install` and `uninstall`: the certificate browsers trust on this machine, and the
//! policies that make them do so.
//!
//! The daemon runs as the agent, the browsers' policies are root's. So root makes both, and the key of
//! the service is for one *group* to read: whoever may run the daemon. A member of that group could
//! pose as the service to the others on this machine; nobody can pose as anything else with it.
//!
//! *Promises*: uninstalling removes exactly what installing wrote; what another wrote or changed stays.
//! Installing again renews.
//!
//! *Fails* before anything is written where that can be known, and with one sentence.

mod authority;
mod manifest;
mod policies;

pub use authority::VALID_DAYS;
pub use policies::{CHROMIUM_KIN, FIREFOX};

use super::credentials::{CERTIFICATE, KEY};
use crate::config::{CONFIG_DIR, WebOrigin};
use manifest::{Ledger, Readers};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The authority's certificate, for Firefox.
const AUTHORITY: &str = "authority.pem";
/// What was written.
const MANIFEST: &str = "installed.json";
/// Our policy's file.
const POLICY: &str = "sidetone.json";
/// Our configuration's file.
const CONFIG: &str = "spokes.toml";

/// What to install, and where.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The machine's root directory.
    pub root: PathBuf,
    /// Directory for certificate and key (`spokes.dir`).
    pub dir: PathBuf,
    /// The sites.
    pub sites: Vec<WebOrigin>,
    /// Whether they are to be written into the configuration.
    pub configure: bool,
    /// Who may read the key; `None`: only who installs.
    pub group: Option<u32>,
}

/// What was installed.
#[derive(Debug)]
pub struct Installed {
    /// The files, in the order they were written.
    pub files: Vec<PathBuf>,
    /// What a person must still look at, in sentences.
    pub hints: Vec<String>,
}

/// Why it was not.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// No site.
    #[error(
        "no site is named: which pages may talk to the headset? Add --origin https://HOST, or set \
         `spokes.origins` in /etc/sidetone/*.toml"
    )]
    NoSite,
    /// Root without sudo.
    #[error(
        "say with --group GROUP who may read the service's key: a group the agents of this machine are \
         members of (the daemon runs as the agent)"
    )]
    NoGroup,
    /// No such group.
    #[error("there is no group {0}; `getent group` lists them")]
    UnknownGroup(String),
    /// A file of our name that we did not write.
    #[error("{0} was written or changed by another; move it away and try again")]
    Anothers(PathBuf),
    /// Nothing to uninstall.
    #[error("nothing is installed: {0} is missing")]
    NothingInstalled(PathBuf),
    /// The file system.
    #[error("cannot {what} {path}: {source}; this needs root's rights (sudo)")]
    File {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The certificate.
    #[error("no certificate can be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// Installs, or installs again.
///
/// # Errors
/// [`InstallError`].
pub fn install(plan: &Plan) -> Result<Installed, InstallError> {
    if plan.sites.is_empty() {
        return Err(InstallError::NoSite);
    }
    let mut ledger = Ledger::open(&plan.root, plan.dir.join(MANIFEST))?;
    let mut hints = Vec::new();
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let made = authority::make(&host, SystemTime::now())?;
    let authority_file = plan.dir.join(AUTHORITY);

    let policy = policies::chromium(&plan.sites, &made.authority_der);
    let mut files = vec![
        (plan.dir.join(KEY), made.key_pem, Readers::Group(plan.group)),
        (
            plan.dir.join(CERTIFICATE),
            made.certificate_pem,
            Readers::Everybody,
        ),
        (
            authority_file.clone(),
            made.authority_pem,
            Readers::Everybody,
        ),
    ];
    for directory in CHROMIUM_KIN.map(Path::new) {
        hints.extend(other_policies(&ledger, directory));
        files.push((directory.join(POLICY), policy.clone(), Readers::Everybody));
    }
    let firefox = policies::firefox(&authority_file);
    if ledger.is_anothers(Path::new(FIREFOX))? {
        let place = ledger.below_root(Path::new(FIREFOX));
        let path = authority_file.display();
        hints.push(format!(
            "{} is not Sidetone's: for Firefox, add \"{path}\" to policies.Certificates.Install in it",
            place.display()
        ));
    } else {
        files.push((FIREFOX.into(), firefox, Readers::Everybody));
    }
    if plan.configure {
        let path = Path::new(CONFIG_DIR).join(CONFIG);
        files.push((path, configuration(&plan.sites), Readers::Everybody));
    }
    for (path, _, _) in &files {
        if ledger.is_anothers(path)? {
            return Err(InstallError::Anothers(ledger.below_root(path)));
        }
    }
    for (path, text, readers) in &files {
        ledger.write(path, text, *readers)?;
    }
    let files = files.iter().map(|(path, _, _)| ledger.below_root(path));
    Ok(Installed {
        files: files.collect(),
        hints,
    })
}

/// Removes what was installed. Returns the files that stay because another changed them.
///
/// # Errors
/// [`InstallError`].
pub fn uninstall(root: &Path, dir: &Path) -> Result<Vec<PathBuf>, InstallError> {
    let ledger = Ledger::open(root, dir.join(MANIFEST))?;
    if ledger.is_empty() {
        let place = ledger.below_root(&dir.join(MANIFEST));
        return Err(InstallError::NothingInstalled(place));
    }
    ledger.remove_all()
}

/// The number of a group: a number, or a name this machine knows.
///
/// # Errors
/// [`InstallError::UnknownGroup`].
pub fn group(text: &str) -> Result<u32, InstallError> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    // Groups may come from a directory service, which only the C library's plug-ins know.
    let unknown = || InstallError::UnknownGroup(text.to_owned());
    let output = Command::new("getent").args(["group", "--", text]).output();
    let line = output.map_err(|_| unknown())?.stdout;
    let line = String::from_utf8_lossy(&line);
    let number = line
        .split(':')
        .nth(2)
        .and_then(|number| number.parse().ok());
    number.ok_or_else(unknown)
}

fn configuration(sites: &[WebOrigin]) -> String {
    let list: Vec<String> = sites
        .iter()
        .map(|site| format!("    \"{site}\",\n"))
        .collect();
    format!(
        "# Written by `sidetone spokes install`; `sidetone spokes uninstall` removes it.\n\
         [spokes]\norigins = [\n{}]\n",
        list.concat()
    )
}

/// Other files beside ours that set the same policies.
fn other_policies(ledger: &Ledger, directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(ledger.below_root(directory)) else {
        return Vec::new();
    };
    let others = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
                && path.file_name().is_some_and(|name| name != POLICY)
        });
    others
        .filter_map(|path| {
            let keys = policies::conflicts(&fs::read_to_string(&path).ok()?);
            (!keys.is_empty()).then(|| {
                format!(
                    "{} sets {} too, and a browser heeds only one of both files: bring them together there",
                    path.display(),
                    keys.join(", ")
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
