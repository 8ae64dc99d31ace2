//! Calls that an adapter tells of, alone and against what the workstation itself sees: the rows of
//! `docs/call-state.md`.

use super::desk::{Desk, clean, zeros};
use crate::softphone::Adapter::{Baresip, Exec, Linphone};
use crate::softphone::Phase::{Active, Dialing, Held, Ringing};
use crate::station::Input;
use sidetone_devices::audio::api::FarEnd;
use sidetone_devices::event::ControlEvent::HookSwitch;

const CALL: &[&str] = &["call.", "open", "close"];

#[test]
fn a_softphones_call_is_one_from_its_answer_to_its_end_whatever_its_stream_does() {
    Desk::new()
        .adapter(Baresip, &[])
        .captures()
        .until(5.0)
        .legs(Baresip, &[("a", Ringing)])
        .until(10.0)
        .legs(Baresip, &[("a", Active)])
        .until(20.0)
        .softphone(None)
        .until(25.0)
        .captures()
        .until(30.0)
        .legs(Baresip, &[])
        .until(40.0)
        .expect_of(
            CALL,
            &[
                "10.0 call.started softphone",
                "10.0 open",
                "20.0 close",
                "25.0 open",
                "30.0 call.ended 20 s hung_up",
                "30.0 close",
            ],
        );
}

#[test]
fn a_call_that_is_refused_or_not_answered_is_none() {
    Desk::new()
        .adapter(Baresip, &[("a", Dialing)])
        .captures()
        .until(30.0)
        .legs(Baresip, &[])
        .softphone(None)
        .until(60.0)
        .expect_of(CALL, &[]);
}

#[test]
fn a_stream_or_a_hook_that_came_first_and_the_softphones_call_are_one() {
    for control in [true, false] {
        let desk = Desk::new();
        let desk = if control {
            desk.control(HookSwitch(true)).until(1.0)
        } else {
            desk.captures().until(1.0)
        };
        desk.adapter(Baresip, &[("a", Active)])
            .until(10.0)
            .legs(Baresip, &[])
            .until(60.0)
            .expect_of(
                &["call."],
                &if control {
                    ["0.0 call.started reported", "10.0 call.ended 10 s hung_up"]
                } else {
                    ["0.3 call.started inferred", "10.0 call.ended 9.7 s hung_up"]
                },
            );
    }
}

#[test]
fn hold_and_resume_are_told_and_hold_back_what_is_heard() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .captures()
        .until(5.0)
        .legs(Baresip, &[("a", Held)])
        .until(9.0)
        .legs(Baresip, &[("a", Active)])
        .until(12.0)
        .legs(Baresip, &[])
        .expect_of(
            &["call.", "exclude"],
            &[
                "0.0 call.started softphone",
                "5.0 call.held softphone",
                "5.0 exclude true",
                "9.0 call.resumed softphone",
                "9.0 exclude false",
                "12.0 call.ended 12 s hung_up",
            ],
        );
}

#[test]
fn a_consultation_is_a_second_call_and_the_first_comes_back_with_its_own_id() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .captures()
        .until(10.0)
        .legs(Baresip, &[("a", Held), ("b", Dialing)])
        .until(12.0)
        .legs(Baresip, &[("a", Held), ("b", Active)])
        .until(20.0)
        .legs(Baresip, &[("a", Held)])
        .until(22.0)
        .legs(Baresip, &[("a", Active)])
        .until(30.0)
        .legs(Baresip, &[])
        .expect_of(
            &["call.", "reset"],
            &[
                "0.0 call.started softphone",
                "0.0 reset",
                "10.0 call.held softphone",
                "12.0 call.started softphone",
                "12.0 reset",
                "20.0 call.ended 8 s hung_up",
                "20.0 reset",
                "22.0 call.resumed softphone",
                "30.0 call.ended 30 s hung_up",
            ],
        );
}

#[test]
fn of_two_calls_answered_at_once_the_first_has_the_headset() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .until(5.0)
        .legs(Baresip, &[("a", Active), ("b", Active)])
        .until(10.0)
        .legs(Baresip, &[("b", Active)])
        .until(15.0)
        .legs(Baresip, &[])
        .expect_of(
            &["call."],
            &[
                "0.0 call.started softphone",
                "10.0 call.ended 10 s hung_up",
                "10.0 call.started softphone",
                "15.0 call.ended 5 s hung_up",
            ],
        );
}

#[test]
fn two_adapters_that_read_one_softphone_make_one_call() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .adapter(Exec, &[])
        .until(0.5)
        .legs(Exec, &[("x", Active)])
        .until(10.0)
        .legs(Baresip, &[])
        .until(10.8)
        .legs(Exec, &[])
        .until(20.0)
        .expect_of(
            &["call."],
            &["0.0 call.started softphone", "10.0 call.ended 10 s hung_up"],
        );
}

#[test]
fn a_call_on_another_softphone_while_the_first_is_held_is_a_call() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .adapter(Linphone, &[])
        .until(5.0)
        .legs(Baresip, &[("a", Held)])
        .until(6.0)
        .legs(Linphone, &[("1", Active)])
        .until(9.0)
        .legs(Linphone, &[])
        .until(9.5)
        .legs(Baresip, &[])
        .expect_of(
            &["call."],
            &[
                "0.0 call.started softphone",
                "5.0 call.held softphone",
                "6.0 call.started softphone",
                "9.0 call.ended 3 s hung_up",
                "9.5 call.ended 9.5 s hung_up",
            ],
        );
}

