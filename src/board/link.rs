//! The board's connection to the broker.
//!
//! *Promises*: goes the same ways as a node, to the same brokers; comes back by itself; after each gap that the broker's
//! session does not bridge, the state is subscribed anew and what only events tell is forgotten. *Never* publishes
//! anything, and never keeps more than a few messages: a slow fold slows the broker's delivery down.

use crate::uplink::config::{BrokerConfig, Timing};
use crate::uplink::{Answered, Received, Tour};
use sidetone_hub::board::{BrokerLink, Heard, WAITING};
use sidetone_wire::OrgName;
use sidetone_wire::stamp::PAYLOAD_MAX;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The broker keeps the board's session this long, in seconds.
const SESSION_EXPIRY_S: u32 = 60;

/// Longest pause between two attempts to connect.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// On another broker than the first it is looked this often whether the first is there again.
const LOOK_HOME: Duration = Duration::from_secs(1);

/// Subscribes to everything of an organisation, until the receiver is dropped. Of `timing` counts what says when a broker
/// is given up and when the first one is gone back to. Must be called on a tokio runtime with time and I/O; returns at
/// once.
pub fn follow(org: &OrgName, broker: &BrokerConfig, timing: &Timing) -> mpsc::Receiver<Heard> {
    let (hear, heard) = mpsc::channel(WAITING);
    let id = format!("sidetone-board-{}", uuid::Uuid::now_v7().simple());
    let link = Link {
        tour: Tour::new(broker, &id, timing, Some(SESSION_EXPIRY_S)),
        patience: timing.connect_timeout,
        fallback_after: broker.fallback_after,
        hear,
        filter: format!("{}/{org}/#", sidetone_wire::topics::ROOT),
        down_since: Instant::now(),
        pause: Duration::ZERO,
        logged: None,
    };
    tokio::spawn(link.run());
    heard
}

struct Link {
    tour: Tour,
    /// Longest wait for the broker's answer to anything.
    patience: Duration,
    fallback_after: Duration,
    hear: mpsc::Sender<Heard>,
    filter: String,
    down_since: Instant,
    pause: Duration,
    logged: Option<String>,
}

impl Link {
    async fn run(mut self) {
        let hear = self.hear.clone();
        tokio::select! {
            () = hear.closed() => {}
            _ = self.go_on() => {}
        }
    }

    /// `None` when nobody hears it any more.
    async fn go_on(&mut self) -> Option<()> {
        loop {
            // As the nodes do: a broker that is away for a moment is not left.
            let others = self.down_since.elapsed() >= self.fallback_after;
            match self.tour.connect(others).await {
                Ok(session_present) => self.stay(session_present).await?,
                Err(none) => self.down(none.to_string()).await?,
            }
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).clamp(Duration::from_millis(250), PAUSE_MAX);
        }
    }

    /// One connection, from its beginning to its end.
    async fn stay(&mut self, session_present: bool) -> Option<()> {
        if session_present {
            self.up().await?;
        } else {
            self.hear.send(Heard::Missed).await.ok()?;
            match self.subscribe().await? {
                Ok(()) => self.up().await?,
                Err(why) => {
                    self.tour.here().leave().await;
                    return self.down(why).await;
                }
            }
        }
        let mut look = tokio::time::interval(LOOK_HOME);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = self.tour.here().next() => match message {
                    Ok(message) => self.tell(message).await?,
                    Err(fault) => {
                        self.down_since = Instant::now();
                        return self.down(fault.to_string()).await;
                    }
                },
                _ = look.tick() => if self.tour.is_home_steady() {
                    tracing::info!("the first broker is there again: the board goes back to it");
                    self.tour.here().leave().await;
                    return Some(());
                },
            }
        }
    }

    /// Asks for everything, and tells what comes before the answer.
    async fn subscribe(&mut self) -> Option<Result<(), String>> {
        let Some(asked) = self.tour.here().ask(&self.filter) else {
            return Some(Err("the broker's connection ended at once".to_owned()));
        };
        let answer = tokio::time::timeout(self.patience, asked.answer());
        tokio::pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => {
                    let url = self.tour.place().0;
                    return Some(match answer {
                        Ok(Answered::Granted) => Ok(()),
                        Ok(Answered::Refused(why)) => Err(format!(
                            "the broker at {url} does not let the board read {} ({why})", self.filter
                        )),
                        Ok(Answered::HungUp) | Err(_) => Err(format!(
                            "the broker at {url} does not answer the board's subscription"
                        )),
                    });
                }
                message = self.tour.here().next() => match message {
                    Ok(message) => self.tell(message).await?,
                    Err(fault) => return Some(Err(fault.to_string())),
                },
            }
        }
    }

    async fn tell(&mut self, message: Received) -> Option<()> {
        let Received {
            topic, mut payload, ..
        } = message;
        // Longer ones are refused whatever they hold, and a few hundred may wait.
        payload.truncate(PAYLOAD_MAX + 1);
        payload.shrink_to_fit();
        let message = Heard::Message { topic, payload };
        self.hear.send(message).await.ok()
    }

    async fn up(&mut self) -> Option<()> {
        self.pause = Duration::ZERO;
        self.logged = None;
        let mqtt = self.tour.version();
        let (url, is_other) = self.tour.place();
        tracing::info!(broker = %url, %mqtt, "the board hears {}", self.filter);
        let up = BrokerLink::Connected {
            at: is_other.then(|| url.to_string()),
            mqtt: mqtt.as_str(),
        };
        self.hear.send(Heard::Link(up)).await.ok()
    }

    async fn down(&mut self, why: String) -> Option<()> {
        if self.logged.as_ref() != Some(&why) {
            tracing::warn!("the board has no broker: {why}");
            self.logged = Some(why.clone());
        }
        let down = Heard::Link(BrokerLink::Down { why });
        self.hear.send(down).await.ok()
    }
}
