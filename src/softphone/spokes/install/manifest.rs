//! What was written, so that exactly that is removed.
//!
//! *Promises*: a file that another has written or changed is neither overwritten nor removed; each
//! file is there whole or not at all.

use super::InstallError;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Everybody,
    /// Only the owner and, if given, this group.
    Group(Option<u32>),
}

/// The files and directories that are ours, by their path on the machine.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// SHA-256 of each as it was written.
    files: BTreeMap<PathBuf, String>,
    /// In the order they were made.
    directories: Vec<PathBuf>,
}

/// A manifest and the machine's root directory.
#[derive(Debug)]
pub(super) struct Ledger {
    root: PathBuf,
    place: PathBuf,
    manifest: Manifest,
}

impl Ledger {
    /// What the manifest at `place` says; nothing if there is none.
    pub(super) fn open(root: &Path, place: PathBuf) -> Result<Self, InstallError> {
        let mut ledger = Self {
            root: root.to_owned(),
            place,
            manifest: Manifest::default(),
        };
        let path = ledger.below_root(&ledger.place);
        match fs::read(&path) {
            Ok(text) => {
                ledger.manifest = serde_json::from_slice(&text)
                    .map_err(|error| failed("read", &path, error.into()))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read", &path, error)),
        }
        Ok(ledger)
    }

    /// Nothing is known to be ours.
    pub(super) fn is_empty(&self) -> bool {
        self.manifest.files.is_empty()
    }

    /// Where this path of the machine is.
    pub(super) fn below_root(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Whether a file is there that is not ours, or was changed since.
    pub(super) fn is_anothers(&self, path: &Path) -> Result<bool, InstallError> {
        let place = self.below_root(path);
        match fs::read(&place) {
            Ok(text) => Ok(self.manifest.files.get(path) != Some(&digest(&text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("read", &place, error)),
        }
    }

    /// Writes a file of ours, which is noted before it is there.
    pub(super) fn write(
        &mut self,
        path: &Path,
        text: &str,
        readers: Readers,
    ) -> Result<(), InstallError> {
        if self.is_anothers(path)? {
            return Err(InstallError::Anothers(self.below_root(path)));
        }
        self.make_directory(path.parent().unwrap_or(path))?;
        let before = self
            .manifest
            .files
            .insert(path.to_owned(), digest(text.as_bytes()));
        self.save()?;
        let place = self.below_root(path);
        replace(&place, text, readers).map_err(|error| {
            // What is there is still the old one.
            if let Some(before) = before {
                self.manifest.files.insert(path.to_owned(), before);
            }
            failed("write", &place, error)
        })
    }

    fn make_directory(&mut self, path: &Path) -> Result<(), InstallError> {
        let place = self.below_root(path);
        if place.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.make_directory(parent)?;
        }
        fs::create_dir(&place)
            .and_then(|()| fs::set_permissions(&place, Permissions::from_mode(0o755)))
            .map_err(|error| failed("make", &place, error))?;
        self.manifest.directories.push(path.to_owned());
        Ok(())
    }

    fn save(&mut self) -> Result<(), InstallError> {
        let directory = self.place.parent().unwrap_or(&self.place).to_owned();
        self.make_directory(&directory)?;
        let place = self.below_root(&self.place);
        serde_json::to_string_pretty(&self.manifest)
            .map_err(io::Error::from)
            .and_then(|text| replace(&place, &text, Readers::Everybody))
            .map_err(|error| failed("write", &place, error))
    }

    /// Removes what is ours; returns the files that are left because another changed them.
    pub(super) fn remove_all(mut self) -> Result<Vec<PathBuf>, InstallError> {
        let mut left = Vec::new();
        let files: Vec<PathBuf> = self.manifest.files.keys().cloned().collect();
        for path in files {
            if self.is_anothers(&path)? {
                left.push(path);
                continue;
            }
            remove(&self.below_root(&path))?;
        }
        remove(&self.below_root(&self.place))?;
        // The innermost first. One that holds anything else stays.
        while let Some(directory) = self.manifest.directories.pop() {
            let _ = fs::remove_dir(self.below_root(&directory));
        }
        Ok(left)
    }
}

fn remove(place: &Path) -> Result<(), InstallError> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", place, error))
        }
        _ => Ok(()),
    }
}

/// The file is the old one until it is the new one, with its readers from the first byte on.
fn replace(place: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = place.with_file_name(name);
    let _ = fs::remove_file(&fresh);
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    let mode = match readers {
        Readers::Everybody => 0o644,
        Readers::Group(None) => 0o600,
        Readers::Group(Some(group)) => {
            fchown(&file, None, Some(group))?;
            0o640
        }
    };
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, place)
}

fn digest(text: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

fn failed(what: &'static str, place: &Path, source: io::Error) -> InstallError {
    InstallError::File {
        what,
        path: place.to_owned(),
        source,
    }
}
