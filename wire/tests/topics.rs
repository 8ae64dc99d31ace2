//! Topics as CONTRACT §1 lists them, and back.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use sidetone_wire::event::EventType;
use sidetone_wire::name::LevelName;
use sidetone_wire::topics::TelemetryStream;
use sidetone_wire::vocabulary::{AlertKind, Command};
use sidetone_wire::{Item, NodeName, NodePlace, OrgName, Place, Subject, Topic, Topics};

fn topics() -> Topics {
    Topics::new(
        OrgName::new("acme").unwrap(),
        NodeName::new("ws-1").unwrap(),
    )
}

/// Topic as it stands in the contract, and what it is read as.
fn node_topics() -> Vec<(String, &'static str, NodePlace)> {
    let t = topics();
    let headset = "headset-047f-c053-0011aabb";
    vec![
        (t.status(), "status", NodePlace::Status),
        (
            t.inventory(&Item::new(headset).unwrap()),
            "inventory/headset-047f-c053-0011aabb",
            NodePlace::Inventory(Item::new(headset).unwrap()),
        ),
        (
            t.telemetry(TelemetryStream::Audio),
            "telemetry/audio",
            NodePlace::Telemetry(TelemetryStream::Audio),
        ),
        (
            t.event(EventType::QdOpen),
            "event/qd.open",
            NodePlace::Event(EventType::QdOpen),
        ),
        (
            t.alert(AlertKind::QdOpenInCall, &Subject::new("call").unwrap()),
            "alert/qd_open_in_call/call",
            NodePlace::Alert(AlertKind::QdOpenInCall, Subject::new("call").unwrap()),
        ),
        (
            t.command_request(Command::Identify),
            "cmd/identify/request",
            NodePlace::CommandRequest(Command::Identify),
        ),
        (
            t.command_reply(Command::Refresh),
            "cmd/refresh/reply",
            NodePlace::CommandReply(Command::Refresh),
        ),
        (t.hold_request(), "hold/request", NodePlace::HoldRequest),
        (t.hold_reply(), "hold/reply", NodePlace::HoldReply),
        (
            t.config_desired(),
            "config/desired",
            NodePlace::ConfigDesired,
        ),
        (
            t.config_reported(),
            "config/reported",
            NodePlace::ConfigReported,
        ),
    ]
}

#[test]
fn node_topics_are_to_the_letter_and_read_back() {
    for (written, text, place) in node_topics() {
        assert_eq!(written, format!("sidetone/v1/acme/node/ws-1/{text}"));
        let expected = Topic {
            org: OrgName::new("acme").unwrap(),
            place: Place::Node(NodeName::new("ws-1").unwrap(), place),
        };
        assert_eq!(Topic::parse(&written), Some(expected));
    }
}

#[test]
fn other_topics_are_to_the_letter_and_read_back() {
    let t = topics();
    let group = LevelName::new("late-shift").unwrap();
    let id = uuid::Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
    let node = NodeName::new("ws-1").unwrap();
    for (written, text, place) in [
        (
            t.fleet_config_desired(),
            "fleet/config/desired".to_owned(),
            Place::FleetConfig,
        ),
        (
            t.group_config_desired(&group),
            "fleet/group/late-shift/config/desired".to_owned(),
            Place::GroupConfig(group.clone()),
        ),
        (t.ack(id), format!("ack/ws-1/{id}"), Place::Ack(node, id)),
        (
            t.team_telemetry(&group, TelemetryStream::Audio),
            "team/late-shift/telemetry/audio".to_owned(),
            Place::Team(group.clone(), TelemetryStream::Audio),
        ),
    ] {
        assert_eq!(written, format!("sidetone/v1/acme/{text}"));
        assert_eq!(Topic::parse(&written).map(|t| t.place), Some(place));
    }
}

#[test]
fn what_is_not_in_the_contract_is_not_read() {
    for topic in [
        "",
        "sidetone/v1/acme",
        "sidetone/v2/acme/node/ws-1/status",
        "sidetone/v1/acme/node/ws-1/status/",
        "sidetone/v1/acme/node/WS-1/status",
        "sidetone/v1//node/ws-1/status",
        "sidetone/v1/acme/node/ws-1/event/alert.exploded",
        "sidetone/v1/acme/node/ws-1/alert/double_talk",
        "sidetone/v1/acme/node/ws-1/alert/double_talk/everyone",
        "sidetone/v1/acme/node/ws-1/telemetry/mood",
        "sidetone/v1/acme/ack/ws-1/0192000000007000800000000000000",
        "sidetone/v1/acme/ack/ws-1/01920000000070008000000000000001",
    ] {
        assert_eq!(Topic::parse(topic), None, "{topic}");
    }
}

#[test]
fn the_event_list_is_the_contracts() {
    let list = "daemon.started daemon.stopped headset.added headset.removed hook.off hook.on \
        mute.on mute.off qd.open qd.closed button.pressed volume.changed battery.changed \
        call.started call.held call.resumed call.ended overtalk.started overtalk.ended \
        acoustic.shock hold.requested hold.done hold.failed alert.raised alert.changed \
        alert.cleared config.applied config.refused outbox.dropped";
    let ours: Vec<&str> = EventType::ALL.iter().map(|e| e.as_str()).collect();
    assert_eq!(ours, list.split_whitespace().collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn parsing_never_panics(topic in "(sidetone/v1/)?[a-z/+#.0-9-]{0,60}") {
        let _ = Topic::parse(&topic);
    }

    #[test]
    fn every_node_reads_its_own_topics(org in "[a-z0-9][a-z0-9-]{0,62}", node in "[a-z0-9][a-z0-9-]{0,62}") {
        let t = Topics::new(OrgName::new(org).unwrap(), NodeName::new(node.clone()).unwrap());
        let read = Topic::parse(&t.status());
        prop_assert_eq!(
            read.map(|t| t.place),
            Some(Place::Node(NodeName::new(node).unwrap(), NodePlace::Status))
        );
    }
}
