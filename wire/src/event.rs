//! `event/{type}`: things that happened, each sent once and never lost (CONTRACT §1).

use crate::vocabulary::{HoldOutcome, Provenance, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The closed list of event types.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[allow(missing_docs)]
pub enum EventType {
    #[serde(rename = "daemon.started")]
    DaemonStarted,
    #[serde(rename = "daemon.stopped")]
    DaemonStopped,
    #[serde(rename = "headset.added")]
    HeadsetAdded,
    #[serde(rename = "headset.removed")]
    HeadsetRemoved,
    #[serde(rename = "hook.off")]
    HookOff,
    #[serde(rename = "hook.on")]
    HookOn,
    #[serde(rename = "mute.on")]
    MuteOn,
    #[serde(rename = "mute.off")]
    MuteOff,
    #[serde(rename = "qd.open")]
    QdOpen,
    #[serde(rename = "qd.closed")]
    QdClosed,
    #[serde(rename = "button.pressed")]
    ButtonPressed,
    #[serde(rename = "volume.changed")]
    VolumeChanged,
    #[serde(rename = "battery.changed")]
    BatteryChanged,
    #[serde(rename = "call.started")]
    CallStarted,
    #[serde(rename = "call.held")]
    CallHeld,
    #[serde(rename = "call.resumed")]
    CallResumed,
    #[serde(rename = "call.ended")]
    CallEnded,
    #[serde(rename = "overtalk.started")]
    OvertalkStarted,
    #[serde(rename = "overtalk.ended")]
    OvertalkEnded,
    #[serde(rename = "acoustic.shock")]
    AcousticShock,
    #[serde(rename = "hold.requested")]
    HoldRequested,
    #[serde(rename = "hold.done")]
    HoldDone,
    #[serde(rename = "hold.failed")]
    HoldFailed,
    #[serde(rename = "alert.raised")]
    AlertRaised,
    #[serde(rename = "alert.changed")]
    AlertChanged,
    #[serde(rename = "alert.cleared")]
    AlertCleared,
    #[serde(rename = "config.applied")]
    ConfigApplied,
    #[serde(rename = "config.refused")]
    ConfigRefused,
    #[serde(rename = "outbox.dropped")]
    OutboxDropped,
}

/// What an event says besides the common keys. One flat object; keys that do not apply are absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
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
    /// `battery.changed`: 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<f64>,
    /// `overtalk.*`: the side that spoke first, absent if both began together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Side>,
    /// `overtalk.*`: the side that came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupter: Option<Side>,
    /// How long it lasted (`call.ended`, `overtalk.ended`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Why, in snake case (`call.ended`, `daemon.stopped`, `config.refused`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `hold.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldOutcome>,
    /// `outbox.dropped`: how many records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
    /// `daemon.started`: the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `alert.*`: the alert as it now is.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub alert: Option<crate::alert::AlertDetail>,
}

/// An event before the uplink stamps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it was observed, ms since 1970 UTC.
    pub ts: u64,
    /// Which type.
    pub kind: EventType,
    /// The rest.
    pub detail: EventDetail,
}
