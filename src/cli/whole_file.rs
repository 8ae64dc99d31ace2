//! A file that is written whole or not at all.
//!
//! *Promises*: the old file stands until the new one is complete beside it; a link is followed.
//!
//! *Fails* before the work that makes the content, if [`WholeFile::at`] can tell already.
//!
//! *Never* replaces what is no plain file: a device or a pipe is written to as it is.

use super::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Where the content will go.
#[derive(Debug)]
pub(super) struct WholeFile<'p> {
    /// As the user named it.
    path: &'p Path,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Written here first, then given the name of the second.
    Beside(PathBuf, PathBuf),
    /// A device or a pipe.
    Direct,
}

impl<'p> WholeFile<'p> {
    /// Checks that a file can be written there.
    ///
    /// # Errors
    /// [`Failure::Write`].
    pub(super) fn at(path: &'p Path) -> Result<Self, Failure> {
        let place = Self::place(path).map_err(|source| failure(path, source))?;
        Ok(Self { path, place })
    }

    fn place(path: &Path) -> io::Result<Place> {
        let target = match fs::canonicalize(path) {
            Ok(target) => target,
            Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        match fs::metadata(&target) {
            Ok(there) if there.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => return Ok(Place::Direct),
            Ok(_) => drop(OpenOptions::new().write(true).open(&target)?),
            Err(_) => {}
        }
        let name = target.file_name().ok_or(ErrorKind::IsADirectory)?;
        let mut beside = name.to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = target.with_file_name(beside);
        // Whether it works is known now, and nothing is left if the work is broken off.
        drop(create(&beside)?);
        fs::remove_file(&beside)?;
        Ok(Place::Beside(beside, target))
    }

    /// Writes the content.
    ///
    /// # Errors
    /// [`Failure::Write`]; the old file, if there was one, is unchanged.
    pub(super) fn write(self, content: &str) -> Result<(), Failure> {
        let written = match &self.place {
            Place::Direct => OpenOptions::new()
                .write(true)
                .open(self.path)
                .and_then(|mut file| file.write_all(content.as_bytes())),
            Place::Beside(beside, target) => {
                let written = create(beside)
                    .and_then(|mut file| file.write_all(content.as_bytes()))
                    .and_then(|()| fs::rename(beside, target));
                if written.is_err() {
                    // What could not be written may be impossible to remove as well; the first
                    // fault is the one to tell.
                    let _ = fs::remove_file(beside);
                }
                written
            }
        };
        written.map_err(|source| failure(self.path, source))
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn failure(path: &Path, source: io::Error) -> Failure {
    Failure::Write {
        path: path.to_owned(),
        source,
    }
}
