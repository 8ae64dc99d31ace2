//! The private directory of a demonstration.
//!
//! *Promises*: readable by nobody else, and gone when the demonstration is, even after `kill -9`: a
//! shell waits for the end of a pipe whose other end only the demonstration holds, and then removes it.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// What waits. Those whose files are in there may still be ending: it tries twice.
const SWEEPER: &str =
    "trap '' INT TERM HUP; cat >/dev/null; rm -rf -- \"$1\" || { sleep 1; rm -rf -- \"$1\"; }";

/// The directory.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    sweeper: Child,
    pipe: Option<ChildStdin>,
}

impl Scratch {
    /// Makes it, in the directory for temporary files.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn make() -> io::Result<Self> {
        let name = format!("sidetone-demo-{}", uuid::Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        let mut sweeper = Command::new("sh")
            .args(["-c", SWEEPER, "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = sweeper.stdin.take();
        let scratch = Self {
            path,
            sweeper,
            pipe,
        };
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&scratch.path)?;
        Ok(scratch)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.sweeper.wait();
    }
}
