//! linphone-daemon, through its pipe (a Unix socket): a command a line, an answer each.
//!
//! *Promises*: every command names its call; mute, which cannot, is refused while there are several.
//! *Fails* when another program has the pipe, which has room for one: the daemon turns us away until that
//! program is gone. *Never* asks for statistics: version 5.1.65 crashes on `call-stats`, so there are
//! no figures of the line. There is no list of calls either: their numbers come with events, and after a
//! connection from trying the first ones.

mod reply;

use super::driver::{Change, Command, Fault, Softphone};
use super::{Abilities, Adapter, Answer, Leg, LegId, Phase};
use reply::Reply;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::sleep;

/// Events wait in a queue until they are asked for; this often they are.
const ASK_FOR_EVENTS: Duration = Duration::from_millis(200);

/// Between two reads without any event.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Numbers tried after a connection. They count up from 1 as long as the daemon runs, and one that is no
/// call is answered in a twentieth of a millisecond.
const TRIED: u32 = 512;

/// An answer has a few hundred bytes.
const LONGEST: usize = 64 * 1024;

/// A linphone-daemon.
#[derive(Debug)]
pub struct Linphone {
    pipe: PathBuf,
    stream: Option<UnixStream>,
    /// Answers to commands whose asker gave up.
    owed: u32,
    version: Option<String>,
    calls: Vec<Call>,
    /// Numbers of calls that events told of.
    heard: Vec<u32>,
    /// The highest number any call had.
    highest: u32,
}

#[derive(Debug)]
struct Call {
    number: u32,
    leg: Leg,
}

impl Linphone {
    /// The one with this pipe (`linphone-daemon --pipe NAME` makes `/tmp/NAME`).
    #[must_use]
    pub fn new(pipe: PathBuf) -> Self {
        Self {
            pipe,
            stream: None,
            owed: 0,
            version: None,
            calls: Vec::new(),
            heard: Vec::new(),
            highest: 0,
        }
    }

    async fn open(&mut self) -> Result<UnixStream, Fault> {
        let path = self.pipe.display();
        let stream = UnixStream::connect(&self.pipe)
            .await
            .map_err(|error| Fault::NotThere(format!("{path}: {error}")))?;
        let peer = stream
            .peer_cred()
            .map_err(|error| Fault::NotThere(format!("{path}: {error}")))?;
        // The pipe is in /tmp, where everybody can put one.
        if peer.uid() != rustix::process::getuid().as_raw() {
            return Err(Fault::Unusable(format!(
                "{path} belongs to a program of another user"
            )));
        }
        Ok(stream)
    }

    /// Gives a command and waits for its answer.
    async fn ask(&mut self, command: &str) -> Result<String, Fault> {
        while self.owed > 0 {
            let late = self.answer().await?;
            self.owed -= 1;
            // It may be an event, and an event is told once.
            self.hear(&late);
        }
        let stream = self.stream.as_mut().ok_or(Fault::Closed)?;
        stream
            .write_all(format!("{command}\n").as_bytes())
            .await
            .map_err(|error| lost(&error))?;
        self.owed += 1;
        let answer = self.answer().await?;
        self.owed -= 1;
        Ok(answer)
    }

