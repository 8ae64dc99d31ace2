//! A process that belongs to the demonstration.
//!
//! *Promises*: it ends with the demonstration, however that ends: told to when it stops in order, killed
//! when it is dropped, and killed by the kernel (`setpriv --pdeathsig`) when the demonstration itself is
//! killed. What it said last is kept, for the sentence that explains its end. It has a process group of
//! its own, so that Ctrl-C reaches the demonstration alone, which then ends its children in order.

use super::DemoError;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a process that should end is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A running process.
#[derive(Debug)]
pub(super) struct Child {
    who: &'static str,
    process: std::process::Child,
    said: Arc<Mutex<String>>,
}

impl Child {
    /// Starts `program`; `who` names it in sentences.
    pub(super) fn start<A: AsRef<OsStr>>(
        who: &'static str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, DemoError> {
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => DemoError::NoSetpriv,
                _ => DemoError::System(error),
            })?;
        let said = Arc::new(Mutex::new(String::new()));
        if let Some(stderr) = process.stderr.take() {
            let last = Arc::clone(&said);
            std::thread::Builder::new().spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    if !line.trim().is_empty() {
                        *last.lock().unwrap_or_else(PoisonError::into_inner) = line;
                    }
                }
            })?;
        }
        Ok(Self { who, process, said })
    }

    /// Why it is no longer running, if it is not.
    pub(super) fn ended(&mut self) -> Option<DemoError> {
        match self.process.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => {
                // Its last words may still be on their way from its pipe.
                std::thread::sleep(LOOK);
                Some(self.explain(&status))
            }
            Err(error) => Some(error.into()),
        }
    }

    fn explain(&self, status: &ExitStatus) -> DemoError {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let last = said.strip_prefix("sidetone: ").unwrap_or(&said);
        DemoError::Ended {
            who: self.who,
            how: status.to_string(),
            last: if last.is_empty() {
                "nothing".to_owned()
            } else {
                last.to_owned()
            },
        }
    }

    /// Asks it to end (SIGTERM).
    pub(super) fn ask_to_end(&mut self) {
        // A process that was waited for has no number any more.
        if let (Ok(None), Ok(id)) = (self.process.try_wait(), i32::try_from(self.process.id()))
            && let Some(pid) = Pid::from_raw(id)
        {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits for its end, at most so long; then kills it.
    pub(super) async fn end_by(&mut self, deadline: Instant) {
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
        }
        self.kill();
    }

    fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}
