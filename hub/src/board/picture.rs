//! A node as the page shows it: everything decided here, so that the page only draws.
//!
//! *Promises*: nothing in a picture changes unless the node, or how its alerts stand, has changed
//! (times are moments, never ages), so that equal JSON means nothing to send. Texts that came over MQTT
//! are bounded. *Never* holds markup: the page puts every text into a text node.

use super::words;
use crate::node::{AlertView, NodeView, Standing};
use serde::Serialize;
use sidetone_wire::NodeName;
use sidetone_wire::telemetry::AudioFigures;
use sidetone_wire::vocabulary::{AlertKind, NodeState, Notify, Severity};
use std::cmp::Reverse;
use uuid::Uuid;

/// A node that has said nothing for this long is silent: its own health comes every 1–10 s.
const SILENT_MS: u64 = 45_000;

/// Most alerts of one node that are shown.
const ALERTS_SHOWN: usize = 6;

/// A side speaks if it does so in this share of a second.
const SPEAKS_RATIO: f64 = 0.25;

/// Longest text shown, in characters.
const TEXT_MAX: usize = 300;
/// Longest name shown, in characters.
const NAME_MAX: usize = 64;

/// What a node does, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Presence {
    /// Its connection broke.
    Lost,
    /// Nothing is heard of it, and nobody said why.
    Silent,
    /// In a call that is on hold.
    OnHold,
    /// In a call.
    InCall,
    /// It starts.
    Starting,
    /// It runs, without a call.
    Idle,
    /// It was stopped.
    Stopped,
}

impl Presence {
    pub(super) const fn in_call(self) -> bool {
        matches!(self, Self::OnHold | Self::InCall)
    }

    pub(super) const fn is_lost(self) -> bool {
        matches!(self, Self::Lost | Self::Silent)
    }
}

/// A node as the page shows it. Absent keys are unknown or do not apply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct NodePicture {
    pub(super) node: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    pub(super) presence: Presence,
    /// Since when it is in the call, or was last heard; ms since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    since_ms: Option<u64>,
    /// What keeps it from doing all it could.
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headset: Option<String>,
    headsets: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<bool>,
    qd_open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<SoundPicture>,
    pub(super) alerts: Vec<AlertPicture>,
    /// Alerts beyond those in `alerts`.
    more_alerts: usize,
}

/// The latest second of a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct SoundPicture {
    /// `agent`, `customer`, `both` or `nobody`.
    speaks: &'static str,
    overtalk: bool,
    agent: SidePicture,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<SidePicture>,
    /// The customer's side holds everything the headset plays.
    mixed: bool,
}

/// One side of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct SidePicture {
    #[serde(skip_serializing_if = "Option::is_none")]
    level_dbov: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_dbov: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_dbov_a: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snr_db: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<&'static str>,
    speaks: bool,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct AlertPicture {
    id: Uuid,
    kind: AlertKind,
    title: &'static str,
    pub(super) severity: Severity,
    notify: Notify,
    expired: bool,
    pub(super) since_ms: u64,
    text: String,
    action: String,
}

/// Where a node stands among the others: smaller is worse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    severity: Reverse<Option<Severity>>,
    since_ms: u64,
    presence: Presence,
    node: String,
}

impl NodePicture {
    /// The node at this time.
    pub(super) fn of(name: &NodeName, view: &NodeView, now_ms: u64) -> Self {
        let presence = presence(view, now_ms);
        let here = !presence.is_lost() && presence != Presence::Stopped;
        let switches = view.live.switches();
        let mut alerts: Vec<AlertPicture> = view
            .alerts(now_ms)
            .filter(|(_, standing)| *standing != Standing::Cleared)
            .map(|(alert, standing)| AlertPicture::of(alert, standing))
            .collect();
        alerts.sort_by_key(|a| (a.expired, Reverse(a.severity), a.since_ms, a.id));
        let more_alerts = alerts.len().saturating_sub(ALERTS_SHOWN);
        alerts.truncate(ALERTS_SHOWN);
        let label = |text: &Option<String>| text.as_ref().map(|t| words::clip(t, NAME_MAX));
        Self {
            node: name.to_string(),
            agent: label(&view.agent),
            team: label(&view.team),
            site: label(&view.site),
            version: label(&view.version),
            presence,
            since_ms: since(view, presence),
            degraded: (here && view.state == Some(NodeState::Degraded))
                .then(|| words::reason(view.reason.as_deref().unwrap_or("degraded"))),
            headset: view.headset_name().map(|name| words::clip(name, NAME_MAX)),
            headsets: view.headsets(),
            muted: switches.muted.filter(|_| here),
            qd_open: switches.qd_open && here,
            sound: view
                .live
                .audio(now_ms)
                .filter(|_| presence.in_call())
                .map(|figures| SoundPicture::of(figures, view.live.overtalk)),
            alerts,
            more_alerts,
        }
    }

