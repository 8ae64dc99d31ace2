//! The task that drives one softphone, whichever it is: connects, tells changes, carries out orders.
//!
//! ```text
//!            connect ──▶ Up, Legs ──▶ changes, heartbeat, orders ──▶ silence ─┬─▶ back at once: go on
//!               ▲                                                             └─▶ Down ─┐
//!               └──────────────── 100 ms … 5 s ◀──────────────────────────────────────┘
//! ```
//!
//! *Promises*: an order waits for nothing but another order; each gets exactly one answer; after it the
//! calls are read back every few milliseconds until they show what was wanted, or for as long as the
//! adapter may take to show it ([`Adapter::verify_within`]). *Fails* with [`SignalKind::Down`], told
//! once. *Never* gives an order twice.

use super::{
    Abilities, Action, Adapter, Answer, Leg, LegId, LineFigures, Order, Phase, Port, Signal,
    SignalKind,
};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep_until, timeout};

/// One exchange with a softphone on the same machine takes milliseconds; one that takes longer than
/// this no longer answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Between two looks for what an order has brought about.
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// Before a lost connection is made anew: another program may have taken the softphone's only
/// control channel for one command.
const RECOVER_AFTER: Duration = Duration::from_millis(100);

/// A connection that held for less than this is not made anew at once, so that two programs that want
/// the same channel do not take it from each other without end.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a softphone can be told, by the leg it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Put the customer on hold.
    Hold,
    /// Take the customer back.
    Resume,
    /// Take the call.
    Answer,
    /// End it.
    HangUp,
    /// Mute or un-mute.
    Mute(bool),
}

/// What a softphone tells by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Its calls may have changed.
    Calls,
    /// How the network carries one of them.
    Line(LegId, LineFigures),
}

/// Why a softphone cannot be spoken to. Each sentence goes on after the softphone's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nobody is there.
    #[error("is not there ({0})")]
    NotThere(String),
    /// It went away.
    #[error("closed the connection")]
    Closed,
    /// It is there and says nothing.
    #[error("does not answer")]
    Silent,
    /// What it says makes no sense.
    #[error("says something that cannot be understood: {0}")]
    Nonsense(String),
    /// What is configured cannot work.
    #[error("cannot be used: {0}")]
    Unusable(String),
}

/// A softphone: state out, commands in.
///
/// Each method may be given up at any point (its future dropped), and then called again.
pub trait Softphone: Send {
    /// Which adapter this is.
    fn adapter(&self) -> Adapter;

    /// Its version, once connected, if it says so.
    fn version(&self) -> Option<String> {
        None
    }

    /// How often its calls are read without any sign of a change.
    fn heartbeat(&self) -> Duration;

    /// Makes the connection, anew if there was one.
    fn connect(&mut self) -> impl Future<Output = Result<Abilities, Fault>> + Send;

    /// All its calls now.
    fn calls(&mut self) -> impl Future<Output = Result<Vec<Leg>, Fault>> + Send;

    /// Tells it to do something with one of its calls.
    fn act(
        &mut self,
        leg: &LegId,
        command: Command,
    ) -> impl Future<Output = Result<Answer, Fault>> + Send;

    /// Waits until it tells something by itself; for ever, if it never does.
    fn changed(&mut self) -> impl Future<Output = Result<Change, Fault>> + Send;
}

/// Connects and reads the calls, within a bound.
///
/// # Errors
/// [`Fault`], if the softphone is not there or does not answer.
pub async fn reach<S: Softphone>(softphone: &mut S) -> Result<(Abilities, Vec<Leg>), Fault> {
    let abilities = bounded(softphone.connect()).await?;
    let calls = bounded(softphone.calls()).await?;
    Ok((abilities, calls))
}

async fn bounded<T>(exchange: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    timeout(ANSWER_WITHIN, exchange)
        .await
        .unwrap_or(Err(Fault::Silent))
}

/// Drives a softphone until the daemon ends.
pub async fn drive<S: Softphone>(softphone: S, port: Port) {
    let mut driver = Driver {
        adapter: softphone.adapter(),
        softphone,
        port,
        state: None,
        pending: None,
        told: None,
        watches: Vec::new(),
    };
    let _ended = driver.run().await;
}

/// The daemon ends: the other end of the port is closed.
struct Ended;

/// What an order should bring about.
struct Watch {
    leg: LegId,
    wanted: Wanted,
    until: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The leg in this phase.
    Phase(Phase),
    /// That a hold which may still come about is undone.
    NoHold,
}

#[derive(PartialEq, Eq)]
enum State {
    Up(Abilities),
    Down,
}

enum Event {
    Order(Order),
    Line(LegId, LineFigures),
    Calls(Vec<Leg>),
}

