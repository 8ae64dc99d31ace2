//! The board's connection to the broker.
//!
//! *Promises*: comes back by itself; after each gap that the broker's session does not bridge, the
//! state is subscribed anew and what only events tell is forgotten. *Never* publishes anything, and
//! never keeps more than a few messages: a slow fold slows the broker's delivery down.

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, Incoming, MqttOptions, QoS,
    StateError,
};
use serde::Serialize;
use sidetone_wire::OrgName;
use sidetone_wire::stamp::PAYLOAD_MAX;
use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc;

/// The broker keeps the board's session this long, in seconds.
const SESSION_EXPIRY_S: u32 = 60;

/// Longest pause between two attempts to connect.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What certificates and passwords add to the client's options; called before each attempt, so that a
/// renewed file counts. The error is one sentence for a person.
pub type Refresh = Box<dyn FnMut(&mut MqttOptions) -> Result<(), String> + Send>;

/// Where the broker is, and how to be let in.
pub struct BrokerAccess {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How it is called on the page, without secrets, e.g. `mqtt://broker.example`.
    pub shown: String,
    /// Certificates and passwords.
    pub refresh: Refresh,
}

impl BrokerAccess {
    /// A broker that lets everybody in.
    #[must_use]
    pub fn open(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        Self {
            shown: format!("mqtt://{host}:{port}"),
            host,
            port,
            refresh: Box::new(|_| Ok(())),
        }
    }
}

impl fmt::Debug for BrokerAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// How the board stands with its broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum BrokerLink {
    /// The first attempt is under way.
    Connecting,
    /// Connected and subscribed.
    Connected,
    /// Not connected; it is tried again.
    Down {
        /// Why, in a few words.
        why: String,
    },
}

/// What the link hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message.
    Message { topic: String, payload: Vec<u8> },
    /// The link changed.
    Link(BrokerLink),
    /// Messages may have been missed.
    Missed,
}

/// Drives the client until nobody hears it any more.
pub(super) async fn run(org: OrgName, mut access: BrokerAccess, hear: mpsc::Sender<Heard>) {
    let (client, mut events) = AsyncClient::builder(options(&access)).capacity(8).build();
    let filter = format!("{}/{org}/#", sidetone_wire::topics::ROOT);
    let mut link = Link {
        hear,
        filter,
        client,
        pause: Duration::ZERO,
        logged: None,
    };
    loop {
        let fresh = (access.refresh)(&mut events.options);
        let alive = match fresh {
            Ok(()) => link.connection(&mut events).await,
            Err(why) => link.down(why).await,
        };
        if alive.is_none() {
            return;
        }
        tokio::time::sleep(link.pause).await;
        link.pause = (link.pause * 2).clamp(Duration::from_millis(250), PAUSE_MAX);
    }
}

fn options(access: &BrokerAccess) -> MqttOptions {
    let id = format!("sidetone-board-{}", uuid::Uuid::now_v7().simple());
    let mut options = MqttOptions::new(id, (access.host.as_str(), access.port));
    // Topic and properties fit beside the longest payload of the contract.
    let packet_max = u32::try_from(PAYLOAD_MAX).unwrap_or(u32::MAX) + 8192;
    options
        .set_keep_alive(10)
        .set_connect_timeout(Duration::from_secs(5))
        .set_clean_start(true)
        .set_session_expiry_interval(Some(SESSION_EXPIRY_S))
        .set_outgoing_inflight_upper_limit(8)
        .set_max_packet_size(Some(packet_max));
    options
}

struct Link {
    hear: mpsc::Sender<Heard>,
    filter: String,
    client: AsyncClient,
    pause: Duration,
    logged: Option<String>,
}

impl Link {
    /// One connection, from its attempt to its end; `None` when nobody hears it any more.
    async fn connection(&mut self, events: &mut EventLoop) -> Option<()> {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Incoming::ConnAck(ack))) => {
                    events.options.set_clean_start(false);
                    if ack.session_present {
                        self.up().await?;
                    } else {
                        self.hear.send(Heard::Missed).await.ok()?;
                        let asked = self.client.try_subscribe(&*self.filter, QoS::AtLeastOnce);
                        if asked.is_err() {
                            return self.down("the client is stuck".to_owned()).await;
                        }
                    }
                }
                Ok(Event::Incoming(Incoming::SubAck(ack))) => {
                    let refused = ack.return_codes.iter().find(|code| is_refusal(code));
                    match refused {
                        None => self.up().await?,
                        Some(code) => {
                            let why = format!(
                                "it does not let the board read {} ({})",
                                self.filter,
                                spaced(&format!("{code:?}"))
                            );
                            self.down(why).await?;
                        }
                    }
                }
                Ok(Event::Incoming(Incoming::Publish(publish))) => {
                    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                    let payload = publish.payload.to_vec();
                    let message = Heard::Message { topic, payload };
                    self.hear.send(message).await.ok()?;
                }
                Ok(_) => {}
                Err(error) => {
                    if let ConnectionError::SessionStateMismatch { .. } = error {
                        events.options.set_clean_start(true);
                    }
                    return self.down(explain(&error)).await;
                }
            }
        }
    }

    async fn up(&mut self) -> Option<()> {
        self.pause = Duration::ZERO;
        self.logged = None;
        tracing::info!("the board hears {}", self.filter);
        let up = Heard::Link(BrokerLink::Connected);
        self.hear.send(up).await.ok()
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

fn is_refusal(code: &rumqttc::mqttbytes::v5::SubscribeReasonCode) -> bool {
    !matches!(
        code,
        rumqttc::mqttbytes::v5::SubscribeReasonCode::Success(_)
    )
}

/// Why, in a few words.
fn explain(error: &ConnectionError) -> String {
    let refused =
        |code: &ConnectReturnCode| format!("it refuses ({})", spaced(&format!("{code:?}")));
    match error {
        ConnectionError::ConnectionRefused(code)
        | ConnectionError::MqttState(StateError::ConnFail { reason: code }) => refused(code),
        ConnectionError::Timeout(_) | ConnectionError::MqttState(StateError::AwaitPingResp) => {
            "it does not answer".to_owned()
        }
        ConnectionError::MqttState(StateError::ConnectionAborted) => "it hung up".to_owned(),
        ConnectionError::Io(error) | ConnectionError::MqttState(StateError::Io(error)) => {
            error.to_string().to_lowercase()
        }
        other => other.to_string(),
    }
}

/// `NotAuthorized` → `not authorized`
fn spaced(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
