use super::*;
use crate::softphone::baresip::listing::parse;

fn list(lines: &[&str]) -> Vec<Listed> {
    parse(&lines.join("\n"))
}

fn event(kind: &str, id: &str, peer: &str) -> Event {
    Event {
        kind: kind.to_owned(),
        id: id.to_owned(),
        peeruri: peer.to_owned(),
        direction: "incoming".to_owned(),
        rtcp_stats: None,
    }
}

#[test]
fn a_line_used_again_is_another_call() {
    let mut calls = Calls::default();
    calls.note(&event("CALL_ESTABLISHED", "a", "sip:c@x"));
    calls.update(list(&[
        "> [line 1]  0:00:04  ESTABLISHED             sip:c@x",
    ]));
    let first = calls.legs();
    assert_eq!(first[0].direction, Some(Direction::Incoming));
    calls.update(list(&[
        "> [line 1]  0:00:05  ESTABLISHED             sip:c@x",
    ]));
    assert_eq!(calls.legs(), first);
    // It ended, and the next one came to its line before anybody looked: by the time …
    calls.update(list(&[
        "> [line 1]  0:00:01  ESTABLISHED             sip:c@x",
    ]));
    let second = calls.legs();
    assert_ne!(second[0].id, first[0].id);
    // … and by the event, however fast it was.
    calls.note(&event("CALL_ESTABLISHED", "b", "sip:c@x"));
    calls.note(&event("CALL_CLOSED", "b", "sip:c@x"));
    calls.update(list(&[
        "> [line 1]  0:00:01  ESTABLISHED             sip:c@x",
    ]));
    assert_ne!(calls.legs()[0].id, second[0].id);
}

#[test]
fn two_calls_of_one_address_are_told_apart_by_the_current_ones_id() {
    let mut calls = Calls::default();
    calls.note(&event("CALL_ESTABLISHED", "a", "sip:c@x"));
    calls.note(&event("CALL_ESTABLISHED", "b", "sip:c@x"));
    calls.update(list(&[
        "  [line 1]  0:00:09  ESTABLISHED             sip:c@x",
        "> [line 2]  0:00:01  ESTABLISHED             sip:c@x",
    ]));
    assert!(calls.current_is_unknown());
    calls.current_is("b", None);
    let ids: Vec<_> = calls.calls.iter().map(|c| c.id.as_deref()).collect();
    assert_eq!(ids, [Some("a"), Some("b")]);
}

#[test]
fn a_hold_counts_when_the_other_side_has_agreed() {
    let mut calls = Calls::default();
    calls.note(&event("CALL_ESTABLISHED", "a", "sip:c@x"));
    calls.update(list(&[
        "> [line 1]  0:00:01  ESTABLISHED             sip:c@x",
    ]));
    let leg = calls.legs()[0].id.clone();
    calls.get(&leg).unwrap().until_agreed = Some(Phase::Active);
    calls.update(list(&[
        "> [line 1]  0:00:01  ESTABLISHED  (on hold)  sip:c@x",
    ]));
    assert_eq!(calls.legs()[0].phase, Phase::Active);
    calls.note(&event("CALL_LOCAL_SDP", "a", "sip:c@x"));
    assert_eq!(calls.legs()[0].phase, Phase::Active);
    calls.note(&event("CALL_REMOTE_SDP", "a", "sip:c@x"));
    assert_eq!(calls.legs()[0].phase, Phase::Held);
}

#[test]
fn figures_belong_to_the_call_of_their_id() {
    let stats = |sent| {
        serde_json::from_str::<RtcpStats>(&format!(
            r#"{{"tx":{{"sent":{sent},"jit":1}},"rx":{{"sent":{sent}}}}}"#
        ))
        .unwrap()
    };
    let mut calls = Calls::default();
    calls.note(&event("CALL_RTCP", "a", "sip:c@x"));
    assert_eq!(calls.line("a", stats(0)), None);
    calls.update(list(&[
        "> [line 1]  0:00:01  ESTABLISHED             sip:c@x",
    ]));
    let (leg, figures) = calls.line("a", stats(250)).unwrap();
    assert_eq!(leg, calls.legs()[0].id);
    assert!(figures.uplink.is_some() && figures.downlink.is_some());
    assert_eq!(calls.line("nobody", stats(500)), None);
}
