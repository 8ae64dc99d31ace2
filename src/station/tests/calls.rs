//! When is a call, and when is audio open?

use super::desk::Desk;
use crate::station::Input;
use sidetone_devices::audio::api::FarEnd;
use sidetone_devices::event::ControlEvent::{HookSwitch, LineBusy};
use sidetone_wire::vocabulary::ClearReason;

const CALL: &[&str] = &["call.", "open", "close"];

#[test]
fn without_a_hook_switch_the_softphones_stream_decides() {
    Desk::new()
        .until(1.0)
        .captures()
        .until(61.0)
        .softphone(None)
        .until(70.0)
        .expect(&[
            "1.3 call.started inferred",
            "1.3 reset",
            "1.3 open",
            "61.0 close",
            "61.4 call.ended 60.1 s stream_closed",
        ]);
}

#[test]
fn a_microphone_test_of_a_moment_is_no_call() {
    Desk::new()
        .captures()
        .until(0.2)
        .softphone(None)
        .until(5.0)
        .expect(&[]);
}

#[test]
fn a_stream_that_is_reopened_is_one_call_with_audio_closed_between() {
    Desk::new()
        .captures()
        .until(10.0)
        .softphone(None)
        .until(10.3)
        .captures()
        .until(20.0)
        .expect(&[
            "0.3 call.started inferred",
            "0.3 reset",
            "0.3 open",
            "10.0 close",
            "10.3 open",
        ]);
}

#[test]
fn a_stream_that_is_back_after_a_second_is_another_call() {
    Desk::new()
        .captures()
        .until(10.0)
        .softphone(None)
        .until(11.0)
        .captures()
        .until(20.0)
        .expect(&[
            "0.3 call.started inferred",
            "0.3 reset",
            "0.3 open",
            "10.0 close",
            "10.4 call.ended 10.1 s stream_closed",
            "11.3 call.started inferred",
            "11.3 reset",
            "11.3 open",
        ]);
}

#[test]
fn a_hook_switch_decides_and_alone_opens_no_audio() {
    Desk::new()
        .until(1.0)
        .control(HookSwitch(true))
        .until(5.0)
        .captures()
        .until(30.0)
        .control(HookSwitch(false))
        .until(40.0)
        .expect(&[
            "1.0 hook.off reported",
            "1.0 call.started reported",
            "1.0 reset",
            "5.0 open",
            "30.0 hook.on reported",
            "30.2 call.ended 29.2 s hook_on",
            "30.2 close",
        ]);
}

#[test]
fn a_hook_switch_that_follows_calls_outweighs_a_stream_that_stays() {
    Desk::new()
        .captures()
        .until(1.0)
        .control(HookSwitch(true))
        .until(30.0)
        .control(HookSwitch(false))
        .until(60.0)
        .control(HookSwitch(true))
        .until(70.0)
        .expect_of(
            CALL,
            &[
                "0.3 call.started inferred",
                "0.3 open",
                "30.2 call.ended 29.9 s hook_on",
                "30.2 close",
                "60.0 call.started reported",
                "60.0 open",
            ],
        );
}

#[test]
fn a_hook_switch_that_never_moved_or_moved_without_any_stream_does_not_hide_calls() {
    Desk::new()
        .control(HookSwitch(false))
        .captures()
        .until(10.0)
        .expect_of(CALL, &["0.3 call.started inferred", "0.3 open"]);
    Desk::new()
        .control(HookSwitch(true))
        .until(1.0)
        .control(HookSwitch(false))
        .until(5.0)
        .captures()
        .until(10.0)
        .expect_of(
            CALL,
            &[
                "0.0 call.started reported",
                "1.2 call.ended 1.2 s hook_on",
                "5.3 call.started inferred",
                "5.3 open",
            ],
        );
}

#[test]
fn a_call_without_any_stream_ends_by_its_hook_switch_and_not_by_a_bounce() {
    Desk::new()
        .until(10.0)
        .control(HookSwitch(true))
        .until(20.0)
        .control(HookSwitch(false))
        .until(20.1)
        .control(HookSwitch(true))
        .until(30.0)
        .control(HookSwitch(false))
        .until(40.0)
        .expect_of(
            CALL,
            &[
                "10.0 call.started reported",
                "30.2 call.ended 20.2 s hook_on",
            ],
        );
}

#[test]
fn a_bouncing_cradle_is_one_call() {
    Desk::new()
        .control(HookSwitch(true))
        .until(1.0)
        .control(HookSwitch(false))
        .until(1.1)
        .control(HookSwitch(true))
        .until(9.0)
        .expect_of(CALL, &["0.0 call.started reported"]);
}

#[test]
fn line_busy_decides_too() {
    Desk::new()
        .captures()
        .control(LineBusy(true))
        .until(8.0)
        .control(LineBusy(false))
        .until(20.0)
        .expect_of(
            CALL,
            &[
                "0.0 call.started reported",
                "0.0 open",
                "8.2 call.ended 8.2 s line_idle",
                "8.2 close",
            ],
        );
}

#[test]
fn a_call_on_another_device_is_degraded_until_it_comes_back() {
    Desk::new()
        .softphone(Some(FarEnd::Elsewhere))
        .until(5.0)
        .captures()
        .until(9.0)
        .expect(&[
            "0.3 call.started inferred",
            "0.3 reset",
            "0.3 open",
            "0.3 degraded call_not_on_headset",
            "5.0 ready",
        ]);
}

#[test]
fn two_headsets_have_their_own_calls() {
    Desk::new()
        .headset(2, "h2")
        .hid(true)
        .captures()
        .until(1.0)
        .headset(1, "h1")
        .captures()
        .until(2.0)
        .softphone(None)
        .until(4.0)
        .expect_of(
            CALL,
            &[
                "0.3 call.started inferred",
                "0.3 open",
                "1.3 call.started inferred",
                "1.3 open",
                "2.0 close",
                "2.4 call.ended 1.1 s stream_closed",
            ],
        );
}

#[test]
fn sleep_ends_the_call_and_waking_begins_another_after_a_grace() {
    Desk::new()
        .captures()
        .until(10.0)
        .then(Input::Suspend)
        .until(12.0)
        .then(Input::Wake)
        .until(20.0)
        .expect(&[
            "0.3 call.started inferred",
            "0.3 reset",
            "0.3 open",
            "10.0 call.ended 9.7 s suspend",
            "10.0 close",
            "10.0 stopped suspend",
            "12.0 ready",
            "17.0 call.started inferred",
            "17.0 reset",
            "17.0 open",
        ]);
}

#[test]
fn leaving_clears_alerts_before_it_ends_the_call() {
    Desk::new()
        .mixer(true)
        .captures()
        .until(5.0)
        .then(Input::Shutdown(ClearReason::Restart))
        .captures()
        .until(9.0)
        .expect(&[
            "0.0 mute.on mixer",
            "0.3 call.started inferred",
            "0.3 reset",
            "0.3 open",
            "0.3 exclude true",
            "3.3 alert.raised muted_at_call_start call",
            "5.0 alert.cleared muted_at_call_start call restart",
            "5.0 call.ended 4.7 s stopped",
            "5.0 close",
            "5.0 shutdown",
        ]);
}
