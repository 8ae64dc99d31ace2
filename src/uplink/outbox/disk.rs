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
use std::io;
use std::path::Path;
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
        let (ops, receiver) = channel();
        let (tell, reports) = unbounded_channel();
        let (end, ended) = tokio::sync::oneshot::channel();
        let writer = Writer {
            segments,
            tell,
            trouble: None,
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
        let disk = Self {
            ops: Some(ops),
            reports,
            ended,
        };
        Ok((disk, left))
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

struct Writer {
    segments: Segments,
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
        if self.trouble.is_some() {
            self.miss(&lines);
            return;
        }
        if let Err(error) = self.segments.append(&lines) {
            self.fail(&error);
            // A failure to tidy up behind the lines comes after they were written.
            let (_, missed): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| match line {
                Line::Put(record) => self.segments.holds(record.id),
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

    /// What is handed over while nothing can be written: records are handed over again, what went is written down.
    fn miss(&mut self, lines: &[Line]) {
        for line in lines {
            if let Line::Done(ids) = line {
                self.owed
                    .extend(ids.iter().filter(|id| self.segments.holds(**id)));
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
        match self.segments.append(&[Line::Done(owed.clone())]) {
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

    /// Syncs, unless everything written since has been acknowledged.
    fn sync(&mut self) {
        self.sync_at = None;
        let written = std::mem::take(&mut self.written);
        if self.trouble.is_none()
            && written.iter().any(|id| self.segments.holds(*id))
            && let Err(error) = self.segments.sync()
        {
            self.fail(&error);
        }
    }

    fn load(&self, id: Id) {
        let message = match self.segments.load(id) {
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
