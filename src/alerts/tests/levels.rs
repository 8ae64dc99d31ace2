//! Voices that are too quiet, too loud or absent, and the battery.

use super::scenario::{Scenario, clean, zeros};
use crate::alerts::config::AlertConfig;
use crate::alerts::{HeadsetFact as F, How, Mute};
use sidetone_dsp::second::SideSecond;
use sidetone_dsp::units::Dbov;
use std::time::Duration;

fn at_level(level: f32) -> SideSecond {
    SideSecond {
        level: Dbov(level),
        ..clean()
    }
}

/// Nobody speaks, the room is there.
fn still() -> SideSecond {
    SideSecond {
        level: Dbov(-68.0),
        speech_ratio: 0.0,
        ..clean()
    }
}

fn clipped(ratio: f32) -> SideSecond {
    SideSecond {
        clipped_ratio: ratio,
        ..clean()
    }
}

#[test]
fn a_quiet_voice_is_told_after_fifteen_seconds_of_speech_on_either_side() {
    // Half a second of speech at −49 dBov in the mean: −46 dBov while it speaks.
    for (agent, customer, subject) in [
        (at_level(-49.0), clean(), "agent"),
        (clean(), at_level(-49.0), "customer"),
    ] {
        let told = Scenario::new()
            .sound(agent, Some(customer))
            .call()
            .until(20.0)
            .sound(clean(), Some(clean()))
            .until(40.0)
            .expect(&[
                &format!("15.0 raised low_level {subject}"),
                &format!("35.0 cleared low_level {subject} condition"),
            ]);
        assert_eq!(told.alerts[0].detail.value, Some(-45.99));
        assert_eq!(told.alerts[0].detail.since, 1_700_000_000_000);
    }
}

#[test]
fn pauses_and_a_level_on_the_limit_say_nothing_of_a_voice() {
    Scenario::new()
        .sound(
            SideSecond {
                speech_ratio: 0.4,
                ..at_level(-60.0)
            },
            Some(at_level(-47.9)),
        )
        .call()
        .until(120.0)
        .expect(&[]);
}

#[test]
fn rare_clipping_is_a_notice_and_dense_clipping_is_the_line() {
    let mut call = Scenario::new().sound(clean(), Some(clean())).call();
    for i in 0..8 {
        let at = f64::from(i) * 9.0;
        call = call
            .until(at + 8.0)
            .sound(clipped(0.004), Some(clean()))
            .until(at + 9.0)
            .sound(clean(), Some(clean()));
    }
    call.until(140.0).expect(&[
        "54.0 raised clipping agent",
        "132.0 cleared clipping agent condition",
    ]);
    Scenario::new()
        .sound(clipped(0.004), Some(clean()))
        .call()
        .until(60.0)
        .expect(&["5.0 raised line_noise agent clipping"]);
    // Little in each second is never enough for a bad line.
    Scenario::new()
        .sound(clipped(0.001), Some(clean()))
        .call()
        .until(60.0)
        .expect(&["6.0 raised clipping agent"]);
}

#[test]
fn half_a_minute_in_which_nobody_speaks_is_dead_air_even_muted_but_not_on_hold() {
    Scenario::new()
        .sound(still(), Some(still()))
        .call()
        .until(35.0)
        .sound(clean(), Some(still()))
        .until(37.0)
        .sound(still(), Some(still()))
        .until(50.0)
        .sound(still(), Some(clean()))
        .until(60.0)
        .expect(&[
            "30.0 raised dead_air call",
            "53.0 cleared dead_air call condition",
        ]);
    Scenario::new()
        .sound(zeros(), Some(still()))
        .call()
        .until(10.0)
        .then(F::Mute(Mute::On {
            how: How::Mixer,
            since: Duration::from_secs(10),
        }))
        .until(32.0)
        .then(F::Held(true))
        .until(90.0)
        .expect(&[
            "30.0 raised dead_air call",
            "32.0 cleared dead_air call inhibited",
        ]);
    for sound in [
        // A queue's music is no silence, and one side alone says nothing about the other.
        Some(SideSecond {
            level: Dbov(-30.0),
            ..still()
        }),
        None,
    ] {
        Scenario::new()
            .sound(still(), sound)
            .call()
            .until(90.0)
            .expect(&[]);
    }
}

#[test]
fn a_low_battery_is_told_in_a_call_or_not_and_once_around_its_limit() {
    let mut scene = Scenario::new();
    for (second, charge) in [
        (1.0, 0.15),
        (2.0, 0.14),
        (3.0, 0.16),
        (4.0, 0.14),
        (5.0, 0.20),
        (6.0, 0.21),
        (7.0, 0.05),
    ] {
        scene = scene.until(second).then(F::Battery(charge));
    }
    let told = scene
        .call()
        .hang_up()
        .until(8.0)
        .then(F::Gone)
        .then(F::Back)
        .until(20.0)
        .expect(&[
            "2.0 raised battery_low headset-047f-c056-00000001",
            "6.0 cleared battery_low headset-047f-c056-00000001 condition",
            "7.0 raised battery_low headset-047f-c056-00000001",
            "8.0 cleared battery_low headset-047f-c056-00000001 headset_gone",
        ]);
    assert_eq!(told.alerts[0].detail.value, Some(0.14));
}

#[test]
fn each_kind_can_be_switched_off() {
    let mut off = AlertConfig::default();
    off.low_level.enabled = false;
    off.clipping.enabled = false;
    off.dead_air.enabled = false;
    off.battery_low.enabled = false;
    let faulty = SideSecond {
        clipped_ratio: 0.001,
        ..at_level(-60.0)
    };
    Scenario::with(off)
        .sound(faulty, Some(faulty))
        .then(F::Battery(0.01))
        .call()
        .until(60.0)
        .sound(still(), Some(still()))
        .until(120.0)
        .expect(&[]);
}
