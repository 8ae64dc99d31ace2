//! Settings and commands that come over MQTT: carried to `crate::remote`, which judges them, and what it says to
//! the parts and to the uplink. Decides nothing; owns the file of what is kept.

use super::half::Half;
use super::settings::{self, SettingsError};
use super::verdicts::{Due, Verdicts};
use super::{identify, logging};
use crate::config::Config;
use crate::remote::{Asked, CommandDesk, Kept, PATIENCE, Remote, Told, Verdict};
use crate::uplink::config::Subscriptions;
use crate::uplink::files::replace;
use crate::uplink::log_limit::LogLimit;
use crate::uplink::outgoing::now_ms;
use crate::uplink::{BrokerState, Order, Orders, Received, UplinkHandle};
use sidetone_wire::Topics;
use sidetone_wire::command::{CommandReply, ShownOn};
use sidetone_wire::config::SignalOff;
use sidetone_wire::event::{EventDetail, EventType};
use sidetone_wire::vocabulary::Command;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// Messages that may wait for the daemon, which takes them at once.
const WAITING: usize = 64;

/// A station that has not answered a command by then does not.
const STATION_PATIENCE: Duration = Duration::from_secs(3);

/// Something for [`Provision::take`].
#[derive(Debug)]
pub(super) enum Heard {
    /// A document or a command.
    Received(Received),
    /// The broker came or went.
    Broker,
}

/// Before the uplink runs.
#[derive(Debug)]
pub(super) struct Provisioned {
    remote: Remote,
    commands: CommandDesk,
    path: PathBuf,
    received: mpsc::Receiver<Received>,
    subscriptions: Subscriptions,
    began: Instant,
}

/// While it runs.
#[derive(Debug)]
pub(super) struct Provision {
    remote: Remote,
    commands: CommandDesk,
    path: PathBuf,
    /// What the file holds.
    written: Kept,
    received: mpsc::Receiver<Received>,
    broker: watch::Receiver<BrokerState>,
    orders: Orders,
    node: String,
    began: Instant,
    verdicts: Verdicts,
    /// Commands that came faster than one a second.
    too_many: LogLimit,
    /// Commands that are refused.
    refused: LogLimit,
}

impl Provisioned {
    /// With what the last start kept.
    pub(super) fn read(local: &Config, topics: &Topics) -> Result<Self, SettingsError> {
        let path = settings::state_dir(local)?.join(Kept::FILE);
        let kept = match std::fs::read(&path).map(|bytes| Kept::from_json(&bytes)) {
            Ok(Ok(kept)) => kept,
            Ok(Err(error)) => {
                tracing::warn!(path = %path.display(), %error, "the kept settings are damaged and left out; the broker has them");
                Kept::default()
            }
            Err(_) => Kept::default(),
        };
        let remote = Remote::new(local.clone(), topics.clone(), kept, Duration::ZERO)
            .with_trials_of(trial());
        let commands = CommandDesk::new(topics.clone());
        let (to, received) = mpsc::channel(WAITING);
        let subscriptions = Subscriptions {
            filters: remote.filters().collect(),
            commands: vec![commands.filter()],
            to,
        };
        Ok(Self {
            remote,
            commands,
            path,
            received,
            subscriptions,
            began: Instant::now(),
        })
    }

    /// What the daemon is started with.
    pub(super) fn config(&self) -> Config {
        self.remote.effective().clone()
    }

    /// What the uplink listens to for it.
    pub(super) fn subscriptions(&self) -> Subscriptions {
        self.subscriptions.clone()
    }

    /// The uplink runs.
    pub(super) fn begin(self, uplink: &UplinkHandle) -> Provision {
        logging::set_level(self.remote.effective().log.level.as_str());
        Provision {
            remote: self.remote,
            commands: self.commands,
            path: self.path,
            // Whatever is in the file: what is kept now is written with the next change.
            written: Kept::default(),
            received: self.received,
            broker: uplink.broker(),
            orders: uplink.orders(),
            node: uplink.node().to_string(),
            began: self.began,
            verdicts: Verdicts::default(),
            too_many: LogLimit::default(),
            refused: LogLimit::default(),
        }
    }
}

