//! The thread that keeps the outbox on disk: takes lines, tells which records are safe, reads them back.
//!
//! *Promises*: lines are written as they come, in order, and what has not been acknowledged meanwhile is on the disk
//! 40 ms after it was written, so that nothing is neither sent nor durable for more than 50 ms (DESIGN §6). A broker
//! that answers sooner costs no sync.
//! *Fails* by saying so once ([`Report::Failing`]) and trying again every five seconds; until [`Report::Working`]
//! nothing is kept, and whoever has the records keeps them in memory.
//! *Never* makes the caller wait: a disk that blocks, blocks this thread alone.

use super::line::{Id, Line, Record};
use super::segments::{LeftBehind, Segments};
use crate::uplink::identity::keep_boot;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// From the first write to the sync.
const SYNC_AFTER: Duration = Duration::from_millis(40);

/// A failing disk is tried again this often.
const RETRY: Duration = Duration::from_secs(5);

/// What does not work about the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTrouble {
    /// There is no room, or no more than a quota allows.
    Full,
    /// It cannot be written.
    ReadOnly,
    /// Anything else.
    Failing,
}

impl DiskTrouble {
    /// As `status` names it.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Full => "outbox_disk_full",
            Self::ReadOnly => "outbox_read_only",
            Self::Failing => "outbox_disk_failing",
        }
    }

    /// What stands in the way of a start, if one can do without the disk for now: it may be written some day. Anything
    /// else is a mistake of the configuration.
    pub(in crate::uplink) fn at_start(error: &io::Error) -> Option<Self> {
        let trouble = Self::of(error);
        (trouble != Self::Failing).then_some(trouble)
    }

    fn of(error: &io::Error) -> Self {
        use io::ErrorKind as E;
        match error.kind() {
            E::StorageFull | E::QuotaExceeded | E::FileTooLarge => Self::Full,
            E::ReadOnlyFilesystem | E::PermissionDenied => Self::ReadOnly,
            _ => Self::Failing,
        }
    }
}

/// Told to the thread.
#[derive(Debug)]
enum Op {
    Append(Vec<Line>),
    Load(Vec<Id>),
}

/// What the thread tells.
#[derive(Debug)]
pub(in crate::uplink) enum Report {
    /// These records are kept.
    Stored(Vec<Id>),
    /// A record that was asked for; `None` if it cannot be read any more.
    Loaded(Id, Option<Box<super::Outgoing>>),
    /// Nothing is kept from now on.
    Failing(DiskTrouble),
    /// The directory could not be opened at the start, and now is: what older starts left behind in it.
    Opened(Box<LeftBehind>),
    /// It works again; whatever was not [`Report::Stored`] must be handed over anew.
    Working,
}

/// The way to the thread. Dropping it ends the thread once everything handed over is written and synced.
#[derive(Debug)]
pub(in crate::uplink) struct Disk {
    ops: Option<Sender<Op>>,
    reports: UnboundedReceiver<Report>,
    ended: tokio::sync::oneshot::Receiver<()>,
}

impl Disk {
    /// Opens the directory and starts the thread; also what an older start left behind.
    ///
    /// # Errors
    /// If another process uses the directory, it cannot be read, or the system gives no thread.
    pub(in crate::uplink) fn open(directory: &Path) -> io::Result<(Self, LeftBehind)> {
        let (segments, left) = Segments::open(directory)?;
        Ok((Self::start(Some(segments), None)?, left))
    }

    /// Starts the thread although the directory cannot be written; it is opened once it can.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(in crate::uplink) fn open_later(later: Later) -> io::Result<Self> {
        Self::start(None, Some(later))
    }

    fn start(segments: Option<Segments>, later: Option<Later>) -> io::Result<Self> {
        let (ops, receiver) = channel();
        let (tell, reports) = unbounded_channel();
        let (end, ended) = tokio::sync::oneshot::channel();
        let writer = Writer {
            segments,
            trouble: later.is_some().then(|| Instant::now() + RETRY),
            later,
            tell,
            owed: Vec::new(),
            written: Vec::new(),
            sync_at: None,
        };
        std::thread::Builder::new()
            .name("outbox".to_owned())
            .spawn(move || {
                writer.run(&receiver);
                let _ = end.send(());
            })?;
        Ok(Self {
            ops: Some(ops),
            reports,
            ended,
        })
    }

    /// Hands lines over.
    pub(super) fn append(&self, lines: Vec<Line>) {
        self.tell(Op::Append(lines));
    }

    /// Asks for records; each is answered by [`Report::Loaded`].
    pub(super) fn load(&self, ids: Vec<Id>) {
        self.tell(Op::Load(ids));
    }

    fn tell(&self, op: Op) {
        if let Some(ops) = &self.ops
            && ops.send(op).is_err()
        {
            tracing::error!("the outbox' thread has ended; nothing is kept on disk any more");
        }
    }

    /// The next report.
    pub(in crate::uplink) async fn report(&mut self) -> Option<Report> {
        self.reports.recv().await
    }

    /// Waits until everything handed over is on the disk, but no longer than `patience`.
    pub(in crate::uplink) async fn close(mut self, patience: Duration) {
        self.ops = None;
        if tokio::time::timeout(patience, self.ended).await.is_err() {
            tracing::warn!("the disk is slow: not all of the outbox may be on it");
        }
    }
}

