//! What a softphone tells and what it can be told, whichever it is.
//!
//! ```text
//! baresip, linphone, browser page … ─ adapter task ─ Signal ─▶ station (decides) ─ Order ─▶ adapter task
//! ```
//!
//! *Promises*: an adapter tells the *whole* list of its calls each time ([`SignalKind::Legs`]), so that
//! a lost notification is mended by the next one and no end of a call is lost. *Fails* with
//! [`SignalKind::Down`]: what was known of its calls is then no longer trusted. An adapter *never*
//! decides what a call means, and never repeats an order by itself.
//!
//! The station holds the rules (CONTRACT §6): which call, which adapter, how long.

pub mod baresip;
pub mod driver;
pub mod exec;
pub mod http;
pub mod linphone;
pub mod spokes;
mod start;
pub mod survey;
mod told;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

pub use start::{Softphones, start};

/// Which adapter. The order is the order in which they are asked (CONTRACT §6): the workstation's own,
/// then the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Adapter {
    /// The local service browser softphones speak.
    Spokes,
    /// baresip's control socket.
    Baresip,
    /// linphone-daemon's pipe.
    Linphone,
    /// Programs of the configuration.
    Exec,
    /// Addresses of the configuration.
    Http,
    /// The gateway beside the PBX, through `hold/request`.
    Mqtt,
}

impl Adapter {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 6] = [
        Self::Spokes,
        Self::Baresip,
        Self::Linphone,
        Self::Exec,
        Self::Http,
        Self::Mqtt,
    ];

    /// As it stands in the configuration and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spokes => "spokes",
            Self::Baresip => "baresip",
            Self::Linphone => "linphone",
            Self::Exec => "exec",
            Self::Http => "http",
            Self::Mqtt => "mqtt",
        }
    }

    /// How long its call may take to show that it is held (CONTRACT §6): a page polls every two seconds.
    #[must_use]
    pub const fn verify_within(self) -> Duration {
        match self {
            Self::Spokes => Duration::from_secs(3),
            // The gateway's message lives two seconds (CONTRACT §1).
            Self::Mqtt => Duration::from_secs(2),
            Self::Baresip | Self::Linphone | Self::Exec | Self::Http => Duration::from_secs(1),
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A softphone's own name for one of its calls. It stays on this workstation (CONTRACT §2, `call`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(Arc<str>);

impl LegId {
    /// Wraps the softphone's text.
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The softphone's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a softphone's call is in its life. One that ended is in the list no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It comes in and nobody has answered.
    Ringing,
    /// It goes out and nobody has answered.
    Dialing,
    /// Both can talk.
    Active,
    /// This side has put it on hold.
    Held,
}

/// Who began a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The other side.
    Incoming,
    /// This side.
    Outgoing,
}

/// One call of a softphone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The softphone's name for it.
    pub id: LegId,
    /// Where it is.
    pub phase: Phase,
    /// Who began it, if the softphone says so.
    pub direction: Option<Direction>,
    /// Whether the softphone sends silence for the agent, if it says so.
    pub muted: Option<bool>,
}

/// What an adapter can do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// It can hold and resume.
    pub hold: bool,
    /// It can answer, hang up and mute.
    pub control: bool,
    /// Names of the applications whose calls it tells completely (lower case, the start of the name
    /// is enough): a stream of theirs is then no sign of a call. Empty: every application's.
    pub applications: Vec<String>,
}

/// Told to the station by an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// By which.
    pub adapter: Adapter,
    /// What.
    pub kind: SignalKind,
}

/// The kinds of [`Signal`].
#[derive(Debug, Clone, PartialEq)]
pub enum SignalKind {
    /// The softphone answers; its calls follow at once.
    Up(Abilities),
    /// It does not answer, or it ended.
    Down {
        /// One sentence.
        reason: String,
    },
    /// All calls it has now. Told after `Up`, at every change, and after every order as often as the
    /// state is read back.
    Legs(Vec<Leg>),
    /// What became of an order.
    Answer {
        /// [`Order::number`].
        order: u64,
        /// The answer.
        answer: Answer,
    },
    /// How the network carries one of its calls.
    Line {
        /// Which call.
        leg: LegId,
        /// The figures.
        figures: LineFigures,
    },
}

/// What a softphone said to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It takes it. Whether it was done shows in [`SignalKind::Legs`]; only a gateway's answer is the
    /// proof itself (CONTRACT §1: it answers after it has done it).
    Accepted,
    /// It does not, and says why.
    Refused(String),
    /// It gave no answer, or one that says nothing.
    Unknown(String),
}

/// Told to an adapter by the station.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Whom.
    pub adapter: Adapter,
    /// Counts up; names the order in its answer.
    pub number: u64,
    /// Which of its calls; `None` for a gateway, which knows the call by the node's extension.
    pub leg: Option<LegId>,
    /// The node's id of the call.
    pub call: Uuid,
    /// What to do.
    pub action: Action,
}

/// What a softphone can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Put the customer on hold.
    Hold,
    /// Take the customer back.
    Resume,
    /// Tell all calls, read anew.
    Read,
    /// Forget the hold that was asked for: if it still comes about, undo it.
    CancelHold,
    /// Take the call.
    Answer,
    /// End it.
    HangUp,
    /// Mute or un-mute.
    Mute(bool),
}

/// How the network carries a call. What the softphone does not say is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LineFigures {
    /// From here to the customer, as the other end reports it.
    pub uplink: Option<PathFigures>,
    /// From the customer to here.
    pub downlink: Option<PathFigures>,
    /// There and back, in milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// One direction of a call since the last figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathFigures {
    /// Share of packets lost, 0..1.
    pub loss_ratio: f64,
    /// Interarrival jitter in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
}

/// An adapter task's two ends. When `orders` is closed, the daemon ends, and so does the task.
#[derive(Debug)]
pub struct Port {
    /// To the station.
    pub signals: mpsc::Sender<Signal>,
    /// From the station: only orders of this adapter.
    pub orders: mpsc::Receiver<Order>,
}