#[test]
fn a_softphone_that_is_killed_ends_its_call_unless_something_else_tells_of_it() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .until(5.0)
        .adapter_down(Baresip)
        .until(30.0)
        .expect_of(
            &["call."],
            &[
                "0.0 call.started softphone",
                "15.0 call.ended 15 s softphone_gone",
            ],
        );
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .captures()
        .until(5.0)
        .adapter_down(Baresip)
        .until(30.0)
        .softphone(None)
        .until(40.0)
        .expect_of(
            &["call."],
            &[
                "0.0 call.started softphone",
                "30.4 call.ended 30.4 s softphone_gone",
            ],
        );
}

#[test]
fn a_softphone_that_answers_again_has_the_same_call_or_it_is_over() {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .until(5.0)
        .adapter_down(Baresip)
        .until(8.0)
        .adapter(Baresip, &[("a", Active)])
        .until(30.0)
        .adapter_down(Baresip)
        .until(31.0)
        .adapter(Baresip, &[])
        .expect_of(
            &["call."],
            &["0.0 call.started softphone", "31.0 call.ended 31 s hung_up"],
        );
}

#[test]
fn beside_a_softphone_that_is_read_a_hook_alone_is_no_call_and_another_applications_stream_is() {
    Desk::new()
        .adapter(Baresip, &[])
        .control(HookSwitch(true))
        .until(5.0)
        .expect_of(&["call."], &[]);
    let usb = Desk::new().usb;
    let browser = Input::Audio(crate::station::AudioInput::Applications {
        usb,
        capture: Some(sidetone_devices::audio::api::Application {
            name: "Chromium input".to_owned(),
            process_id: None,
        }),
        far_end: FarEnd::OnHeadset,
    });
    Desk::new()
        .adapter(Baresip, &[])
        .then(browser)
        .until(5.0)
        .expect_of(&["call."], &["0.3 call.started inferred"]);
}

#[test]
fn a_browser_that_keeps_its_microphone_between_calls_has_ends_and_beginnings() {
    // Its playback goes with the call …
    Desk::new()
        .captures()
        .until(60.0)
        .softphone(Some(FarEnd::Nowhere))
        .until(100.0)
        .captures()
        .until(130.0)
        .softphone(None)
        .until(140.0)
        .expect_of(
            CALL,
            &[
                "0.3 call.started inferred",
                "0.3 open",
                "70.0 call.ended 69.7 s playback_closed",
                "100.0 call.started inferred",
                "130.0 close",
                "130.4 call.ended 30.4 s stream_closed",
            ],
        );
    // … or plays on, silently: then the next sound of a far end begins the next call.
    Desk::new()
        .captures()
        .until(60.3)
        .sound(clean(), Some(zeros()))
        .until(300.3)
        .sound(clean(), Some(clean()))
        .until(310.0)
        .softphone(None)
        .until(320.0)
        .expect_of(
            CALL,
            &[
                "0.3 call.started inferred",
                "0.3 open",
                "181.3 call.ended 181 s far_end_silent",
                "301.3 call.started inferred",
                "310.0 close",
                "310.4 call.ended 9.1 s stream_closed",
            ],
        );
}

#[test]
fn with_two_headsets_a_call_is_on_the_one_its_softphone_captures_from() {
    let desk = Desk::new();
    desk.headset(2, "h2")
        .hid(true)
        .card(true)
        .adapter(Baresip, &[("a", Active)])
        .until(0.2)
        .captures()
        .until(3.0)
        .expect_of(CALL, &["0.2 call.started softphone", "0.2 open"]);
}

#[test]
fn the_headsets_buttons_answer_mute_hold_and_end_the_call_of_a_page() {
    use crate::softphone::Adapter::Spokes;
    use sidetone_devices::event::ControlEvent::{Flash, MutePressed};
    Desk::new()
        .adapter(Spokes, &[("7", Ringing)])
        .until(1.0)
        .control(HookSwitch(true))
        .legs(Spokes, &[("7", Active)])
        .until(5.0)
        .control(MutePressed)
        .control(Flash)
        .legs(Spokes, &[("7", Held)])
        .control(Flash)
        .until(9.0)
        .control(HookSwitch(false))
        .legs(Spokes, &[])
        .until(12.0)
        .control(HookSwitch(true))
        .control(HookSwitch(false))
        .expect_of(
            &["order"],
            &[
                "1.0 order spokes Answer 7",
                "5.0 order spokes Mute(true) 7",
                "5.0 order spokes Hold 7",
                "5.0 order spokes Resume 7",
                "9.0 order spokes HangUp 7",
            ],
        );
    // A softphone that reads the headset itself is not told.
    Desk::new()
        .adapter(Baresip, &[("a", Ringing)])
        .control(HookSwitch(true))
        .control(MutePressed)
        .expect_of(&["order"], &[]);
}

#[test]
fn the_lights_follow_a_pages_calls_and_nothing_else_ever_writes() {
    use crate::softphone::Adapter::Spokes;
    Desk::new()
        .adapter(Spokes, &[])
        .until(1.0)
        .legs(Spokes, &[("7", Ringing)])
        .until(2.0)
        .legs(Spokes, &[("7", Active)])
        .until(3.0)
        .legs(Spokes, &[("7", Held)])
        .until(4.0)
        .legs(Spokes, &[("7", Active)])
        .until(5.0)
        .adapter_down(Spokes)
        .until(6.0)
        .expect_of(
            &["lights"],
            &[
                "1.0 lights ring",
                "2.0 lights off_hook",
                "3.0 lights off_hook hold",
                "4.0 lights off_hook",
                "5.0 lights",
            ],
        );
    Desk::new()
        .adapter(Baresip, &[("a", Ringing)])
        .until(1.0)
        .legs(Baresip, &[("a", Active)])
        .until(2.0)
        .expect_of(&["lights"], &[]);
}
