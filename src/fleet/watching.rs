//! What happens to settings, as it happens: for as long as somebody watches, at the broker where the nodes are.
//!
//! *Promises*: goes to the next broker when a connection breaks, and back to the first as a node does; a state that was
//! told is not told again because another broker keeps it too. *Fails* when no broker lets this account in.

use super::{FleetError, Link, Snapshot};
use sidetone_wire::OrgName;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior};

/// On another broker than the first it is looked this often whether the first is there again.
const LOOK_HOME: Duration = Duration::from_secs(1);

/// What is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A document or a report.
    Message {
        /// Where.
        topic: String,
        /// As it came.
        payload: Vec<u8>,
    },
    /// From here on it is heard at another broker; what to know, a sentence.
    Moved(String),
}

/// Somebody who watches. Must be used on a tokio runtime with time and I/O.
#[derive(Debug)]
pub struct Watch {
    link: Link,
    filters: Vec<String>,
    /// What was told last, by topic.
    told: BTreeMap<String, Vec<u8>>,
    next: VecDeque<Heard>,
    look: Interval,
}

impl Watch {
    /// Goes on with a connection over which this was heard already; that comes first.
    #[must_use]
    pub fn new(link: Link, org: &OrgName, heard: Vec<(String, Vec<u8>)>) -> Self {
        let mut look = tokio::time::interval(LOOK_HOME);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Self {
            link,
            filters: Snapshot::filters(org),
            told: BTreeMap::new(),
            next: VecDeque::new(),
            look,
        };
        watch.take(heard);
        watch
    }

    /// The next thing.
    ///
    /// # Errors
    /// If no broker lets in any more, or one does not let this account read.
    pub async fn next(&mut self) -> Result<Heard, FleetError> {
        loop {
            if let Some(next) = self.next.pop_front() {
                return Ok(next);
            }
            tokio::select! {
                message = self.link.next() => match message {
                    Ok((topic, payload)) => {
                        self.told.insert(topic.clone(), payload.clone());
                        return Ok(Heard::Message { topic, payload });
                    }
                    Err(broke) => {
                        self.link.again().await?;
                        self.arrive(format!("{broke}; connected anew")).await?;
                    }
                },
                _ = self.look.tick() => if self.link.is_home_again().await {
                    self.arrive("the first broker is there again: this goes on there".to_owned()).await?;
                },
            }
        }
    }

    /// Hears what is kept at the broker that is connected now.
    async fn arrive(&mut self, why: String) -> Result<(), FleetError> {
        self.next.push_back(Heard::Moved(why));
        let notes = self.link.notes();
        self.next.extend(notes.into_iter().map(Heard::Moved));
        let mut kept = Vec::new();
        let take = |topic: &str, payload: &[u8]| kept.push((topic.to_owned(), payload.to_vec()));
        self.link.retained(&self.filters, take).await?;
        self.take(kept);
        Ok(())
    }

    fn take(&mut self, kept: Vec<(String, Vec<u8>)>) {
        for (topic, payload) in kept {
            let before = self.told.insert(topic.clone(), payload.clone());
            if before.is_none_or(|before| before != payload) {
                self.next.push_back(Heard::Message { topic, payload });
            }
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.link.close().await;
    }
}