/// What is to be done once the state directory can be written.
#[derive(Debug)]
pub(in crate::uplink) struct Later {
    /// The state directory.
    pub(in crate::uplink) state_dir: PathBuf,
    /// The outbox in it.
    pub(in crate::uplink) directory: PathBuf,
    /// This start's number, to be kept.
    pub(in crate::uplink) boot: u64,
}

struct Writer {
    /// `None` until the directory can be opened.
    segments: Option<Segments>,
    later: Option<Later>,
    tell: UnboundedSender<Report>,
    /// The trouble, and when it is tried again.
    trouble: Option<Instant>,
    /// Records that went while nothing could be written.
    owed: Vec<Id>,
    /// Records written but not synced.
    written: Vec<Id>,
    sync_at: Option<Instant>,
}

impl Writer {
    fn run(mut self, ops: &Receiver<Op>) {
        loop {
            let now = Instant::now();
            let due = self.trouble.or(self.sync_at);
            let told = match due {
                Some(due) => ops.recv_timeout(due.saturating_duration_since(now)),
                None => ops.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match told {
                Ok(Op::Append(lines)) => self.append(lines),
                Ok(Op::Load(ids)) => ids.into_iter().for_each(|id| self.load(id)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.sync();
                    return;
                }
            }
            // Looked at after each piece of work: a stream of lines must not put off the sync.
            let now = Instant::now();
            if self.trouble.is_some_and(|at| at <= now) {
                self.try_again();
            } else if self.sync_at.is_some_and(|at| at <= now) {
                self.sync();
            }
        }
    }

    fn append(&mut self, lines: Vec<Line>) {
        let Some(segments) = self.segments.as_mut().filter(|_| self.trouble.is_none()) else {
            self.miss(&lines);
            return;
        };
        if let Err(error) = segments.append(&lines) {
            self.fail(&error);
            // A failure to tidy up behind the lines comes after they were written.
            let (_, missed): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| match line {
                Line::Put(record) => self.holds(record.id),
                _ => false,
            });
            self.miss(&missed);
            return;
        }
        let put: Vec<Id> = lines.iter().filter_map(put).collect();
        if !put.is_empty() {
            self.written.extend(&put);
            self.sync_at
                .get_or_insert_with(|| Instant::now() + SYNC_AFTER);
            let _ = self.tell.send(Report::Stored(put));
        }
    }

    fn holds(&self, id: Id) -> bool {
        self.segments.as_ref().is_some_and(|s| s.holds(id))
    }

    /// What is handed over while nothing can be written: records are handed over again, what went is written down.
    fn miss(&mut self, lines: &[Line]) {
        for line in lines {
            if let Line::Done(ids) = line {
                let held = ids.iter().filter(|id| self.holds(**id));
                let held: Vec<Id> = held.copied().collect();
                self.owed.extend(held);
            }
        }
    }

    fn fail(&mut self, error: &io::Error) {
        let trouble = DiskTrouble::of(error);
        tracing::warn!(%error, "the outbox cannot be written: what waits for the broker is kept in memory only");
        self.trouble = Some(Instant::now() + RETRY);
        self.sync_at = None;
        self.written.clear();
        let _ = self.tell.send(Report::Failing(trouble));
    }

    fn try_again(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        let done = [Line::Done(owed.clone())];
        match self.opened().and_then(|segments| segments.append(&done)) {
            Ok(()) => {
                tracing::info!("the outbox is written again");
                self.trouble = None;
                let _ = self.tell.send(Report::Working);
            }
            Err(_) => {
                self.owed = owed;
                self.trouble = Some(Instant::now() + RETRY);
            }
        }
    }

    /// The directory, opened now if it could not be at the start.
    fn opened(&mut self) -> io::Result<&mut Segments> {
        if let Some(later) = &self.later {
            let (segments, left) = Segments::open(&later.directory)?;
            keep_boot(&later.state_dir, later.boot)?;
            let _ = self.tell.send(Report::Opened(Box::new(left)));
            (self.segments, self.later) = (Some(segments), None);
        }
        let closed = || io::Error::other("the outbox is not open");
        self.segments.as_mut().ok_or_else(closed)
    }

    /// Syncs, unless everything written since has been acknowledged.
    fn sync(&mut self) {
        self.sync_at = None;
        let written = std::mem::take(&mut self.written);
        if self.trouble.is_none()
            && written.iter().any(|id| self.holds(*id))
            && let Some(Err(error)) = self.segments.as_ref().map(Segments::sync)
        {
            self.fail(&error);
        }
    }

    fn load(&self, id: Id) {
        let not_open = || Err(io::ErrorKind::NotFound.into());
        let segments = self.segments.as_ref();
        let message = match segments.map_or_else(not_open, |s| s.load(id)) {
            Ok(record) => Some(Box::new(Record::into_message(record))),
            Err(error) => {
                tracing::warn!(boot = id.boot, seq = id.seq, %error, "a record of the outbox cannot be read back");
                None
            }
        };
        let _ = self.tell.send(Report::Loaded(id, message));
    }
}

fn put(line: &Line) -> Option<Id> {
    match line {
        Line::Put(record) => Some(record.id),
        _ => None,
    }
}
