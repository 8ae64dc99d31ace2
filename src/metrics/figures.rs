//! Which figures there are.

use super::text::{Kind, Text};
use crate::local::state::{Access, BrokerConnection, State};
use crate::uplink::sent::SentCounts;
use sidetone_wire::telemetry::HealthFigures;
use sidetone_wire::vocabulary::{AlertKind, NodeState};
use std::collections::BTreeMap;

/// What the figures are made of.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// What is now.
    pub state: &'a State,
    /// What was sent since the start.
    pub sent: SentCounts,
    /// The process.
    pub health: &'a HealthFigures,
}

/// All figures, as text.
#[must_use]
pub fn render(figures: Figures<'_>) -> String {
    let mut text = Text::default();
    node(&mut text, figures.state);
    desk(&mut text, figures.state);
    uplink(&mut text, figures);
    process(&mut text, figures);
    text.done()
}

fn node(text: &mut Text, state: &State) {
    text.by(
        ("sidetone_build_info", "version"),
        Kind::Gauge,
        "The version of the daemon; always 1.",
        [(&state.node.version, 1)],
    );
    text.by(
        ("sidetone_node_state", "state"),
        Kind::Gauge,
        "1 for the state that the node publishes as its status, 0 for the others.",
        NodeState::ALL.iter().map(|known| {
            let now = state.node.state.unwrap_or(NodeState::Starting);
            (known.as_str(), u8::from(now == *known))
        }),
    );
    text.plain(
        "sidetone_troubles",
        Kind::Gauge,
        "Things that are wrong with headsets and sound; the log and sidetone doctor name them.",
        Some(
            state.troubles.len()
                + state
                    .headsets
                    .iter()
                    .map(|h| h.troubles.len())
                    .sum::<usize>(),
        ),
    );
}

fn desk(text: &mut Text, state: &State) {
    let here = |access| access == Access::Here;
    let connected = state
        .headsets
        .iter()
        .filter(|headset| here(headset.controls) || here(headset.sound_card));
    let mut models = BTreeMap::new();
    for headset in connected.clone() {
        *models.entry(&headset.usb_id).or_insert(0) += 1;
    }
    text.plain(
        "sidetone_headsets_connected",
        Kind::Gauge,
        "Headsets that are plugged in.",
        Some(connected.count()),
    );
    text.by(
        ("sidetone_headset_models_connected", "usb_id"),
        Kind::Gauge,
        "Headsets that are plugged in, by USB vendor and product.",
        models,
    );
    let calls = state.headsets.iter().filter(|h| h.call.is_some());
    text.plain(
        "sidetone_calls_active",
        Kind::Gauge,
        "Headsets with a call.",
        Some(calls.count()),
    );
    text.by(
        ("sidetone_alerts_active", "kind"),
        Kind::Gauge,
        "Alerts that stand.",
        AlertKind::ALL.iter().map(|kind| {
            let standing = state.alerts.iter().filter(|alert| alert.kind == *kind);
            (kind.as_str(), standing.count())
        }),
    );
    text.plain(
        "sidetone_capture_streams_lost_total",
        Kind::Counter,
        "Streams of a call that ended because the sound server or the device went away.",
        Some(state.sound.streams_lost),
    );
    text.plain(
        "sidetone_capture_gaps_total",
        Kind::Counter,
        "Times that a stream of a call gave no samples for a while.",
        Some(state.sound.gaps),
    );
    text.plain(
        "sidetone_capture_lost_samples_total",
        Kind::Counter,
        "Samples that came faster than they were analysed.",
        Some(state.sound.lost_samples),
    );
}

fn uplink(text: &mut Text, figures: Figures<'_>) {
    let Figures { state, sent, .. } = figures;
    text.plain(
        "sidetone_broker_connected",
        Kind::Gauge,
        "1 while the broker is connected.",
        Some(u8::from(
            state.broker.connection == BrokerConnection::Connected,
        )),
    );
    text.plain(
        "sidetone_broker_connections_total",
        Kind::Counter,
        "Connections made to the broker; all but the first are reconnections.",
        Some(state.broker.connections),
    );
    text.plain(
        "sidetone_broker_refused_topics",
        Kind::Gauge,
        "Topics that the broker refuses to this node.",
        Some(state.broker.refused.len()),
    );
    let ends = [
        ("node", state.broker.node_certificate_until),
        ("broker", state.broker.broker_certificate_until),
    ];
    text.by(
        ("sidetone_certificate_expiry_timestamp_seconds", "certificate"),
        Kind::Gauge,
        "When the certificates of the connection to the broker end, in seconds since 1970 UTC: this node's, and the one the broker showed.",
        ends.into_iter().filter_map(|(whose, until)| Some((whose, until?))),
    );
    text.plain(
        "sidetone_outbox_records",
        Kind::Gauge,
        "Messages that wait for the broker's acknowledgement.",
        Some(state.outbox.records),
    );
    text.plain(
        "sidetone_outbox_bytes",
        Kind::Gauge,
        "Bytes of the messages that wait.",
        Some(state.outbox.bytes),
    );
    text.plain(
        "sidetone_outbox_dropped_total",
        Kind::Counter,
        "Messages lost because the outbox was full or they were too old.",
        Some(state.outbox.dropped),
    );
    text.by(
        ("sidetone_published_messages_total", "class"),
        Kind::Counter,
        "Messages handed to the broker.",
        [
            ("event", sent.events),
            ("alert", sent.alerts),
            ("telemetry", sent.telemetry),
            ("state", sent.states),
        ],
    );
    text.plain(
        "sidetone_published_payload_bytes_total",
        Kind::Counter,
        "Bytes of the payloads of these messages.",
        Some(sent.payload_bytes),
    );
}

/// As every client library of Prometheus names them.
fn process(text: &mut Text, Figures { state, health, .. }: Figures<'_>) {
    text.plain(
        "process_cpu_seconds_total",
        Kind::Counter,
        "Processor time used, in seconds.",
        health.cpu_s,
    );
    text.plain(
        "process_resident_memory_bytes",
        Kind::Gauge,
        "Resident memory.",
        health.rss_bytes,
    );
    text.plain(
        "process_start_time_seconds",
        Kind::Gauge,
        "When the daemon started, in seconds since 1970 UTC.",
        Some(state.node.since as f64 / 1000.0),
    );
}
