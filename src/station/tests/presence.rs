//! Headsets that come, leave, come back, and sound servers that do.

use super::desk::{Desk, identity, plug};
use crate::station::{AudioInput, Input, Output};
use sidetone_devices::audio::api::{CloseReason, StreamSide};
use sidetone_devices::event::ControlEvent::HookSwitch;
use sidetone_devices::event::HeadsetEventKind;
use sidetone_wire::message::StationMessage;

#[test]
fn both_parts_are_one_headset_in_events_and_inventory() {
    let desk = Desk::empty()
        .hid(true)
        .card(true)
        .until(1.0)
        .hid(false)
        .card(false)
        .until(2.0)
        .expect(&["0.0 headset.added", "0.0 ready", "1.0 headset.removed"]);
    let inventory: Vec<_> = desk
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Message(StationMessage::Inventory { item, facts }) => {
                Some((item.as_str(), facts.clone()))
            }
            _ => None,
        })
        .collect();
    assert!(inventory.iter().all(|(item, _)| *item == "headset-h1"));
    let joined = inventory[1].1.clone().map(serde_json::Value::Object);
    assert_eq!(
        joined,
        Some(serde_json::json!({
            "headset": "h1", "vendor_id": "047f", "product_id": "c056", "name": "Blackwire 3220",
            "firmware": "1.10", "hid": true, "sound_card": true
        }))
    );
    assert_eq!(inventory.last(), Some(&("headset-h1", None)));
}

#[test]
fn an_unplug_in_a_call_is_a_headset_that_left_and_never_a_quick_disconnect() {
    for card_first in [true, false] {
        let desk = Desk::new().captures().until(10.0);
        let desk = if card_first {
            desk.card(false).until(11.0).hid(false)
        } else {
            desk.hid(false).until(11.0).card(false)
        };
        desk.until(15.0)
            .hid(true)
            .card(true)
            .until(17.0)
            .captures()
            .until(20.0)
            .expect_of(
                &["headset", "qd", "call."],
                &[
                    "0.3 call.started inferred",
                    "11.0 headset.removed",
                    "11.0 alert.raised headset_gone headset-h1",
                    "15.0 headset.added",
                    "15.0 alert.cleared headset_gone headset-h1 condition",
                ],
            );
    }
}

#[test]
fn a_headset_laid_on_and_pulled_at_once_ends_its_call_and_keeps_nobody_waiting() {
    for card_first in [true, false] {
        let desk = Desk::new()
            .captures()
            .until(1.0)
            .control(HookSwitch(true))
            .until(30.0)
            .control(HookSwitch(false))
            .until(30.1);
        let desk = if card_first {
            desk.card(false).hid(false)
        } else {
            desk.hid(false).card(false)
        };
        desk.until(90.0).expect_of(
            &["headset.", "call."],
            &[
                "0.3 call.started inferred",
                "30.1 headset.removed",
                "30.1 call.ended 29.8 s hook_on",
            ],
        );
    }
}

#[test]
fn a_hook_switch_lost_while_it_bounces_ends_nothing_when_the_headset_leaves_later() {
    Desk::new()
        .captures()
        .until(1.0)
        .control(HookSwitch(true))
        .until(30.0)
        .control(HookSwitch(false))
        .until(30.1)
        .hid(false)
        .until(40.0)
        .card(false)
        .until(90.0)
        .expect_of(
            &["headset.", "call."],
            &[
                "0.3 call.started inferred",
                "40.0 headset.removed",
                "70.0 call.ended 69.7 s headset_gone",
            ],
        );
}

#[test]
fn a_headset_that_stays_away_ends_its_call() {
    Desk::new()
        .captures()
        .until(10.0)
        .card(false)
        .hid(false)
        .until(60.0)
        .expect_of(
            &["headset", "call.", "open", "close"],
            &[
                "0.3 call.started inferred",
                "0.3 open",
                "10.0 close",
                "10.0 headset.removed",
                "10.0 alert.raised headset_gone headset-h1",
                "40.0 alert.cleared headset_gone headset-h1 call_ended",
                "40.0 call.ended 39.7 s headset_gone",
            ],
        );
}

#[test]
fn a_headset_may_come_back_at_another_plug() {
    Desk::new()
        .captures()
        .until(10.0)
        .card(false)
        .hid(false)
        .until(15.0)
        .headset(2, "h1")
        .hid(true)
        .card(true)
        .captures()
        .until(30.0)
        .softphone(None)
        .until(40.0)
        .expect_of(
            &["headset", "call."],
            &[
                "0.3 call.started inferred",
                "10.0 headset.removed",
                "10.0 alert.raised headset_gone headset-h1",
                "15.0 headset.added",
                "15.0 alert.cleared headset_gone headset-h1 condition",
                "30.4 call.ended 30.1 s stream_closed",
            ],
        );
}

