//! What the node is told to publish about itself, besides what its station says.

use super::config::AgentConfig;
use sidetone_wire::command::CommandReply;
use sidetone_wire::config::ConfigReported;
use tokio::sync::{mpsc, oneshot};

/// Told to the uplink.
#[derive(Debug)]
pub enum Order {
    /// `config/reported` changed; whether the agent is named, the uplink knows itself.
    Report(Box<ConfigReported>),
    /// A command's answer, with the Correlation Data of its request. It is of use now or not at all.
    Reply(Box<CommandReply>, Option<Vec<u8>>),
    /// Every retained state is published again.
    Again,
    /// The node speaks under these from now on.
    SpeakAs(Speaker),
    /// Whose calls these are from now on; after everything that has been said already.
    Agent(Option<AgentConfig>),
    /// Answered once everything that has been said already is acknowledged by the broker or on the disk.
    Kept(oneshot::Sender<()>),
}

impl Order {
    /// Whether it comes after what was said before it, not before all that waits.
    pub(super) fn follows_what_was_said(&self) -> bool {
        matches!(self, Self::Agent(_) | Self::Kept(_))
    }
}

/// Gives orders to a running uplink.
#[derive(Debug, Clone)]
pub struct Orders(pub(super) mpsc::Sender<Order>);

impl Orders {
    /// In order, and before what the station says from now on. (What the station has said already, but the uplink has
    /// not taken, comes after most orders; an order says if not.)
    pub async fn give(&self, order: Order) {
        if self.0.send(order).await.is_err() {
            tracing::debug!("the uplink has ended");
        }
    }
}

/// What of the common keys can change while the node runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Speaker {
    /// The team, at most 64 characters.
    pub team: Option<String>,
    /// The site, at most 64 characters.
    pub site: Option<String>,
    /// Whether the agent's pseudonym goes along, if there is one.
    pub names_agent: bool,
}
