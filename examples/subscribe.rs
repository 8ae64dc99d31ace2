//! Follows an organisation's alerts and events: what every subscriber has to get right.
//!
//! `cargo run --example subscribe -- mqtt://localhost local` (broker, organisation)
//!
//! - The broker keeps what arrives while this program is away: MQTT 5, a fixed client id, no clean start.
//! - QoS 1 may deliver twice: a message is known by its (node, boot, seq).
//! - `alert/…` is the state of an alert, said again every 60 s while it stands. `event/alert.*` tells each
//!   change once, and is kept for a day. Both are folded by the alert's `id`; the higher (boot, seq) is right.
//! - An alert that nobody refreshed for 180 s, or of a lost node, is *expired*: not known, and not over.
//! - Keys, events and alerts that it does not know are no error, so that it outlives updates.

use rumqttc::mqttbytes::v5::SubscribeFilter;
use rumqttc::{AsyncClient, BrokerSessionResumePolicy, Event, Incoming, MqttOptions, QoS};
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::delivery::ALERT_EXPIRY_S;
use sidetone_wire::event::EventBody;
use sidetone_wire::status::StatusBody;
use sidetone_wire::vocabulary::{AlertState, NodeState};
use sidetone_wire::{NodeName, NodePlace, PayloadError, Place, Stamp, Stamped, Topic};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::error::Error;
use std::time::{Duration, Instant};
use uuid::Uuid;

const DAY_S: u32 = 24 * 3600;
const REMEMBERED: usize = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let broker = arguments.next().unwrap_or("mqtt://localhost".to_owned());
    let org = arguments.next().unwrap_or("local".to_owned());
    let id = arguments
        .next()
        .unwrap_or("sidetone-subscribe-rs".to_owned());
    let address = broker
        .strip_prefix("mqtt://")
        .ok_or("name a broker: mqtt://host[:port]")?;
    let (host, port) = address.split_once(':').unwrap_or((address, "1883"));

    let mut options = MqttOptions::new(id, (host, port.parse::<u16>()?));
    options
        .set_keep_alive(20)
        .set_clean_start(false)
        .set_session_expiry_interval(Some(DAY_S))
        // This program only listens: it has no state of its own that a session could contradict.
        .set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly)
        .set_max_packet_size(Some(65_536));
    let (client, mut events) = AsyncClient::builder(options).capacity(10).build();
    let topics =
        ["status", "event/+", "alert/+/+"].map(|what| format!("sidetone/v1/{org}/node/+/{what}"));

    let mut follower = Follower::default();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        let said = tokio::select! {
            event = events.poll() => match event {
                Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                    let filters = topics.iter().map(|topic| SubscribeFilter::new(topic, QoS::AtLeastOnce));
                    client.try_subscribe_many(filters)?;
                    vec!["connected".to_owned()]
                }
                Ok(Event::Incoming(Incoming::Publish(message))) => {
                    let topic = String::from_utf8_lossy(&message.topic).into_owned();
                    follower.take(&topic, &message.payload, Instant::now())
                }
                Ok(_) => Vec::new(),
                // The next poll connects again.
                Err(error) => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    vec![format!("not connected: {error}")]
                }
            },
            _ = second.tick() => follower.expire(Instant::now()),
        };
        for line in said {
            println!("{line}");
        }
    }
}

/// The messages of all nodes, as they add up.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    events: HashSet<(NodeName, u64, u64)>,
    /// The same, the oldest first.
    event_order: VecDeque<(NodeName, u64, u64)>,
    alerts: HashMap<Uuid, Known>,
    /// Nodes whose last will was sent.
    lost: BTreeSet<NodeName>,
}

/// What is known of one alert.
#[derive(Debug)]
struct Known {
    node: NodeName,
    order: (u64, Option<u64>),
    detail: AlertDetail,
    heard: Instant,
    expired: bool,
}

impl Follower {
    /// Takes one message, and tells what is new.
    pub(crate) fn take(&mut self, topic: &str, payload: &[u8], now: Instant) -> Vec<String> {
        // What is not of this contract is ignored; an empty payload removes a retained message.
        self.read(topic, payload, now).unwrap_or_default()
    }

    fn read(
        &mut self,
        topic: &str,
        payload: &[u8],
        now: Instant,
    ) -> Result<Vec<String>, PayloadError> {
        let Some(Topic {
            place: Place::Node(node, place),
            ..
        }) = Topic::parse(topic)
        else {
            return Ok(Vec::new());
        };
        Ok(match place {
            NodePlace::Status => {
                let status = Stamped::<StatusBody>::from_json(payload)?;
                if status.body.state == NodeState::Lost {
                    self.lost.insert(node);
                } else {
                    self.lost.remove(&node);
                }
                self.expire(now)
            }
            NodePlace::Alert(..) => {
                let Stamped { stamp, body } = Stamped::<AlertDetail>::from_json(payload)?;
                self.alert(stamp, body, now)
            }
            NodePlace::Event(_) => {
                let Stamped { stamp, body } = Stamped::<EventBody>::from_json(payload)?;
                match body.detail.alert {
                    _ if !self.is_new(&stamp) => Vec::new(),
                    Some(alert) => self.alert(stamp, alert, now),
                    None => vec![format!("{node}: {}", body.kind)],
                }
            }
            _ => Vec::new(),
        })
    }

    /// Whether this event was not seen before.
    fn is_new(&mut self, stamp: &Stamp) -> bool {
        let key = (stamp.node.clone(), stamp.boot, stamp.seq.unwrap_or(0));
        if !self.events.insert(key.clone()) {
            return false;
        }
        self.event_order.push_back(key);
        if self.event_order.len() > REMEMBERED
            && let Some(oldest) = self.event_order.pop_front()
        {
            self.events.remove(&oldest);
        }
        true
    }

    /// One alert, from either topic; a repetition is its refresh.
    fn alert(&mut self, stamp: Stamp, detail: AlertDetail, now: Instant) -> Vec<String> {
        let order = (stamp.boot, stamp.seq);
        let known = self.alerts.get(&detail.id);
        if known.is_some_and(|known| order < known.order) {
            return Vec::new();
        }
        let is_news = match known {
            Some(known) => known.expired || shown(&known.detail) != shown(&detail),
            None => detail.state != AlertState::Cleared,
        };
        let line = format!("{}: {}", stamp.node, shown(&detail));
        let (node, heard) = (stamp.node, now);
        let known = Known {
            node,
            order,
            detail,
            heard,
            expired: false,
        };
        self.alerts.insert(known.detail.id, known);
        if self.alerts.len() > REMEMBERED {
            self.alerts
                .retain(|_, known| known.detail.state != AlertState::Cleared);
        }
        is_news.then_some(line).into_iter().collect()
    }

    /// Tells which alerts nobody refreshes any more.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<String> {
        let mut said = Vec::new();
        for known in self.alerts.values_mut() {
            let silence = now.saturating_duration_since(known.heard);
            let silent = self.lost.contains(&known.node)
                || silence > Duration::from_secs(ALERT_EXPIRY_S.into());
            if silent && !known.expired && known.detail.state != AlertState::Cleared {
                known.expired = true;
                said.push(format!("{}: expired {}", known.node, shown(&known.detail)));
            }
        }
        said
    }
}

fn shown(alert: &AlertDetail) -> String {
    format!(
        "{} {} {}: {}",
        alert.state, alert.severity, alert.kind, alert.text
    )
}
