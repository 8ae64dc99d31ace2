//! Mute and quick disconnect, from whatever tells them.

use super::desk::{Desk, clean, station_with_telemetry_every, zeros};
use crate::station::{Input, Output};
use sidetone_devices::event::ControlEvent::{Battery, MutePressed, MuteState, QuickDisconnect};
use sidetone_devices::hid::controls::Controls;
use sidetone_devices::hid::descriptor::ReportDescriptor;
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties, Side};
use sidetone_dsp::second::SideSecond;
use sidetone_dsp::units::Dbov;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::Telemetry;

const MUTE: &[&str] = &["mute.", "muted"];
const QD: &[&str] = &["qd"];

#[test]
fn presses_count_only_once_something_decided() {
    Desk::new()
        .control(MutePressed)
        .until(1.0)
        .mixer(false)
        .until(2.0)
        .control(MutePressed)
        .until(3.0)
        .control(MutePressed)
        .until(4.0)
        .expect(&[
            "0.0 button.pressed phone_mute",
            "2.0 button.pressed phone_mute",
            "2.0 mute.on inferred",
            "3.0 button.pressed phone_mute",
            "3.0 mute.off inferred",
        ]);
}

#[test]
fn a_key_answered_by_the_mixer_is_one_act_in_either_order() {
    for mixer_first in [true, false] {
        let act = |desk: Desk, muted| {
            if mixer_first {
                desk.mixer(muted).control(MutePressed)
            } else {
                desk.control(MutePressed).mixer(muted)
            }
        };
        let desk = act(Desk::new().mixer(false).until(10.0), true).until(20.0);
        // And switched off by hand, which no press tells.
        let desk = desk.mixer(false).until(30.0);
        let desk = act(desk, true).until(40.0);
        let lines: Vec<&str> = if mixer_first {
            vec![
                "10.0 mute.on mixer",
                "20.0 mute.off mixer",
                "30.0 mute.on mixer",
            ]
        } else {
            vec![
                "10.0 mute.on inferred",
                "20.0 mute.off mixer",
                "30.0 mute.on inferred",
            ]
        };
        desk.expect_of(&["mute.on", "mute.off"], &lines);
    }
}

#[test]
fn a_vendor_state_is_reported_and_makes_presses_mere_presses() {
    Desk::new()
        .control(MuteState {
            muted: false,
            verified: true,
        })
        .until(5.0)
        .control(MutePressed)
        .control(MuteState {
            muted: true,
            verified: true,
        })
        .until(9.0)
        .control(MuteState {
            muted: false,
            verified: true,
        })
        .control(MutePressed)
        .expect_of(MUTE, &["5.0 mute.on reported", "9.0 mute.off reported"]);
}

#[test]
fn muted_before_the_call_raises_its_alert() {
    Desk::new()
        .mixer(false)
        .control(MutePressed)
        .until(10.0)
        .captures()
        .until(20.0)
        .control(MutePressed)
        .until(21.0)
        .expect_of(
            MUTE,
            &[
                "0.0 mute.on inferred",
                "13.3 alert.raised muted_at_call_start call",
                "20.0 mute.off inferred",
                "20.0 alert.cleared muted_at_call_start call condition",
            ],
        );
}

/// A softphone un-mutes the headset when it hangs up; a mute that was only counted or concluded must
/// not be taken for one at the start of the next call.
#[test]
fn a_counted_mute_ends_with_its_call_and_a_told_one_does_not() {
    let in_the_second_call = |desk: Desk, act: fn(Desk) -> Desk| {
        act(desk.captures().until(8.0))
            .until(12.0)
            .softphone(None)
            .until(20.0)
            .captures()
            .until(30.0)
    };
    in_the_second_call(Desk::new().mixer(false), |desk| desk.control(MutePressed))
        .expect_of(MUTE, &["8.0 mute.on inferred", "12.4 mute.off mixer"]);
    in_the_second_call(Desk::new(), |desk| {
        desk.control(MuteState {
            muted: true,
            verified: true,
        })
    })
    .expect_of(
        MUTE,
        &[
            "8.0 mute.on reported",
            "23.3 alert.raised muted_at_call_start call",
        ],
    );
}

