//! Payloads as CONTRACT §2 wants them: flat, scalar, without null, and the same after a round trip.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::call_report::{CallReport, HoldSpan, MuteSpan, QuickDisconnectSpan};
use sidetone_wire::event::{EventBody, EventDetail, EventType};
use sidetone_wire::inventory::InventoryBody;
use sidetone_wire::status::{StatusBody, last_will};
use sidetone_wire::telemetry::AudioFigures;
use sidetone_wire::vocabulary::*;
use sidetone_wire::{Item, NodeName, Stamp, Stamped};

fn node() -> NodeName {
    NodeName::new("ws-1").unwrap()
}

fn stamp() -> impl Strategy<Value = Stamp> {
    let label = || proptest::option::of("[a-zäß ]{1,20}");
    (
        any::<u64>(),
        proptest::option::of(any::<u64>()),
        any::<Option<u64>>(),
        label(),
        label(),
    )
        .prop_map(|(boot, seq, ts, team, site)| Stamp {
            seq,
            ts,
            team,
            site,
            ..Stamp::new(node(), boot)
        })
}

/// Any number a detector might come up with, also the impossible ones.
fn number() -> impl Strategy<Value = Option<f64>> {
    proptest::option::of(prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
    ])
}

fn member<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn alert() -> impl Strategy<Value = AlertDetail> {
    (
        (
            member(AlertKind::ALL),
            member(AlertState::ALL),
            member(Severity::ALL),
        ),
        (number(), number(), number(), any::<u64>(), any::<u128>()),
        (
            proptest::option::of(member(Side::ALL)),
            proptest::option::of(member(Fault::ALL)),
            proptest::option::of(member(ClearReason::ALL)),
            proptest::option::of(any::<u128>()),
        ),
    )
        .prop_map(
            |((kind, state, severity), (value, threshold, confidence, since, id), rest)| {
                let (side, fault, reason, call) = rest;
                AlertDetail {
                    id: uuid::Uuid::from_u128(id),
                    kind,
                    subject: "agent".to_owned(),
                    state,
                    severity,
                    notify: Notify::Alarm,
                    since,
                    value,
                    threshold,
                    unit: Some("db".to_owned()),
                    fault,
                    side,
                    headset: Some("047f-c053-0011aabb".to_owned()),
                    call: call.map(uuid::Uuid::from_u128),
                    provenance: Some(Provenance::Inferred),
                    confidence,
                    hold: None,
                    text: "It is loud.".to_owned(),
                    action: "Close the window.".to_owned(),
                    reason,
                }
            },
        )
}

fn plain_event() -> impl Strategy<Value = EventDetail> {
    (
        number(),
        number(),
        proptest::option::of(any::<u128>()),
        any::<Option<i32>>(),
    )
        .prop_map(|(volume, duration_s, call, step)| EventDetail {
            volume,
            duration_s,
            call: call.map(uuid::Uuid::from_u128),
            step,
            provenance: Some(Provenance::Reported),
            ..EventDetail::default()
        })
}

/// The object in the bytes, if it is flat.
fn flat_object(bytes: &[u8]) -> Map<String, Value> {
    let Value::Object(map) = serde_json::from_slice(bytes).unwrap() else {
        panic!("no object")
    };
    for (key, value) in &map {
        assert!(
            value.is_boolean()
                || value.is_number()
                || value.as_str().is_some_and(|s| !s.is_empty()),
            "{key} = {value}"
        );
    }
    map
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

proptest! {
    #[test]
    fn alerts_are_flat_and_come_back(stamp in stamp(), body in alert()) {
        let sent = Stamped { stamp, body };
        let bytes = sent.to_json().unwrap();
        let map = flat_object(&bytes);
        prop_assert_eq!(map.contains_key("value"), finite(sent.body.value).is_some());
        let mut expected = sent.clone();
        expected.body.value = finite(sent.body.value);
        expected.body.threshold = finite(sent.body.threshold);
        expected.body.confidence = finite(sent.body.confidence);
        prop_assert_eq!(Stamped::<AlertDetail>::from_json(&bytes).unwrap(), expected);
    }

    #[test]
    fn events_are_flat_and_come_back(
        stamp in stamp(), kind in member(EventType::ALL), detail in plain_event(),
    ) {
        let sent = Stamped { stamp, body: EventBody { kind, detail } };
        let bytes = sent.to_json().unwrap();
        prop_assert_eq!(&flat_object(&bytes)["type"], &json!(kind.as_str()));
        let mut expected = sent.clone();
        expected.body.detail.volume = finite(sent.body.detail.volume);
        expected.body.detail.duration_s = finite(sent.body.detail.duration_s);
        prop_assert_eq!(Stamped::<EventBody>::from_json(&bytes).unwrap(), expected);
    }

    #[test]
    fn alert_events_carry_the_whole_alert(stamp in stamp(), mut alert in alert()) {
        alert.value = finite(alert.value);
        alert.threshold = finite(alert.threshold);
        alert.confidence = finite(alert.confidence);
        let detail = EventDetail { alert: Some(alert), ..EventDetail::default() };
        let sent = Stamped { stamp, body: EventBody { kind: EventType::AlertRaised, detail } };
        let bytes = sent.to_json().unwrap();
        flat_object(&bytes);
        prop_assert_eq!(Stamped::<EventBody>::from_json(&bytes).unwrap(), sent);
    }

    #[test]
    fn telemetry_never_holds_an_impossible_number(level in number(), snr in number()) {
        let body = AudioFigures {
            measured_at: "capture".to_owned(),
            uplink: "unknown".to_owned(),
            agent_level_dbov: level,
            agent_snr_db: snr,
            ..AudioFigures::default()
        };
        let bytes = Stamped { stamp: Stamp::new(node(), 1), body }.to_json().unwrap();
        let map = flat_object(&bytes);
        prop_assert_eq!(map.contains_key("agent_level_dbov"), finite(level).is_some());
    }

    #[test]
    fn no_bytes_are_read_with_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Stamped::<AlertDetail>::from_json(&bytes);
        let _ = Stamped::<EventBody>::from_json(&bytes);
        let _ = Stamped::<StatusBody>::from_json(&bytes);
    }
}

