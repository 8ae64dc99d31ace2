//! The reading end, for the commands of this program: blocking, one line at a time.

use super::line::{Line, SCHEMA, Snapshot};
use super::place;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The daemon says something every second; after this long it hangs.
const SILENCE: Duration = Duration::from_secs(5);

/// Longest line: 200 messages and the state of many headsets.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Why nothing can be seen.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No daemon serves any of the places.
    #[error(
        "no daemon is running for this user; start it with `systemctl --user start sidetone`, or in another terminal with `sidetone run`"
    )]
    NotRunning,
    /// The socket is another user's.
    #[error(
        "the daemon of another user is running here, and only that user or root may look at it; start your own with `systemctl --user start sidetone`"
    )]
    NotYours,
    /// It takes no further reader.
    #[error("the daemon shows nothing more: {0}")]
    Refused(String),
    /// It says nothing.
    #[error("the daemon does not answer; `systemctl --user restart sidetone` starts it again")]
    Silent,
    /// It ended.
    #[error("the daemon has ended; start it with `systemctl --user start sidetone`")]
    Ended,
    /// It is of another version.
    #[error(
        "the daemon is of another version and says what this one does not understand ({0}); restart it with `systemctl --user restart sidetone`"
    )]
    Strange(String),
    /// The socket.
    #[error(
        "the daemon's socket cannot be read: {0}; restart it with `systemctl --user restart sidetone`"
    )]
    Socket(#[source] io::Error),
}

/// A connection to the daemon.
#[derive(Debug)]
pub struct Connection {
    lines: BufReader<UnixStream>,
}

impl Connection {
    /// Finds the daemon of this user, or of the system, by environment and state directory.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] or [`ClientError::NotYours`].
    pub fn open(state_dir: Option<&Path>) -> Result<Self, ClientError> {
        let mut why = ClientError::NotRunning;
        for socket in place::sockets(state_dir) {
            match Self::to(&socket) {
                Err(ClientError::NotRunning) => {}
                Err(ClientError::NotYours) => why = ClientError::NotYours,
                other => return other,
            }
        }
        Err(why)
    }

    /// The daemon behind this socket.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] or [`ClientError::NotYours`].
    pub fn to(socket: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => ClientError::NotYours,
            _ => ClientError::NotRunning,
        })?;
        stream
            .set_read_timeout(Some(SILENCE))
            .map_err(ClientError::Socket)?;
        Ok(Self {
            lines: BufReader::new(stream),
        })
    }

    /// The first line.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn snapshot(&mut self) -> Result<Snapshot, ClientError> {
        match self.next_line()? {
            Line::Snapshot(snapshot) if snapshot.schema == SCHEMA => Ok(*snapshot),
            Line::Snapshot(snapshot) => Err(ClientError::Strange(snapshot.schema)),
            Line::State(_) | Line::Sent(_) | Line::Refused { .. } => {
                Err(ClientError::Strange("no snapshot".to_owned()))
            }
        }
    }

    /// The next line; waits for it.
    ///
    /// # Errors
    /// [`ClientError`]; the connection is of no further use.
    pub fn next_line(&mut self) -> Result<Line, ClientError> {
        let mut text = String::new();
        let read = self.lines.by_ref().take(LONGEST).read_line(&mut text);
        match read {
            Ok(0) => return Err(ClientError::Ended),
            Ok(_) => {}
            Err(error) => {
                return Err(match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ClientError::Silent,
                    io::ErrorKind::ConnectionReset => ClientError::Ended,
                    _ => ClientError::Socket(error),
                });
            }
        }
        match serde_json::from_str(&text) {
            Ok(Line::Refused { reason }) => Err(ClientError::Refused(reason)),
            Ok(line) => Ok(line),
            Err(error) => Err(ClientError::Strange(error.to_string())),
        }
    }
}
