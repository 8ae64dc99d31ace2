//! The fleet's state from messages as they come over MQTT: in order, repeated, hostile.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};
use sidetone_hub::{Applied, FleetState, NODES_MAX, Refusal, Standing};
use sidetone_wire::vocabulary::NodeState;
use sidetone_wire::{NodeName, OrgName};

const BASE: &str = "sidetone/v1/acme/node/ws-1";
const ID: &str = "0192f000-0000-7000-8000-000000000001";

fn fleet() -> FleetState {
    FleetState::new(OrgName::new("acme").unwrap())
}

fn say(fleet: &mut FleetState, below: &str, payload: &Value, now_ms: u64) -> Applied {
    fleet.apply(
        &format!("{BASE}/{below}"),
        payload.to_string().as_bytes(),
        now_ms,
    )
}

fn alert(state: &str, seq: u64) -> Value {
    json!({
        "v": 1, "ts": 5, "boot": 1, "seq": seq, "node": "ws-1", "id": ID, "kind": "double_talk",
        "subject": "call", "state": state, "severity": "minor", "notify": "alarm", "since": 5,
        "text": "Both talk.", "action": "Listen in.",
    })
}

fn standing(fleet: &FleetState, now_ms: u64) -> Vec<Standing> {
    let node = &fleet.nodes()[&NodeName::new("ws-1").unwrap()];
    node.alerts(now_ms).map(|(_, standing)| standing).collect()
}

#[test]
fn an_alert_stands_is_refreshed_expires_and_clears() {
    let mut f = fleet();
    say(&mut f, "alert/double_talk/call", &alert("raised", 1), 0);
    assert_eq!(standing(&f, 180_000), [Standing::Active]);
    assert_eq!(standing(&f, 180_001), [Standing::Expired]);
    say(
        &mut f,
        "alert/double_talk/call",
        &alert("raised", 1),
        60_000,
    );
    assert_eq!(
        standing(&f, 240_000),
        [Standing::Active],
        "the repetition was a refresh"
    );
    say(
        &mut f,
        "alert/double_talk/call",
        &alert("cleared", 2),
        250_000,
    );
    assert_eq!(standing(&f, 900_000), [Standing::Cleared]);
    let late = say(
        &mut f,
        "alert/double_talk/call",
        &alert("raised", 1),
        251_000,
    );
    assert_eq!(
        (late, standing(&f, 251_000)),
        (Applied::Repetition, vec![Standing::Cleared])
    );
}

#[test]
fn what_an_old_broker_kept_expires_by_its_payload_and_not_when_it_is_heard() {
    let mut f = fleet();
    let mut kept = alert("raised", 1);
    kept["valid_until_ms"] = json!(180_000);
    say(&mut f, "alert/double_talk/call", &kept, 90_000);
    assert_eq!(standing(&f, 180_000), [Standing::Active]);
    assert_eq!(standing(&f, 180_001), [Standing::Expired]);
    let mut f = fleet();
    say(&mut f, "alert/double_talk/call", &kept, 3_600_000);
    assert_eq!(standing(&f, 3_600_000), [Standing::Expired]);
    // Of a clock that is ahead nothing lives longer than without the key.
    kept["valid_until_ms"] = json!(9_000_000);
    say(&mut f, "alert/double_talk/call", &kept, 3_700_000);
    assert_eq!(standing(&f, 3_880_000), [Standing::Active]);
    assert_eq!(standing(&f, 3_880_001), [Standing::Expired]);
}

#[test]
fn alerts_of_a_lost_node_are_expired_not_cleared() {
    let mut f = fleet();
    say(&mut f, "alert/double_talk/call", &alert("raised", 1), 0);
    let will = json!({"v": 1, "node": "ws-1", "boot": 1, "state": "lost"});
    assert_eq!(say(&mut f, "status", &will, 1000), Applied::State);
    assert_eq!(standing(&f, 1000), [Standing::Expired]);
    let node = &f.nodes()[&NodeName::new("ws-1").unwrap()];
    assert_eq!((node.state, node.last_seen_ms), (Some(NodeState::Lost), 0));
    let back =
        json!({"v": 1, "ts": 2, "node": "ws-1", "boot": 1, "state": "ready", "version": "0.1.0"});
    say(&mut f, "status", &back, 2000);
    assert_eq!(standing(&f, 2000), [Standing::Active]);
    let node = &f.nodes()[&NodeName::new("ws-1").unwrap()];
    assert_eq!(
        (node.version.as_deref(), node.last_seen_ms),
        (Some("0.1.0"), 2000)
    );
}