    /// Its place among the others.
    pub(super) fn rank(&self) -> Rank {
        let worst = self.active().next();
        Rank {
            severity: Reverse(worst.map(|alert| alert.severity)),
            since_ms: worst.map_or(0, |alert| alert.since_ms),
            presence: self.presence,
            node: self.node.clone(),
        }
    }

    /// Its alerts that stand, worst first.
    pub(super) fn active(&self) -> impl Iterator<Item = &AlertPicture> {
        self.alerts.iter().filter(|alert| !alert.expired)
    }

    /// Whether figures of a call come in.
    pub(super) fn is_heard(&self) -> bool {
        self.sound.is_some()
    }
}

fn presence(view: &NodeView, now_ms: u64) -> Presence {
    match view.state {
        Some(NodeState::Lost) => return Presence::Lost,
        Some(NodeState::Stopped) => return Presence::Stopped,
        _ => {}
    }
    if now_ms.saturating_sub(view.last_seen_ms) > SILENT_MS {
        return Presence::Silent;
    }
    match &view.live.call {
        Some(call) if call.held => Presence::OnHold,
        Some(_) => Presence::InCall,
        None if view.state == Some(NodeState::Starting) => Presence::Starting,
        None => Presence::Idle,
    }
}

fn since(view: &NodeView, presence: Presence) -> Option<u64> {
    if presence.in_call() {
        view.live.call.as_ref().map(|call| call.since_ms)
    } else if presence.is_lost() {
        (view.last_seen_ms > 0).then_some(view.last_seen_ms)
    } else {
        None
    }
}

impl SoundPicture {
    fn of(figures: &AudioFigures, overtalk: bool) -> Self {
        let speaks = |ratio: Option<f64>| ratio.is_some_and(|ratio| ratio >= SPEAKS_RATIO);
        let gated = figures.agent_noise_gated == Some(true);
        let agent = SidePicture {
            level_dbov: figures.agent_level_dbov,
            noise_dbov: figures.agent_noise_dbov,
            noise_dbov_a: figures.agent_noise_dbov_a,
            snr_db: figures.agent_snr_db,
            noise: words::noise(figures.agent_snr_db, figures.agent_noise_dbov_a, gated),
            speaks: speaks(figures.agent_speech_ratio),
        };
        let customer = figures.customer_level_dbov.map(|level| SidePicture {
            level_dbov: Some(level),
            noise_dbov: figures.customer_noise_dbov,
            noise_dbov_a: figures.customer_noise_dbov_a,
            snr_db: figures.customer_snr_db,
            noise: words::noise(
                figures.customer_snr_db,
                figures.customer_noise_dbov_a,
                false,
            ),
            speaks: speaks(figures.customer_speech_ratio),
        });
        let both = overtalk || speaks(figures.double_talk_ratio);
        Self {
            speaks: match (agent.speaks, customer.as_ref().is_some_and(|c| c.speaks)) {
                _ if both => "both",
                (true, _) => "agent",
                (false, true) => "customer",
                (false, false) => "nobody",
            },
            overtalk,
            agent,
            customer,
            mixed: figures.far_source.as_deref() == Some("mix"),
        }
    }
}

impl AlertPicture {
    fn of(alert: &AlertView, standing: Standing) -> Self {
        let detail = &alert.detail;
        Self {
            id: detail.id,
            kind: detail.kind,
            title: words::title(detail.kind),
            severity: detail.severity,
            notify: detail.notify,
            expired: standing == Standing::Expired,
            since_ms: detail.since,
            text: words::clip(&detail.text, TEXT_MAX),
            action: words::clip(&detail.action, TEXT_MAX),
        }
    }
}
