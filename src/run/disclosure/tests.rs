use super::Disclosure;
use crate::config::{PrivacyConfig, Signals};
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::call_report::CallReport;
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::{AudioFigures, HealthFigures, Telemetry};
use sidetone_wire::vocabulary::{AlertKind, AlertState, NodeState, Notify, Severity};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Switches one signal off.
type Switch = fn(&mut Signals);

/// Each switch, and everything that is gone when it alone is off.
const SWITCHES: [(Switch, &[&str]); 6] = [
    (
        |s| s.calls = false,
        &[
            "call.started",
            "call.held",
            "call.resumed",
            "call.ended",
            "hold.requested",
            "hold.done",
            "hold.failed",
        ],
    ),
    (
        |s| s.mute = false,
        &[
            "mute.on",
            "mute.off",
            "phone_mute",
            "alert muted_at_call_start",
            "alert talking_while_muted",
        ],
    ),
    (
        |s| s.overtalk = false,
        &["overtalk.started", "overtalk.ended", "alert double_talk"],
    ),
    (
        |s| s.buttons = false,
        &["hook.off", "hook.on", "button.pressed", "phone_mute"],
    ),
    (|s| s.volume = false, &["volume.changed"]),
    (
        |s| s.audio = false,
        &[
            "telemetry audio",
            "alert talking_while_muted",
            "alert noisy_environment",
            "alert line_noise",
            "alert one_way_audio",
            "alert low_level",
            "alert clipping",
            "alert dead_air",
        ],
    ),
];

fn privacy(aggregate: bool, switch: impl FnOnce(&mut Signals)) -> PrivacyConfig {
    let mut signals = Signals {
        calls: true,
        mute: true,
        overtalk: true,
        buttons: true,
        volume: true,
        audio: true,
    };
    switch(&mut signals);
    PrivacyConfig {
        agent: true,
        agent_key_file: "/etc/sidetone/agent.key".into(),
        aggregate,
        signals,
    }
}

fn event(kind: EventType, detail: EventDetail) -> StationMessage {
    let call = Some(Uuid::from_u128(7));
    StationMessage::Event(Event {
        ts: 1,
        kind,
        detail: EventDetail { call, ..detail },
    })
}

fn alert(kind: AlertKind) -> AlertDetail {
    AlertDetail {
        id: Uuid::from_u128(1),
        kind,
        subject: "call".to_owned(),
        state: AlertState::Raised,
        severity: Severity::Minor,
        notify: Notify::Alarm,
        since: 1,
        value: None,
        threshold: None,
        unit: None,
        fault: None,
        side: None,
        headset: None,
        call: Some(Uuid::from_u128(7)),
        provenance: None,
        confidence: None,
        hold: None,
        text: String::new(),
        action: String::new(),
        reason: None,
    }
}

fn audio() -> StationMessage {
    StationMessage::Telemetry(Telemetry::Audio {
        ts: 1,
        figures: Box::new(AudioFigures {
            call: Some(Uuid::from_u128(7)),
            muted: Some(true),
            double_talk_ratio: Some(0.1),
            ..AudioFigures::default()
        }),
    })
}

/// One of everything a station can say, by name.
fn everything() -> Vec<(String, StationMessage)> {
    let mut all = Vec::new();
    for kind in EventType::ALL {
        if !kind.as_str().starts_with("alert.") {
            all.push((kind.to_string(), event(*kind, EventDetail::default())));
        }
    }
    let mute_button = EventDetail {
        button: Some("phone_mute".to_owned()),
        ..EventDetail::default()
    };
    all.push((
        "phone_mute".to_owned(),
        event(EventType::ButtonPressed, mute_button),
    ));
    for kind in AlertKind::ALL {
        let name = format!("alert {kind}");
        let detail = alert(*kind);
        all.push((
            name.clone(),
            StationMessage::Alert(Alert {
                ts: 1,
                detail: detail.clone(),
            }),
        ));
        for told in [
            EventType::AlertRaised,
            EventType::AlertChanged,
            EventType::AlertCleared,
        ] {
            let carried = EventDetail {
                alert: Some(detail.clone()),
                ..EventDetail::default()
            };
            all.push((name.clone(), event(told, carried)));
        }
    }
    all.push(("telemetry audio".to_owned(), audio()));
    let health = Telemetry::Health {
        ts: 1,
        figures: HealthFigures::default(),
    };
    all.push((
        "telemetry health".to_owned(),
        StationMessage::Telemetry(health),
    ));
    let inventory = StationMessage::Inventory {
        item: "host".to_owned(),
        facts: None,
    };
    all.push(("inventory".to_owned(), inventory));
    let state = StationMessage::State {
        state: NodeState::Ready,
        reason: None,
    };
    all.push(("status".to_owned(), state));
    all
}

