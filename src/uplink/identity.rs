//! Who this node is: its name, its start counter, the agent's pseudonym, headset ids.
//!
//! *Promises*: a start counter is never used twice, also not after a power cut (it is on the disk
//! before the first message); pseudonyms and serial numbers cannot be undone without the key.
//! *Fails* with one sentence that says what to do; never by starting again at 1, because consumers
//! would take the messages for repetitions of old ones.

use super::config::AgentConfig;
use super::files::replace;
use super::outbox::DiskTrouble;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sidetone_wire::NodeName;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Shortest key of a keyed hash, in bytes.
pub const KEY_MIN: usize = 16;

/// Why the node does not know who it is.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The host name holds nothing that a topic could.
    #[error("the host name {0:?} cannot be made a node name: set node.name")]
    HostName(String),
    /// The state directory cannot be used.
    #[error(
        "the state directory {path} cannot be used ({error}): set node.state_dir to a directory this user may write to"
    )]
    StateDir {
        /// The directory or a file in it.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The start counter is not a number.
    #[error(
        "the start counter {path} is damaged: write into it a number larger than any `boot` this node has sent, e.g. 1000000"
    )]
    Boot {
        /// The file.
        path: PathBuf,
    },
    /// A key cannot be read.
    #[error("the key {path} cannot be read ({error}): check the file's owner and mode")]
    Key {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A key is too short to keep a secret.
    #[error(
        "the key {path} is too short: it needs at least {KEY_MIN} bytes, e.g. from `openssl rand -hex 32`"
    )]
    ShortKey {
        /// The file.
        path: PathBuf,
    },
}

impl IdentityError {
    /// What is wrong with the disk, if a start can do without it for now.
    pub(super) fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::StateDir { error, .. } => DiskTrouble::at_start(error),
            _ => None,
        }
    }
}

/// The secret of a keyed hash.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// A key file's content without the line end.
    ///
    /// # Errors
    /// If it cannot be read or is too short.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        let mut bytes = fs::read(path).map_err(|error| IdentityError::Key {
            path: path.to_owned(),
            error,
        })?;
        let end = bytes.trim_ascii_end().len();
        bytes.truncate(end);
        if bytes.len() < KEY_MIN {
            return Err(IdentityError::ShortKey {
                path: path.to_owned(),
            });
        }
        Ok(Self(bytes))
    }

    /// The node's own key for headset ids, where there is no agent key: made at the first start and
    /// kept in the state directory.
    ///
    /// # Errors
    /// If it can neither be read nor made.
    pub fn of_node(state_dir: &Path) -> Result<Self, IdentityError> {
        let path = state_dir.join("node.key");
        match Self::read(&path) {
            Err(IdentityError::Key { error, .. }) if error.kind() == io::ErrorKind::NotFound => {}
            known => return known,
        }
        let fail = |error| IdentityError::StateDir {
            path: path.clone(),
            error,
        };
        let mut secret = [0; 32];
        fs::File::open("/dev/urandom")
            .and_then(|mut f| f.read_exact(&mut secret))
            .map_err(fail)?;
        let text = HEXLOWER.encode(&secret).into_bytes();
        match fs::create_dir_all(state_dir).and_then(|()| replace(&path, &text)) {
            Ok(()) => {}
            Err(error) if DiskTrouble::at_start(&error).is_some() => {
                tracing::warn!(path = %path.display(), %error, "the key of the headset ids cannot be kept: headsets have other ids at the next start");
            }
            Err(error) => return Err(fail(error)),
        }
        Ok(Self(text))
    }

    /// A key that another process of this machine told, with [`Key::text`].
    #[must_use]
    pub(crate) fn told(text: &str) -> Self {
        Self(text.as_bytes().to_owned())
    }

    /// The key, to be told to a process of this machine; `None` if it is no text.
    #[must_use]
    pub(crate) fn text(&self) -> Option<String> {
        String::from_utf8(self.0.clone()).ok()
    }

    /// HMAC-SHA256 (RFC 2104) of a text.
    fn hash(&self, text: &[u8]) -> [u8; 32] {
        // HMAC takes keys of any length: the error cannot occur, and then hides nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return [0; 32];
        };
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    /// The agent's pseudonym: the first 16 characters of the login's keyed hash in base 32
    /// (RFC 4648 §6), in lower case.
    #[must_use]
    pub fn pseudonym(&self, login: &str) -> String {
        let mut text = BASE32_NOPAD
            .encode(&self.hash(login.as_bytes()))
            .to_ascii_lowercase();
        text.truncate(16);
        text
    }
}

/// The pseudonym of this agent. Without a usable key there is none, and the log says so.
pub(super) fn pseudonym_of(agent: &AgentConfig) -> Option<String> {
    match Key::read(&agent.key_file) {
        Ok(key) => Some(key.pseudonym(&agent.login)),
        Err(error) => {
            tracing::warn!("{error}; messages carry no agent");
            None
        }
    }
}

