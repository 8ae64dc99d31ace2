//! `sidetone fleet`: settings of many workstations, from IT's desk, over the topics the nodes listen to.
//!
//! *Promises*: what a node would refuse whatever its files say is refused here, before anybody hears of it; a
//! document keeps what it had beside the change, and its version grows past any that a node reports.
//!
//! *Fails* with one sentence that names the topic and what the broker said of it.
//!
//! *Never* writes anything but the one document it was told to change.

mod change;
mod diff;
mod link;
mod pairs;
mod snapshot;
mod watch;
mod watching;

pub use change::{Changed, Edit, change};
pub use diff::{NodeDiff, State, differences};
pub use link::Link;
pub use pairs::{InvalidPair, Pair, dotted};
pub use snapshot::{Desired, Snapshot, Target};
pub use watch::line;
pub use watching::{Heard, Watch};

use crate::uplink::{BrokerFault, NoBroker};
use sidetone_wire::name::NameError;

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// No broker lets this account in.
    #[error(transparent)]
    NoBroker(#[from] NoBroker),
    /// The connection broke.
    #[error(transparent)]
    Broker(#[from] BrokerFault),
    /// Its access list.
    #[error(
        "the broker does not let this account {doing} {topic} ({why}); use IT's account, or add it to the broker's access list"
    )]
    NotAllowed {
        /// `read` or `write`.
        doing: &'static str,
        /// Which topic.
        topic: String,
        /// What the broker says.
        why: &'static str,
    },
    /// With MQTT 3.1.1 it says nothing of a refusal.
    #[error(
        "the broker acknowledged what was written to {0} and does not pass it on: over MQTT 3.1.1 that is how it refuses; use IT's account, or add it to the broker's access list"
    )]
    NotBack(String),
    /// It stopped answering.
    #[error("the broker does not answer any more; try again")]
    Silent,
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The configuration names a key the program cannot sign with.
    #[error(transparent)]
    Key(#[from] crate::remote::signature::KeyError),
    /// What is there is no document.
    #[error(
        "what is published for {target} is no document ({why}); write a new one in its place with --replace"
    )]
    NoDocument {
        /// For whom.
        target: Target,
        /// What is wrong with it.
        why: String,
    },
    /// Nodes would refuse it.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// A key is set and unset, or is a section where a value stands.
    #[error(
        "`{0}` cannot be changed so: it is a section and a key at once; look at it with `sidetone fleet get`"
    )]
    Tangled(String),
    /// Too long for any node.
    #[error("the document has {0} bytes, and nodes read 65536 at most; split it over groups")]
    TooLong(usize),
}
