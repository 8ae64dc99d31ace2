//! Programs of the configuration: one that tells the calls, one that holds, one that resumes.
//!
//! *Promises*: a program is started as its arguments are written, without a shell; what it is about is in
//! its environment (`SIDETONE_CALL`, the softphone's own id of the call). It gets no input, and ends with
//! everything it started when it takes too long or writes too much. *Fails* with what it said last on
//! standard error.

use super::driver::{Change, Command, Fault, Softphone};
use super::{Abilities, Adapter, Answer, Leg, LegId, told};
use crate::config::ExecConfig;
use rustix::process::{Pid, Signal, kill_process_group};
use std::future::pending;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command as Program};

/// What of standard error is read: enough for a sentence.
const LONGEST_COMPLAINT: usize = 4 * 1024;

/// The programs of `[adapters.exec]`.
#[derive(Debug)]
pub struct Exec {
    config: ExecConfig,
}

/// What a program left.
struct Left {
    status: ExitStatus,
    out: Vec<u8>,
    complaint: String,
}

impl Exec {
    /// The programs of the configuration.
    #[must_use]
    pub fn new(config: ExecConfig) -> Self {
        Self { config }
    }

    async fn run(argv: &[String], call: Option<&LegId>) -> Result<Left, Fault> {
        let Some((program, arguments)) = argv.split_first() else {
            return Err(Fault::Unusable("no program is configured".to_owned()));
        };
        let mut start = Program::new(program);
        start
            .args(arguments)
            .env_remove("SIDETONE_CALL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(call) = call {
            start.env("SIDETONE_CALL", call.as_str());
        }
        let child = start
            .spawn()
            .map_err(|error| Fault::NotThere(format!("{program}: {error}")))?;
        let mut group = Group(child);
        let child = &mut group.0;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (out, err) = tokio::join!(read(out, told::LONGEST), read(err, LONGEST_COMPLAINT));
        let (Some(out), err) = (out, err.unwrap_or_default()) else {
            return Err(Fault::Nonsense(format!(
                "{program} writes more than {} bytes",
                told::LONGEST
            )));
        };
        let status = child
            .wait()
            .await
            .map_err(|error| Fault::NotThere(format!("{program}: {error}")))?;
        let text = String::from_utf8_lossy(&err);
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        Ok(Left {
            status,
            out,
            complaint: last.unwrap_or_default().trim().to_owned(),
        })
    }

    async fn order(&self, argv: &[String], call: &LegId) -> Result<Answer, Fault> {
        if argv.is_empty() {
            return Ok(Answer::Refused(
                "no program for that is configured in [adapters.exec]".to_owned(),
            ));
        }
        let left = Self::run(argv, Some(call)).await?;
        Ok(if left.status.success() {
            Answer::Accepted
        } else {
            Answer::Refused(left.failure(&argv[0]))
        })
    }
}

impl Left {
    fn failure(&self, program: &str) -> String {
        let status = self.status;
        match self.complaint.as_str() {
            "" => format!("{program} ended with {status}"),
            complaint => format!("{program} ended with {status}: {complaint}"),
        }
    }
}

impl Softphone for Exec {
    fn adapter(&self) -> Adapter {
        Adapter::Exec
    }

    fn heartbeat(&self) -> Duration {
        Duration::from_millis(u64::from(self.config.poll_ms))
    }

    async fn connect(&mut self) -> Result<Abilities, Fault> {
        Ok(Abilities {
            hold: !self.config.hold.is_empty(),
            control: false,
            applications: self.config.application.iter().cloned().collect(),
        })
    }

    async fn calls(&mut self) -> Result<Vec<Leg>, Fault> {
        let left = Self::run(&self.config.state, None).await?;
        if !left.status.success() {
            let program = self.config.state.first().map_or("", String::as_str);
            return Err(Fault::NotThere(left.failure(program)));
        }
        told::parse(&left.out)
    }

    async fn act(&mut self, leg: &LegId, command: Command) -> Result<Answer, Fault> {
        match command {
            Command::Hold => self.order(&self.config.hold, leg).await,
            Command::Resume => self.order(&self.config.resume, leg).await,
            Command::HangUp => self.order(&self.config.hang_up, leg).await,
            Command::Answer | Command::Mute(_) => Ok(Answer::Refused(
                "programs of the configuration cannot answer or mute a call".to_owned(),
            )),
        }
    }

    async fn changed(&mut self) -> Result<Change, Fault> {
        pending().await
    }
}

/// A program and what it has started; ends with its owner.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // The id is there as long as nobody has waited for the program's end.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// All of it; `None` if it is longer than `most`.
async fn read(from: Option<impl AsyncRead + Unpin>, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).ok()?.checked_add(1)?;
    from?.take(limit).read_to_end(&mut bytes).await.ok()?;
    (bytes.len() <= most).then_some(bytes)
}