#[test]
fn another_headset_in_the_same_plug_is_another() {
    Desk::new()
        .captures()
        .until(10.0)
        .card(false)
        .hid(false)
        .until(12.0)
        .headset(1, "h2")
        .hid(true)
        .until(15.0)
        .expect_of(
            &["headset", "call."],
            &[
                "0.3 call.started inferred",
                "10.0 headset.removed",
                "10.0 alert.raised headset_gone headset-h1",
                "12.0 alert.cleared headset_gone headset-h1 call_ended",
                "12.0 call.ended 11.7 s headset_gone",
                "12.0 headset.added",
            ],
        );
}

#[test]
fn the_card_gone_while_hid_stays_is_a_reported_quick_disconnect() {
    Desk::new()
        .captures()
        .until(10.0)
        .card(false)
        .until(11.0)
        .expect_of(&["qd"], &[])
        .until(12.0)
        .card(true)
        .captures()
        .until(20.0)
        .expect_of(
            &["qd", "headset", "call."],
            &[
                "0.3 call.started inferred",
                "11.5 qd.open reported",
                "11.5 alert.raised qd_open_in_call call no_adapter",
                "12.0 qd.closed reported",
                "12.0 alert.cleared qd_open_in_call call condition no_adapter",
            ],
        );
}

#[test]
fn a_sound_server_that_restarts_pulls_no_quick_disconnect_and_ends_no_call() {
    let usb = plug(1);
    Desk::new()
        .captures()
        .until(10.0)
        .card(false)
        .then(Input::Audio(AudioInput::ServerDown {
            reason: "it was killed".to_owned(),
        }))
        .until(14.0)
        .then(Input::Audio(AudioInput::ServerUp {
            name: "PulseAudio".to_owned(),
        }))
        .then(Input::Audio(AudioInput::CardAdded {
            usb,
            identity: identity("h1"),
        }))
        .until(15.0)
        .captures()
        .until(20.0)
        .expect(&[
            "0.3 call.started inferred",
            "0.3 reset",
            "0.3 open",
            "10.0 close",
            "10.0 degraded no_sound_server",
            "14.0 ready",
            "15.0 open",
        ]);
}

#[test]
fn ready_is_said_once_the_sound_system_has_answered_and_not_before() {
    let up = || {
        Input::Audio(AudioInput::ServerUp {
            name: "ALSA".to_owned(),
        })
    };
    let down = || {
        Input::Audio(AudioInput::ServerDown {
            reason: "none is there".to_owned(),
        })
    };
    Desk::awaiting_sound()
        .hid(true)
        .until(10.0)
        .then(up())
        .until(12.0)
        .expect_of(
            &["ready", "degraded", "headset"],
            &["0.0 headset.added", "10.0 ready"],
        );
    Desk::awaiting_sound()
        .until(1.0)
        .then(down())
        .until(2.0)
        .then(up())
        .expect(&["1.0 degraded no_sound_server", "2.0 ready"]);
}

#[test]
fn what_cannot_be_heard_or_read_is_degraded() {
    let usb = plug(1);
    Desk::new()
        .until(1.0)
        .then(Input::Audio(AudioInput::Busy {
            usb: usb.clone(),
            reason: "held by another program".to_owned(),
        }))
        .until(2.0)
        .captures()
        .until(2.2)
        .softphone(None)
        .headset_event(HeadsetEventKind::Unreadable {
            reason: "no permission".to_owned(),
        })
        .until(3.0)
        .headset_event(HeadsetEventKind::Removed)
        .until(4.0)
        .captures()
        .until(5.0)
        .then(Input::Audio(AudioInput::Closed {
            usb: usb.clone(),
            side: StreamSide::Agent,
            reason: CloseReason::Failed("refused".to_owned()),
        }))
        .until(6.0)
        .then(Input::Audio(AudioInput::Opened {
            usb,
            side: StreamSide::Agent,
        }))
        .expect_of(
            &["degraded", "ready"],
            &[
                "1.0 degraded audio_busy",
                "2.0 ready",
                "2.2 degraded headset_unreadable",
                "3.0 ready",
                "5.0 degraded audio_failed",
                "6.0 ready",
            ],
        );
}
