use super::*;
use sidetone_wire::event::{Event, EventDetail};
use sidetone_wire::vocabulary::{AlertKind, Notify, Severity};

const AT: Duration = Duration::from_secs(10);

/// Seven seconds later.
const GONE: Moment = Moment {
    monotonic: Duration::from_secs(17),
    ts: 1_017_000,
};

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
        assert!(standing.admits(AT, message));
    }
    assert_eq!(
        ends(&standing.end_all(GONE, ClearReason::Restart)),
        (vec![2], vec![2])
    );
    assert!(standing.is_empty());
    assert_eq!(standing.end_all(GONE, ClearReason::Restart), []);
}

#[test]
fn half_an_end_is_completed_and_not_repeated() {
    let mut standing = Standing::default();
    for message in &raised(1) {
        standing.admits(AT, message);
    }
    assert!(standing.admits(AT, &cleared(1)[0]));
    assert_eq!(
        ends(&standing.end_all(GONE, ClearReason::Restart)),
        (vec![1], vec![])
    );
}

#[test]
fn what_the_dead_uplink_had_kept_is_not_said_again() {
    let left = vec![detail_of(&raised(1)), detail_of(&raised(2))];
    let mut standing = Standing::new(left, Vec::new());
    let said = standing.adopt(GONE, &[Uuid::from_u128(1)], Vec::new());
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
    assert!(
        !standing.admits(AT, &raised(1)[1]),
        "its raise has been sent"
    );
    assert!(
        !standing.admits(AT, &cleared(2)[1]),
        "its end has been sent"
    );
    assert!(standing.admits(AT, &cleared(1)[1]));
    assert!(!standing.admits(AT, &cleared(1)[1]));
}

fn of_call(id: u128, kind: EventType) -> StationMessage {
    let detail = EventDetail {
        call: Some(Uuid::from_u128(id)),
        headset: Some("047f-c056-00000001".to_owned()),
        ..EventDetail::default()
    };
    let ts = 1_010_000;
    StationMessage::Event(Event { ts, kind, detail })
}

/// Of each `call.ended` its call, headset, duration, reason and time.
fn ended_calls(said: &[StationMessage]) -> Vec<(u128, &str, f64, &str, u64)> {
    let events = said.iter().filter_map(|message| match message {
        StationMessage::Event(event) if event.kind == EventType::CallEnded => Some(event),
        _ => None,
    });
    let told = events.map(|event| {
        let detail = &event.detail;
        (
            detail.call.unwrap().as_u128(),
            detail.headset.as_deref().unwrap(),
            detail.duration_s.unwrap_or(f64::NAN),
            detail.reason.as_deref().unwrap(),
            event.ts,
        )
    });
    told.collect()
}

#[test]
fn a_station_that_goes_has_its_call_ended_once_and_hears_so_when_it_is_back() {
    let mut standing = Standing::default();
    for message in [
        of_call(1, EventType::CallStarted),
        of_call(1, EventType::CallEnded),
        of_call(2, EventType::CallStarted),
    ] {
        assert!(standing.admits(AT, &message));
    }
    let [state, event] = raised(7);
    assert!(standing.admits(AT, &state) && standing.admits(AT, &event));
    let said = standing.end_all(GONE, ClearReason::Restart);
    let end = (2, "047f-c056-00000001", 7.0, "restart", 1_017_000);
    assert_eq!(ended_calls(&said), [end]);
    assert!(
        matches!(said.last(), Some(StationMessage::Event(e)) if e.kind == EventType::CallEnded),
        "after its alerts"
    );
    assert_eq!(standing.end_all(GONE, ClearReason::Restart), []);
    // It was not dead, only away.
    let open = OpenCall {
        call: Uuid::from_u128(2),
        headset: None,
        lasted_ms: 9000,
    };
    assert!(standing.has_ended(&[], std::slice::from_ref(&open)));
    assert!(standing.has_ended(&[Uuid::from_u128(7)], &[]));
    standing.adopt(GONE, &[Uuid::from_u128(7)], vec![open]);
    assert!(standing.is_empty());
    let late = [
        of_call(2, EventType::CallHeld),
        of_call(2, EventType::CallEnded),
    ];
    for message in late.iter().chain(&raised(7)).chain(&cleared(7)) {
        assert!(!standing.admits(AT, message), "{message:?}");
    }
    assert!(standing.admits(AT, &of_call(3, EventType::CallStarted)));
    assert!(!standing.has_ended(&[], &[]));
}

#[test]
fn a_call_that_outlives_the_uplink_is_ended_for_a_station_that_dies_after_it() {
    let mut standing = Standing::default();
    let open = OpenCall {
        call: Uuid::from_u128(4),
        headset: Some("h".to_owned()),
        lasted_ms: 60_250,
    };
    standing.adopt(GONE, &[], vec![open]);
    // Its start had not been taken yet when the uplink died.
    assert!(standing.admits(AT, &of_call(4, EventType::CallStarted)));
    let said = standing.end_all(GONE, ClearReason::Restart);
    let end = (4, "h", 60.25, "restart", 1_017_000);
    assert_eq!(ended_calls(&said), [end]);
}

fn left_call(id: u128) -> LeftCall {
    LeftCall {
        call: Uuid::from_u128(id),
        headset: Some("047f-c056-00000001".to_owned()),
        known_until: 900,
    }
}

fn open_call(id: u128) -> OpenCall {
    OpenCall {
        call: Uuid::from_u128(id),
        headset: Some("047f-c056-00000001".to_owned()),
        lasted_ms: 1000,
    }
}

#[test]
fn a_call_that_an_older_uplink_left_ends_once_unless_its_station_has_it() {
    // How long it lasted nobody knows.
    let ends = |said: &[StationMessage]| -> Vec<(u128, u64)> {
        let told = ended_calls(said).into_iter();
        told.map(|(call, _, lasted, reason, ts)| {
            assert_eq!((lasted.is_nan(), reason), (true, "restart"));
            (call, ts)
        })
        .collect()
    };
    let left = || Standing::new(Vec::new(), vec![left_call(1), left_call(2)]);
    // Nobody comes.
    let mut standing = left();
    assert!(!standing.is_empty());
    let said = standing.end_all(GONE, ClearReason::Restart);
    assert_eq!(ends(&said), [(1, 900), (2, 900)]);
    assert!(standing.is_empty());
    // A station that comes too late must begin anew.
    assert!(standing.has_ended(&[], &[open_call(2)]));
    // A new station.
    let said = left().adopt(GONE, &[], Vec::new());
    assert_eq!(ends(&said), [(1, 900), (2, 900)]);
    // The one that was there before has the second call still.
    let mut standing = left();
    let said = standing.adopt(GONE, &[], vec![open_call(2)]);
    assert_eq!(ends(&said), [(1, 900)]);
    let said = standing.end_all(GONE, ClearReason::Restart);
    let told = ended_calls(&said)[0];
    assert_eq!((told.0, told.2, told.4), (2, 1.0, GONE.ts));
}
