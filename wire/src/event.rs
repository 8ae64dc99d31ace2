//! `event/{type}`: things that happened, each sent once and never lost (CONTRACT §1).

use crate::alert::AlertDetail;
use crate::call_report::CallReport;
use crate::vocabulary::{HoldOutcome, OvertalkParty, Provenance, Side, closed_list};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

closed_list! {
    /// The closed list of event types.
    pub enum EventType {
        DaemonStarted = "daemon.started",
        DaemonStopped = "daemon.stopped",
        HeadsetAdded = "headset.added",
        HeadsetRemoved = "headset.removed",
        HookOff = "hook.off",
        HookOn = "hook.on",
        MuteOn = "mute.on",
        MuteOff = "mute.off",
        QdOpen = "qd.open",
        QdClosed = "qd.closed",
        ButtonPressed = "button.pressed",
        VolumeChanged = "volume.changed",
        BatteryChanged = "battery.changed",
        CallStarted = "call.started",
        CallHeld = "call.held",
        CallResumed = "call.resumed",
        CallEnded = "call.ended",
        OvertalkStarted = "overtalk.started",
        OvertalkEnded = "overtalk.ended",
        AcousticShock = "acoustic.shock",
        HoldRequested = "hold.requested",
        HoldDone = "hold.done",
        HoldFailed = "hold.failed",
        AlertRaised = "alert.raised",
        AlertChanged = "alert.changed",
        AlertCleared = "alert.cleared",
        ConfigApplied = "config.applied",
        ConfigRefused = "config.refused",
        OutboxDropped = "outbox.dropped",
    }
}

/// What an event says besides the common keys. One flat object; keys that do not apply are absent.
///
/// An `alert.*` event carries the alert and nothing else: if `alert` is set, the other keys are
/// not written (they mean the same in both, and a JSON object has each key once).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", default)]
#[schemars(!remote)]
pub struct EventDetail {
    /// The call it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Uuid>,
    /// The headset it belongs to: `vid-pid-xxxxxxxx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headset: Option<String>,
    /// Which side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// How it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// 0..1, only with `provenance: inferred`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// `button.pressed`: the usage's name in snake case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<String>,
    /// `volume.changed`: 0..1 where the mixer says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<f64>,
    /// `volume.changed`: one press, +1 or −1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    /// The headset's charge, 0..1 (`battery.changed`, `call.ended`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<f64>,
    /// `overtalk.*`: the side that spoke first, `none` if both began together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<OvertalkParty>,
    /// `overtalk.*`: the side that came in, `none` if both began together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupter: Option<OvertalkParty>,
    /// How long it lasted (`call.ended`, `overtalk.ended`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Why, in snake case (`call.ended`, `hold.failed`, `daemon.stopped`, `config.refused`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `hold.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldOutcome>,
    /// `hold.*`: which adapter was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// `hold.done`: from the first report of the quick disconnect to the call seen held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// `outbox.dropped`: how many records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
    /// `daemon.started`: the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `config.*`: whose document, `fleet`, `group/{group}` or `node`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// `config.*`: its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_version: Option<u64>,
    /// `call.ended`: what the call came to.
    #[serde(flatten)]
    pub report: Option<Box<CallReport>>,
    /// `alert.*`: the alert as it now is.
    #[serde(skip)]
    pub alert: Option<AlertDetail>,
}

impl Serialize for EventDetail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.alert {
            Some(alert) => alert.serialize(serializer),
            None => Self::serialize(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for EventDetail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = Map::<String, Value>::deserialize(deserializer)?;
        if keys.contains_key("kind") {
            let alert = AlertDetail::deserialize(Value::Object(keys)).map_err(D::Error::custom)?;
            return Ok(Self {
                alert: Some(alert),
                ..Self::default()
            });
        }
        let mut read = Self::deserialize(Value::Object(keys)).map_err(D::Error::custom)?;
        // All its keys are optional, so that every event seems to hold an empty one.
        read.report = read
            .report
            .filter(|report| **report != CallReport::default());
        Ok(read)
    }
}

/// The body of `event/{type}`: the type and what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventBody {
    /// Which type; the same as in the topic.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The rest.
    #[serde(flatten)]
    pub detail: EventDetail,
}

impl Event {
    /// What the payload holds.
    #[must_use]
    pub fn body(self) -> EventBody {
        EventBody {
            kind: self.kind,
            detail: self.detail,
        }
    }
}

/// An event before the uplink stamps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it was observed, ms since 1970 UTC.
    pub ts: u64,
    /// Which type.
    pub kind: EventType,
    /// The rest.
    pub detail: EventDetail,
}
