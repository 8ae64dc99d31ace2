//! baresip, through its control socket (module `ctrl_tcp`): netstrings of JSON on loopback.
//!
//! *Promises*: an order acts on the call it names or on none. Version 1.0.0 (Debian 12) holds whatever
//! call is current, so there an order for another one is refused; from 1.1 on the order names the call.
//! A hold counts when the list says `(on hold)`, which it does at once, *and* media were agreed on anew since:
//! when both sides hold at the same moment, each refuses the other's, and the next attempt comes seconds
//! later. *Fails* when
//! another program takes the channel, which has room for one: the driver takes it back. *Never* sends
//! a command that is not about a call.

mod calls;
mod line;
mod link;
mod listing;
mod netstring;

use super::driver::{Change, Command, Fault, Softphone};
use super::{Abilities, Adapter, Answer, Leg, LegId, LineFigures, Phase};
use calls::{Call, Calls};
use link::{Event, Link, Reply};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// The first version whose `hold`, `resume` and `mute` take an argument.
const WITH_ARGUMENTS: (u32, u32) = (1, 1);

/// Between two reads without any event: a channel that was taken away says nothing more.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// A baresip.
#[derive(Debug)]
pub struct Baresip {
    address: SocketAddr,
    link: Option<Link>,
    version: Option<String>,
    /// `hold` and its kind take an argument.
    arguments: bool,
    calls: Calls,
    figures: VecDeque<(LegId, LineFigures)>,
}

impl Baresip {
    /// The one whose control socket is there.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            link: None,
            version: None,
            arguments: false,
            calls: Calls::default(),
            figures: VecDeque::new(),
        }
    }

    async fn ask(&mut self, command: &str, params: &str) -> Result<Reply, Fault> {
        let link = self.link.as_mut().ok_or(Fault::Closed)?;
        link.ask(command, params).await
    }

    /// Takes note of an event; true if the calls have to be read.
    fn note(&mut self, event: &Event) -> bool {
        if !event.kind.starts_with("CALL_") {
            return false;
        }
        self.calls.note(event);
        let Some(stats) = event.rtcp_stats else {
            return true;
        };
        self.figures.extend(self.calls.line(&event.id, stats));
        false
    }

    /// Takes note of the events that came before a reply.
    fn note_past(&mut self) {
        while let Some(event) = self.link.as_mut().and_then(Link::past_event) {
            self.note(&event);
        }
    }

    async fn read(&mut self) -> Result<(), Fault> {
        let list = self.ask("listcalls", "").await?.data;
        // First what was told before the list: a call that ended must not go on in a line used again.
        self.note_past();
        self.calls.update(listing::parse(&list));
        if self.calls.current_is_unknown() {
            let status = self.ask("callstat", "").await?.data;
            if let Some((id, direction)) = listing::current(&status) {
                self.calls.current_is(id, direction);
            }
        }
        Ok(())
    }

    async fn hold(&mut self, leg: &LegId, hold: bool) -> Result<Answer, Fault> {
        let (command, from, to) = if hold {
            ("hold", Phase::Active, Phase::Held)
        } else {
            ("resume", Phase::Held, Phase::Active)
        };
        let arguments = self.arguments;
        let call = match self.calls.get(leg) {
            Some(call) if arguments && call.id.is_some() => call,
            call => match current(call) {
                Ok(call) => call,
                Err(refusal) => return Ok(refusal),
            },
        };
        let phase = call.listed.phase;
        if phase == to && call.until_agreed.is_none() {
            return Ok(Answer::Accepted);
        }
        if phase != from && phase != to {
            return Ok(Answer::Refused(
                "baresip cannot hold or resume a call that nobody has answered yet".to_owned(),
            ));
        }
        let id = call.id.clone();
        let params = id.clone().filter(|_| arguments).unwrap_or_default();
        let reply = self.ask(command, &params).await?;
        // What was agreed before the command is no agreement to it.
        self.note_past();
        if reply.ok
            && id.is_some()
            && let Some(call) = self.calls.get(leg)
        {
            call.until_agreed = Some(from);
        }
        Ok(answer(&reply))
    }

    /// 1.0.0 has a toggle only; what it says then is the truth, so it is turned again if that was wrong.
    async fn mute(&mut self, leg: &LegId, on: bool) -> Result<Answer, Fault> {
        if let Err(refusal) = current(self.calls.get(leg)) {
            return Ok(refusal);
        }
        let params = match (self.arguments, on) {
            (false, _) => "",
            (true, true) => "yes",
            (true, false) => "no",
        };
        for _ in 0..2 {
            let reply = self.ask("mute", params).await?;
            if !reply.ok {
                return Ok(answer(&reply));
            }
            let muted = !reply.data.contains("un-muted");
            if let Some(call) = self.calls.get(leg) {
                call.muted = Some(muted);
            }
            if muted == on {
                return Ok(Answer::Accepted);
            }
        }
        Ok(Answer::Unknown(
            "baresip was told to turn its mute, and it did not turn".to_owned(),
        ))
    }
}

