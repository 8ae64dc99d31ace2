//! The quick disconnect puts the customer on hold (CONTRACT §6), or says why not.

use super::desk::{Desk, HOLD};
use crate::config::{HoldConfig, ResumePolicy};
use crate::softphone::Adapter::{Baresip, Exec, Mqtt, Spokes};
use crate::softphone::Answer;
use crate::softphone::Phase::{Active, Held, Ringing};
use sidetone_devices::event::ControlEvent;

const HOLDS: &[&str] = &["hold", "order", "held", "resumed", "failed", "no_adapter"];

fn in_call() -> Desk {
    Desk::new()
        .adapter(Baresip, &[("a", Active)])
        .captures()
        .until(10.0)
}

#[test]
fn a_pulled_quick_disconnect_holds_the_call_and_says_how_long_it_took() {
    in_call()
        .quick_disconnect(true)
        .until(10.1)
        .answers(Baresip, Answer::Accepted)
        .legs(Baresip, &[("a", Held)])
        .until(20.0)
        .quick_disconnect(false)
        .until(30.0)
        .expect_of(
            HOLDS,
            &[
                "10.1 hold.requested baresip",
                "10.1 order baresip Hold a",
                "10.1 call.held softphone",
                "10.1 hold.done baresip 100 ms",
                "10.1 alert.changed qd_open_in_call call held",
                "20.1 alert.cleared qd_open_in_call call condition held",
            ],
        );
}

#[test]
fn with_the_policy_the_customer_is_taken_back_by_the_adapter_that_held() {
    let policy = HoldConfig {
        resume: ResumePolicy::OnReconnect,
        ..HOLD
    };
    Desk::with_hold(policy)
        .adapter(Baresip, &[("a", Active)])
        .until(10.0)
        .quick_disconnect(true)
        .until(10.1)
        .legs(Baresip, &[("a", Held)])
        .until(20.0)
        .quick_disconnect(false)
        .until(20.1)
        .legs(Baresip, &[("a", Active)])
        .until(30.0)
        .expect_of(
            &["order", "resumed"],
            &[
                "10.1 order baresip Hold a",
                "20.1 order baresip Resume a",
                "20.1 call.resumed softphone",
            ],
        );
}

#[test]
fn outside_a_call_on_a_ringing_or_a_held_one_nothing_is_ordered() {
    let pull = |desk: Desk| desk.quick_disconnect(true).until(20.0);
    pull(Desk::new().adapter(Baresip, &[])).expect_of(HOLDS, &[]);
    pull(Desk::new().adapter(Baresip, &[("a", Ringing)])).expect_of(HOLDS, &[]);
    pull(
        Desk::new()
            .adapter(Baresip, &[("a", Active)])
            .until(5.0)
            .legs(Baresip, &[("a", Held)]),
    )
    .expect_of(
        HOLDS,
        &[
            "5.0 call.held softphone",
            "5.1 alert.raised qd_open_in_call call already_held",
        ],
    );
}

#[test]
fn an_agent_who_takes_the_customer_back_is_not_fought() {
    in_call()
        .quick_disconnect(true)
        .until(10.1)
        .legs(Baresip, &[("a", Held)])
        .until(15.0)
        .legs(Baresip, &[("a", Active)])
        .until(30.0)
        .expect_of(&["order"], &["10.1 order baresip Hold a"]);
}

#[test]
fn only_what_the_device_reports_acts() {
    let unverified = ControlEvent::QuickDisconnect {
        open: true,
        verified: false,
    };
    in_call()
        .control(unverified.clone())
        .until(30.0)
        .expect_of(HOLDS, &[]);
    // Allowed, but not sure enough.
    let eager = HoldConfig {
        on_inferred: true,
        ..HOLD
    };
    Desk::with_hold(eager)
        .adapter(Baresip, &[("a", Active)])
        .until(5.0)
        .control(unverified)
        .until(30.0)
        .expect_of(HOLDS, &[]);
    // A contact that bounces for less than the debounce time.
    in_call()
        .quick_disconnect(true)
        .quick_disconnect(false)
        .until(30.0)
        .expect_of(HOLDS, &[]);
}

#[test]
fn switched_off_nothing_is_ordered() {
    let off = HoldConfig {
        on_quick_disconnect: false,
        ..HOLD
    };
    Desk::with_hold(off)
        .adapter(Baresip, &[("a", Active)])
        .until(5.0)
        .quick_disconnect(true)
        .until(30.0)
        .expect_of(&["order", "hold"], &[]);
}

#[test]
fn a_card_that_left_alone_holds_and_a_headset_that_left_whole_does_not() {
    in_call()
        .card(false)
        .until(12.0)
        .expect_of(&["order"], &["11.5 order baresip Hold a"]);
    in_call()
        .card(false)
        .hid(false)
        .until(30.0)
        .expect_of(&["order"], &[]);
}

