//! What the node is told to publish about itself, besides what its station says.

use super::config::AgentConfig;
use super::engine::Engine;
use super::identity;
use super::outgoing::Unsendable;
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

impl Engine {
    /// Carries it out.
    pub(super) fn order(&mut self, order: Order) {
        let result = match order {
            Order::Report(body) => {
                self.report = Some(body);
                self.say_report()
            }
            Order::Reply(reply, correlation) => self.sender.reply(*reply).map(|message| {
                if self.connected {
                    self.session.answer(&message, correlation);
                }
            }),
            Order::Again => {
                self.retained.all_again();
                self.refresh();
                Ok(())
            }
            Order::SpeakAs(speaker) => {
                self.names_agent = speaker.names_agent;
                (self.sender.team, self.sender.site) = (speaker.team, speaker.site);
                self.name_agent()
            }
            Order::Agent(agent) => {
                self.pseudonym = agent.as_ref().and_then(identity::pseudonym_of);
                self.name_agent()
            }
            Order::Kept(answer) => {
                self.waiting.push((self.outbox.last_seq(), answer));
                Ok(())
            }
        };
        if let Err(error) = result {
            tracing::error!(%error, "what was ordered cannot be sent");
        }
    }

    /// Names the agent, or not any more; `config/reported` says which.
    fn name_agent(&mut self) -> Result<(), Unsendable> {
        let named = self.sender.agent.is_some();
        let agent = self.pseudonym.clone();
        self.sender.agent = agent.filter(|_| self.names_agent);
        if self.sender.agent.is_some() == named {
            return Ok(());
        }
        self.say_report()
    }

    fn say_report(&mut self) -> Result<(), Unsendable> {
        let Some(report) = &self.report else {
            return Ok(());
        };
        let mut body = (**report).clone();
        body.names_agent = self.sender.agent.is_some();
        self.sender.reported(body).map(|m| self.retained.set(m))
    }
}
