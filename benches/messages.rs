//! One message of each kind for the benchmarks, and a sender that turns it into topic and payload.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "fixed test material; not every benchmark needs each"
)]

use sidetone::uplink::outgoing::Sender;
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::telemetry::{AudioFigures, Telemetry};
use sidetone_wire::vocabulary::{AlertKind, AlertState, MqttVersion, Notify, Severity, Side};
use sidetone_wire::{NodeName, OrgName, Topics};

const TS: u64 = 1_795_305_600_000;

pub(crate) fn sender() -> Sender {
    Sender {
        topics: Topics::new(
            OrgName::new("acme").unwrap(),
            NodeName::new("ws-1").unwrap(),
        ),
        boot: 7,
        agent: Some("abcdefghij234567".to_owned()),
        team: Some("Late".to_owned()),
        site: Some("Cologne".to_owned()),
        mqtt: MqttVersion::V5,
    }
}

pub(crate) fn event() -> Event {
    let detail = EventDetail {
        side: Some(Side::Agent),
        ..EventDetail::default()
    };
    Event {
        ts: TS,
        kind: EventType::MuteOn,
        detail,
    }
}

pub(crate) fn alert() -> Alert {
    let detail = AlertDetail {
        id: uuid::Uuid::from_u128(1),
        kind: AlertKind::DoubleTalk,
        subject: "call".to_owned(),
        state: AlertState::Raised,
        severity: Severity::Minor,
        notify: Notify::Alarm,
        since: TS,
        value: Some(2.4),
        threshold: Some(2.0),
        unit: Some("s".to_owned()),
        fault: None,
        side: Some(Side::Both),
        headset: Some("047f-c053-0011aabb".to_owned()),
        call: Some(uuid::Uuid::from_u128(2)),
        provenance: None,
        confidence: None,
        hold: None,
        text: "Agent and customer have been talking at the same time for 2.4 s.".to_owned(),
        action: "Listen in, or help the agent to let the customer finish.".to_owned(),
        reason: None,
    };
    Alert { ts: TS, detail }
}

pub(crate) fn telemetry() -> Telemetry {
    let figures = AudioFigures {
        measured_at: "capture".to_owned(),
        uplink: "unknown".to_owned(),
        agent_level_dbov: Some(-26.5),
        customer_level_dbov: Some(-31.25),
        agent_snr_db: Some(24.0),
        customer_snr_db: Some(31.5),
        double_talk_ratio: Some(0.02),
        ..AudioFigures::default()
    };
    Telemetry::Audio {
        ts: TS,
        figures: Box::new(figures),
    }
}