struct Driver<S> {
    adapter: Adapter,
    softphone: S,
    port: Port,
    /// As told; `None` before the first attempt.
    state: Option<State>,
    /// An order that came while a lost connection was to be made anew.
    pending: Option<Order>,
    /// The calls as told.
    told: Option<Vec<Leg>>,
    watches: Vec<Watch>,
}

impl<S: Softphone> Driver<S> {
    async fn run(&mut self) -> Result<(), Ended> {
        let mut pause = FIRST_PAUSE;
        loop {
            let fault = match self.attempt().await? {
                Ok((abilities, calls)) => {
                    let since = Instant::now();
                    self.up(abilities).await?;
                    self.legs(calls).await?;
                    let fault = self.session().await?;
                    self.watches.clear();
                    if since.elapsed() >= SETTLED_AFTER {
                        tracing::debug!("softphone {} {fault}", self.adapter);
                        pause = FIRST_PAUSE;
                        self.recover().await?;
                        continue;
                    }
                    fault
                }
                Err(fault) => fault,
            };
            let reason = format!("{} {fault}", self.adapter);
            self.down(&reason).await?;
            self.wait(pause, &reason).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Tries to connect. While the softphone is down, orders are refused at once: one that hangs would
    /// let them wait.
    async fn attempt(&mut self) -> Result<Result<(Abilities, Vec<Leg>), Fault>, Ended> {
        let down = self.state == Some(State::Down);
        let mut reached = pin!(reach(&mut self.softphone));
        loop {
            tokio::select! {
                biased;
                order = self.port.orders.recv(), if down => {
                    let order = order.ok_or(Ended)?.number;
                    let answer = Answer::Refused(format!("{} does not answer yet", self.adapter));
                    tell(&self.port.signals, self.adapter, SignalKind::Answer { order, answer }).await?;
                }
                reached = &mut reached => return Ok(reached),
            }
        }
    }

    /// Until the softphone no longer answers.
    async fn session(&mut self) -> Result<Fault, Ended> {
        let mut read_at = Instant::now();
        if let Some(order) = self.pending.take()
            && let Err(fault) = self.execute(order).await?
        {
            return Ok(fault);
        }
        loop {
            let pause = if self.watches.is_empty() {
                self.softphone.heartbeat()
            } else {
                LOOK_AGAIN
            };
            let event = tokio::select! {
                biased;
                order = self.port.orders.recv() => Ok(Event::Order(order.ok_or(Ended)?)),
                event = next(&mut self.softphone, read_at + pause) => event,
            };
            let done = match event {
                Ok(Event::Order(order)) => self.execute(order).await?,
                Ok(Event::Line(leg, figures)) => {
                    self.tell(SignalKind::Line { leg, figures }).await?;
                    continue;
                }
                Ok(Event::Calls(calls)) => {
                    read_at = Instant::now();
                    self.see(calls).await?
                }
                Err(fault) => Err(fault),
            };
            if let Err(fault) = done {
                return Ok(fault);
            }
        }
    }

    /// Carries out an order and tells its answer and the calls after it.
    async fn execute(&mut self, order: Order) -> Result<Result<(), Fault>, Ended> {
        let done = self.answer(&order).await;
        let (answer, fault) = match done {
            Ok(answer) => (answer, None),
            Err(fault) => (
                Answer::Unknown(format!("{} {fault}", self.adapter)),
                Some(fault),
            ),
        };
        let taken = answer == Answer::Accepted;
        let number = order.number;
        self.tell(SignalKind::Answer {
            order: number,
            answer,
        })
        .await?;
        if let Some(fault) = fault {
            return Ok(Err(fault));
        }
        if let Some(leg) = order.leg.filter(|_| taken) {
            self.watch(leg, order.action);
        }
        let calls = match bounded(self.softphone.calls()).await {
            Ok(calls) => calls,
            Err(fault) => return Ok(Err(fault)),
        };
        // Told even if nothing has changed: somebody waits for it.
        self.told = None;
        self.see(calls).await
    }

    async fn answer(&mut self, order: &Order) -> Result<Answer, Fault> {
        let command = match order.action {
            Action::Read | Action::CancelHold => return Ok(Answer::Accepted),
            Action::Hold => Command::Hold,
            Action::Resume => Command::Resume,
            Action::Answer => Command::Answer,
            Action::HangUp => Command::HangUp,
            Action::Mute(on) => Command::Mute(on),
        };
        match &order.leg {
            Some(leg) => bounded(self.softphone.act(leg, command)).await,
            None => Ok(Answer::Refused(format!(
                "{} has to be told which of its calls is meant",
                self.adapter
            ))),
        }
    }

    fn watch(&mut self, leg: LegId, action: Action) {
        let wanted = match action {
            Action::Hold => Wanted::Phase(Phase::Held),
            Action::Resume => Wanted::Phase(Phase::Active),
            Action::CancelHold => Wanted::NoHold,
            Action::Read | Action::Answer | Action::HangUp | Action::Mute(_) => return,
        };
        self.watches.retain(|watch| watch.leg != leg);
        self.watches.push(Watch {
            leg,
            wanted,
            until: Instant::now() + self.adapter.verify_within(),
        });
    }

    /// Tells the calls if they have changed, and looks at what is waited for.
    async fn see(&mut self, calls: Vec<Leg>) -> Result<Result<(), Fault>, Ended> {
        let now = Instant::now();
        let mut undo = Vec::new();
        self.watches.retain(|watch| {
            let phase = calls
                .iter()
                .find(|leg| leg.id == watch.leg)
                .map(|leg| leg.phase);
            match (watch.wanted, phase) {
                (_, None) => false,
                (Wanted::Phase(wanted), Some(phase)) => phase != wanted && now < watch.until,
                (Wanted::NoHold, Some(Phase::Held)) => {
                    undo.push(watch.leg.clone());
                    false
                }
                (Wanted::NoHold, Some(_)) => now < watch.until,
            }
        });
        self.legs(calls).await?;
        for leg in undo {
            match bounded(self.softphone.act(&leg, Command::Resume)).await {
                Ok(_) => self.watch(leg, Action::Resume),
                Err(fault) => return Ok(Err(fault)),
            }
        }
        Ok(Ok(()))
    }

    async fn up(&mut self, abilities: Abilities) -> Result<(), Ended> {
        let state = State::Up(abilities.clone());
        if self.state.as_ref() == Some(&state) {
            return Ok(());
        }
        tracing::info!("softphone {} answers", self.adapter);
        self.state = Some(state);
        self.told = None;
        self.tell(SignalKind::Up(abilities)).await
    }

    async fn legs(&mut self, calls: Vec<Leg>) -> Result<(), Ended> {
        if self.told.as_ref() == Some(&calls) {
            return Ok(());
        }
        self.told = Some(calls.clone());
        self.tell(SignalKind::Legs(calls)).await
    }

    /// Tells that it is down, if that is news. One that was never there is no news for the log.
    async fn down(&mut self, reason: &str) -> Result<(), Ended> {
        if let Some(order) = self.pending.take() {
            self.refuse(order.number, reason).await?;
        }
        match self.state.replace(State::Down) {
            Some(State::Down) => return Ok(()),
            Some(State::Up(_)) => tracing::info!("softphone {reason}"),
            None => tracing::debug!("softphone {reason}"),
        }
        self.told = None;
        let reason = reason.to_owned();
        self.tell(SignalKind::Down { reason }).await
    }

    /// Waits while the softphone is down; orders are refused.
    async fn wait(&mut self, pause: Duration, reason: &str) -> Result<(), Ended> {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                biased;
                order = self.port.orders.recv() => {
                    let order = order.ok_or(Ended)?;
                    self.refuse(order.number, reason).await?;
                }
                () = sleep_until(until) => return Ok(()),
            }
        }
    }

