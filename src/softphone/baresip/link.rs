//! The control channel: commands with their replies, and events in between.
//!
//! Only one program at a time has it: a new connection ends the one before.

use super::line::RtcpStats;
use super::netstring::{self, NotNetstring};
use crate::softphone::driver::Fault;
use rustix::net::sockopt::set_tcp_quickack;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Events kept while replies are waited for; what is beyond is old news, since the list of calls is read
/// after them.
const MAX_EVENTS: usize = 256;

/// What baresip says to a command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Reply {
    /// It knows the command and could do it.
    pub(super) ok: bool,
    /// Text for people.
    #[serde(default)]
    pub(super) data: String,
    #[serde(default)]
    token: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Event {
    /// `CALL_ESTABLISHED` and so on.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Which call.
    #[serde(default)]
    pub(super) id: String,
    /// The other side.
    #[serde(default)]
    pub(super) peeruri: String,
    /// `incoming`, `outgoing`.
    #[serde(default)]
    pub(super) direction: String,
    /// With `CALL_RTCP`.
    #[serde(default)]
    pub(super) rtcp_stats: Option<RtcpStats>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Reply(Reply),
    Event(Event),
    Other(serde::de::IgnoredAny),
}

/// An open channel.
#[derive(Debug)]
pub(super) struct Link {
    stream: TcpStream,
    buffer: Vec<u8>,
    events: VecDeque<Event>,
    token: u64,
}

impl Link {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Fault> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| Fault::NotThere(format!("{address}: {error}")))?;
        stream.set_nodelay(true).map_err(|error| lost(&error))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            events: VecDeque::new(),
            token: 0,
        })
    }

    /// Gives a command and waits for its reply. If the waiting is given up, the reply is dropped when it
    /// comes.
    pub(super) async fn ask(&mut self, command: &str, params: &str) -> Result<Reply, Fault> {
        self.token += 1;
        let token = self.token.to_string();
        let mut request = json!({ "command": command, "token": token });
        if !params.is_empty() {
            request["params"] = params.into();
        }
        let request = netstring::encode(request.to_string().as_bytes());
        self.stream
            .write_all(&request)
            .await
            .map_err(|error| lost(&error))?;
        loop {
            match self.message().await? {
                Message::Reply(reply) if reply.token == token => return Ok(reply),
                Message::Event(event) => self.keep(event),
                Message::Reply(_) | Message::Other(_) => {}
            }
        }
    }

    /// The next event.
    pub(super) async fn event(&mut self) -> Result<Event, Fault> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if let Message::Event(event) = self.message().await? {
                return Ok(event);
            }
        }
    }

    /// An event that has come already.
    pub(super) fn past_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn keep(&mut self, event: Event) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    async fn message(&mut self) -> Result<Message, Fault> {
        loop {
            let body = netstring::take(&mut self.buffer)
                .map_err(|NotNetstring| Fault::Nonsense(NotNetstring.to_string()))?;
            if let Some(body) = body {
                // Names of callers may be in any encoding.
                let text = String::from_utf8_lossy(&body);
                return serde_json::from_str(&text)
                    .map_err(|error| Fault::Nonsense(format!("{error} in its JSON")));
            }
            let read = self.stream.read_buf(&mut self.buffer).await;
            match read {
                Ok(0) => return Err(Fault::Closed),
                Ok(_) => {}
                Err(error) => return Err(lost(&error)),
            }
            // baresip writes a message in two pieces; the second waits for our acknowledgement of the
            // first, which the kernel holds back for 40 ms unless asked each time.
            let _ = set_tcp_quickack(&self.stream, true);
        }
    }
}

fn lost(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Fault::Closed,
        _ => Fault::NotThere(error.to_string()),
    }
}
