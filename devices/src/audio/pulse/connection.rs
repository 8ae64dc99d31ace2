//! One connection to a sound server: socket, authentication, framing.

use crate::audio::tap::Locked;
use pulseaudio::protocol::{
    self, AuthParams, AuthReply, Command, CommandTag, DESCRIPTOR_SIZE, Prop, Props, ProtocolError,
    SetClientNameReply, TagStructRead, TagStructReader,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use std::collections::VecDeque;
use std::ffi::CString;
use std::io::Cursor;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The `application.id` of every connection of ours: streams with it are never a foreign application's.
pub(crate) const APPLICATION_ID: &str = "org.sidetone.Sidetone";

/// How long an answer or a full socket may take before the server counts as stalled.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes read at once. Samples pass through here, so the memory is locked and cleared behind them.
const INBOX: usize = 64 * 1024;

/// Longest command believed. Lists of devices with all their properties stay far below.
const MAX_COMMAND: usize = 8 * 1024 * 1024;

/// Length of a PulseAudio cookie, in bytes.
const COOKIE: usize = 256;

/// Channel number that marks a command in the frame header.
const COMMAND_CHANNEL: u32 = u32::MAX;

/// Why a connection is of no use (any more).
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No socket to be found.
    #[error("no sound server runs in this session; log in at the desktop, or start PipeWire")]
    NotRunning,
    /// The socket cannot be reached.
    #[error("the sound server at {path} cannot be reached ({error}); check that it runs")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: Errno,
    },
    /// It does not answer.
    #[error(
        "the sound server did not answer within {} s; restart it if this stays",
        .0.as_secs()
    )]
    Stalled(Duration),
    /// It closed the connection.
    #[error("the sound server closed the connection; waiting for it to come back")]
    Closed,
    /// It speaks something else.
    #[error("the sound server said something unexpected ({0}); update it, or report this")]
    Protocol(String),
    /// It refused a request.
    #[error("the sound server refused a request ({0}); check who may use it")]
    Refused(protocol::PulseError),
    /// No memory for its samples.
    #[error(transparent)]
    Memory(#[from] crate::audio::tap::LockedMemoryError),
}

impl From<ProtocolError> for ServerError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::ServerError(error) => Self::Refused(error),
            other => Self::Protocol(other.to_string()),
        }
    }
}

/// Where the sound server is. What is `None` is found as libpulse finds it: `PULSE_SERVER`,
/// `PULSE_RUNTIME_PATH`, `XDG_RUNTIME_DIR`; `PULSE_COOKIE`, `~/.config/pulse/cookie`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerAddress {
    /// The socket.
    pub socket: Option<PathBuf>,
    /// The file with the authentication cookie.
    pub cookie: Option<PathBuf>,
}

impl ServerAddress {
    /// The socket, if there is one now.
    #[must_use]
    pub fn find_socket(&self) -> Option<PathBuf> {
        if let Some(path) = &self.socket {
            return path.exists().then(|| path.clone());
        }
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let named = std::env::var("PULSE_SERVER").ok().and_then(|text| {
            let path = text.rsplit_once("unix:").map_or(text.as_str(), |(_, p)| p);
            path.starts_with('/').then(|| PathBuf::from(path))
        });
        let session = || PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
        named
            .into_iter()
            .chain(variable("PULSE_RUNTIME_PATH").map(|path| path.join("native")))
            .chain([variable("XDG_RUNTIME_DIR")
                .unwrap_or_else(session)
                .join("pulse/native")])
            .find(|path| path.exists())
    }

    /// The cookie; zeros if there is none (the server then decides by user id).
    fn read_cookie(&self) -> Vec<u8> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let home = variable("HOME").unwrap_or_default();
        self.cookie
            .clone()
            .or_else(|| variable("PULSE_COOKIE"))
            .into_iter()
            .chain([
                home.join(".config/pulse/cookie"),
                home.join(".pulse-cookie"),
            ])
            .find_map(|path| std::fs::read(path).ok().filter(|c| c.len() == COOKIE))
            .unwrap_or_else(|| vec![0; COOKIE])
    }
}

/// What the server sent.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    /// Nothing came in time.
    Nothing,
    /// A command.
    Message(Message),
    /// A part of a stream's samples, in whole `f32`s.
    Samples { channel: u32, bytes: &'a [u8] },
}

/// The commands that matter to us.
#[derive(Debug)]
pub(crate) enum Message {
    /// The answer to the request with this number; the body is still encoded.
    Reply { to: u32, body: Vec<u8> },
    /// Its refusal.
    Refusal {
        to: u32,
        error: protocol::PulseError,
    },
    /// Something on the server changed.
    Changed,
    /// A record stream is over.
    Killed { channel: u32 },
    /// A record stream listens to another source now, although it was told not to.
    Moved { channel: u32 },
    /// A record stream's source was suspended or resumed.
    Suspended { channel: u32, suspended: bool },
    /// Anything else.
    Other,
}

