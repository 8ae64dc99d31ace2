//! The outbox' directory: lines appended to files of bounded size, the oldest file deleted once nothing in it is
//! needed any more.
//!
//! *Promises*: after `kill -9` every line that was written is read again; after a power cut every line that was
//! synced. A new start never appends to a file of an older one, so a torn end is the end of its file. Only the
//! oldest file is ever deleted, so that no "done" goes before the record it is about.
//! *Fails* with the system's error; a write that fails half-way is cut off again, and nothing that was there is lost.
//! *Never* used by two processes: the directory is locked.

use super::line::{Id, Line, Record};
use super::stands::Stands;
use rustix::fs::{FlockOperation, flock};
use serde_json::value::RawValue;
use sidetone_wire::MessageClass;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file is closed, and the next one begun, beyond so many bytes.
const SEGMENT_BYTES: u64 = 256 * 1024;

/// So many bytes of files may hold records that are done before the live ones among them are written anew.
const SLACK_BYTES: u64 = 4 * SEGMENT_BYTES;

/// More than this is read of no file: something else wrote it.
const READ_MAX: u64 = 16 * SEGMENT_BYTES;

/// Where a line is.
#[derive(Debug, Clone, Copy)]
struct Place {
    segment: u64,
    offset: u64,
    length: usize,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    bytes: u64,
    /// Records in it that are still needed.
    live: usize,
}

/// What an older start left behind.
#[derive(Debug, Default)]
pub(in crate::uplink) struct LeftBehind {
    /// Its records, without their bodies.
    pub(in crate::uplink) records: BTreeMap<Id, Outline>,
    /// States of the alerts that stood.
    pub(in crate::uplink) standing: Vec<Box<RawValue>>,
    /// The events with which the calls began that were open.
    pub(in crate::uplink) calls: Vec<Box<RawValue>>,
    /// When the newest record of those that are still there was made, ms since 1970 UTC.
    pub(in crate::uplink) newest: u64,
    /// Records lost that nobody was told of, those in damaged lines included.
    pub(in crate::uplink) lost: u64,
    /// Lines that could not be read.
    pub(in crate::uplink) damaged: u64,
}

/// A record without its body.
#[derive(Debug, Clone)]
pub(in crate::uplink) struct Outline {
    pub(in crate::uplink) rank: super::Rank,
    pub(in crate::uplink) class: MessageClass,
    pub(in crate::uplink) at: u64,
    pub(in crate::uplink) topic: String,
    pub(in crate::uplink) size: usize,
}

/// The open directory.
#[derive(Debug)]
pub(super) struct Segments {
    directory: PathBuf,
    _lock: File,
    segments: VecDeque<Segment>,
    /// The newest segment's; `None` until something is written.
    file: Option<File>,
    next_number: u64,
    places: HashMap<Id, Place>,
    live_bytes: u64,
    stands: Stands,
    lost: u64,
}

