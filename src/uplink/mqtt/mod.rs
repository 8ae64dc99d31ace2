//! The MQTT session: connects, comes back, and says in one sentence why it does not.
//!
//! *Promises*: connection attempts are spread over 0–30 s; each kind of failure is logged once, not
//! once per attempt; certificates and passwords are read again at each attempt, so that renewing
//! them needs no restart; of several brokers the next one is tried while the present one cannot be used, and the first is
//! come back to. *Never* keeps a message: what is not acknowledged stays in the outbox.
//! MQTT 5 only; the fall-back to 3.1.1 belongs into [`session`], where the version is refused.

mod backoff;
mod connect;
mod driver;
mod fault;
mod handshake;
mod home;
mod options;
mod outage;
mod probe;
mod proxy;
pub(super) mod renewal;
mod rights;
pub(super) mod session;
mod tls;
mod websocket;

pub use fault::BrokerFault;
pub(crate) use fault::explain;
pub use handshake::{Presented, handshake};
pub(crate) use options::refresh;
pub use probe::probe;
pub use rights::{Outcome, Rights, Tried, rights};
pub use session::{CORRELATION_MAX, Received};

use crate::config::BrokerUrl;

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
        /// Whether the broker remembered the session.
        session_present: bool,
    },
    /// Not connected; it is tried again.
    Down(BrokerFault),
    /// Ended on purpose.
    Stopped,
}
