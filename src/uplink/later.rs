//! A small file whose newest content a thread of its own writes, so that a disk that blocks makes nobody wait.
//!
//! *Promises*: what was told last is on the disk in the end; what was told in between may be skipped. *Fails* by leaving
//! an older content, and says so once in the log.

use super::files::replace;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The file.
#[derive(Debug)]
pub(super) struct WrittenLater {
    file: Arc<File>,
    /// Comes when the thread that was started last has ended.
    ended: Option<oneshot::Receiver<()>>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    /// What it is, for the log.
    what: &'static str,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    newest: Option<Vec<u8>>,
    /// A thread is at it, and will take the newest.
    is_written: bool,
    is_unwritable: bool,
}

impl WrittenLater {
    /// The file at `path`, which holds `what`.
    pub(super) fn new(path: PathBuf, what: &'static str) -> Self {
        Self {
            file: Arc::new(File {
                path,
                what,
                content: Mutex::default(),
            }),
            ended: None,
        }
    }

    /// Replaces its content, soon.
    pub(super) fn write(&mut self, bytes: Vec<u8>) {
        {
            let mut content = self.file.lock();
            content.newest = Some(bytes);
            if std::mem::replace(&mut content.is_written, true) {
                return;
            }
        }
        let (end, ended) = oneshot::channel();
        let file = Arc::clone(&self.file);
        let thread = std::thread::Builder::new().name("lists".to_owned());
        let started = thread.spawn(move || {
            file.write_newest();
            let _ = end.send(());
        });
        match started {
            Ok(_) => self.ended = Some(ended),
            // No room for a thread: then here.
            Err(_) => self.file.write_newest(),
        }
    }

    /// Waits so long for everything to be on the disk, at the end.
    pub(super) async fn settle(&mut self, patience: Duration) {
        if let Some(ended) = self.ended.take()
            && tokio::time::timeout(patience, ended).await.is_err()
        {
            self.file
                .complain("the disk does not answer", &mut self.file.lock());
        }
    }
}

impl File {
    fn lock(&self) -> std::sync::MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_newest(&self) {
        loop {
            let bytes = {
                let mut content = self.lock();
                let newest = content.newest.take();
                content.is_written = newest.is_some();
                newest
            };
            let Some(bytes) = bytes else { return };
            let written = replace(&self.path, &bytes);
            let mut content = self.lock();
            match written {
                Ok(()) => content.is_unwritable = false,
                Err(error) => self.complain(&error.to_string(), &mut content),
            }
        }
    }

    fn complain(&self, error: &str, content: &mut Content) {
        if !std::mem::replace(&mut content.is_unwritable, true) {
            tracing::warn!(path = %self.path.display(), error, "{} cannot be kept for the next start", self.what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn the_newest_content_wins_however_fast_they_come() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.json");
        let mut file = WrittenLater::new(path.clone(), "the list");
        for n in 0..500_u32 {
            file.write(n.to_string().into_bytes());
        }
        file.settle(PATIENCE).await;
        assert_eq!(std::fs::read(&path).unwrap(), b"499");
        file.write(b"again".to_vec());
        file.settle(PATIENCE).await;
        assert_eq!(std::fs::read(&path).unwrap(), b"again");
    }

    #[tokio::test]
    async fn a_disk_that_blocks_makes_nobody_wait_but_the_end_and_that_not_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.json");
        // Where the content is written first: opening a pipe blocks until somebody reads.
        let blocks = path.with_extension("new");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &blocks,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let mut file = WrittenLater::new(path, "the list");
        file.write(b"first".to_vec());
        file.write(b"second".to_vec());
        file.settle(Duration::from_millis(50)).await;
        let mut read = String::new();
        let mut pipe = std::fs::File::open(&blocks).unwrap();
        pipe.read_to_string(&mut read).unwrap();
        assert!(read == "first" || read == "second", "{read}");
    }
}
