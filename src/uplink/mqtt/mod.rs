//! The MQTT session: connects, comes back, and says in one sentence why it does not.
//!
//! *Promises*: connection attempts are spread over 0–30 s; each kind of failure is logged once, not
//! once per attempt; certificates and passwords are read again at each attempt, so that renewing
//! them needs no restart; of several brokers the next one is tried while the present one cannot be used, and the first is
//! come back to. *Never* keeps a message: what is not acknowledged stays in the outbox.
//! A broker that refuses MQTT 5 is spoken to with 3.1.1 (`broker.mqtt`); where the two differ is in `client` and `v311`.

mod answer;
mod backoff;
mod client;
mod connect;
mod driver;
mod fault;
mod fault_v311;
mod handshake;
mod home;
mod options;
mod outage;
mod probe;
mod proven;
mod proxy;
pub(super) mod renewal;
mod requests;
mod rights;
pub(super) mod session;
mod shown;
mod tls;
mod v311;
mod visit;
mod websocket;

pub(super) use client::OnItsWay;
pub use fault::BrokerFault;
pub use handshake::{Presented, handshake};
pub use probe::probe;
pub(crate) use requests::Answered;
pub use rights::{Outcome, Rights, Tried, rights};
pub(crate) use session::Fate;
pub use session::{CORRELATION_MAX, Received};
pub(super) use shown::Shown;
pub use visit::NoBroker;
pub(crate) use visit::Tour;

use crate::config::BrokerUrl;
use sidetone_wire::vocabulary::MqttVersion;

/// How the node stands with its broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerState {
    /// The first attempt is under way.
    Connecting,
    /// Connected.
    Connected {
        /// Where.
        url: BrokerUrl,
        /// Which of this node's sessions, counted from its start.
        session: u64,
        /// The version that is spoken.
        mqtt: MqttVersion,
        /// Whether the broker remembered the session.
        session_present: bool,
    },
    /// Not connected; it is tried again.
    Down(BrokerFault),
    /// Ended on purpose.
    Stopped,
}
