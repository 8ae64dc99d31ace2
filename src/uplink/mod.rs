//! Identity, outbox and the MQTT session: everything between the station's messages and the broker.
//!
//! *Promises*: what the station says is stamped once and published under CONTRACT §1 and §2; events
//! and alerts stay until the broker has acknowledged them; status, inventory and standing alerts are
//! published again to a broker that lost them. *When the broker is away* the rest goes on: the queue
//! grows to its limits, losses are counted and told. *Never* blocks the station: the channel's
//! sender decides what to do when it is full.

pub(crate) mod active;
mod certificates;
mod cleared;
pub mod config;
mod engine;
pub(crate) mod files;
mod gateway;
pub mod identity;
mod intake;
mod items;
mod later;
pub(crate) mod left_calls;
mod link;
pub(crate) mod log_limit;
mod moves;
mod mqtt;
mod order;
pub mod outbox;
pub mod outgoing;
mod retained;
pub mod sent;
mod status;

pub use config::UplinkConfig;
pub use identity::IdentityError;
pub(crate) use link::words as refusal;
pub use link::{CertificateEnds, LinkStats};
pub(crate) use mqtt::{Answered, Fate, Tour};
pub use mqtt::{
    BrokerFault, BrokerState, CORRELATION_MAX, NoBroker, Outcome, Presented, Received, Rights,
    Tried, handshake, probe, rights,
};
pub use order::{Order, Orders, Speaker};
pub use outbox::{DiskTrouble, OutboxStats};
pub use sent::SentLog;

use active::ActiveAlerts;
use certificates::Certificates;
use cleared::Cleared;
use config::Left;
use engine::{Engine, Inputs};
use gateway::Gateway;
use items::KnownItems;
use left_calls::LeftCall;
use link::Link;
use mqtt::session::Session;
use outbox::Outbox;
use outbox::disk::{Disk, Later, Report};
use outbox::segments::LeftBehind;
use outbox::stands::OpenCalls;
use outgoing::{Sender, Unsendable};
use retained::Retained;
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::message::StationMessage;
use sidetone_wire::vocabulary::{ClearReason, MqttVersion, NodeState};
use sidetone_wire::{NodeName, Topics};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Orders that may wait; the engine takes them at once.
const ORDERS: usize = 64;