/// What is being received.
enum Receiving {
    Header,
    Command { left: usize, bytes: Vec<u8> },
    Samples { left: usize, channel: u32 },
}

/// An authenticated connection.
pub(crate) struct Connection {
    socket: OwnedFd,
    version: u16,
    next: u32,
    inbox: Locked<u8>,
    /// Bytes in the inbox.
    filled: usize,
    /// Bytes at its start that were handed out and are to be cleared.
    used: usize,
    receiving: Receiving,
    /// Messages that came while an answer was awaited.
    aside: VecDeque<Message>,
}

impl Connection {
    /// Connects and logs in.
    pub(crate) fn open(address: &ServerAddress) -> Result<Self, ServerError> {
        let path = address.find_socket().ok_or(ServerError::NotRunning)?;
        let unreachable = |error| ServerError::Unreachable {
            path: path.clone(),
            error,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(unreachable)?;
        let name = SocketAddrUnix::new(&path).map_err(unreachable)?;
        rustix::net::connect(&socket, &name).map_err(unreachable)?;
        let mut connection = Self {
            socket,
            version: protocol::MAX_VERSION,
            next: 0,
            inbox: Locked::zeros(INBOX)?,
            filled: 0,
            used: 0,
            receiving: Receiving::Header,
            aside: VecDeque::new(),
        };
        let login: AuthReply = connection.ask(&Command::Auth(AuthParams {
            version: protocol::MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie: address.read_cookie(),
        }))?;
        connection.version = login.version.min(protocol::MAX_VERSION);
        let _: SetClientNameReply = connection.ask(&Command::SetClientName(client_properties()))?;
        Ok(connection)
    }

    /// The protocol version agreed on.
    pub(crate) fn version(&self) -> u16 {
        self.version
    }

    /// Sends a request and returns its number.
    pub(crate) fn send(&mut self, command: &Command) -> Result<u32, ServerError> {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let mut bytes = Vec::with_capacity(512);
        protocol::write_command_message(&mut bytes, number, command, self.version)?;
        let deadline = Instant::now() + PATIENCE;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match rustix::net::send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::AGAIN) => {
                    if !self.wait(PollFlags::OUT, deadline)? {
                        return Err(ServerError::Stalled(PATIENCE));
                    }
                }
                Err(Errno::INTR) => {}
                Err(_) => return Err(ServerError::Closed),
            }
        }
        Ok(number)
    }

    /// Sends a request and waits for its answer. What else arrives is kept for [`receive`](Self::receive);
    /// samples are dropped: use it only without streams.
    pub(crate) fn ask<T: TagStructRead>(&mut self, command: &Command) -> Result<T, ServerError> {
        let body = self.ask_raw(command)?;
        self.decode(&body)
    }

    /// [`ask`](Self::ask) for a request whose answer is empty.
    pub(crate) fn ask_raw(&mut self, command: &Command) -> Result<Vec<u8>, ServerError> {
        let number = self.send(command)?;
        let deadline = Instant::now() + PATIENCE;
        let mut aside = std::mem::take(&mut self.aside);
        let answer = loop {
            match self.receive(deadline)? {
                Incoming::Message(Message::Reply { to, body }) if to == number => break Ok(body),
                Incoming::Message(Message::Refusal { to, error }) if to == number => {
                    break Err(ServerError::Refused(error));
                }
                Incoming::Message(message) => aside.push_back(message),
                Incoming::Samples { .. } => {}
                Incoming::Nothing => return Err(ServerError::Stalled(PATIENCE)),
            }
        };
        self.aside = aside;
        answer
    }

    /// Decodes the body of a reply.
    pub(crate) fn decode<T: TagStructRead>(&self, body: &[u8]) -> Result<T, ServerError> {
        let mut cursor = Cursor::new(body);
        Ok(TagStructReader::new(&mut cursor, self.version).read()?)
    }

    /// The next thing the server sends, or [`Incoming::Nothing`] at the deadline.
    pub(crate) fn receive(&mut self, deadline: Instant) -> Result<Incoming<'_>, ServerError> {
        if let Some(message) = self.aside.pop_front() {
            return Ok(Incoming::Message(message));
        }
        self.clear_used();
        loop {
            match std::mem::replace(&mut self.receiving, Receiving::Header) {
                Receiving::Header => {
                    if self.filled >= DESCRIPTOR_SIZE {
                        self.receiving = self.begin()?;
                        self.used = DESCRIPTOR_SIZE;
                        self.clear_used();
                        continue;
                    }
                }
                Receiving::Command { left, mut bytes } => {
                    let part = left.min(self.filled);
                    bytes.extend_from_slice(&self.inbox[..part]);
                    self.used = part;
                    self.clear_used();
                    if part == left {
                        return Ok(Incoming::Message(understand(&bytes, self.version)?));
                    }
                    let left = left - part;
                    self.receiving = Receiving::Command { left, bytes };
                }
                Receiving::Samples { left, channel } => {
                    let part = left.min(self.filled);
                    let whole = if part == left {
                        part
                    } else {
                        part - part % size_of::<f32>()
                    };
                    if part < left {
                        let left = left - whole;
                        self.receiving = Receiving::Samples { left, channel };
                    }
                    if whole > 0 {
                        self.used = whole;
                        let bytes = &self.inbox[..whole];
                        return Ok(Incoming::Samples { channel, bytes });
                    }
                    if part == left {
                        continue; // an empty block
                    }
                }
            }
            if !self.fill(deadline)? {
                return Ok(Incoming::Nothing);
            }
        }
    }

    /// Reads what the frame header at the start of the inbox announces.
    fn begin(&self) -> Result<Receiving, ServerError> {
        let mut header = &self.inbox[..DESCRIPTOR_SIZE];
        let header = protocol::read_descriptor(&mut header)?;
        let left = header.length as usize;
        if header.channel != COMMAND_CHANNEL {
            let channel = header.channel;
            return Ok(Receiving::Samples { left, channel });
        }
        if left > MAX_COMMAND {
            return Err(ServerError::Protocol(format!("a command of {left} bytes")));
        }
        let bytes = Vec::with_capacity(left);
        Ok(Receiving::Command { left, bytes })
    }

    /// Overwrites the bytes that were handed out, and moves the others to the start.
    fn clear_used(&mut self) {
        if self.used > 0 {
            self.inbox.copy_within(self.used..self.filled, 0);
            let left = self.filled - self.used;
            self.inbox[left..self.filled].fill(0);
            self.filled = left;
            self.used = 0;
        }
    }

    /// Reads once; `false` at the deadline.
    fn fill(&mut self, deadline: Instant) -> Result<bool, ServerError> {
        loop {
            match rustix::io::read(&self.socket, &mut self.inbox[self.filled..]) {
                Ok(0) => return Err(ServerError::Closed),
                Ok(read) => {
                    self.filled += read;
                    return Ok(true);
                }
                Err(Errno::AGAIN) => {
                    if !self.wait(PollFlags::IN, deadline)? {
                        return Ok(false);
                    }
                }
                Err(Errno::INTR) => {}
                Err(_) => return Err(ServerError::Closed),
            }
        }
    }

    /// Waits for the socket; `false` at the deadline.
    fn wait(&self, what: PollFlags, deadline: Instant) -> Result<bool, ServerError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let timeout = Timespec::try_from(left)
            .map_err(|_| ServerError::Protocol("an endless time-out".to_owned()))?;
        match poll(&mut [PollFd::new(&self.socket, what)], Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(true),
            Err(_) => Err(ServerError::Closed),
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

/// What the server is told about us.
fn client_properties() -> Props {
    let mut properties = Props::new();
    properties.set(Prop::ApplicationName, c"Sidetone");
    properties.set_bytes(c"application.id", terminated(APPLICATION_ID));
    properties.set_bytes(
        c"application.process.id",
        terminated(&std::process::id().to_string()),
    );
    properties
}

/// A property's value as the protocol wants it.
pub(crate) fn terminated(text: &str) -> Box<[u8]> {
    CString::new(text)
        .unwrap_or_default()
        .into_bytes_with_nul()
        .into_boxed_slice()
}

/// Decodes a command as far as it matters.
fn understand(bytes: &[u8], version: u16) -> Result<Message, ServerError> {
    let mut cursor = Cursor::new(bytes);
    let (tag, number) = {
        let mut reader = TagStructReader::new(&mut cursor, version);
        (reader.read_u32()?, reader.read_u32()?)
    };
    let at = usize::try_from(cursor.position()).unwrap_or(bytes.len());
    let mut reader = TagStructReader::new(&mut cursor, version);
    let is = |known: CommandTag| tag == known as u32;
    Ok(if is(CommandTag::Reply) {
        Message::Reply {
            to: number,
            body: bytes[at..].to_vec(),
        }
    } else if is(CommandTag::Error) {
        Message::Refusal {
            to: number,
            error: reader.read_enum().unwrap_or(protocol::PulseError::Unknown),
        }
    } else if is(CommandTag::SubscribeEvent) {
        Message::Changed
    } else if is(CommandTag::RecordStreamKilled) {
        let channel = reader.read_u32()?;
        Message::Killed { channel }
    } else if is(CommandTag::RecordStreamMoved) {
        let channel = reader.read_u32()?;
        Message::Moved { channel }
    } else if is(CommandTag::RecordStreamSuspended) {
        Message::Suspended {
            channel: reader.read_u32()?,
            suspended: reader.read_bool()?,
        }
    } else {
        Message::Other
    })
}
