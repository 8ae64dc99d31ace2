//! The network, the hold, and talking while muted.

use super::scenario::{Scenario, clean};
use crate::alerts::config::AlertConfig;
use crate::alerts::{HeadsetFact as F, How, Mute};
use crate::softphone::{LineFigures, PathFigures};
use sidetone_dsp::second::TalkSecond;
use sidetone_wire::vocabulary::{HoldOutcome, Side};
use std::time::Duration;

fn path(loss_ratio: f64, jitter_ms: f64) -> Option<PathFigures> {
    Some(PathFigures {
        loss_ratio,
        jitter_ms,
    })
}

fn uplink(loss_ratio: f64, jitter_ms: f64) -> F {
    F::Line(LineFigures {
        uplink: path(loss_ratio, jitter_ms),
        downlink: path(0.0, 3.0),
        round_trip_ms: None,
    })
}

#[test]
fn ten_seconds_of_lost_packets_are_told_and_fifteen_good_ones_end_it() {
    let told = Scenario::new()
        .call()
        .until(5.0)
        .then(uplink(0.03, 2.0))
        .until(10.0)
        .then(uplink(0.02, 2.0))
        .until(14.0)
        .expect(&[])
        .until(15.0)
        .then(uplink(0.0, 2.0))
        .until(20.0)
        .then(uplink(0.0, 2.0))
        .until(25.0)
        .then(uplink(0.0, 2.0))
        .until(40.0)
        .expect(&[
            "15.0 raised line_unstable call",
            "30.0 cleared line_unstable call condition",
        ]);
    let alert = &told.alerts[0].detail;
    assert_eq!(alert.side, Some(Side::Agent));
    assert_eq!((alert.value, alert.threshold), (Some(0.02), Some(0.02)));
    assert_eq!(
        alert.text,
        "The network disturbs the agent's voice on its way to the customer: 2.0 % of the packets lost, for 10 s."
    );
}

#[test]
fn jitter_on_the_way_here_is_the_customers_side_and_both_are_both() {
    let shaken = |uplink| {
        F::Line(LineFigures {
            uplink,
            downlink: path(0.0, 45.0),
            round_trip_ms: None,
        })
    };
    let mut scene = Scenario::new().call();
    for second in [5.0, 10.0, 15.0, 20.0, 25.0, 30.0] {
        let up = (second >= 15.0).then_some(path(0.5, 1.0)).flatten();
        scene = scene.until(second).then(shaken(up));
    }
    let told = scene.until(33.0).expect(&[
        "15.0 raised line_unstable call",
        "25.0 updated line_unstable call",
    ]);
    let sides: Vec<_> = told.alerts.iter().map(|a| a.detail.side).collect();
    assert_eq!(sides, [Some(Side::Customer), Some(Side::Both)]);
}

#[test]
fn one_bad_figure_counts_no_longer_than_it_lasts() {
    Scenario::new()
        .call()
        .then(uplink(0.5, 400.0))
        .until(120.0)
        .expect(&[]);
}

#[test]
fn without_figures_nothing_is_said_of_the_network() {
    Scenario::new()
        .sound(clean(), Some(clean()))
        .call()
        .then(F::Line(LineFigures::default()))
        .until(60.0)
        .expect(&[]);
}

#[test]
fn a_hold_that_failed_is_told_until_it_is_seen_or_the_call_ends() {
    for (end, how) in [
        (F::Held(true), "condition"),
        (F::HoldOutcome(HoldOutcome::Held), "condition"),
        (F::CallEnded, "call_ended"),
    ] {
        let cleared = format!("9.0 cleared hold_failed call failed {how}");
        let told = Scenario::new()
            .call()
            .until(4.0)
            .then(F::HoldOutcome(HoldOutcome::Failed))
            .until(9.0)
            .then(end)
            .until(12.0)
            .expect(&["4.0 raised hold_failed call failed", &cleared]);
        assert_eq!(told.alerts[0].detail.hold, Some(HoldOutcome::Failed));
    }
    Scenario::new()
        .call()
        .then(F::HoldOutcome(HoldOutcome::NoAdapter))
        .until(9.0)
        .expect(&[]);
}

fn muted(at_s: u64) -> F {
    F::Mute(Mute::On {
        how: How::Reported,
        since: Duration::from_secs(at_s),
    })
}

fn talk(agent_ratio: f32) -> TalkSecond {
    TalkSecond {
        agent_ratio,
        ..TalkSecond::default()
    }
}

fn watched() -> AlertConfig {
    let mut config = AlertConfig::default();
    config.talking_while_muted.enabled = true;
    config.muted_at_call_start.enabled = false;
    config
}

#[test]
fn speech_under_a_live_mute_is_told_until_five_seconds_without() {
    Scenario::with(watched())
        .sound(clean(), Some(clean()))
        .talk(talk(0.4))
        .then(F::LiveUnderMute(Some(true)))
        .call()
        .until(10.0)
        .then(muted(10))
        .until(14.0)
        .talk(talk(0.0))
        .until(30.0)
        .expect(&[
            "13.0 raised talking_while_muted agent",
            "19.0 cleared talking_while_muted agent condition",
        ]);
}

#[test]
fn where_the_microphone_dies_under_mute_or_nobody_knows_nothing_is_told() {
    for live in [None, Some(false)] {
        Scenario::with(watched())
            .sound(clean(), Some(clean()))
            .talk(talk(0.9))
            .then(F::LiveUnderMute(live))
            .call()
            .then(muted(0))
            .until(30.0)
            .expect(&[]);
    }
}

#[test]
fn it_is_off_unless_somebody_asks_for_it() {
    Scenario::new()
        .sound(clean(), Some(clean()))
        .talk(talk(0.9))
        .then(F::LiveUnderMute(Some(true)))
        .call()
        .until(10.0)
        .then(muted(10))
        .until(30.0)
        .expect(&[]);
}

#[test]
fn a_word_now_and_then_is_no_talk() {
    let mut scene = Scenario::with(watched())
        .sound(clean(), Some(clean()))
        .then(F::LiveUnderMute(Some(true)))
        .call()
        .until(10.0)
        .then(muted(10));
    for second in 11..60 {
        scene = scene
            .talk(talk(if second % 6 == 0 { 0.6 } else { 0.0 }))
            .until(f64::from(second));
    }
    scene.expect(&[]);
}
