//! The daemon's states in words, the same on the screen and in the snapshot to read.

use crate::local::state::{
    Access, Broker, BrokerConnection, Call, FarEnd, Headset, Node, Outbox, Overtalk, Switch,
};
use crate::uplink::sent::SentCounts;
use sidetone_wire::vocabulary::{AlertKind, MqttVersion, OvertalkParty, Provenance, Severity};

/// How long something has lasted or been, in ms: `0:07`, `12:34`, `3 h 12 min`, `2 d 5 h`.
pub(super) fn lasting(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..3_600 => format!("{minutes}:{:02}", seconds % 60),
        3_600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// `for 0:07`
fn since(since: u64, now: u64) -> String {
    format!("for {}", lasting(now.saturating_sub(since)))
}

/// How a state is known.
pub(super) fn how(provenance: Option<Provenance>, confidence: Option<f64>) -> String {
    match (provenance, confidence) {
        (Some(Provenance::Reported), _) => "reported by the headset".to_owned(),
        (Some(Provenance::Mixer), _) => "reported by the sound mixer".to_owned(),
        (Some(Provenance::Softphone), _) => "reported by the softphone".to_owned(),
        (Some(Provenance::Inferred), Some(sure)) => {
            format!("concluded, {:.0} % sure", sure * 100.0)
        }
        (Some(Provenance::Inferred), None) => "concluded".to_owned(),
        (None, _) => "nothing tells".to_owned(),
    }
}

/// A switch: its state, and how it is known.
fn switch(switch: &Switch, on: &str, off: &str, now: u64) -> (String, String) {
    let state = match (switch.on, switch.since) {
        (Some(true), Some(at)) => format!("{on} {}", since(at, now)),
        (Some(true), None) => on.to_owned(),
        (Some(false), _) => off.to_owned(),
        (None, _) => "unknown".to_owned(),
    };
    (state, how(switch.provenance, switch.confidence))
}

/// Mute, and how it is known.
pub(super) fn mute(headset: &Headset, now: u64) -> (String, String) {
    switch(&headset.mute, "MUTED", "not muted", now)
}

/// Quick disconnect, and how it is known.
pub(super) fn quick_disconnect(headset: &Headset, now: u64) -> (String, String) {
    switch(&headset.quick_disconnect, "PULLED APART", "closed", now)
}

/// The hook switch.
pub(super) fn hook(headset: &Headset) -> &'static str {
    match headset.off_hook {
        Some(true) => "off hook",
        Some(false) => "on hook",
        None => "unknown",
    }
}

/// A share of 1 in percent.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or("unknown".to_owned(), |share| {
        format!("{:.0} %", share * 100.0)
    })
}

/// Whether the controls are read.
pub(super) fn controls(headset: &Headset) -> String {
    match (headset.controls, &headset.quirk) {
        (Access::Here, Some(quirk)) => format!("read (quirk {quirk})"),
        (Access::Here, None) => "read".to_owned(),
        (Access::Unreadable, _) => "CANNOT BE READ".to_owned(),
        (Access::Gone, _) => "GONE".to_owned(),
        (Access::Unknown, _) => "not seen".to_owned(),
    }
}

/// Whether the sound card is there.
pub(super) fn sound_card(headset: &Headset) -> &'static str {
    match headset.sound_card {
        Access::Here => "here",
        Access::Unreadable => "CANNOT BE HEARD",
        Access::Gone => "GONE",
        Access::Unknown => "not seen",
    }
}

/// The headset's own name, or what it is by number.
pub(super) fn name(headset: &Headset) -> &str {
    if headset.name.is_empty() {
        &headset.usb_id
    } else {
        &headset.name
    }
}

/// How a call goes, and how it is known.
pub(super) fn call(call: &Call, now: u64) -> (String, String) {
    let state = format!("IN A CALL {}", since(call.since, now));
    (state, how(Some(call.provenance), call.confidence))
}