impl Provision {
    /// Comes with the next message or change of the broker.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::select! {
            Some(message) = self.received.recv() => Heard::Received(message),
            Ok(()) = self.broker.changed() => Heard::Broker,
            else => std::future::pending().await,
        }
    }

    /// Takes it in.
    pub(super) async fn take(&mut self, heard: Heard, half: &mut impl Half) {
        match heard {
            Heard::Broker => {
                let connected = matches!(*self.broker.borrow(), BrokerState::Connected { .. });
                self.remote.broker(self.began.elapsed(), connected);
            }
            Heard::Received(message) => {
                let asked = self.commands.receive(
                    self.began.elapsed(),
                    now_ms(),
                    &message.topic,
                    &message.payload,
                    message.retained,
                );
                match asked {
                    Some(asked) => self.answer(asked, message.correlation, half).await,
                    None => self.document(&message, half).await,
                }
            }
        }
    }

    /// Time passes.
    pub(super) async fn tick(&mut self, half: &mut impl Half) {
        let told = self.remote.tick(self.began.elapsed());
        if !told.is_empty() {
            self.changed(told, half).await;
        }
        for due in self.verdicts.due(self.began.elapsed()) {
            say(due, half).await;
        }
        self.keep();
    }

    async fn document(&mut self, message: &Received, half: &mut impl Half) {
        let now = self.began.elapsed();
        let told = self.remote.receive(now, &message.topic, &message.payload);
        if let Some(told) = told {
            // Kept before it is said to be in force.
            self.keep();
            self.changed(vec![told], half).await;
        }
    }

    /// Puts in force what is new, and says so.
    async fn changed(&mut self, told: Vec<Told>, half: &mut impl Half) {
        let config = self.remote.effective();
        let speaker = settings::speaker(config);
        self.orders.give(Order::SpeakAs(speaker)).await;
        logging::set_level(config.log.level.as_str());
        half.apply(config).await;
        for told in told {
            if let Some(due) = self.verdicts.hear(self.began.elapsed(), told) {
                say(due, half).await;
            }
        }
        self.report(half).await;
    }

    /// Publishes `config/reported`.
    pub(super) async fn report(&self, half: &mut impl Half) {
        let mut body = self.remote.reported();
        let off = half.not_sent().into_iter().map(|signal| SignalOff {
            signal: signal.to_owned(),
        });
        body.signals_off = off.collect();
        self.orders.give(Order::Report(Box::new(body))).await;
    }

    fn keep(&mut self) {
        let kept = self.remote.kept();
        if *kept == self.written {
            return;
        }
        let written = kept
            .to_json()
            .map_err(std::io::Error::other)
            .and_then(|bytes| replace(&self.path, &bytes));
        if let Err(error) = written {
            tracing::warn!(path = %self.path.display(), %error, "settings from elsewhere cannot be kept for the next start; check node.state_dir");
        }
        self.written = kept.clone();
    }

    async fn answer(&mut self, asked: Asked, correlation: Option<Vec<u8>>, half: &mut impl Half) {
        let mut reply = match asked {
            Asked::TooMany => {
                if let Some(times) = self.too_many.happened(Instant::now()) {
                    tracing::warn!(times, "too many commands come over MQTT; they are left out");
                }
                return;
            }
            Asked::Refuse(reply) => {
                if let Some(times) = self.refused.happened(Instant::now()) {
                    let why = reply.text.as_deref().unwrap_or_default();
                    tracing::info!(command = %reply.command, times, "a command is refused: {why}");
                }
                return self.reply(reply, correlation).await;
            }
            Asked::Do(reply) => reply,
        };
        match reply.command {
            Command::Refresh => {
                self.orders.give(Order::Again).await;
                self.reply(reply, correlation).await;
            }
            Command::Diagnostics => {
                let known = half.diagnostics();
                let config_errors = u64::try_from(self.remote.reported().errors.len()).ok();
                let orders = self.orders.clone();
                tokio::spawn(async move {
                    let mut figures = answered(known).await.unwrap_or_default();
                    figures.config_errors = config_errors;
                    reply.diagnostics = Some(Box::new(figures));
                    give(&orders, reply, correlation).await;
                });
            }
            Command::Identify => {
                let text = identify::text(&self.node);
                tracing::warn!("{text}");
                let shown = half.show(text);
                let orders = self.orders.clone();
                tokio::spawn(async move {
                    reply.shown = Some(answered(shown).await.unwrap_or(ShownOn::Log));
                    give(&orders, reply, correlation).await;
                });
            }
        }
    }

    async fn reply(&self, reply: CommandReply, correlation: Option<Vec<u8>>) {
        give(&self.orders, reply, correlation).await;
    }
}

/// How long settings are on trial. A test of the whole daemon shortens it; a released program does not look.
fn trial() -> Duration {
    let told = std::env::var("SIDETONE_TEST_TRIAL_S").ok();
    let seconds = told.filter(|_| cfg!(debug_assertions));
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    seconds.map_or(PATIENCE, Duration::from_secs)
}

async fn give(orders: &Orders, reply: CommandReply, correlation: Option<Vec<u8>>) {
    orders
        .give(Order::Reply(Box::new(reply), correlation))
        .await;
}

/// The station's answer, if it comes while somebody waits for it.
async fn answered<T>(answer: oneshot::Receiver<T>) -> Option<T> {
    tokio::time::timeout(STATION_PATIENCE, answer)
        .await
        .ok()?
        .ok()
}

/// The event of a document, and its line in the log.
async fn say(Due { told, untold }: Due, half: &mut impl Half) {
    if untold > 0 {
        tracing::warn!(layer = %told.layer, untold, "documents of this layer come too fast; the newest is told");
    }
    let mut detail = EventDetail {
        layer: Some(told.layer.to_string()),
        ..EventDetail::default()
    };
    let kind = match told.verdict {
        Verdict::Applied(version) => {
            tracing::info!(layer = %told.layer, version, "settings from elsewhere are in force");
            detail.document_version = version;
            EventType::ConfigApplied
        }
        Verdict::Refused(refusal) => {
            // In a flood one fault stands for all; `config/reported` has them.
            let most = if untold > 0 { 1 } else { usize::MAX };
            for message in refusal.messages().take(most) {
                tracing::warn!(layer = %told.layer, version = refusal.version, "settings from elsewhere are refused: {message}");
            }
            detail.document_version = refusal.version;
            detail.reason = Some(refusal.reason.as_str().to_owned());
            EventType::ConfigRefused
        }
    };
    half.say_event(kind, detail).await;
}
