//! The station's end of the socket: connects for ever, and keeps what must not be lost until the uplink has it.

use super::door::Reader;
use crate::services::frames::line;
use crate::services::kept::Kept;
use crate::services::message::{GatewayAnswer, Hello, PROTOCOL};
use crate::services::{ToStation, ToUplink};
use sidetone_wire::message::StationMessage;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

/// Messages that may wait for the station.
const WAITING: usize = 1024;

/// Pause before the second attempt to connect, doubled each time up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// An uplink that reads nothing for so long is connected to anew.
const PATIENCE: Duration = Duration::from_secs(5);

/// At the station's end: what the uplink has not taken by then is lost.
const LAST: Duration = Duration::from_secs(1);

/// The line to the uplink.
#[derive(Debug)]
pub(super) struct Line {
    say: mpsc::Sender<StationMessage>,
    reply: mpsc::Sender<ToUplink>,
    heard: mpsc::Receiver<ToStation>,
    task: JoinHandle<()>,
}

impl Line {
    /// Begins to connect. Must be called on the runtime.
    pub(super) fn start(socket: &Path) -> Self {
        let (say, said) = mpsc::channel(WAITING);
        let (reply, replies) = mpsc::channel(WAITING);
        let (tell, heard) = mpsc::channel(WAITING);
        let end = StationEnd {
            socket: socket.to_owned(),
            station: Uuid::now_v7(),
            began: Instant::now(),
            kept: Kept::default(),
            said,
            replies,
            tell,
            is_away: false,
        };
        Self {
            say,
            reply,
            heard,
            task: tokio::spawn(end.keep()),
        }
    }

    /// Where messages for the broker go.
    pub(super) fn say(&self) -> mpsc::Sender<StationMessage> {
        self.say.clone()
    }

    /// Says something to the uplink itself, after what has been said for the broker.
    pub(super) async fn reply(&self, message: ToUplink) {
        if self.reply.send(message).await.is_err() {
            tracing::error!("the line to the uplink has ended");
        }
    }

    /// The way of [`Line::reply`] for tasks.
    pub(super) fn replies(&self) -> mpsc::Sender<ToUplink> {
        self.reply.clone()
    }

    /// What the uplink says next.
    pub(super) async fn next(&mut self) -> ToStation {
        match self.heard.recv().await {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }

    /// Waits a little until the uplink has everything.
    pub(super) async fn close(self) {
        drop((self.say, self.reply, self.heard));
        let _ = self.task.await;
    }
}

struct StationEnd {
    socket: PathBuf,
    /// This process.
    station: Uuid,
    began: Instant,
    kept: Kept,
    said: mpsc::Receiver<StationMessage>,
    replies: mpsc::Receiver<ToUplink>,
    tell: mpsc::Sender<ToStation>,
    /// Has been logged.
    is_away: bool,
}

impl StationEnd {
    async fn keep(mut self) {
        let mut pause = PAUSE;
        loop {
            match UnixStream::connect(&self.socket).await {
                Ok(stream) => {
                    let began = Instant::now();
                    match self.speak(stream).await {
                        Ok(true) => break,
                        Ok(false) => self.is_gone("it closed the connection"),
                        Err(error) => self.is_gone(&error.to_string()),
                    }
                    if began.elapsed() > PAUSE_MAX {
                        pause = PAUSE;
                    }
                }
                Err(error) => self.is_gone(&error.to_string()),
            }
            if !self.wait(Instant::now() + pause).await {
                break;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
        if !self.kept.is_empty() {
            tracing::warn!(
                lost = self.kept.len(),
                "the station ends, and the uplink has not taken its last messages"
            );
        }
    }

    fn is_gone(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_away, true) {
            tracing::warn!(
                socket = %self.socket.display(),
                "the uplink is away ({why}); the station goes on and looks for it (systemctl status sidetone-uplink)"
            );
        }
    }

    /// Without an uplink; `false` when the station ends.
    async fn wait(&mut self, until: Instant) -> bool {
        loop {
            tokio::select! {
                () = sleep_until(until) => return true,
                said = self.said.recv() => match said {
                    Some(message) => drop(self.number(message, false)),
                    None => return false,
                },
                // Answers to questions of a connection that is gone.
                reply = self.replies.recv() => if reply.is_none() && self.said.is_closed() {
                    return false;
                },
            }
        }
    }

    /// A message's line, with its number; kept until it is taken. A hold cannot wait for an uplink.
    fn number(&mut self, message: StationMessage, is_live: bool) -> Option<Vec<u8>> {
        if let (StationMessage::Hold { order, .. }, false) = (&message, is_live) {
            let answer = GatewayAnswer::Unknown("the uplink is away".to_owned());
            let order = *order;
            let _ = self.tell.try_send(ToStation::Gateway { order, answer });
            return None;
        }
        let n = self.kept.number();
        self.kept.note(self.began.elapsed(), &message);
        let said = ToUplink::Said { n, message };
        let bytes = match line(&said) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "a message cannot be written for the uplink");
                return None;
            }
        };
        if let ToUplink::Said { message, .. } = &said {
            self.kept.keep(n, message, bytes.clone());
        }
        Some(bytes)
    }

    /// One connection; `true` when the station ends.
    async fn speak(&mut self, stream: UnixStream) -> io::Result<bool> {
        let (read, mut to) = stream.into_split();
        let mut reader = Reader::new(read);
        let lost = self.kept.take_lost();
        let hello = ToUplink::Hello(Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            station: self.station,
            standing: self.kept.standing(),
            calls: self.kept.calls(self.began.elapsed()),
            lost,
        });
        write(&mut to, &line(&hello)?).await?;
        let mut is_live = false;
        let mut last: Option<Instant> = None;
        loop {
            if last.is_some() && self.kept.is_empty() {
                return Ok(true);
            }
            tokio::select! {
                heard = reader.next::<ToStation>() => {
                    let Some(heard) = heard? else { return Ok(false) };
                    match &heard {
                        ToStation::Welcome(welcome) => {
                            is_live = true;
                            self.kept.taken(welcome.taken);
                            for bytes in self.kept.lines() {
                                write(&mut to, bytes).await?;
                            }
                            if std::mem::replace(&mut self.is_away, false) {
                                tracing::info!("the uplink is here again");
                            }
                        }
                        ToStation::Taken { n } => {
                            self.kept.taken(*n);
                            continue;
                        }
                        ToStation::Inactive { .. } => self.is_away = false,
                        _ => {}
                    }
                    if last.is_none() && self.tell.try_send(heard).is_err() {
                        return Err(io::Error::other("the station does not take what it is told"));
                    }
                }
                said = self.said.recv(), if last.is_none() => match said {
                    Some(message) => {
                        if let Some(bytes) = self.number(message, is_live) && is_live {
                            write(&mut to, &bytes).await?;
                        }
                    }
                    None => last = Some(Instant::now() + LAST),
                },
                Some(reply) = self.replies.recv() => {
                    while let Ok(message) = self.said.try_recv() {
                        if let Some(bytes) = self.number(message, is_live) && is_live {
                            write(&mut to, &bytes).await?;
                        }
                    }
                    write(&mut to, &line(&reply)?).await?;
                }
                () = until(last) => return Ok(true),
            }
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn write(to: &mut OwnedWriteHalf, bytes: &[u8]) -> io::Result<()> {
    match timeout(PATIENCE, to.write_all(bytes)).await {
        Ok(done) => done,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