    /// The next answer. The daemon writes each in one piece, and waits for the next command then.
    async fn answer(&mut self) -> Result<String, Fault> {
        let stream = self.stream.as_mut().ok_or(Fault::Closed)?;
        let mut bytes = Vec::with_capacity(16 * 1024);
        while !bytes.ends_with(b"\n") {
            let read = stream.read_buf(&mut bytes).await;
            match read {
                Ok(0) => return Err(Fault::Closed),
                Ok(_) if bytes.len() > LONGEST => {
                    return Err(Fault::Nonsense("an answer without end".to_owned()));
                }
                Ok(_) => {}
                Err(error) => return Err(lost(&error)),
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What the call of this number is now; `None` if there is none.
    async fn look(&mut self, number: u32) -> Result<Option<Leg>, Fault> {
        let text = self.ask(&format!("call-status {number}")).await?;
        match reply::parse(&text) {
            Some(Reply::Ok(text)) => {
                Ok(reply::field(text, "State")
                    .and_then(reply::phase)
                    .map(|phase| Leg {
                        id: LegId::new(number.to_string()),
                        phase,
                        direction: reply::direction(text),
                        muted: None,
                    }))
            }
            Some(Reply::Error(_)) => Ok(None),
            None => Err(nonsense(&text)),
        }
    }

    /// Takes note of what an event says; true if one was told.
    fn hear(&mut self, text: &str) -> bool {
        let told = reply::field(text, "Event-type") == Some("call-state-changed");
        if told && let Some(Ok(number)) = reply::field(text, "Id").map(str::parse) {
            self.heard.push(number);
        }
        told
    }

    async fn read(&mut self) -> Result<(), Fault> {
        while let Some(&number) = self.heard.last() {
            self.meet(number).await?;
            self.heard.retain(|heard| *heard != number);
        }
        let mut at = 0;
        while let Some(call) = self.calls.get(at) {
            match self.look(call.number).await? {
                Some(now) => {
                    let leg = &mut self.calls[at].leg;
                    leg.phase = now.phase;
                    // It is told only while the call runs.
                    leg.direction = leg.direction.or(now.direction);
                    at += 1;
                }
                None => {
                    self.calls.remove(at);
                }
            }
        }
        Ok(())
    }

    async fn meet(&mut self, number: u32) -> Result<(), Fault> {
        if self.calls.iter().any(|call| call.number == number) {
            return Ok(());
        }
        if let Some(leg) = self.look(number).await? {
            self.highest = self.highest.max(number);
            self.calls.push(Call { number, leg });
        }
        Ok(())
    }

    async fn tell(&mut self, command: &str) -> Result<Answer, Fault> {
        let text = self.ask(command).await?;
        match reply::parse(&text) {
            Some(Reply::Ok(_)) => Ok(Answer::Accepted),
            Some(Reply::Error(reason)) => {
                Ok(Answer::Refused(format!("linphone refuses: {reason}")))
            }
            None => Err(nonsense(&text)),
        }
    }
}

impl Softphone for Linphone {
    fn adapter(&self) -> Adapter {
        Adapter::Linphone
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn heartbeat(&self) -> Duration {
        HEARTBEAT
    }

    async fn connect(&mut self) -> Result<Abilities, Fault> {
        self.stream = None;
        self.owed = 0;
        // The daemon behind the pipe may be another one, which counts from 1 again.
        self.calls.clear();
        self.heard.clear();
        self.stream = Some(self.open().await?);
        let text = self.ask("version").await?;
        self.version = match reply::parse(&text) {
            Some(Reply::Ok(text)) => reply::field(text, "Version").map(str::to_owned),
            _ => return Err(nonsense(&text)),
        };
        for number in 1..=self.highest.saturating_add(TRIED) {
            self.meet(number).await?;
        }
        Ok(Abilities {
            hold: true,
            control: true,
            applications: vec!["linphone".to_owned()],
        })
    }

    async fn calls(&mut self) -> Result<Vec<Leg>, Fault> {
        self.read().await?;
        Ok(self.calls.iter().map(|call| call.leg.clone()).collect())
    }

    async fn act(&mut self, leg: &LegId, command: Command) -> Result<Answer, Fault> {
        self.read().await?;
        let Some(call) = self.calls.iter().find(|call| call.leg.id == *leg) else {
            return Ok(Answer::Refused(
                "linphone has no such call any more".to_owned(),
            ));
        };
        let (number, phase) = (call.number, call.leg.phase);
        match command {
            // Asked twice, it would answer the second time as well; the re-INVITE goes out once.
            Command::Hold if phase == Phase::Held => Ok(Answer::Accepted),
            Command::Hold => self.tell(&format!("call-pause {number}")).await,
            Command::Resume if phase == Phase::Active => Ok(Answer::Accepted),
            Command::Resume => self.tell(&format!("call-resume {number}")).await,
            Command::Answer => self.tell(&format!("answer {number}")).await,
            Command::HangUp => self.tell(&format!("terminate {number}")).await,
            Command::Mute(_) if self.calls.len() > 1 => Ok(Answer::Refused(
                "linphone mutes its current call only, and there are several".to_owned(),
            )),
            Command::Mute(on) => {
                let done = self.tell(&format!("call-mute {}", u8::from(on))).await?;
                if done == Answer::Accepted {
                    for call in &mut self.calls {
                        call.leg.muted = Some(on);
                    }
                }
                Ok(done)
            }
        }
    }

    async fn changed(&mut self) -> Result<Change, Fault> {
        let mut changed = false;
        loop {
            let text = self.ask("pop-event").await?;
            let Some(Reply::Ok(event)) = reply::parse(&text) else {
                return Err(nonsense(&text));
            };
            changed |= self.hear(event);
            if reply::field(event, "Size") != Some("0") {
                continue;
            }
            if changed {
                return Ok(Change::Calls);
            }
            sleep(ASK_FOR_EVENTS).await;
        }
    }
}

fn nonsense(text: &str) -> Fault {
    let first = text.lines().next().unwrap_or_default();
    Fault::Nonsense(format!("{first:?}; is linphone-daemon behind this pipe?"))
}

fn lost(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Fault::Closed,
        _ => Fault::NotThere(error.to_string()),
    }
}