#[test]
fn a_refusal_is_read_back_and_then_the_next_adapter_is_asked() {
    in_call()
        .adapter(Exec, &[("x", Active)])
        .quick_disconnect(true)
        .until(10.1)
        .answers(Baresip, Answer::Refused("not now".to_owned()))
        .answers(Baresip, Answer::Accepted)
        .legs(Exec, &[("x", Held)])
        .legs(Baresip, &[("a", Held)])
        .until(20.0)
        .expect_of(
            &["order", "hold."],
            &[
                "10.1 hold.requested baresip",
                "10.1 order baresip Hold a",
                "10.1 order baresip Read a",
                "10.1 order exec Hold x",
                "10.1 hold.done exec 100 ms",
            ],
        );
}

#[test]
fn an_adapter_that_says_nothing_is_told_to_forget_it_before_the_next_is_asked() {
    in_call()
        .adapter(Exec, &[("x", Active)])
        .quick_disconnect(true)
        .until(20.0)
        .expect_of(
            &["order", "hold."],
            &[
                "10.1 hold.requested baresip",
                "10.1 order baresip Hold a",
                "11.1 order baresip Read a",
                "11.4 order baresip CancelHold a",
                "11.4 order exec Hold x",
                "12.4 order exec Read x",
                "12.7 hold.failed exec not_confirmed",
            ],
        );
}

#[test]
fn a_page_has_three_seconds() {
    Desk::new()
        .adapter(Spokes, &[("1", Active)])
        .until(10.0)
        .quick_disconnect(true)
        .until(12.5)
        .legs(Spokes, &[("1", Held)])
        .until(20.0)
        .expect_of(
            &["order", "hold."],
            &[
                "10.1 hold.requested spokes",
                "10.1 order spokes Hold 1",
                "12.5 hold.done spokes 2500 ms",
            ],
        );
}

#[test]
fn a_gateway_is_asked_only_if_no_adapter_of_the_workstation_answered() {
    in_call()
        .adapter(Mqtt, &[])
        .quick_disconnect(true)
        .until(10.1)
        .answers(Baresip, Answer::Refused("no".to_owned()))
        .until(20.0)
        .expect_of(
            &["order mqtt", "hold.failed"],
            &["10.4 hold.failed baresip not_confirmed"],
        );
    // The softphone is killed before it answers.
    in_call()
        .adapter(Mqtt, &[])
        .quick_disconnect(true)
        .until(10.1)
        .adapter_down(Baresip)
        .until(10.5)
        .answers(Mqtt, Answer::Accepted)
        .until(12.0)
        .expect_of(
            &["order", "hold.", "held"],
            &[
                "10.1 hold.requested baresip",
                "10.1 order baresip Hold a",
                "10.1 order mqtt Hold",
                "10.5 call.held inferred",
                "10.5 hold.done mqtt 500 ms",
                "10.5 alert.changed qd_open_in_call call held",
            ],
        );
}

#[test]
fn without_any_adapter_the_alert_says_so_and_with_one_that_was_killed_the_hold_has_failed() {
    Desk::new()
        .captures()
        .until(10.0)
        .quick_disconnect(true)
        .until(12.0)
        .expect_of(
            HOLDS,
            &["10.1 alert.raised qd_open_in_call call no_adapter"],
        );
    in_call()
        .adapter_down(Baresip)
        .until(11.0)
        .quick_disconnect(true)
        .until(12.0)
        .expect_of(&["hold.", "order"], &["11.1 hold.failed softphone_gone"]);
}

#[test]
fn a_call_that_ends_meanwhile_is_left_alone() {
    in_call()
        .adapter(Exec, &[])
        .quick_disconnect(true)
        .until(10.1)
        .legs(Baresip, &[])
        .until(20.0)
        .expect_of(
            &["order", "hold."],
            &["10.1 hold.requested baresip", "10.1 order baresip Hold a"],
        );
}

#[test]
fn plugged_together_before_the_answer_nobody_else_is_asked() {
    in_call()
        .adapter(Exec, &[("x", Active)])
        .quick_disconnect(true)
        .until(10.1)
        .quick_disconnect(false)
        .until(20.0)
        .expect_of(
            &["order"],
            &["10.1 order baresip Hold a", "11.1 order baresip Read a"],
        );
}

#[test]
fn a_hold_that_comes_about_late_is_told_and_ends_the_alarm() {
    in_call()
        .quick_disconnect(true)
        .until(14.0)
        .legs(Baresip, &[("a", Held)])
        .until(15.0)
        .expect_of(
            &["hold", "held"],
            &[
                "10.1 hold.requested baresip",
                "11.4 hold.failed baresip not_confirmed",
                "11.4 alert.raised hold_failed call failed",
                "14.0 call.held softphone",
                "14.0 alert.cleared hold_failed call condition failed",
                "14.0 hold.done baresip 4000 ms",
                "14.0 alert.changed qd_open_in_call call held",
            ],
        );
}

#[test]
fn a_stream_that_is_told_gone_just_before_its_card_does_not_end_the_call_before_the_hold() {
    Desk::new()
        .captures()
        .until(10.0)
        .softphone(None)
        .until(10.2)
        .card(false)
        .until(13.0)
        .expect_of(
            &["call.ended", "qd.open", "raised"],
            &[
                "11.7 qd.open reported",
                "11.7 alert.raised qd_open_in_call call no_adapter",
            ],
        );
}