#[test]
fn the_will_is_to_the_letter() {
    let bytes = last_will(node(), 7).to_json().unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        value,
        json!({"v": 1, "node": "ws-1", "boot": 7, "state": "lost"})
    );
}

#[test]
fn inventory_leaves_out_what_is_not_flat_or_takes_a_common_key() {
    let Value::Object(facts) = json!({
        "model": "Savi", "firmware": "", "usages": ["a"], "nested": {"a": 1}, "none": null,
        "channels": 2, "node": "another", "v": 9,
    }) else {
        panic!()
    };
    let item = Item::new("headset-047f-c053-0011aabb").unwrap();
    let body = InventoryBody::new(item, facts);
    let bytes = Stamped {
        stamp: Stamp::new(node(), 1),
        body,
    }
    .to_json()
    .unwrap();
    assert_eq!(
        Value::Object(flat_object(&bytes)),
        json!({
            "v": 1, "boot": 1, "node": "ws-1", "item": "headset-047f-c053-0011aabb",
            "model": "Savi", "channels": 2,
        })
    );
}

#[test]
fn readers_ignore_keys_they_do_not_know_and_refuse_other_versions() {
    let mut status = json!({"v": 1, "node": "ws-1", "boot": 7, "state": "ready", "mood": "good"});
    let read = Stamped::<StatusBody>::from_json(status.to_string().as_bytes()).unwrap();
    assert_eq!(read.body.state, NodeState::Ready);
    status["v"] = json!(2);
    assert!(Stamped::<StatusBody>::from_json(status.to_string().as_bytes()).is_err());
    assert!(Stamped::<StatusBody>::from_json(b"").is_err());
}

fn report() -> CallReport {
    CallReport {
        talk_s: Some(12.5),
        silence_ratio: Some(f64::NAN),
        holds: vec![HoldSpan {
            start_s: 1.0,
            duration_s: 2.0,
        }],
        mutes: vec![MuteSpan {
            start_s: 3.0,
            duration_s: f64::INFINITY,
            provenance: Provenance::Softphone,
        }],
        qd_opens: vec![QuickDisconnectSpan {
            start_s: 4.0,
            duration_s: 0.5,
            provenance: Provenance::Reported,
            hold: None,
        }],
        ..CallReport::default()
    }
}

#[test]
fn a_calls_report_may_hold_lists_of_flat_objects_and_no_other_event_may() {
    let sent = |kind| {
        let detail = EventDetail {
            report: Some(Box::new(report())),
            ..EventDetail::default()
        };
        let body = EventBody { kind, detail };
        let stamp = Stamp::new(node(), 1);
        let bytes = Stamped { stamp, body }.to_json().unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let ended = sent(EventType::CallEnded);
    assert_eq!(
        ended,
        json!({
            "v": 1, "boot": 1, "node": "ws-1", "type": "call.ended", "talk_s": 12.5,
            "holds": [{"start_s": 1.0, "duration_s": 2.0}],
            // What is no number is absent, in lists too.
            "mutes": [{"start_s": 3.0, "provenance": "softphone"}],
            "qd_opens": [{"start_s": 4.0, "duration_s": 0.5, "provenance": "reported"}],
        })
    );
    assert_eq!(
        sent(EventType::CallStarted),
        json!({"v": 1, "boot": 1, "node": "ws-1", "type": "call.started", "talk_s": 12.5})
    );
}

#[test]
fn a_report_comes_back_as_it_was_sent() {
    let report = CallReport {
        silence_ratio: Some(0.25),
        mutes: Vec::new(),
        ..report()
    };
    let detail = EventDetail {
        report: Some(Box::new(report)),
        duration_s: Some(20.0),
        ..EventDetail::default()
    };
    let body = EventBody {
        kind: EventType::CallEnded,
        detail,
    };
    let sent = Stamped {
        stamp: Stamp::new(node(), 1),
        body,
    };
    let bytes = sent.to_json().unwrap();
    assert_eq!(Stamped::<EventBody>::from_json(&bytes).unwrap(), sent);
}
