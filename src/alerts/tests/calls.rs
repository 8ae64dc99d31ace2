//! Mute, quick disconnect and a headset that leaves.

use super::scenario::Scenario;
use crate::alerts::{Confidence, HeadsetFact as F, How, Mute};
use sidetone_wire::vocabulary::{HoldOutcome, Provenance};
use std::time::Duration;

fn muted(seconds: f64) -> F {
    F::Mute(Mute::On {
        how: How::Mixer,
        since: Duration::from_secs_f64(seconds),
    })
}

const UNMUTED: F = F::Mute(Mute::Off { how: How::Mixer });

#[test]
fn muted_before_the_call_is_told_three_seconds_into_it() {
    let told = Scenario::new()
        .then(muted(0.0))
        .until(60.0)
        .call()
        .until(70.0)
        .then(UNMUTED)
        .until(80.0)
        .expect(&[
            "63.0 raised muted_at_call_start call",
            "70.0 cleared muted_at_call_start call condition",
        ]);
    assert_eq!(told.alerts[0].detail.provenance, Some(Provenance::Mixer));
    assert_eq!(told.alerts[0].detail.since, 1_700_000_060_000);
    assert_eq!(told.alerts[0].detail.id, told.alerts[1].detail.id);
}

#[test]
fn muted_just_after_the_start_counts_and_later_does_not() {
    Scenario::new()
        .call()
        .until(5.0)
        .then(muted(5.0))
        .until(20.0)
        .hang_up()
        .expect(&[
            "8.0 raised muted_at_call_start call",
            "20.0 cleared muted_at_call_start call call_ended",
        ]);
    Scenario::new()
        .call()
        .until(5.1)
        .then(muted(5.1))
        .until(20.0)
        .expect(&[]);
}

#[test]
fn an_agent_who_unmutes_in_time_is_left_alone() {
    Scenario::new()
        .then(muted(0.0))
        .until(1.0)
        .call()
        .until(3.9)
        .then(UNMUTED)
        .until(30.0)
        .expect(&[]);
}

#[test]
fn a_pulled_quick_disconnect_is_told_at_once_and_follows_the_hold() {
    Scenario::new()
        .call()
        .until(10.0)
        .then(F::QuickDisconnect(Some(How::Reported)))
        .until(10.2)
        .then(F::HoldOutcome(HoldOutcome::Held))
        .then(F::Held(true))
        .until(20.0)
        .then(F::QuickDisconnect(None))
        .until(30.0)
        .expect(&[
            "10.0 raised qd_open_in_call call",
            "10.2 updated qd_open_in_call call held",
            "20.0 cleared qd_open_in_call call held condition",
        ]);
}

#[test]
fn a_quick_disconnect_outside_a_call_or_before_it_is_no_alert() {
    Scenario::new()
        .then(F::QuickDisconnect(Some(How::Reported)))
        .until(10.0)
        .call()
        .until(20.0)
        .expect(&[]);
}

#[test]
fn an_inferred_quick_disconnect_carries_its_confidence() {
    let told = Scenario::new()
        .call()
        .until(10.0)
        .then(F::QuickDisconnect(Some(How::Inferred(Confidence::new(
            0.6,
        )))))
        .expect(&["10.0 raised qd_open_in_call call"]);
    assert_eq!(told.alerts[0].detail.confidence, Some(0.6));
    assert!(told.alerts[0].detail.text.contains("probably"));
}

#[test]
fn a_headset_that_leaves_in_a_call_and_comes_back() {
    Scenario::new()
        .call()
        .until(10.0)
        .then(F::Gone)
        .until(15.0)
        .then(F::Back)
        .until(20.0)
        .expect(&[
            "10.0 raised headset_gone headset-047f-c056-00000001 gone",
            "15.0 cleared headset_gone headset-047f-c056-00000001 gone condition",
        ]);
}

#[test]
fn a_headset_that_leaves_between_calls_is_no_alert() {
    Scenario::new().then(F::Gone).until(10.0).expect(&[]);
}

#[test]
fn a_headset_that_leaves_takes_its_other_alerts_along() {
    Scenario::new()
        .call()
        .until(10.0)
        .then(F::QuickDisconnect(Some(How::Reported)))
        .then(F::Gone)
        .hang_up()
        .expect(&[
            "10.0 raised qd_open_in_call call",
            "10.0 cleared qd_open_in_call call headset_gone",
            "10.0 raised headset_gone headset-047f-c056-00000001 gone",
            "10.0 cleared headset_gone headset-047f-c056-00000001 gone call_ended",
        ]);
}

#[test]
fn three_failures_in_ten_minutes_make_a_device_unstable_until_ten_minutes_without() {
    let gap = |ms| F::CaptureGap {
        missing: Duration::from_millis(ms),
    };
    Scenario::new()
        .call()
        .until(10.0)
        .then(gap(150))
        .until(100.0)
        .then(gap(90)) // too short
        .until(200.0)
        .then(F::Gone)
        .then(gap(500)) // part of leaving
        .then(F::Back)
        .until(300.0)
        .then(gap(101))
        .hang_up()
        .until(901.0)
        .expect(&[
            "200.0 raised headset_gone headset-047f-c056-00000001 gone",
            "200.0 cleared headset_gone headset-047f-c056-00000001 gone condition",
            "300.0 raised device_unstable headset-047f-c056-00000001 gap",
            "900.0 cleared device_unstable headset-047f-c056-00000001 gap condition",
        ]);
}