#[test]
fn events_count_once() {
    let mut f = fleet();
    let event = |boot: u64, seq: u64| json!({"v": 1, "ts": 5, "boot": boot, "seq": seq, "node": "ws-1", "type": "mute.on", "team": "Late"});
    assert!(matches!(
        say(&mut f, "event/mute.on", &event(1, 1), 0),
        Applied::Event(_)
    ));
    assert_eq!(
        say(&mut f, "event/mute.on", &event(1, 1), 1),
        Applied::Repetition
    );
    assert!(matches!(
        say(&mut f, "event/mute.on", &event(2, 1), 2),
        Applied::Event(_)
    ));
    assert_eq!(f.repeated(), 1);
    assert_eq!(
        f.nodes()[&NodeName::new("ws-1").unwrap()].team.as_deref(),
        Some("Late")
    );
}

#[test]
fn inventory_comes_and_goes() {
    let mut f = fleet();
    let facts = json!({"v": 1, "boot": 1, "node": "ws-1", "item": "host", "os": "Debian"});
    assert_eq!(say(&mut f, "inventory/host", &facts, 0), Applied::State);
    let node = NodeName::new("ws-1").unwrap();
    assert_eq!(f.nodes()[&node].inventory.len(), 1);
    assert_eq!(
        f.apply(&format!("{BASE}/inventory/host"), b"", 1),
        Applied::State
    );
    assert!(f.nodes()[&node].inventory.is_empty());
}

#[test]
fn hostile_messages_are_refused_and_counted() {
    let mut f = fleet();
    let event = json!({"v": 1, "boot": 1, "seq": 1, "node": "ws-1", "type": "mute.on"});
    let mut foreign = event.clone();
    foreign["node"] = json!("ws-2");
    let mut unnumbered = event.clone();
    unnumbered.as_object_mut().unwrap().remove("seq");
    let huge = format!("{{\"v\":1,\"text\":\"{}\"}}", "x".repeat(70_000));
    let cases = [
        (format!("{BASE}/mood"), event.to_string(), Refusal::Topic),
        (
            "sidetone/v1/other/node/ws-1/status".to_owned(),
            event.to_string(),
            Refusal::Organisation,
        ),
        (
            format!("{BASE}/event/mute.on"),
            "{".to_owned(),
            Refusal::Payload,
        ),
        (
            format!("{BASE}/event/mute.on"),
            "[".repeat(60_000),
            Refusal::Payload,
        ),
        (format!("{BASE}/event/mute.on"), huge, Refusal::Payload),
        (
            format!("{BASE}/event/mute.on"),
            foreign.to_string(),
            Refusal::ForeignNode,
        ),
        (
            format!("{BASE}/event/mute.off"),
            event.to_string(),
            Refusal::Mismatch,
        ),
        (
            format!("{BASE}/event/mute.on"),
            unnumbered.to_string(),
            Refusal::NoSequence,
        ),
        (
            format!("{BASE}/alert/double_talk/agent"),
            alert("raised", 1).to_string(),
            Refusal::Mismatch,
        ),
        (format!("{BASE}/status"), String::new(), Refusal::Payload),
    ];
    let total = cases.len() as u64;
    for (topic, payload, refusal) in cases {
        let shown = &payload[..payload.len().min(60)];
        let applied = f.apply(&topic, payload.as_bytes(), 0);
        assert_eq!(applied, Applied::Refused(refusal), "{topic} {shown}");
    }
    assert_eq!(
        (f.refused().total(), f.refused().of(Refusal::Payload)),
        (total, 4)
    );
    assert!(f.nodes().is_empty(), "a refused message leaves no trace");
}

#[test]
fn one_node_cannot_fill_the_memory_with_alerts() {
    let mut f = fleet();
    for i in 0..1000_u64 {
        let mut one = alert("raised", i + 1);
        one["id"] = json!(format!("0192f000-0000-7000-8000-{i:012x}"));
        say(&mut f, "alert/double_talk/call", &one, 0);
    }
    assert_eq!(standing(&f, 0).len(), 256);
    assert_eq!(f.refused().of(Refusal::TooMany), 744);
}

