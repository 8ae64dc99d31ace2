//! What of the settings holds on this workstation, files and settings over MQTT together, for a person who asks. Reads
//! what the daemon keeps, and writes nothing.

use super::settings::{self, SettingsError};
use crate::config::Config;
use crate::remote::{Kept, Remote};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the system's uplink keeps its state, and how one sees that there is one.
const UPLINK_STATE: &str = "var/lib/sidetone";
const UPLINK_SOCKET: &str = "run/sidetone/uplink.sock";

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum NotKnown {
    /// The file cannot be read.
    #[error("{path} cannot be read ({error}); try it with sudo")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It holds something else.
    #[error("{path} is damaged ({error}); the daemon leaves it out and gets them from the broker")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The node has no name, or nowhere to keep state.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// One document that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// `fleet`, `group/NAME` or `node`.
    pub layer: String,
    /// Its version.
    pub version: u64,
    /// The keys it sets, dotted; one that is put back to its default too.
    pub keys: Vec<String>,
}

/// The settings.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// Files and documents together.
    pub config: Config,
    /// The documents, in the order in which they are merged.
    pub documents: Vec<Taken>,
    /// Those that are kept, but do not go with the files any more: one sentence each.
    pub left_out: Vec<String>,
}

impl InForce {
    /// Reads what the daemon keeps; below `root`, which is `/`, the system's uplink is looked for.
    ///
    /// # Errors
    /// [`NotKnown`].
    pub fn read(local: &Config, root: &Path) -> Result<Self, NotKnown> {
        let topics = settings::topics(local)?;
        let by_system = local.node.state_dir.is_none() && root.join(UPLINK_SOCKET).exists();
        let directory = match by_system {
            true => root.join(UPLINK_STATE),
            false => settings::state_dir(local)?,
        };
        let path = directory.join(Kept::FILE);
        let kept = match std::fs::read(&path) {
            Ok(bytes) => Kept::from_json(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => return Err(NotKnown::Unreadable { path, error }),
        };
        let kept = kept.map_err(|error| NotKnown::Damaged { path, error })?;
        let remote = Remote::new(local.clone(), topics, kept, Duration::ZERO);
        let documents = remote.taken().map(|(layer, document)| {
            let mut keys = Vec::new();
            keys_of(document.set(), "", &mut keys);
            Taken {
                layer: layer.to_string(),
                version: document.version(),
                keys,
            }
        });
        let errors = remote.reported().errors.into_iter();
        Ok(Self {
            config: remote.effective().clone(),
            documents: documents.collect(),
            left_out: errors
                .map(|fault| format!("{}: {}", fault.layer, fault.message))
                .collect(),
        })
    }

    /// Of each key that a document decides, which: `over MQTT: fleet, version 7`.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<String, String> {
        let mut origins = BTreeMap::new();
        for one in &self.documents {
            let origin = format!("over MQTT: {}, version {}", one.layer, one.version);
            origins.extend(one.keys.iter().map(|key| (key.clone(), origin.clone())));
        }
        origins
    }
}

fn keys_of(set: &Value, section: &str, keys: &mut Vec<String>) {
    let Value::Object(entries) = set else {
        return keys.push(section.to_owned());
    };
    for (name, value) in entries {
        let key = match section {
            "" => name.clone(),
            section => format!("{section}.{name}"),
        };
        keys_of(value, &key, keys);
    }
}
