//! The daemon's end: takes readers, and shows each what is now and what was sent.

use super::line::{Line, Moment, SCHEMA, Snapshot};
use super::place::{Place, PlaceError};
use super::state::{Sent, State};
use crate::uplink::SentLog;
use crate::uplink::outgoing::now_ms;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// Readers at once.
pub const READERS: usize = 8;

/// A reader that takes nothing for this long is dropped.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Between two states.
const PERIOD: Duration = Duration::from_millis(100);

/// A state that has not changed is said again after this time.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Why the daemon has no window.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The runtime.
    #[error("the local socket cannot be served ({0}); see `ulimit -n`")]
    System(#[from] io::Error),
}

/// What is shown now: once for all readers.
#[derive(Debug)]
struct Shown {
    moment: Moment,
    line: Vec<u8>,
}

/// The daemon's end. Dropping it ends it and removes the socket.
#[derive(Debug)]
pub struct Server {
    shown: watch::Sender<Option<Arc<Shown>>>,
    /// How many readers there have been.
    joined: watch::Receiver<u64>,
    /// How many of them have been shown something.
    shown_to: u64,
    /// Not before this.
    next: Instant,
    last: Instant,
    accepting: JoinHandle<()>,
    _place: Place,
}

impl Server {
    /// Serves in `directory`. Must be called on a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`ServeError`]; the daemon can go on without.
    pub fn start(directory: &Path, sent: watch::Receiver<SentLog>) -> Result<Self, ServeError> {
        let (place, listener) = Place::take(directory)?;
        let listener = UnixListener::from_std(listener)?;
        let (shown, show) = watch::channel(None);
        let (join, joined) = watch::channel(0);
        let door = Door {
            listener,
            join,
            show,
            sent,
        };
        Ok(Self {
            shown,
            joined,
            shown_to: 0,
            next: Instant::now(),
            last: Instant::now(),
            accepting: tokio::spawn(door.keep()),
            _place: place,
        })
    }

    /// Comes when somebody looks and it is time to show the state again; never while nobody looks.
    /// May be dropped and asked for again at any time.
    pub async fn due(&mut self) {
        // The door itself holds one receiver.
        if self.shown.receiver_count() < 2 {
            let shown_to = self.shown_to;
            if self
                .joined
                .wait_for(|joined| *joined != shown_to)
                .await
                .is_err()
            {
                std::future::pending::<()>().await;
            }
        }
        sleep_until(self.next).await;
    }

    /// Shows the state to all readers, if it differs from what they know.
    pub fn show(&mut self, state: State) {
        let now = Instant::now();
        self.next = now + PERIOD;
        let joined = *self.joined.borrow_and_update();
        let known = self
            .shown
            .borrow()
            .as_ref()
            .is_some_and(|shown| shown.moment.state == state);
        if known && joined == self.shown_to && now - self.last < HEARTBEAT {
            return;
        }
        let moment = Moment {
            ts: now_ms(),
            state,
        };
        match encode(&Line::State(Box::new(moment.clone()))) {
            Ok(line) => {
                (self.last, self.shown_to) = (now, joined);
                self.shown
                    .send_replace(Some(Arc::new(Shown { moment, line })));
            }
            Err(error) => tracing::error!(%error, "the state cannot be written as JSON"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Who lets readers in.
struct Door {
    listener: UnixListener,
    join: watch::Sender<u64>,
    show: watch::Receiver<Option<Arc<Shown>>>,
    sent: watch::Receiver<SentLog>,
}

impl Door {
    async fn keep(self) {
        let room = Arc::new(Semaphore::new(READERS));
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors: not again at once.
                    tracing::debug!(%error, "a local reader was lost");
                    tokio::time::sleep(HEARTBEAT).await;
                    continue;
                }
            };
            let welcome = is_welcome(&stream);
            let mut reader = Reader {
                stream,
                show: self.show.clone(),
                sent: self.sent.clone(),
                newest: 0,
            };
            if !welcome {
                tracing::warn!("another user asked for the local socket and was refused");
                reader
                    .refuse("only its own user and root may look at it")
                    .await;
                continue;
            }
            let Ok(seat) = Arc::clone(&room).try_acquire_owned() else {
                let reason = format!("{READERS} programs look at it already; end one of them");
                reader.refuse(&reason).await;
                continue;
            };
            reader.show.mark_unchanged();
            self.join.send_modify(|joined| *joined += 1);
            tokio::spawn(async move {
                if let Err(error) = reader.serve().await {
                    tracing::debug!(%error, "a local reader left");
                }
                drop(seat);
            });
        }
    }
}

/// The same user, or root: the kernel says who is at the other end.
fn is_welcome(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// One reader.
struct Reader {
    stream: UnixStream,
    show: watch::Receiver<Option<Arc<Shown>>>,
    sent: watch::Receiver<SentLog>,
    /// The newest message it was told of.
    newest: u64,
}

impl Reader {
    async fn serve(mut self) -> io::Result<()> {
        let mut first = true;
        loop {
            tokio::select! {
                shown = self.show.changed() => {
                    if shown.is_err() {
                        return Ok(());
                    }
                }
                // It has nothing to say: it left, or it is no reader of ours.
                ready = self.stream.readable() => {
                    ready?;
                    match self.stream.try_read(&mut [0; 16]) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                        _ => return Ok(()),
                    }
                }
            }
            let Some(shown) = self.show.borrow_and_update().clone() else {
                continue;
            };
            let sent = Sent::after(&self.sent.borrow(), self.newest);
            if let Some(sent) = &sent {
                self.newest = sent.newest().max(self.newest);
            }
            if first {
                first = false;
                let snapshot = Line::Snapshot(Box::new(Snapshot {
                    schema: SCHEMA.to_owned(),
                    moment: shown.moment.clone(),
                    sent: sent.unwrap_or_default(),
                }));
                self.write(&encode(&snapshot)?).await?;
                continue;
            }
            if let Some(sent) = sent {
                self.write(&encode(&Line::Sent(sent))?).await?;
            }
            self.write(&shown.line).await?;
        }
    }

    /// One line into an empty socket: it fits, or the reader misses it.
    async fn refuse(&mut self, reason: &str) {
        let reason = reason.to_owned();
        if let Ok(line) = encode(&Line::Refused { reason }) {
            let _ = timeout(PERIOD, self.stream.write_all(&line)).await;
        }
    }

    async fn write(&mut self, line: &[u8]) -> io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(line)).await?
    }
}

fn encode(line: &Line) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests;