/// What is heard of a call.
pub(super) fn heard(call: &Call) -> &'static str {
    match (call.heard, call.far_end) {
        (false, _) => "not listened to: no application records from the headset",
        (true, FarEnd::Stream) => "both sides heard",
        (true, FarEnd::Mix) => "both sides heard, the customer mixed with other sounds",
        (true, FarEnd::Elsewhere) => "only the agent heard: the call plays on ANOTHER DEVICE",
        (true, FarEnd::Nowhere) => "only the agent heard: the application plays nothing",
    }
}

/// The customer is not heard, or not alone.
pub(super) fn far_end_is_missing(call: &Call) -> bool {
    call.heard && call.far_end != FarEnd::Stream
}

/// Who talks over whom.
pub(super) fn overtalk(overtalk: &Overtalk) -> &'static str {
    match overtalk.interrupter {
        OvertalkParty::Agent => "OVERTALK: the agent came in",
        OvertalkParty::Customer => "OVERTALK: the customer came in",
        OvertalkParty::Neither => "OVERTALK: both began together",
    }
}

/// How bad, as a shape that is read without colour.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "!!! CRITICAL",
        Severity::Major => "!!  MAJOR",
        Severity::Minor => "!   minor",
        Severity::Warning => ".   warning",
    }
}

/// Which alert.
pub(super) fn kind(kind: AlertKind) -> String {
    kind.as_str().replace('_', " ").replace("qd ", "QD ")
}

/// The broker.
pub(super) fn broker(broker: &Broker) -> String {
    let url = &broker.url;
    match (broker.connection, &broker.reason) {
        (BrokerConnection::Connected, _) if broker.refused.is_empty() => match broker.mqtt {
            Some(MqttVersion::V311) => format!("connected to {url} (MQTT 3.1.1)"),
            _ => format!("connected to {url}"),
        },
        (BrokerConnection::Connected, _) => format!(
            "connected to {url}, which REFUSES {} topics: `sidetone doctor`",
            broker.refused.len()
        ),
        (BrokerConnection::Connecting, _) => format!("connecting to {url}"),
        (BrokerConnection::Down, Some(reason)) => format!("NOT CONNECTED: {reason}"),
        (BrokerConnection::Down, None) => format!("NOT CONNECTED to {url}"),
        (BrokerConnection::Stopped, _) => format!("disconnected from {url}"),
    }
}

/// The outbox.
pub(super) fn outbox(outbox: Outbox) -> String {
    match (outbox.records, outbox.dropped) {
        (0, 0) => "empty".to_owned(),
        (records, 0) => format!("{records} waiting"),
        (records, dropped) => format!("{records} waiting, {dropped} LOST"),
    }
}

/// The node's state with its reason.
pub(super) fn node(node: &Node) -> String {
    match (node.state, &node.reason) {
        (None, _) => "starting".to_owned(),
        (Some(state), None) => state.to_string(),
        (Some(state), Some(reason)) => format!("{} ({reason})", state.as_str().to_uppercase()),
    }
}

/// How many messages of which kind.
pub(super) fn counts(counts: &SentCounts) -> String {
    let SentCounts {
        events,
        alerts,
        telemetry,
        states,
        ..
    } = counts;
    let all = events + alerts + telemetry + states;
    format!("{all}: {events} events, {alerts} alerts, {telemetry} telemetry, {states} states")
}

/// A topic below the node's own, which is in all of them.
pub(super) fn topic<'a>(topic: &'a str, node: &str) -> &'a str {
    let own = format!("/node/{node}/");
    topic
        .split_once(own.as_str())
        .map_or(topic, |(_, below)| below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        for (ms, read) in [
            (0, "0:00"),
            (7_900, "0:07"),
            (754_000, "12:34"),
            (11_520_000, "3 h 12 min"),
            (190_800_000, "2 d 5 h"),
        ] {
            assert_eq!(lasting(ms), read);
        }
    }

    #[test]
    fn a_topic_is_shortened_only_by_what_all_have() {
        let full = "sidetone/v1/acme/node/ws-1/event/mute.on";
        assert_eq!(topic(full, "ws-1"), "event/mute.on");
        assert_eq!(topic(full, "ws"), full);
    }
}