#[test]
fn invented_nodes_and_long_payloads_leave_a_known_node_as_it_is() {
    let mut f = fleet();
    say(&mut f, "alert/double_talk/call", &alert("raised", 1), 0);
    // Each of them keeps as much as it may: an alert and an inventory that hardly fit into a message.
    let long = "x".repeat(60_000);
    for n in 0..NODES_MAX as u64 + 5 {
        let node = format!("invented-{n}");
        let mut said = alert("raised", 1);
        said["node"] = json!(node);
        said["text"] = json!(long);
        for (number, id) in (2..).zip([ID, "0192f000-0000-7000-8000-000000000002"]) {
            (said["id"], said["seq"]) = (json!(id), json!(number));
            let topic = format!("sidetone/v1/acme/node/{node}/alert/double_talk/call");
            f.apply(&topic, said.to_string().as_bytes(), 0);
        }
    }
    assert_eq!(f.nodes().len(), NODES_MAX);
    assert_eq!(f.refused().of(Refusal::TooManyNodes), 2 * 6);
    // 64 MiB of 60,000 and some bytes each, and no node's first message is that short.
    let kept: usize = f.nodes().values().map(|node| node.alerts(0).count()).sum();
    assert!((1000..=1119).contains(&kept), "{kept} alerts are kept");
    // Its alerts still come and go.
    say(&mut f, "alert/double_talk/call", &alert("cleared", 2), 1);
    let mut second = alert("raised", 3);
    second["id"] = json!("0192f000-0000-7000-8000-000000000003");
    say(&mut f, "alert/double_talk/call", &second, 2);
    assert_eq!(standing(&f, 2), [Standing::Cleared, Standing::Active]);
}

/// A status of a node of this name.
fn status_of(fleet: &mut FleetState, node: &str, state: &str, now_ms: u64) -> Applied {
    let said = json!({"v": 1, "ts": 5, "boot": 1, "node": node, "state": state});
    let topic = format!("sidetone/v1/acme/node/{node}/status");
    fleet.apply(&topic, said.to_string().as_bytes(), now_ms)
}

/// A fleet without room: `invented-0` has never said a status, the others are there.
fn full(now_ms: u64) -> FleetState {
    let mut f = fleet();
    let figures =
        json!({"v": 1, "ts": 5, "boot": 1, "seq": 1, "node": "invented-0", "type": "mute.on"});
    let topic = "sidetone/v1/acme/node/invented-0/event/mute.on";
    f.apply(topic, figures.to_string().as_bytes(), now_ms);
    for n in 1..NODES_MAX {
        status_of(&mut f, &format!("invented-{n}"), "ready", now_ms);
    }
    assert_eq!(f.nodes().len(), NODES_MAX);
    f
}

fn knows(fleet: &FleetState, node: &str) -> bool {
    fleet.nodes().contains_key(&NodeName::new(node).unwrap())
}

#[test]
fn a_full_fleet_takes_a_newcomer_in_the_place_of_one_that_is_silent() {
    let mut f = full(1_000);
    // Two that are there go on, the second one says farewell.
    let late = 100_000;
    status_of(&mut f, "invented-1", "ready", late);
    status_of(&mut f, "invented-2", "stopped", late);
    let refused = Applied::Refused(Refusal::TooManyNodes);
    // All were heard in the last 180 s.
    assert_eq!(status_of(&mut f, "ws-9", "ready", 181_000), refused);
    // … a second later only the two were.
    assert_eq!(status_of(&mut f, "ws-9", "ready", 182_000), Applied::State);
    assert_eq!((f.nodes().len(), f.forgotten()), (NODES_MAX, 1));
    assert!(!knows(&f, "invented-0"), "it never said a status");
    // Nobody makes room for who is not there.
    assert_eq!(status_of(&mut f, "ws-10", "lost", 182_000), refused);
    // However many come, whoever was heard stays.
    for n in 0..NODES_MAX + 5 {
        status_of(&mut f, &format!("flood-{n}"), "ready", 183_000);
    }
    assert_eq!(
        (f.nodes().len(), f.forgotten()),
        (NODES_MAX, NODES_MAX as u64 - 2)
    );
    for node in ["ws-9", "invented-1", "invented-2"] {
        assert!(knows(&f, node), "{node}");
    }
    // Of the silent ones the one that is silent longest goes, whether it said farewell or not.
    status_of(&mut f, "invented-1", "lost", 282_500);
    status_of(&mut f, "invented-2", "ready", 282_500);
    status_of(&mut f, "ws-11", "ready", 282_501);
    assert!(knows(&f, "ws-11") && !knows(&f, "invented-1"));
}

#[test]
fn what_a_forgotten_node_kept_is_free_again() {
    let mut f = full(0);
    let keeps = |f: &mut FleetState, node: &str, now_ms: u64| {
        let mut said = alert("raised", 1);
        said["node"] = json!(node);
        said["text"] = json!("x".repeat(60_000));
        let topic = format!("sidetone/v1/acme/node/{node}/alert/double_talk/call");
        f.apply(&topic, said.to_string().as_bytes(), now_ms)
    };
    let fit = (1..NODES_MAX)
        .take_while(|n| keeps(&mut f, &format!("invented-{n}"), 0) == Applied::State)
        .count();
    assert!(fit > 1000, "{fit}");
    // All places change hands, and as much fits again.
    for n in 0..NODES_MAX {
        status_of(&mut f, &format!("ws-{n}"), "ready", 200_000);
    }
    let again = (0..NODES_MAX)
        .take_while(|n| keeps(&mut f, &format!("ws-{n}"), 200_000) == Applied::State)
        .count();
    assert_eq!(again, fit);
}