/// `vid-pid-xxxxxxxx`: hexadecimal ids and 8 digits of a keyed hash of the serial number. For a
/// headset without a serial number, its USB port path stands in, so that two of a kind differ.
#[must_use]
pub fn headset_id(vendor: u16, product: u16, serial: &str, key: &Key) -> String {
    let digest = HEXLOWER.encode(&key.hash(serial.as_bytes())[..4]);
    format!("{vendor:04x}-{product:04x}-{digest}")
}

/// The configured name, or one made of the host name: the part before the first dot, in small
/// letters, everything else a hyphen.
///
/// # Errors
/// If nothing of the host name is left.
pub fn node_name(configured: Option<NodeName>) -> Result<NodeName, IdentityError> {
    match configured {
        Some(name) => Ok(name),
        None => {
            let host = rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned();
            name_of_host(&host).ok_or(IdentityError::HostName(host))
        }
    }
}

fn name_of_host(host: &str) -> Option<NodeName> {
    crate::config::Name::from_host(host).and_then(|name| NodeName::new(name.as_str()).ok())
}

/// The number of a start that cannot be counted, because the state directory cannot be written: ms since 1970 UTC, far
/// beyond what starts count up to, or beyond the counter if that is larger still.
#[must_use]
pub fn boot_of_clock(state_dir: &Path, now_ms: u64) -> u64 {
    let last = fs::read_to_string(state_dir.join("boot")).ok();
    let last = last.and_then(|text| text.trim().parse::<u64>().ok());
    now_ms.max(last.unwrap_or(0).saturating_add(1))
}

/// The state directory can be written again: later starts count on from this one's number.
///
/// # Errors
/// The system's.
pub fn keep_boot(state_dir: &Path, boot: u64) -> io::Result<()> {
    replace(&state_dir.join("boot"), format!("{boot}\n").as_bytes())
}

/// Counts this start: reads, adds one, and has it on the disk before it returns.
///
/// # Errors
/// If the counter cannot be read or kept.
pub fn next_boot(state_dir: &Path) -> Result<u64, IdentityError> {
    let path = state_dir.join("boot");
    let fail = |error| IdentityError::StateDir {
        path: path.clone(),
        error,
    };
    fs::create_dir_all(state_dir).map_err(fail)?;
    let last = match fs::read(&path) {
        Ok(bytes) => std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
            .ok_or_else(|| IdentityError::Boot { path: path.clone() })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(fail(error)),
    };
    let boot = last
        .checked_add(1)
        .ok_or_else(|| IdentityError::Boot { path: path.clone() })?;
    replace(&path, format!("{boot}\n").as_bytes()).map_err(fail)?;
    Ok(boot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_start_has_its_own_number() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b");
        assert_eq!(next_boot(&state).unwrap(), 1);
        assert_eq!(next_boot(&state).unwrap(), 2);
        fs::write(state.join("boot"), "1000000").unwrap();
        assert_eq!(next_boot(&state).unwrap(), 1_000_001);
    }

    #[test]
    fn a_damaged_counter_is_an_error_that_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        for damaged in [
            "",
            "-1",
            "x",
            "18446744073709551615",
            "99999999999999999999",
        ] {
            fs::write(dir.path().join("boot"), damaged).unwrap();
            let error = next_boot(dir.path()).unwrap_err().to_string();
            assert!(
                error.contains("larger than any `boot`"),
                "{damaged:?}: {error}"
            );
        }
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(
            next_boot(&file)
                .unwrap_err()
                .to_string()
                .contains("node.state_dir")
        );
    }

    /// Expected: `printf '%s' anna | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    /// -binary | base32 | head -c16 | tr A-Z a-z`
    #[test]
    fn the_pseudonym_is_what_openssl_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.key");
        fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
        let key = Key::read(&path).unwrap();
        assert_eq!(key.pseudonym("anna"), "2zroqucaa4gu2foc");
        assert_eq!(
            headset_id(0x47f, 0xc053, "ABC123", &key),
            "047f-c053-71e5c8dc"
        );
        assert_ne!(key.pseudonym("anna"), key.pseudonym("bert"));
        fs::write(&path, "short\n").unwrap();
        assert!(
            Key::read(&path)
                .unwrap_err()
                .to_string()
                .contains("too short")
        );
    }

    #[test]
    fn the_nodes_own_key_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let id = |key: &Key| headset_id(1, 2, "x", key);
        let first = id(&Key::of_node(dir.path()).unwrap());
        assert_eq!(id(&Key::of_node(dir.path()).unwrap()), first);
        assert!(first.starts_with("0001-0002-") && first.len() == 18);
    }

    #[test]
    fn host_names_become_node_names() {
        let name = |host| name_of_host(host).map(|n| n.to_string());
        assert_eq!(name("DESK_17.example.com").as_deref(), Some("desk-17"));
        assert_eq!(name("___"), None);
    }
}