impl Segments {
    /// Opens the directory, made if it is missing, and reads what is in it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process uses it; else the system's.
    pub(super) fn open(directory: &Path) -> io::Result<(Self, LeftBehind)> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(directory.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let mut open = Self {
            directory: directory.to_owned(),
            _lock: lock,
            segments: VecDeque::new(),
            file: None,
            next_number: 1,
            places: HashMap::new(),
            live_bytes: 0,
            stands: Stands::default(),
            lost: 0,
        };
        let mut left = LeftBehind::default();
        for number in open.numbers()? {
            open.next_number = number.saturating_add(1);
            if let Err(error) = open.read_segment(number, &mut left) {
                // Left where it is: it may be readable another day.
                tracing::warn!(path = %open.path(number).display(), %error, "a file of the outbox cannot be read and is left out");
                left.damaged += 1;
                open.lost += 1;
            }
        }
        if left.damaged > 0 {
            tracing::warn!(
                lines = left.damaged,
                "parts of the outbox were damaged and are counted as lost; the rest is kept"
            );
        }
        left.lost = open.lost;
        left.standing = open.stands.alerts();
        left.calls = open.stands.calls();
        Ok((open, left))
    }

    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|n| n.strip_suffix(".log"));
            numbers.extend(number.and_then(|n| n.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:010}.log"))
    }

    fn read_segment(&mut self, number: u64, left: &mut LeftBehind) -> io::Result<()> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(number))?;
        let length = file.metadata()?.len();
        file.take(READ_MAX).read_to_end(&mut bytes)?;
        self.segments.push_back(Segment {
            number,
            bytes: length,
            live: 0,
        });
        let mut offset = 0;
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let Some(whole) = line.strip_suffix(b"\n") else {
                // Torn: its write was never finished, so nobody was told it was kept.
                break;
            };
            match Line::read(whole) {
                Ok(line) => {
                    if let Line::Put(record) = &line {
                        left.records.insert(record.id, outline(record));
                        left.newest = left.newest.max(record.at);
                    }
                    if let Line::Done(ids) = &line {
                        for id in ids {
                            left.records.remove(id);
                        }
                    }
                    self.note(&line, number, offset, whole.len());
                }
                Err(_) => {
                    left.damaged += 1;
                    self.lost += 1;
                }
            }
            offset += line.len() as u64;
        }
        Ok(())
    }

    /// A line stands at a place.
    fn note(&mut self, line: &Line, segment: u64, offset: u64, length: usize) {
        match line {
            Line::Put(record) => {
                let place = Place {
                    segment,
                    offset,
                    length,
                };
                self.forget(record.id);
                self.places.insert(record.id, place);
                self.live_bytes += length as u64;
                if let Some(s) = self.segment(segment) {
                    s.live += 1;
                }
                self.stands.note(record);
            }
            Line::Done(ids) => {
                for id in ids {
                    self.forget(*id);
                }
            }
            Line::Standing(all) => self.stands = Stands::read(all),
            Line::Lost(lost) => self.lost = *lost,
        }
    }

    fn segment(&mut self, number: u64) -> Option<&mut Segment> {
        self.segments.iter_mut().find(|s| s.number == number)
    }

    fn forget(&mut self, id: Id) {
        if let Some(place) = self.places.remove(&id) {
            self.live_bytes -= place.length as u64;
            if let Some(segment) = self.segment(place.segment) {
                segment.live -= 1;
            }
        }
    }

    /// Whether a record is kept here.
    pub(super) fn holds(&self, id: Id) -> bool {
        self.places.contains_key(&id)
    }

    /// Writes lines in one piece, behind the last.
    ///
    /// # Errors
    /// The system's; nothing of the lines is kept then.
    pub(super) fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        self.write(lines)?;
        self.tidy()
    }

    fn write(&mut self, lines: &[Line]) -> io::Result<()> {
        let full = self
            .segments
            .back()
            .is_none_or(|s| s.bytes >= SEGMENT_BYTES);
        if self.file.is_none() || full {
            self.begin_segment()?;
        }
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(lines.len());
        for line in lines {
            line.write(&mut bytes);
            ends.push(bytes.len());
        }
        let (Some(file), Some(last)) = (&mut self.file, self.segments.back_mut()) else {
            return Err(io::Error::other("no file is open"));
        };
        let (number, start) = (last.number, last.bytes);
        if let Err(error) = file.write_all(&bytes) {
            // If even this fails, the torn end is found at the next start; here a new file is begun.
            let _ = file.set_len(start);
            self.file = None;
            return Err(error);
        }
        last.bytes += bytes.len() as u64;
        let mut begin = 0;
        for (line, end) in lines.iter().zip(ends) {
            self.note(line, number, start + begin as u64, end - begin - 1);
            begin = end;
        }
        Ok(())
    }

    /// Begins a file with what must not go with the older ones.
    fn begin_segment(&mut self) -> io::Result<()> {
        let number = self.next_number;
        let path = self.path(number);
        let mut head = Vec::new();
        Line::Standing(self.stands.all()).write(&mut head);
        Line::Lost(self.lost).write(&mut head);
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        self.next_number += 1;
        if let Err(error) = file.write_all(&head) {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        // The name must survive a power cut as its content does.
        File::open(&self.directory)?.sync_all()?;
        if let Some(older) = &self.file {
            older.sync_data()?;
        }
        self.file = Some(file);
        self.segments.push_back(Segment {
            number,
            bytes: head.len() as u64,
            live: 0,
        });
        Ok(())
    }

    /// Deletes what is not needed; where a few live records keep much that is done, writes them anew.
    fn tidy(&mut self) -> io::Result<()> {
        loop {
            let total: u64 = self.segments.iter().map(|s| s.bytes).sum();
            let wasteful = total > 2 * self.live_bytes + SLACK_BYTES;
            let Some(oldest) = self.segments.front().filter(|_| self.segments.len() > 1) else {
                return Ok(());
            };
            let number = oldest.number;
            if oldest.live > 0 {
                if !wasteful {
                    return Ok(());
                }
                let kept = self.places.iter().filter(|(_, p)| p.segment == number);
                let mut ids: Vec<Id> = kept.map(|(id, _)| *id).collect();
                ids.sort_unstable();
                let mut lines = Vec::with_capacity(ids.len());
                for id in ids {
                    match self.load(id) {
                        Ok(record) => lines.push(Line::Put(record)),
                        Err(_) => self.forget(id),
                    }
                }
                // Written again, an old state of an alert must not count as its latest.
                lines.push(Line::Standing(self.stands.all()));
                self.write(&lines)?;
            }
            std::fs::remove_file(self.path(number))?;
            self.segments.pop_front();
        }
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidData`] if it is damaged, [`io::ErrorKind::NotFound`] if it is not here.
    pub(super) fn load(&self, id: Id) -> io::Result<Record> {
        let place = self.places.get(&id).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; place.length];
        File::open(self.path(place.segment))?.read_exact_at(&mut bytes, place.offset)?;
        match Line::read(&bytes) {
            Ok(Line::Put(record)) if record.id == id => Ok(record),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Brings everything written onto the disk.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn sync(&self) -> io::Result<()> {
        match &self.file {
            Some(file) => file.sync_data(),
            None => Ok(()),
        }
    }
}

fn outline(record: &Record) -> Outline {
    Outline {
        rank: record.rank,
        class: record.class,
        at: record.at,
        topic: record.topic.clone(),
        size: record.size(),
    }
}

#[cfg(test)]
#[path = "segments_tests.rs"]
mod tests;