#[test]
fn sleep_makes_mute_unknown_until_the_mixer_counts_again() {
    Desk::new()
        .mixer(true)
        .until(1.0)
        .then(Input::Suspend)
        .until(2.0)
        .then(Input::Wake)
        .until(4.0)
        .captures()
        .until(12.0)
        .expect_of(
            MUTE,
            &[
                "0.0 mute.on mixer",
                "7.0 mute.on mixer",
                "10.0 alert.raised muted_at_call_start call",
            ],
        );
}

#[test]
fn digital_silence_from_the_start_while_the_customer_speaks_decides_an_unknown_mute() {
    Desk::new()
        .sound(zeros(), Some(clean()))
        .captures()
        .until(10.0)
        .sound(clean(), Some(clean()))
        .until(15.0)
        .expect_of(
            &["mute", "one_way", "qd"],
            &[
                "5.3 mute.on inferred",
                "5.3 alert.raised muted_at_call_start call",
                "10.3 mute.off inferred",
                "10.3 alert.cleared muted_at_call_start call condition",
            ],
        );
}

#[test]
fn digital_silence_decides_nothing_while_nobody_speaks_or_the_mixer_knows() {
    Desk::new()
        .sound(zeros(), Some(zeros()))
        .captures()
        .until(30.0)
        .expect_of(&["mute", "one_way", "qd"], &[]);
    Desk::new()
        .mixer(false)
        .sound(zeros(), Some(clean()))
        .captures()
        .until(10.0)
        .expect_of(
            &["mute", "one_way", "qd"],
            &["5.3 alert.raised one_way_audio agent"],
        );
}

#[test]
fn a_verified_bit_is_a_reported_quick_disconnect_after_its_debounce() {
    let open = |open, verified| QuickDisconnect { open, verified };
    Desk::new()
        .captures()
        .until(10.0)
        .control(open(true, true))
        .control(open(false, true)) // bounces
        .until(12.0)
        .control(open(true, true))
        .until(20.0)
        .control(open(false, true))
        .until(21.0)
        .expect_of(
            QD,
            &[
                "12.1 qd.open reported",
                "12.1 alert.raised qd_open_in_call call no_adapter",
                "20.1 qd.closed reported",
                "20.1 alert.cleared qd_open_in_call call condition no_adapter",
            ],
        );
    let desk = Desk::new().control(open(true, true));
    assert_eq!(
        desk.station.next_deadline(),
        Some(std::time::Duration::from_millis(30))
    );
    let desk = Desk::new()
        .captures()
        .until(1.0)
        .control(open(true, false))
        .until(2.0)
        .expect_of(
            QD,
            &[
                "1.1 qd.open inferred",
                "1.1 alert.raised qd_open_in_call call",
            ],
        );
    assert_eq!(desk.station.next_deadline(), None);
}

#[test]
fn an_open_input_is_an_inferred_quick_disconnect_and_a_mute_is_not() {
    let floor = SideSecond {
        level: Dbov(-88.0),
        speech_ratio: 0.0,
        ..clean()
    };
    Desk::new()
        .mixer(false)
        .captures()
        .until(10.0)
        .sound(floor, Some(clean()))
        .until(20.0)
        .sound(clean(), Some(clean()))
        .until(25.0)
        .expect_of(
            QD,
            &[
                "11.3 qd.open inferred",
                "11.3 alert.raised qd_open_in_call call",
                "20.3 qd.closed inferred",
                "20.3 alert.cleared qd_open_in_call call condition",
            ],
        );
    Desk::new()
        .mixer(false)
        .captures()
        .until(10.0)
        .control(MutePressed)
        .sound(floor, Some(clean()))
        .until(30.0)
        .expect_of(QD, &[]);
}