#[test]
fn alerts_that_are_over_make_room_for_one_that_stands() {
    let mut f = fleet();
    for n in 0..20_u64 {
        let mut one = alert("cleared", n + 1);
        one["id"] = json!(format!("0192f000-0000-7000-8000-{n:012x}"));
        one["text"] = json!("x".repeat(60_000));
        assert_eq!(
            say(&mut f, "alert/double_talk/call", &one, 0),
            Applied::State
        );
    }
    // 256 KiB hold four of them.
    assert_eq!(standing(&f, 0), [Standing::Cleared; 4]);
    let mut raised = alert("raised", 30);
    raised["text"] = json!("x".repeat(60_000));
    assert_eq!(
        say(&mut f, "alert/double_talk/call", &raised, 0),
        Applied::State
    );
    assert_eq!(
        standing(&f, 0)
            .iter()
            .filter(|s| **s == Standing::Active)
            .count(),
        1
    );
}

#[test]
fn a_known_alert_ends_even_if_there_is_no_room() {
    let mut f = fleet();
    let raise = |f: &mut FleetState, n: u64, length: usize| {
        let mut one = alert("raised", n);
        one["id"] = json!(format!("0192f000-0000-7000-8000-{n:012x}"));
        one["text"] = json!("x".repeat(length));
        say(f, "alert/double_talk/call", &one, 0)
    };
    for n in 2..6 {
        assert_eq!(raise(&mut f, n, 60_000), Applied::State);
    }
    say(&mut f, "alert/double_talk/call", &alert("raised", 6), 0);
    let mut n = 7;
    while raise(&mut f, n, 0) == Applied::State {
        n += 1;
    }
    let mut end = alert("cleared", n + 1);
    end["text"] = json!("Both talk, longer than it was said first. ".repeat(10));
    assert_eq!(
        say(&mut f, "alert/double_talk/call", &end, 0),
        Applied::State
    );
    assert!(standing(&f, 0).contains(&Standing::Cleared));
}

proptest! {
    #[test]
    fn repetitions_change_nothing(order in proptest::collection::vec((0_u64..20, 1_usize..4), 1..40)) {
        let (mut once, mut often) = (fleet(), fleet());
        for (seq, times) in order {
            let event = json!({"v": 1, "boot": 1, "seq": seq + 1, "node": "ws-1", "type": "mute.on"});
            let first = say(&mut once, "event/mute.on", &event, 0);
            prop_assert_eq!(say(&mut often, "event/mute.on", &event, 0), first);
            for _ in 1..times {
                prop_assert_eq!(say(&mut often, "event/mute.on", &event, 0), Applied::Repetition);
            }
        }
        prop_assert_eq!(once.nodes(), often.nodes());
    }

    #[test]
    fn nothing_panics(below in "[a-z./]{0,30}", payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        fleet().apply(&format!("{BASE}/{below}"), &payload, 0);
    }
}

#[test]
fn of_several_calls_the_one_the_agent_is_in_is_shown() {
    const FIRST: &str = "0192f000-0000-7000-8000-0000000000aa";
    const SECOND: &str = "0192f000-0000-7000-8000-0000000000bb";
    let mut f = fleet();
    let mut seq = 0;
    let mut shown_after = |kind: &str, call: &str| {
        seq += 1;
        let payload = json!({
            "v": 1, "ts": 5, "boot": 1, "seq": seq, "node": "ws-1", "type": kind, "call": call,
        });
        say(&mut f, &format!("event/{kind}"), &payload, 10);
        let node = &f.nodes()[&NodeName::new("ws-1").unwrap()];
        let call = node.live.call.clone();
        call.map(|call| (call.id.to_string(), call.held))
    };
    let mut expect = |kind: &str, call: &str, shown: Option<(&str, bool)>| {
        let shown = shown.map(|(id, held)| (id.to_owned(), held));
        assert_eq!(shown_after(kind, call), shown, "after {kind} of {call}");
    };
    expect("call.started", FIRST, Some((FIRST, false)));
    expect("call.held", FIRST, Some((FIRST, true)));
    expect("call.started", SECOND, Some((SECOND, false)));
    // The consultation is over, the customer still waits.
    expect("call.ended", SECOND, Some((FIRST, true)));
    expect("call.resumed", FIRST, Some((FIRST, false)));
    expect("call.held", FIRST, Some((FIRST, true)));
    expect("call.started", SECOND, Some((SECOND, false)));
    // The customer hangs up while they wait.
    expect("call.ended", FIRST, Some((SECOND, false)));
    expect("call.ended", SECOND, None);
}
