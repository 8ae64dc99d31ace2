//! What comes and goes too often.

use super::scenario::{Scenario, clean};
use crate::alerts::config::{AlertConfig, Language};
use crate::alerts::{HeadsetFact as F, How};
use sidetone_dsp::second::SideSecond;
use sidetone_dsp::units::Db;

const PULLED: F = F::QuickDisconnect(Some(How::Reported));
const PLUGGED: F = F::QuickDisconnect(None);

#[test]
fn a_quick_disconnect_that_is_played_with_is_told_twice_a_minute_and_then_stands() {
    let mut call = Scenario::new().call();
    for i in 0..10 {
        let at = f64::from(i) * 4.0;
        call = call.until(at).then(PULLED).until(at + 2.0).then(PLUGGED);
    }
    let told = call
        .until(100.0)
        .then(PULLED)
        .until(101.0)
        .hang_up()
        .expect(&[
            "0.0 raised qd_open_in_call call",
            "2.0 cleared qd_open_in_call call condition",
            "4.0 raised qd_open_in_call call",
            "6.0 updated qd_open_in_call call",
            "60.0 cleared qd_open_in_call call condition",
            "100.0 raised qd_open_in_call call",
            "101.0 cleared qd_open_in_call call call_ended",
        ]);
    assert_eq!(
        told.alerts[3].detail.text,
        "The headset's quick disconnect was pulled while the call runs. It has come and gone 2 times in 60 s, and stands until it stays away."
    );
}

/// Each call ends its alert at once, so the third is told when the minute allows it.
#[test]
fn three_short_calls_in_a_minute_are_no_three_alarms() {
    let mut scene = Scenario::new();
    for at in [0.0, 10.0, 20.0] {
        scene = scene.until(at).call().then(PULLED);
        if at < 20.0 {
            scene = scene.until(at + 5.0).hang_up().then(PLUGGED);
        }
    }
    scene.until(70.0).expect(&[
        "0.0 raised qd_open_in_call call",
        "5.0 cleared qd_open_in_call call call_ended",
        "10.0 raised qd_open_in_call call",
        "15.0 cleared qd_open_in_call call call_ended",
        "60.0 raised qd_open_in_call call",
    ]);
}

#[test]
fn noise_that_returns_a_third_time_is_one_noise_until_two_minutes_without() {
    let noisy = SideSecond {
        snr: Some(Db(8.0)),
        ..clean()
    };
    let chinese = AlertConfig {
        language: Language::Chinese,
        ..AlertConfig::default()
    };
    let mut call = Scenario::with(chinese).call();
    for i in 0..5 {
        let at = f64::from(i) * 80.0;
        call = call
            .until(at)
            .sound(noisy, Some(clean()))
            .until(at + 20.0)
            .sound(clean(), Some(clean()));
    }
    let told = call.until(500.0).expect(&[
        "10.0 raised noisy_environment agent",
        "30.0 cleared noisy_environment agent condition",
        "90.0 raised noisy_environment agent",
        "110.0 cleared noisy_environment agent condition",
        "170.0 raised noisy_environment agent",
        "190.0 updated noisy_environment agent",
        "470.0 cleared noisy_environment agent condition",
    ]);
    assert!(
        told.alerts[5]
            .detail
            .text
            .ends_with("该情况在 10 分钟内反复出现了 3 次，完全停止之前一直显示。")
    );
}