#[test]
fn overtalk_is_an_event_with_its_parties_and_ends_with_the_call() {
    let parties = OvertalkParties {
        floor: Some(Side::Customer),
        interrupter: Some(Side::Agent),
    };
    let started = OvertalkEvent::Started {
        start_frame: 100,
        parties,
    };
    let together = OvertalkEvent::Started {
        start_frame: 100,
        parties: OvertalkParties {
            floor: None,
            interrupter: None,
        },
    };
    let mut desk = Desk::new();
    let usb = desk.usb.clone();
    desk.give(Input::Overtalk(usb.clone(), started)); // no call: nobody hears it
    desk.captures()
        .until(5.0)
        .then(Input::Overtalk(usb.clone(), started))
        .then(Input::Overtalk(
            usb.clone(),
            OvertalkEvent::Ended {
                start_frame: 100,
                end_frame: 163,
                parties,
            },
        ))
        .until(10.0)
        .then(Input::Overtalk(usb, together))
        .softphone(None)
        .until(20.0)
        .expect_of(
            &["overtalk", "call.ended"],
            &[
                "5.0 overtalk.started floor customer interrupter agent",
                "5.0 overtalk.ended floor customer interrupter agent 0.63 s",
                "10.0 overtalk.started floor none interrupter none",
                "10.0 overtalk.ended floor none interrupter none",
                "10.4 call.ended 10.1 s stream_closed",
            ],
        );
}

#[test]
fn a_dragged_volume_slider_is_one_event() {
    use crate::station::AudioInput;
    let mut desk = Desk::new().mixer(false);
    for volume in [0.6_f32, 0.7, 0.8, 0.9] {
        let usb = desk.usb.clone();
        desk.give(Input::Audio(AudioInput::Mixer {
            usb,
            microphone_muted: false,
            speaker_muted: false,
            speaker_volume: volume,
        }));
    }
    desk.until(2.0).expect(&["0.5 volume.changed 0.9"]);
}

#[test]
fn telemetry_comes_once_a_second_of_a_call_and_never_holds_null() {
    let desk = Desk::new()
        .sound(
            SideSecond {
                snr: None,
                noise: None,
                ..clean()
            },
            None,
        )
        .captures()
        .until(5.0);
    let figures: Vec<_> = desk
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Message(StationMessage::Telemetry(Telemetry::Audio { figures, .. })) => {
                serde_json::to_value(figures).ok()
            }
            _ => None,
        })
        .collect();
    assert_eq!(figures.len(), 4);
    let keys = figures[0].as_object().expect("an object");
    assert!(keys.values().all(|value| !value.is_null()));
    assert_eq!(keys["agent_level_dbov"], -28.0);
    assert_eq!(keys["uplink"], "unknown");
    assert!(!keys.contains_key("customer_level_dbov"));
    assert!(!keys.contains_key("agent_snr_db"));
}

#[test]
fn telemetry_keeps_the_interval_it_was_given() {
    let mut desk = Desk::empty();
    desk.station = station_with_telemetry_every(5);
    let desk = desk.hid(true).card(true).captures().until(13.0);
    let audio = |output: &&Output| {
        matches!(
            output,
            Output::Message(StationMessage::Telemetry(Telemetry::Audio { .. }))
        )
    };
    // Twelve seconds of a call: the first, the sixth and the eleventh.
    assert_eq!(desk.outputs.iter().filter(audio).count(), 3);
}

/// 06:20, Battery Strength, in percent: what the descriptor declares, to the alert.
#[test]
fn a_battery_that_runs_down_is_told_once_each_change_and_again_after_sleep() {
    let strength = [
        0x05, 0x06, 0x09, 0x20, 0x15, 0, 0x25, 100, 0x75, 8, 0x95, 1, 0x81, 2,
    ];
    let descriptor = ReportDescriptor::parse(&strength).expect("a descriptor");
    let mut controls = Controls::new(descriptor, None);
    let mut desk = Desk::new();
    for (second, percent) in [(1.0, 60), (2.0, 14), (3.0, 14), (4.0, 13)] {
        let mut events = Vec::new();
        controls
            .feed(std::time::Instant::now(), &[percent], |event| {
                events.push(event)
            })
            .expect("a report");
        desk = desk.until(second);
        for event in events {
            desk = desk.control(event);
        }
    }
    // The kernel says the same.
    desk.control(Battery(13))
        .then(Input::Suspend)
        .then(Input::Wake)
        .until(70.0)
        .control(Battery(21))
        .expect_of(
            &["battery"],
            &[
                "1.0 battery.changed",
                "2.0 battery.changed",
                "2.0 alert.raised battery_low headset-h1",
                "4.0 battery.changed",
                "4.0 alert.cleared battery_low headset-h1 suspend",
                "4.0 alert.raised battery_low headset-h1",
                "70.0 battery.changed",
                "70.0 alert.cleared battery_low headset-h1 condition",
            ],
        );
}
