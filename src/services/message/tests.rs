use super::*;
use crate::services::frames::{Frames, line};
use crate::services::standing::tests::raised;
use sidetone_wire::call_report::CallReport;
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::telemetry::{AudioFigures, Telemetry};

fn back<T: serde::Serialize + serde::de::DeserializeOwned>(message: &T) -> T {
    let mut frames = Frames::default();
    frames.push(&line(message).unwrap());
    frames.message().unwrap().unwrap()
}

#[test]
fn each_kind_of_message_arrives_as_it_was_said() {
    let [state, event] = raised(3);
    let report = CallReport {
        talk_s: Some(61.25),
        ..CallReport::default()
    };
    let ended = StationMessage::Event(Event {
        ts: u64::MAX,
        kind: EventType::CallEnded,
        detail: EventDetail {
            call: Some(Uuid::from_u128(9)),
            report: Some(Box::new(report)),
            ..EventDetail::default()
        },
    });
    let figures = Box::new(AudioFigures {
        lost_samples: Some(3),
        ..AudioFigures::default()
    });
    let live = StationMessage::Telemetry(Telemetry::Audio { ts: 1, figures });
    for message in [state, event, ended, live] {
        let said = ToUplink::Said { n: 7, message };
        assert_eq!(back(&said), said);
    }
}

#[test]
fn all_settings_arrive_as_they_are() {
    let config = crate::config::defaults().unwrap();
    let settings = ToStation::Settings(Box::new(config));
    assert_eq!(back(&settings), settings);
}