impl Softphone for Baresip {
    fn adapter(&self) -> Adapter {
        Adapter::Baresip
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn heartbeat(&self) -> Duration {
        HEARTBEAT
    }

    async fn connect(&mut self) -> Result<Abilities, Fault> {
        self.link = None;
        self.calls.reconnected();
        self.link = Some(Link::open(self.address).await?);
        let about = self.ask("about", "").await?.data;
        let (numbers, text) = listing::version(&about)
            .ok_or_else(|| Fault::Nonsense("`about` names no version".to_owned()))?;
        self.arguments = numbers >= WITH_ARGUMENTS;
        self.version = Some(text.to_owned());
        Ok(Abilities {
            hold: true,
            control: true,
            applications: vec!["baresip".to_owned()],
        })
    }

    async fn calls(&mut self) -> Result<Vec<Leg>, Fault> {
        self.read().await?;
        Ok(self.calls.legs())
    }

    async fn act(&mut self, leg: &LegId, command: Command) -> Result<Answer, Fault> {
        self.read().await?;
        match command {
            Command::Hold => self.hold(leg, true).await,
            Command::Resume => self.hold(leg, false).await,
            Command::Mute(on) => self.mute(leg, on).await,
            Command::HangUp => match current(self.calls.get(leg)) {
                Ok(_) => Ok(answer(&self.ask("hangup", "").await?)),
                Err(refusal) => Ok(refusal),
            },
            Command::Answer => match current(self.calls.get(leg)) {
                Ok(call) if call.listed.phase == Phase::Ringing => {
                    Ok(answer(&self.ask("accept", "").await?))
                }
                Ok(_) => Ok(Answer::Refused(
                    "that call of baresip does not wait for an answer".to_owned(),
                )),
                Err(refusal) => Ok(refusal),
            },
        }
    }

    async fn changed(&mut self) -> Result<Change, Fault> {
        loop {
            if let Some((leg, figures)) = self.figures.pop_front() {
                return Ok(Change::Line(leg, figures));
            }
            let link = self.link.as_mut().ok_or(Fault::Closed)?;
            let event = link.event().await?;
            if self.note(&event) {
                return Ok(Change::Calls);
            }
        }
    }
}

/// The call, if it is the one that commands without a name act on.
fn current(call: Option<&mut Call>) -> Result<&mut Call, Answer> {
    match call {
        Some(call) if call.listed.current => Ok(call),
        Some(_) => Err(Answer::Refused(
            "baresip would do that with its current call, which is another one; select the call in baresip first".to_owned(),
        )),
        None => Err(Answer::Refused("baresip has no such call any more".to_owned())),
    }
}

fn answer(reply: &Reply) -> Answer {
    if reply.ok {
        return Answer::Accepted;
    }
    let said: Vec<&str> = reply.data.split_whitespace().collect();
    Answer::Refused(format!("baresip refuses: {}", said.join(" ")))
}
