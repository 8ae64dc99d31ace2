use super::*;
use sidetone_wire::event::{Event, EventDetail};
use sidetone_wire::vocabulary::{AlertKind, Notify, Severity};

/// The state and the event of a raised alert.
pub(crate) fn raised(id: u128) -> [StationMessage; 2] {
    let detail: AlertDetail = serde_json::from_value(serde_json::json!({
        "id": Uuid::from_u128(id), "kind": AlertKind::QdOpenInCall, "subject": "call",
        "state": AlertState::Raised, "severity": Severity::Major, "notify": Notify::Alarm,
        "since": 5, "text": "t", "action": "a",
    }))
    .unwrap();
    both(detail, EventType::AlertRaised)
}

fn both(detail: AlertDetail, kind: EventType) -> [StationMessage; 2] {
    let carried = EventDetail {
        alert: Some(detail.clone()),
        ..EventDetail::default()
    };
    [
        StationMessage::Alert(Alert { ts: 5, detail }),
        StationMessage::Event(Event {
            ts: 5,
            kind,
            detail: carried,
        }),
    ]
}

fn detail_of(messages: &[StationMessage; 2]) -> AlertDetail {
    match &messages[0] {
        StationMessage::Alert(alert) => alert.detail.clone(),
        other => panic!("{other:?}"),
    }
}

/// The state and the event of its end.
pub(crate) fn cleared(id: u128) -> [StationMessage; 2] {
    let mut detail = detail_of(&raised(id));
    (detail.state, detail.reason) = (AlertState::Cleared, Some(ClearReason::Condition));
    both(detail, EventType::AlertCleared)
}

/// Ids of the `alert.cleared` and of the ended states in what is said.
fn ends(said: &[StationMessage]) -> (Vec<u128>, Vec<u128>) {
    let (mut events, mut states) = (Vec::new(), Vec::new());
    for message in said {
        match message {
            StationMessage::Event(event) if event.kind == EventType::AlertCleared => {
                events.push(event.detail.alert.as_ref().unwrap().id.as_u128());
            }
            StationMessage::Alert(alert) if alert.detail.state == AlertState::Cleared => {
                states.push(alert.detail.id.as_u128());
            }
            _ => {}
        }
    }
    (events, states)
}

#[test]
fn a_station_that_goes_has_each_alert_cleared_once() {
    let mut standing = Standing::default();
    for message in raised(1).iter().chain(&raised(2)).chain(&cleared(1)) {
        assert!(standing.admits(message));
    }
    assert_eq!(
        ends(&standing.end_all(ClearReason::Restart)),
        (vec![2], vec![2])
    );
    assert!(standing.is_empty());
    assert_eq!(standing.end_all(ClearReason::Restart), []);
}

#[test]
fn half_an_end_is_completed_and_not_repeated() {
    let mut standing = Standing::default();
    for message in &raised(1) {
        standing.admits(message);
    }
    assert!(standing.admits(&cleared(1)[0]));
    assert_eq!(
        ends(&standing.end_all(ClearReason::Restart)),
        (vec![1], vec![])
    );
}

#[test]
fn what_the_dead_uplink_had_kept_is_not_said_again() {
    let left = vec![detail_of(&raised(1)), detail_of(&raised(2))];
    let mut standing = Standing::new(left);
    let said = standing.adopt(9, &[Uuid::from_u128(1)]);
    assert_eq!(
        ends(&said),
        (vec![2], vec![2]),
        "the station knows nothing of 2"
    );
    assert!(
        said.iter().any(|m| matches!(m, StationMessage::Alert(a)
            if a.detail.id.as_u128() == 1 && a.detail.state == AlertState::Updated)),
        "1 goes on under its id"
    );
    assert!(!standing.admits(&raised(1)[1]), "its raise has been sent");
    assert!(!standing.admits(&cleared(2)[1]), "its end has been sent");
    assert!(standing.admits(&cleared(1)[1]));
    assert!(!standing.admits(&cleared(1)[1]));
}
