//! Where the socket is, and whose turn it is to serve it.

use crate::config::default_state_dir;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The socket's name in its directory.
const NAME: &str = "status.sock";

/// Where the packaged system service has its socket.
const SYSTEM: &str = "/run/sidetone";

/// Why the socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The directory.
    #[error(
        "{directory} cannot be used for the local socket ({error}); without it `sidetone monitor` does not work"
    )]
    Directory {
        /// Which.
        directory: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Somebody else could put a socket there.
    #[error(
        "{directory} belongs to another user or can be written by others, so no local socket is served there; `chmod 700` it, or remove it"
    )]
    Open {
        /// Which.
        directory: PathBuf,
    },
    /// A second daemon of this user.
    #[error(
        "another daemon of this user serves {socket}; this one runs without a local socket, so `sidetone monitor` shows the other"
    )]
    Taken {
        /// Its socket.
        socket: PathBuf,
    },
}

fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    // systemd names several directories with colons between; ours is the first.
    let text = value.to_string_lossy();
    Some(PathBuf::from(text.split(':').next()?))
}

/// Where the daemon serves, by its environment and its state directory.
#[must_use]
pub fn directory(state_dir: &Path) -> PathBuf {
    variable("RUNTIME_DIRECTORY")
        .or_else(|| Some(variable("XDG_RUNTIME_DIR")?.join("sidetone")))
        .unwrap_or_else(|| state_dir.to_owned())
}

/// Where a reader looks, in this order. `sidetone station` does not use the configured state directory, which is the
/// uplink's: without a runtime directory it serves in its user's own.
#[must_use]
pub fn sockets(state_dir: Option<&Path>) -> Vec<PathBuf> {
    let user = variable("XDG_RUNTIME_DIR").map(|directory| directory.join("sidetone"));
    [
        variable("RUNTIME_DIRECTORY"),
        user,
        state_dir.map(Path::to_owned),
        default_state_dir(),
        Some(PathBuf::from(SYSTEM)),
    ]
    .into_iter()
    .flatten()
    .map(|directory| directory.join(NAME))
    .collect()
}

/// The right to serve in a directory; ends with the process at the latest. Dropping it removes the socket.
#[derive(Debug)]
pub struct Place {
    socket: PathBuf,
    /// Its lock is the right; the kernel gives it back however the process ends.
    _lock: File,
}

impl Place {
    /// Takes the directory and listens. A socket that a killed daemon left is replaced.
    ///
    /// # Errors
    /// [`PlaceError`]; nothing was changed but that the directory may have been made.
    pub fn take(directory: &Path) -> Result<(Self, UnixListener), PlaceError> {
        let failed = |error| PlaceError::Directory {
            directory: directory.to_owned(),
            error,
        };
        let made = DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(directory);
        made.map_err(failed)?;
        let lock = File::open(directory).map_err(failed)?;
        let about = lock.metadata().map_err(failed)?;
        if about.uid() != rustix::process::geteuid().as_raw() || about.mode() & 0o022 != 0 {
            return Err(PlaceError::Open {
                directory: directory.to_owned(),
            });
        }
        let socket = directory.join(NAME);
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(PlaceError::Taken { socket }),
            Err(error) => return Err(failed(error.into())),
        }
        // Nobody can reach it before it is his alone: it gets its name last.
        let unnamed = directory.join(format!("{NAME}.new"));
        let listen = || {
            remove(&unnamed)?;
            let listener = UnixListener::bind(&unnamed)?;
            std::fs::set_permissions(&unnamed, Permissions::from_mode(0o600))?;
            std::fs::rename(&unnamed, &socket)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = listen().map_err(failed)?;
        let place = Self {
            socket,
            _lock: lock,
        };
        Ok((place, listener))
    }

    /// Its name.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.socket) {
            tracing::warn!(socket = %self.socket.display(), %error, "the local socket cannot be removed");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_living_daemon_keeps_its_socket_and_a_dead_ones_is_replaced() {
        let above = tempfile::tempdir().unwrap();
        let directory = above.path().join("sidetone");
        let (first, _listening) = Place::take(&directory).unwrap();
        let second = Place::take(&directory).unwrap_err();
        assert!(second.to_string().contains("another daemon"), "{second}");
        assert!(UnixStream::connect(first.socket()).is_ok());
        drop(first);
        assert!(!directory.join(NAME).exists(), "removed on exit");

        // What `kill -9` leaves: the sockets without the lock.
        drop(UnixListener::bind(directory.join(NAME)).unwrap());
        drop(UnixListener::bind(directory.join("status.sock.new")).unwrap());
        let (third, _listening) = Place::take(&directory).unwrap();
        assert!(UnixStream::connect(third.socket()).is_ok());
    }

    #[test]
    fn directory_and_socket_are_their_owners_alone() {
        let above = tempfile::tempdir().unwrap();
        let directory = above.path().join("deep/sidetone");
        let (place, _listening) = Place::take(&directory).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&directory), mode(place.socket())), (0o700, 0o600));
        drop(place);
        std::fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
        let refused = Place::take(&directory).unwrap_err();
        assert!(refused.to_string().contains("chmod 700"), "{refused}");
    }
}