/// Why the uplink does not start. A broker that is not there is no reason.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The node does not know who it is.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Another process has its outbox.
    #[error(
        "another sidetone uses {0}: stop it first, or give this one a node.state_dir of its own"
    )]
    InUse(PathBuf),
    /// Its outbox cannot be opened.
    #[error(
        "the outbox {path} cannot be opened ({error}): it must be a directory this user may write to"
    )]
    Outbox {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Its first status cannot be written.
    #[error(transparent)]
    Status(#[from] Unsendable),
}

/// Starts the uplink.
#[derive(Debug)]
pub struct Uplink;

/// The running uplink. Dropping it stops the uplink as [`UplinkHandle::stop`] does, unawaited.
#[derive(Debug)]
pub struct UplinkHandle {
    node: NodeName,
    boot: u64,
    broker: watch::Receiver<BrokerState>,
    stats: watch::Receiver<OutboxStats>,
    sent: watch::Receiver<SentLog>,
    link: watch::Receiver<LinkStats>,
    orders: Orders,
    left_standing: Vec<AlertDetail>,
    left_calls: Vec<LeftCall>,
    stop: Option<oneshot::Sender<Option<String>>>,
    task: JoinHandle<()>,
}

impl Uplink {
    /// Counts this start, publishes `starting`, and from then on everything that comes through
    /// `station`. Must be called on a tokio runtime with time and I/O; returns at once.
    ///
    /// # Errors
    /// If the state directory cannot be used. A missing agent key only leaves out the pseudonym.
    pub fn start(
        config: UplinkConfig,
        station: mpsc::Receiver<StationMessage>,
    ) -> Result<UplinkHandle, UplinkError> {
        // First of all: who may not use the directory must not count a start in it either.
        let Opened {
            disk,
            left,
            boot,
            trouble,
        } = open_state(&config.state_dir)?;
        let pseudonym = config.agent.as_ref().and_then(identity::pseudonym_of);
        let node = config.node.clone();
        let client_id = node.to_string();
        let sender = Sender {
            topics: Topics::new(config.org, config.node),
            boot,
            agent: pseudonym.clone().filter(|_| config.speaker.names_agent),
            team: config.speaker.team,
            site: config.speaker.site,
            mqtt: MqttVersion::V5,
        };
        let mut retained = Retained::default();
        retained.set(sender.status(NodeState::Starting, None)?);
        let will = sender.will()?;
        let (broker_tx, broker) = watch::channel(BrokerState::Connecting);
        let (stats_tx, stats) = watch::channel(OutboxStats::default());
        let (sent_tx, sent) = watch::channel(SentLog::default());
        let (stop_tx, stop) = oneshot::channel();
        let (orders_tx, orders) = mpsc::channel(ORDERS);
        let certificates = Certificates::new(&config.broker, &config.timing);
        let (session, session_events) = Session::start(
            config.broker,
            config.timing,
            &client_id,
            will,
            broker_tx,
            sent_tx,
        );
        let (link_tx, link) = Link::new();
        let stood = active::read(&left.standing);
        let open = left_calls::read(&left);
        let (mut left_over, mut left_standing, mut handed_out) = Default::default();
        match config.left {
            Left::HandedOut => (left_standing, handed_out) = (stood, open),
            Left::Ended { calls } => {
                left_over = active::ends_of(stood, ClearReason::Restart);
                let open = open.into_iter().filter(|_| calls);
                left_over.extend(open.map(|call| call.end(ClearReason::Restart)));
            }
        }
        let now = (Instant::now(), outgoing::now_ms());
        let mut outbox = Outbox::new(config.limits, boot, &left, now);
        if let Some(trouble) = trouble {
            outbox.hear(Report::Failing(trouble));
        }
        let engine = Engine {
            sender,
            outbox,
            disk,
            node: (NodeState::Starting, None),
            retained,
            active: ActiveAlerts::default(),
            calls: OpenCalls::default(),
            left: config.left,
            left_over,
            session,
            timing: config.timing,
            stats: stats_tx,
            connected: false,
            owed_since: None,
            on_its_way: 0,
            progress: Instant::now(),
            sessions: 0,
            gateway: Gateway::new(config.gateway),
            too_fast: log_limit::LogLimit::default(),
            link: link_tx,
            subscriptions: config.subscriptions,
            pseudonym,
            names_agent: config.speaker.names_agent,
            report: None,
            waiting: Vec::new(),
            items: KnownItems::read(&config.state_dir),
            cleared: Cleared::read(
                &config.state_dir,
                config.timing.cleared_life,
                outgoing::now_ms(),
            ),
            began: Instant::now(),
            certificates,
        };
        let inputs = Inputs {
            station,
            session: session_events,
            orders,
            stop,
        };
        let task = tokio::spawn(engine.run(inputs));
        Ok(UplinkHandle {
            node,
            boot,
            broker,
            stats,
            sent,
            link,
            orders: Orders(orders_tx),
            left_standing,
            left_calls: handed_out,
            stop: Some(stop_tx),
            task,
        })
    }
}

/// What the state directory holds for a start.
struct Opened {
    disk: Disk,
    left: LeftBehind,
    boot: u64,
    /// Why nothing can be kept in it now.
    trouble: Option<DiskTrouble>,
}

/// Opens the outbox and counts the start. A directory that cannot be written now is no reason not to start.
fn open_state(state_dir: &Path) -> Result<Opened, UplinkError> {
    let directory = state_dir.join("outbox");
    let trouble = match Disk::open(&directory) {
        Ok((disk, left)) => match identity::next_boot(state_dir) {
            Ok(boot) => {
                return Ok(Opened {
                    disk,
                    left,
                    boot,
                    trouble: None,
                });
            }
            Err(error) => error.disk_trouble().ok_or(error)?,
        },
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return Err(UplinkError::InUse(state_dir.to_owned()));
        }
        Err(error) => DiskTrouble::at_start(&error).ok_or(UplinkError::Outbox {
            path: directory.clone(),
            error,
        })?,
    };
    tracing::warn!(
        "the state directory {} cannot be written ({}): what waits for the broker is kept in memory only; make it writable, it is tried again every 5 s",
        state_dir.display(),
        trouble.reason()
    );
    let boot = identity::boot_of_clock(state_dir, outgoing::now_ms());
    let later = Later {
        state_dir: state_dir.to_owned(),
        directory: directory.clone(),
        boot,
    };
    let failed = |error| UplinkError::Outbox {
        path: directory,
        error,
    };
    Ok(Opened {
        disk: Disk::open_later(later).map_err(failed)?,
        left: LeftBehind::default(),
        boot,
        trouble: Some(trouble),
    })
}

impl UplinkHandle {
    /// Who this is.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// This start's number.
    #[must_use]
    pub fn boot(&self) -> u64 {
        self.boot
    }

    /// How the node stands with its broker; watch it.
    #[must_use]
    pub fn broker(&self) -> watch::Receiver<BrokerState> {
        self.broker.clone()
    }

    /// What is in the outbox; watch it.
    #[must_use]
    pub fn outbox(&self) -> watch::Receiver<OutboxStats> {
        self.stats.clone()
    }

    /// What was handed to the broker; watch it.
    #[must_use]
    pub fn sent(&self) -> watch::Receiver<SentLog> {
        self.sent.clone()
    }

    /// How often it was connected, and what the broker refuses; watch it.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<LinkStats> {
        self.link.clone()
    }

    /// The way to tell it what to publish besides.
    #[must_use]
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }

    /// The alerts and calls that an earlier start left standing and open, once; only with [`Left::HandedOut`].
    pub(crate) fn take_left(&mut self) -> (Vec<AlertDetail>, Vec<LeftCall>) {
        let alerts = std::mem::take(&mut self.left_standing);
        (alerts, std::mem::take(&mut self.left_calls))
    }

    /// Publishes `stopped` with the reason, waits at most [`config::Timing::drain`] for what is on
    /// its way, and disconnects.
    pub async fn stop(mut self, reason: Option<String>) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(reason);
        }
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the uplink ended badly");
        }
    }
}
