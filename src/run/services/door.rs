//! The uplink's socket: who comes in, and what each says. A connection that says something wrong, says nothing at the
//! start, or does not read ends alone.

use super::ServiceError;
use super::room::Room;
use crate::services::frames::{Frames, line};
use crate::services::message::Hello;
use crate::services::seats::login_of;
use crate::services::turns::Peer;
use crate::services::{ToStation, ToUplink};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A connection says hello by then, and reads what it is told by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// Messages that may wait for a station.
const WAITING: usize = 512;

/// What comes through the door.
#[derive(Debug)]
pub(super) enum Came {
    /// A station.
    Joined(Box<Guest>),
    /// It says something.
    Said(Peer, Box<ToUplink>),
    /// It is gone.
    Left(Peer),
}

/// A station that has said hello.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) peer: Peer,
    /// Numeric id and login, as the kernel and the system's user list say.
    pub(super) user: u32,
    pub(super) login: Option<String>,
    pub(super) hello: Hello,
    pub(super) tell: mpsc::Sender<ToStation>,
    /// It has been told that it is another's turn.
    pub(super) waits: bool,
}

/// The served socket. Dropping it removes the socket.
#[derive(Debug)]
pub(super) struct Door {
    path: PathBuf,
    accepting: JoinHandle<()>,
    /// Its lock is the right to serve here, also over a socket that a killed uplink left.
    _lock: File,
}

impl Door {
    /// Serves. Any local user may knock; the kernel says who it is.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub(super) fn open(path: &Path, came: mpsc::Sender<Came>) -> Result<Self, ServiceError> {
        let failed = |error: io::Error| ServiceError::Socket {
            path: path.to_owned(),
            error,
        };
        let mut lock_name = path.as_os_str().to_owned();
        lock_name.push(".lock");
        let lock = File::create(&lock_name).map_err(failed)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(ServiceError::Taken(path.to_owned()));
        }
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => {
                std::fs::remove_file(path).map_err(failed)?;
            }
            Ok(_) => return Err(failed(io::ErrorKind::AlreadyExists.into())),
            Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            accepting: tokio::spawn(keep(listener, came)),
            _lock: lock,
        })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn keep(listener: UnixListener, came: mpsc::Sender<Came>) {
    let room = Room::default();
    let mut last: Peer = 0;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors: not again at once.
                tracing::warn!(%error, "a station cannot be let in");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let Ok(user) = stream.peer_cred().map(|peer| peer.uid()) else {
            continue;
        };
        let place = match room.take(user) {
            Ok(place) => place,
            Err(full) => {
                tracing::warn!(user, "{full}; one more connection is refused");
                continue;
            }
        };
        last += 1;
        let (peer, came) = (last, came.clone());
        tokio::spawn(async move {
            if let Err(error) = serve(stream, peer, user, &came).await {
                tracing::warn!(user, %error, "a connection of this user ends");
            }
            let _ = came.send(Came::Left(peer)).await;
            drop(place);
        });
    }
}

async fn serve(
    stream: UnixStream,
    peer: Peer,
    user: u32,
    came: &mpsc::Sender<Came>,
) -> io::Result<()> {
    let (read, write) = stream.into_split();
    let mut reader = Reader::new(read);
    let first = timeout(PATIENCE, reader.next()).await?;
    let hello = match first? {
        Some(ToUplink::Hello(hello)) => hello,
        Some(_) => return Err(wrong("it does not say hello first")),
        None => return Ok(()),
    };
    let (tell, told) = mpsc::channel(WAITING);
    let writing = tokio::spawn(write_all(write, told));
    let guest = Guest {
        peer,
        user,
        login: login_of(user).await,
        hello,
        tell,
        waits: false,
    };
    let _ = came.send(Came::Joined(Box::new(guest))).await;
    let mut writing = writing;
    loop {
        tokio::select! {
            // Nobody tells it anything any more, or it does not read.
            _ = &mut writing => return Ok(()),
            said = reader.next() => match said? {
                Some(ToUplink::Hello(_)) => return Err(wrong("it says hello twice")),
                Some(said) => {
                    if came.send(Came::Said(peer, Box::new(said))).await.is_err() {
                        return Ok(());
                    }
                }
                None => return Ok(()),
            },
        }
    }
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Writes what is told; ends when nobody tells any more, or nobody reads.
async fn write_all<T: serde::Serialize>(mut to: OwnedWriteHalf, mut told: mpsc::Receiver<T>) {
    while let Some(message) = told.recv().await {
        let line = match line(&message) {
            Ok(line) => line,
            Err(error) => {
                tracing::error!(%error, "a message between the services cannot be written");
                continue;
            }
        };
        if !matches!(timeout(PATIENCE, to.write_all(&line)).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// One end's messages. May be dropped and asked again at any time.
#[derive(Debug)]
pub(super) struct Reader {
    from: OwnedReadHalf,
    frames: Frames,
}

impl Reader {
    pub(super) fn new(from: OwnedReadHalf) -> Self {
        Self {
            from,
            frames: Frames::default(),
        }
    }

    /// The next message; `None` = the other end is gone.
    ///
    /// # Errors
    /// If the bytes are no messages.
    pub(super) async fn next<T: serde::de::DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            let message = self.frames.message();
            if let Some(message) =
                message.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
            {
                return Ok(Some(message));
            }
            let mut piece = vec![0; 16 * 1024];
            let length = match self.from.read(&mut piece).await {
                Ok(0) => return Ok(None),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            };
            self.frames.push(&piece[..length]);
        }
    }
}
