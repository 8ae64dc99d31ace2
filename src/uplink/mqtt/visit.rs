//! The connection of a tool of IT's or of the board: the same ways and versions as the node's own session.
//!
//! *Promises*: what `broker.mqtt`, `broker.fallback`, `broker.proxy`, `broker.crl_file` and `ws://` mean to the daemon,
//! they mean here. *Never* has a will, or the node's client id.

use super::client::{self, Client, EventLoop, Manner, Step};
use super::fault::BrokerFault;
use super::home::Home;
use super::requests::Asked;
use super::session::{Fate, Received};
use crate::config::{BrokerUrl, MqttChoice};
use crate::uplink::config::{BrokerConfig, Timing};
use sidetone_wire::vocabulary::MqttVersion;
use std::fmt;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Longest wait for a broker that is left in good order.
const FAREWELL: Duration = Duration::from_secs(1);

/// No broker of the list lets this account in: why, of each that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoBroker(Vec<BrokerFault>);

impl fmt::Display for NoBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let before = if place > 0 { "; " } else { "" };
            write!(f, "{before}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NoBroker {}

/// The brokers of the list, one of which is visited at a time.
pub(crate) struct Tour {
    /// In the order in which they are tried.
    visits: Vec<Visit>,
    at: usize,
    home: Home,
}

impl Tour {
    /// Prepares it; nothing is connected yet. A broker remembers the session for `keep_s` seconds after a break, if it
    /// speaks MQTT 5.
    pub(crate) fn new(
        broker: &BrokerConfig,
        client_id: &str,
        timing: &Timing,
        keep_s: Option<u32>,
    ) -> Self {
        let visit = |broker| Visit {
            broker,
            client_id: client_id.to_owned(),
            patience: timing.connect_timeout,
            keep_s,
            line: None,
            is_connected: false,
        };
        Self {
            visits: broker.each().into_iter().map(visit).collect(),
            at: 0,
            home: Home::new(timing),
        }
    }

    /// Connects to the first broker that lets in, or with `others` not set to the first of all; whether it remembered
    /// the session.
    ///
    /// # Errors
    /// Why none does.
    pub(crate) async fn connect(&mut self, others: bool) -> Result<bool, NoBroker> {
        let mut faults = Vec::new();
        let tried = if others { self.visits.len() } else { 1 };
        for place in 0..tried {
            match self.visits[place].connect().await {
                Ok(session_present) => {
                    // A session that another broker remembers has missed something meanwhile.
                    let is_same = self.at == place;
                    self.at = place;
                    let now = Instant::now();
                    if place > 0 {
                        self.home.begin(now);
                    }
                    return Ok(session_present && is_same);
                }
                // Another broker cannot help a file that cannot be used.
                Err(fault @ BrokerFault::Unreadable { .. }) => return Err(NoBroker(vec![fault])),
                Err(fault) => faults.push(fault),
            }
        }
        Err(NoBroker(faults))
    }

    /// The visit that stands, or the last one that did.
    pub(crate) fn here(&mut self) -> &mut Visit {
        &mut self.visits[self.at]
    }

    /// Where it is, and whether that is another broker than the first.
    pub(crate) fn place(&self) -> (&BrokerUrl, bool) {
        (&self.visits[self.at].broker.url, self.at > 0)
    }

    /// The version that is spoken here; MQTT 5 before anything is.
    pub(crate) fn version(&self) -> MqttVersion {
        let line = self.visits[self.at].line.as_ref();
        line.map_or(MqttVersion::V5, |(client, _)| client.version())
    }

    /// On another broker than the first: whether the first has been reachable for long enough to go back to it, as the
    /// nodes do. To be asked now and then; never waits.
    pub(crate) fn is_home_steady(&mut self) -> bool {
        let first = &self.visits[0];
        self.at > 0 && self.home.is_steady(&first.broker, first.patience)
    }

    /// Goes back to the first broker; the other one is left once that has let in. `false` if it does not: then all stays
    /// as it is, and it has to be steady again first.
    pub(crate) async fn come_home(&mut self) -> bool {
        let now = Instant::now();
        if self.visits[0].connect().await.is_err() {
            self.home.begin(now);
            return false;
        }
        self.home.is_back(now);
        self.visits[self.at].leave().await;
        self.at = 0;
        true
    }
}

/// A connection to one broker. Must be used on a tokio runtime with time and I/O.
pub(crate) struct Visit {
    broker: BrokerConfig,
    client_id: String,
    patience: Duration,
    keep_s: Option<u32>,
    line: Option<(Client, EventLoop)>,
    is_connected: bool,
}

impl Visit {
    /// Reads the files and connects; whether the broker remembered the session.
    async fn connect(&mut self) -> Result<bool, BrokerFault> {
        let first = match self.broker.mqtt {
            MqttChoice::V311 => MqttVersion::V311,
            MqttChoice::Auto | MqttChoice::V5 => MqttVersion::V5,
        };
        match self.connect_with(first).await {
            Err(BrokerFault::OldMqtt { .. }) if self.broker.mqtt == MqttChoice::Auto => {
                self.connect_with(MqttVersion::V311).await
            }
            done => done,
        }
    }

    async fn connect_with(&mut self, version: MqttVersion) -> Result<bool, BrokerFault> {
        self.is_connected = false;
        // A session of MQTT 3.1.1 that is kept never ends by itself: each is a new one.
        let is_kept = self.keep_s.is_some() && version == MqttVersion::V5;
        let kept = self
            .line
            .take()
            .filter(|(client, _)| is_kept && client.version() == version);
        let manner = Manner {
            keep_s: self.keep_s,
            will: None,
        };
        let (client, mut events) = kept.unwrap_or_else(|| {
            client::plain(
                version,
                &self.broker,
                self.patience,
                &self.client_id,
                manner,
            )
        });
        events.refresh(&self.broker)?;
        events.forget();
        let welcome = timeout(self.patience, welcome(&mut events, &self.broker.url)).await;
        let silent = || BrokerFault::Silent {
            url: self.broker.url.to_string(),
        };
        let done = welcome.unwrap_or_else(|_| Err(silent()));
        if is_kept && done.is_ok() {
            events.begin_anew(false);
        }
        self.is_connected = done.is_ok();
        self.line = Some((client, events));
        done
    }

    fn ended(&mut self) -> BrokerFault {
        self.is_connected = false;
        BrokerFault::Lost {
            url: self.broker.url.to_string(),
            why: "it is not connected any more".to_owned(),
        }
    }

    /// The next message. May be given up and asked again.
    ///
    /// # Errors
    /// How the connection ended.
    pub(crate) async fn next(&mut self) -> Result<Received, BrokerFault> {
        let (true, Some((_, events))) = (self.is_connected, &mut self.line) else {
            return Err(self.ended());
        };
        loop {
            match events.step().await {
                Ok(Step::Received(message)) => return Ok(message),
                Ok(Step::Welcome { .. } | Step::Farewell | Step::Other) => {}
                Err(failure) => {
                    self.is_connected = false;
                    return Err(failure.explain(&self.broker.url, true));
                }
            }
        }
    }

    /// Asks for a topic's messages; `None` if the connection has ended. The answer comes while [`Visit::next`] is
    /// waited for.
    pub(crate) fn ask(&self, filter: &str) -> Option<Asked> {
        let (client, _) = self.line.as_ref()?;
        client.ask(filter)
    }

    /// Publishes a retained message with QoS 1; `None` if the connection has ended. What becomes of it comes while
    /// [`Visit::next`] is waited for.
    pub(crate) fn publish(
        &self,
        topic: &str,
        payload: &[u8],
    ) -> Option<impl Future<Output = Fate> + use<>> {
        let (client, _) = self.line.as_ref()?;
        Some(client.say(topic, payload, true, None)?.fate())
    }

    /// Says goodbye.
    pub(crate) async fn leave(&mut self) {
        self.is_connected = false;
        let Some((client, events)) = &mut self.line else {
            return;
        };
        if client.disconnect(FAREWELL).await {
            let gone =
                async { while !matches!(events.step().await, Ok(Step::Farewell) | Err(_)) {} };
            let _ = timeout(FAREWELL, gone).await;
        }
    }
}

/// Goes on until the broker lets in.
async fn welcome(events: &mut EventLoop, url: &BrokerUrl) -> Result<bool, BrokerFault> {
    let mut is_second = false;
    loop {
        match events.step().await {
            Ok(Step::Welcome {
                session_present, ..
            }) => return Ok(session_present),
            Ok(_) => {}
            Err(failure) if failure.is_mismatch() && !is_second => {
                // The broker remembers what was forgotten here.
                is_second = true;
                events.begin_anew(true);
            }
            Err(failure) => return Err(failure.explain(url, false)),
        }
    }
}
