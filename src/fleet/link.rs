//! The connection to the broker for one command: connects once, the same ways as a node, reads what is retained,
//! publishes.

use super::FleetError;
use crate::uplink::config::{BrokerConfig, Timing};
use crate::uplink::{Answered, Fate, Tour, refusal};
use sidetone_wire::vocabulary::MqttVersion;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longest wait for the broker's answer to anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is retained comes at once after the broker's answer to the subscription; after this pause that was all.
const QUIET: Duration = Duration::from_millis(500);

/// On MQTT 3.1.1 a refused message is acknowledged as a taken one is: what was taken comes back within this time.
const ECHO: Duration = Duration::from_secs(5);

/// A connection. Must be used on a tokio runtime with time and I/O.
pub struct Link(Tour);

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Link").field(self.0.place().0).finish()
    }
}

impl Link {
    /// Connects to the first of the brokers that lets this account in.
    ///
    /// # Errors
    /// If none does, or certificates or password cannot be read.
    pub async fn open(broker: &BrokerConfig) -> Result<Self, FleetError> {
        Self::open_in(broker, &Timing::default()).await
    }

    /// The same in other times.
    ///
    /// # Errors
    /// As [`Link::open`].
    pub async fn open_in(broker: &BrokerConfig, timing: &Timing) -> Result<Self, FleetError> {
        let id = format!("sidetone-fleet-{}", uuid::Uuid::now_v7().simple());
        let mut tour = Tour::new(broker, &id, timing, None);
        tour.connect(true).await?;
        Ok(Self(tour))
    }

    /// What to know about this connection, each a sentence.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let (url, is_other) = self.0.place();
        if is_other {
            notes.push(format!(
                "the first broker does not let this account in, this is {url}: settings published here do not reach nodes at the first"
            ));
        }
        if self.0.version() == MqttVersion::V311 {
            notes.push(format!(
                "{url} is spoken to with MQTT 3.1.1: settings work, commands to nodes need MQTT 5"
            ));
        }
        notes
    }

    /// Subscribes, and hands over each message that is retained there.
    ///
    /// # Errors
    /// If the broker does not answer or does not let this account read.
    pub async fn retained(
        &mut self,
        filters: &[String],
        mut take: impl FnMut(&str, &[u8]),
    ) -> Result<(), FleetError> {
        let visit = self.0.here();
        for filter in filters {
            let asked = visit.ask(filter).ok_or(FleetError::Silent)?;
            let answer = timeout(PATIENCE, asked.answer());
            tokio::pin!(answer);
            let answered = loop {
                tokio::select! {
                    answered = &mut answer => break answered.map_err(|_| FleetError::Silent)?,
                    message = visit.next() => {
                        let message = message?;
                        take(&message.topic, &message.payload);
                    }
                }
            };
            match answered {
                Answered::Granted => {}
                Answered::Refused(why) => {
                    return Err(FleetError::NotAllowed {
                        doing: "read",
                        topic: filter.clone(),
                        why,
                    });
                }
                Answered::HungUp => return Err(FleetError::Silent),
            }
        }
        while let Ok(message) = timeout(QUIET, visit.next()).await {
            let message = message?;
            take(&message.topic, &message.payload);
        }
        Ok(())
    }

    /// The next message of what was subscribed.
    ///
    /// # Errors
    /// If the connection breaks.
    pub async fn next(&mut self) -> Result<(String, Vec<u8>), FleetError> {
        let message = self.0.here().next().await?;
        Ok((message.topic, message.payload))
    }

    /// Connects anew after a break, to the first of the brokers that lets in.
    ///
    /// # Errors
    /// If none does.
    pub(super) async fn again(&mut self) -> Result<(), FleetError> {
        self.0.connect(true).await?;
        Ok(())
    }

    /// On another broker than the first: goes back to the first as soon as it lasts, by the rule of the nodes; whether it
    /// did. Of what was subscribed nothing comes any more then. To be asked now and then.
    pub(super) async fn is_home_again(&mut self) -> bool {
        self.0.is_home_steady() && self.0.come_home().await
    }

    /// Publishes a retained message on a topic that was subscribed, and waits until the broker has it.
    ///
    /// # Errors
    /// If it does not take it.
    pub async fn publish(&mut self, topic: &str, payload: &[u8]) -> Result<(), FleetError> {
        let version = self.0.version();
        let visit = self.0.here();
        let done = visit.publish(topic, payload).ok_or(FleetError::Silent)?;
        let done = timeout(PATIENCE, done);
        tokio::pin!(done);
        let mut is_back = false;
        let fate = loop {
            tokio::select! {
                fate = &mut done => break fate.map_err(|_| FleetError::Silent)?,
                message = visit.next() => {
                    let message = message?;
                    is_back |= message.topic == topic && message.payload == payload;
                }
            }
        };
        match fate {
            Fate::Acknowledged => {}
            Fate::Refused(reason) => {
                return Err(FleetError::NotAllowed {
                    doing: "write",
                    topic: topic.to_owned(),
                    why: refusal(reason),
                });
            }
            Fate::Impossible | Fate::Reset => return Err(FleetError::Silent),
        }
        if version == MqttVersion::V5 || is_back {
            return Ok(());
        }
        let until = sleep(ECHO);
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => return Err(FleetError::NotBack(topic.to_owned())),
                message = visit.next() => {
                    let message = message?;
                    if message.topic == topic && message.payload == payload {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        self.0.here().leave().await;
    }
}
