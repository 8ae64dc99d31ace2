//! `alert/{kind}/{subject}`: the retained state of one alert (CONTRACT §2, §3).

use crate::vocabulary::{
    AlertKind, AlertState, ClearReason, Fault, HoldOutcome, Notify, Provenance, Severity, Side,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an alert says besides the common keys; also carried by `event/alert.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertDetail {
    /// One per occurrence.
    pub id: Uuid,
    /// Which alert.
    pub kind: AlertKind,
    /// Whom or what it is about: `agent`, `customer`, `call`, `node` or `headset-<id>`.
    pub subject: String,
    /// Where in its life it is.
    pub state: AlertState,
    /// How bad.
    pub severity: Severity,
    /// Whether a person is needed now.
    pub notify: Notify,
    /// Since when, ms since 1970 UTC.
    pub since: u64,
    /// The figure that crossed the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Their unit, e.g. `db`, `dbov_a`, `s`, `per_min`, `ratio`, `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What is wrong, for line and device alerts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Which side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Which headset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headset: Option<String>,
    /// The call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Uuid>,
    /// How it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// 0..1, only with `provenance: inferred`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// What came of the hold, with a pulled QD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldOutcome>,
    /// What happened, since when, how bad: one sentence for a person.
    pub text: String,
    /// What to do: one sentence.
    pub action: String,
    /// Why it was cleared; only with `state: cleared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ClearReason>,
}

/// An alert's state before the uplink stamps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// When this state was observed, ms since 1970 UTC.
    pub ts: u64,
    /// The rest.
    pub detail: AlertDetail,
}