fn withheld(disclosure: &Disclosure) -> BTreeSet<String> {
    let (mut gone, mut sent) = (BTreeSet::new(), BTreeSet::new());
    for (name, message) in everything() {
        match disclosure.filter(message) {
            None => gone.insert(name),
            Some(_) => sent.insert(name),
        };
    }
    let halves: Vec<_> = gone.intersection(&sent).collect();
    assert!(
        halves.is_empty(),
        "of an alert, state and events go together: {halves:?}"
    );
    gone
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn each_switch_withholds_its_own_and_nothing_else() {
    assert_eq!(
        withheld(&Disclosure::new(&privacy(false, |_| {}))),
        BTreeSet::new()
    );
    for (switch, expected) in SWITCHES {
        let disclosure = Disclosure::new(&privacy(false, switch));
        assert_eq!(withheld(&disclosure), names(expected));
    }
}

#[test]
fn the_works_councils_mode_withholds_calls_mute_overtalk_and_buttons() {
    let privacy = privacy(true, |_| {});
    let disclosure = Disclosure::new(&privacy);
    // Calls, mute, overtalk and buttons are the first four.
    let expected = SWITCHES[..4].iter().flat_map(|(_, gone)| names(gone));
    assert_eq!(withheld(&disclosure), expected.collect());
    assert!(!Disclosure::names_the_agent(&privacy));
}

#[test]
fn what_is_sent_tells_nothing_of_what_is_switched_off() {
    let disclosure = Disclosure::new(&privacy(true, |_| {}));
    for (name, message) in everything() {
        match disclosure.filter(message) {
            Some(StationMessage::Event(event)) => {
                assert_eq!(event.detail.call, None, "{name}");
                let carried = event.detail.alert.and_then(|alert| alert.call);
                assert_eq!(carried, None, "{name}");
            }
            Some(StationMessage::Alert(alert)) => assert_eq!(alert.detail.call, None, "{name}"),
            Some(StationMessage::Telemetry(Telemetry::Audio { figures, .. })) => {
                assert_eq!(
                    (figures.call, figures.muted, figures.double_talk_ratio),
                    (None, None, None)
                );
            }
            _ => {}
        }
    }
}

#[test]
fn nothing_is_taken_out_while_everything_is_on() {
    let disclosure = Disclosure::new(&privacy(false, |_| {}));
    for (name, message) in everything() {
        assert_eq!(disclosure.filter(message.clone()), Some(message), "{name}");
    }
}

/// A report with every figure there is.
fn full_report() -> CallReport {
    let schema = schemars::schema_for!(CallReport).to_value();
    let properties = schema["properties"].as_object().expect("properties");
    let mut keys: serde_json::Map<_, _> = properties
        .iter()
        .filter_map(|(key, about)| {
            let of = |kind: &str| about["type"].to_string().contains(kind);
            let value = match () {
                () if of("number") => 0.5.into(),
                () if of("integer") => 1.into(),
                () if of("boolean") => true.into(),
                () => return None,
            };
            Some((key.clone(), value))
        })
        .collect();
    let span = |about: serde_json::Value| {
        let mut span = serde_json::json!({"start_s": 1.0, "duration_s": 2.0});
        span.as_object_mut()
            .expect("an object")
            .extend(about.as_object().expect("an object").clone());
        serde_json::json!([span])
    };
    let parties = serde_json::json!({"floor": "agent", "interrupter": "customer"});
    keys.insert("overtalks".to_owned(), span(parties));
    let mute = serde_json::json!({"provenance": "mixer"});
    keys.insert("mutes".to_owned(), span(mute.clone()));
    keys.insert("qd_opens".to_owned(), span(mute));
    keys.insert("holds".to_owned(), span(serde_json::json!({})));
    for (key, word) in [
        ("agent_noise_kind", "hiss"),
        ("customer_noise_kind", "hum"),
        ("quality_side", "agent"),
    ] {
        keys.insert(key.to_owned(), word.into());
    }
    assert_eq!(keys.len(), properties.len(), "a key without a value");
    serde_json::from_value(keys.into()).expect("a report")
}

#[test]
fn a_calls_report_leaves_out_what_is_switched_off() {
    let keys = |switch: Switch| -> BTreeSet<String> {
        let detail = EventDetail {
            report: Some(Box::new(full_report())),
            ..EventDetail::default()
        };
        let sent = Disclosure::new(&privacy(false, switch))
            .filter(event(EventType::CallEnded, detail))
            .expect("it is sent");
        let StationMessage::Event(event) = sent else {
            unreachable!("an event stays one")
        };
        let json = serde_json::to_value(event.detail).expect("JSON");
        json.as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let all = keys(|_| {});
    let gone = |switch: Switch| -> Vec<String> { all.difference(&keys(switch)).cloned().collect() };
    assert_eq!(
        gone(|s| s.mute = false),
        [
            "mute_count",
            "mute_drift_s",
            "muted_s",
            "muted_speech_s",
            "mutes"
        ]
    );
    let overtalk = |key: &&String| key.contains("overtalk") || *key == "double_talk_ratio";
    let of_overtalk: Vec<String> = all.iter().filter(overtalk).cloned().collect();
    assert_eq!(gone(|s| s.overtalk = false), of_overtalk);
    assert_eq!(of_overtalk.len(), 8);
    let stays = keys(|s| s.audio = false);
    let of_sound = [
        "agent_",
        "customer_",
        "quality_",
        "dead_air",
        "silence",
        "heard",
        "double_talk",
        "speech",
    ];
    for key in &all {
        let made_of_sound =
            of_sound.iter().any(|part| key.contains(part)) && !key.starts_with("overtalk");
        assert_eq!(stays.contains(key), !made_of_sound, "{key}");
    }
}
