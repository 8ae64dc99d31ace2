//! What the daemon knows now, as it stands in the lines. What is unknown is absent.

use crate::uplink::sent::SentCounts;
use serde::{Deserialize, Serialize};
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::telemetry::AudioFigures;
use sidetone_wire::vocabulary::{MqttVersion, NodeState, OvertalkParty, Provenance};
use uuid::Uuid;

/// Everything but the messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// This node and its daemon.
    pub node: Node,
    /// How it stands with its broker.
    pub broker: Broker,
    /// What waits for the broker.
    pub outbox: Outbox,
    /// How the sound of calls arrives.
    #[serde(default)]
    pub sound: Sound,
    /// The headsets, by plug.
    pub headsets: Vec<Headset>,
    /// What is wrong besides: one sentence each, with the next step.
    pub troubles: Vec<String>,
    /// The alerts that stand: the worst first, then the oldest.
    pub alerts: Vec<AlertDetail>,
    /// Signals that the configuration keeps from being sent (`privacy`).
    pub not_sent: Vec<String>,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name in topics.
    pub name: String,
    /// The organisation.
    pub org: String,
    /// Version of the daemon.
    pub version: String,
    /// Its start counter.
    pub boot: u64,
    /// Its process.
    pub pid: u32,
    /// When it started, ms since 1970 UTC.
    pub since: u64,
    /// As `status` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<NodeState>,
    /// Why, if it is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The connection to the broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broker {
    /// Where it is.
    pub url: String,
    /// How it stands.
    pub connection: BrokerConnection,
    /// Why it is down: one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The version of MQTT that is spoken, while it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<MqttVersion>,
    /// Version of the program that is connected: the daemon itself, or `sidetone uplink`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplink_version: Option<String>,
    /// When this node's certificate ends, in seconds since 1970 UTC; only with TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_certificate_until: Option<i64>,
    /// When the certificate ends that the broker showed, in seconds since 1970 UTC; only with TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_certificate_until: Option<i64>,
    /// Connections made since the start.
    #[serde(default)]
    pub connections: u64,
    /// Topics that the broker refuses; absent = none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedTopic>,
}

/// A topic whose last message the broker refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedTopic {
    /// Which.
    pub topic: String,
    /// Why, in words: `not authorized`, as a rule.
    pub reason: String,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerConnection {
    /// The first attempt is under way.
    Connecting,
    /// Connected.
    Connected,
    /// Not connected; tried again.
    Down,
    /// Ended on purpose.
    Stopped,
}

/// The outbox.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    /// Records that wait for their acknowledgement.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records lost since the start.
    pub dropped: u64,
}

/// What went wrong with streams, since the daemon's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// Streams of a call that ended because the sound server or the device went away.
    pub streams_lost: u64,
    /// Times that a stream gave no samples for a while.
    pub gaps: u64,
    /// Samples that came faster than they were analysed.
    pub lost_samples: u64,
}

/// One headset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headset {
    /// `vid-pid-xxxxxxxx`, as it is published.
    pub id: String,
    /// As it names itself; may be empty.
    pub name: String,
    /// USB vendor and product id, `047f:c056`.
    pub usb_id: String,
    /// `bcdDevice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// The quirk file that applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quirk: Option<String>,
    /// Whether its controls are read.
    pub controls: Access,
    /// Whether its sound card is there.
    pub sound_card: Access,
    /// Why controls or sound cannot be had: one sentence each.
    pub troubles: Vec<String>,
    /// `true` = off hook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_hook: Option<bool>,
    /// Mute: `on` = the agent cannot be heard.
    pub mute: Switch,
    /// Quick disconnect: `on` = pulled apart.
    pub quick_disconnect: Switch,
    /// Speaker volume, 0..1 of the mixer's normal maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<f64>,
    /// Battery charge, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<f64>,
    /// The call on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
}

/// Whether a part of a headset can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It is there and read.
    Here,
    /// It is there and cannot be read.
    Unreadable,
    /// It left.
    Gone,
    /// Not seen, or nobody can say.
    Unknown,
}

/// A state that is on, off or unknown, and how it is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Switch {
    /// Absent = unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// How it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// 0..1, only for an inference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Since when it is on, ms since 1970 UTC, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The node's id of it.
    pub id: Uuid,
    /// ms since 1970 UTC.
    pub since: u64,
    /// How it is known.
    pub provenance: Provenance,
    /// 0..1, only for an inference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Both sides are listened to, because an application captures from the headset.
    pub heard: bool,
    /// Where the far end is heard.
    pub far_end: FarEnd,
    /// The overtalk that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk: Option<Overtalk>,
    /// The last tenth of a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// The last second, with the keys of `telemetry/audio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Box<AudioFigures>>,
}

/// Where the capturing application plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarEnd {
    /// On this headset, as a stream of its own.
    Stream,
    /// On this headset, mixed with other sounds.
    Mix,
    /// On another device.
    Elsewhere,
    /// It plays nothing (yet).
    Nowhere,
}

/// Who talks over whom.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Overtalk {
    /// Who spoke first.
    pub floor: OvertalkParty,
    /// Who came in.
    pub interrupter: OvertalkParty,
}

/// Level and speech of a tenth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// RMS level, dBov, −100 at least.
    pub agent_level_dbov: f64,
    /// The agent speaks.
    pub agent_speech: bool,
    /// RMS level, dBov, −100 at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_level_dbov: Option<f64>,
    /// The customer speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_speech: Option<bool>,
}

/// What was handed to the broker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Of all messages since the start.
    pub counts: SentCounts,
    /// The latest, oldest first.
    pub messages: Vec<Message>,
}

/// One message as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// 1, 2, 3 … since the daemon's start.
    pub number: u64,
    /// When it was handed to the broker, ms since 1970 UTC.
    pub at: u64,
    /// The broker keeps it for later subscribers.
    pub retained: bool,
    /// Where to.
    pub topic: String,
    /// The payload, byte for byte; empty = a retained message is removed.
    pub payload: String,
}