    /// Waits before a lost connection is made anew; an order that comes ends the waiting.
    async fn recover(&mut self) -> Result<(), Ended> {
        tokio::select! {
            biased;
            order = self.port.orders.recv() => self.pending = Some(order.ok_or(Ended)?),
            () = sleep_until(Instant::now() + RECOVER_AFTER) => {}
        }
        Ok(())
    }

    async fn refuse(&mut self, order: u64, reason: &str) -> Result<(), Ended> {
        let answer = Answer::Refused(reason.to_owned());
        self.tell(SignalKind::Answer { order, answer }).await
    }

    async fn tell(&mut self, kind: SignalKind) -> Result<(), Ended> {
        tell(&self.port.signals, self.adapter, kind).await
    }
}

async fn tell(signals: &Sender<Signal>, adapter: Adapter, kind: SignalKind) -> Result<(), Ended> {
    signals
        .send(Signal { adapter, kind })
        .await
        .map_err(|_| Ended)
}

/// What the softphone tells, or its calls at `due`.
async fn next<S: Softphone>(softphone: &mut S, due: Instant) -> Result<Event, Fault> {
    let change = tokio::select! {
        biased;
        change = softphone.changed() => change?,
        () = sleep_until(due) => Change::Calls,
    };
    match change {
        Change::Line(leg, figures) => Ok(Event::Line(leg, figures)),
        Change::Calls => bounded(softphone.calls()).await.map(Event::Calls),
    }
}
