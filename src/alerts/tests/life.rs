//! Raised, updated, cleared: inhibition, call end, configuration, shutdown, several headsets.

use super::scenario::{Scenario, clean, zeros};
use crate::alerts::config::AlertConfig;
use crate::alerts::{HeadsetFact as F, How, Mute};
use sidetone_dsp::second::SideSecond;
use sidetone_dsp::units::{Db, Dbov};
use sidetone_wire::vocabulary::ClearReason;
use std::time::Duration;

fn noisy() -> SideSecond {
    SideSecond {
        snr: Some(Db(8.0)),
        crackles: 3,
        ..clean()
    }
}

#[test]
fn hold_and_quick_disconnect_hold_the_sound_back_and_then_all_is_counted_anew() {
    for (begin, end) in [
        (F::Held(true), F::Held(false)),
        (
            F::QuickDisconnect(Some(How::Reported)),
            F::QuickDisconnect(None),
        ),
    ] {
        let quick_disconnect = matches!(begin, F::QuickDisconnect(_));
        let told = Scenario::new()
            .sound(noisy(), Some(clean()))
            .call()
            .until(12.0)
            .then(begin)
            .until(30.0)
            .then(end)
            .until(41.0);
        let mut lines = vec![
            "3.0 raised line_noise agent crackle",
            "10.0 raised noisy_environment agent",
            "12.0 cleared noisy_environment agent inhibited",
            "12.0 cleared line_noise agent crackle inhibited",
            "33.0 raised line_noise agent crackle",
            "40.0 raised noisy_environment agent",
        ];
        if quick_disconnect {
            lines.insert(2, "12.0 raised qd_open_in_call call");
            lines.insert(5, "30.0 cleared qd_open_in_call call condition");
        }
        told.expect(&lines);
    }
}

#[test]
fn mute_holds_one_way_audio_back_on_either_side() {
    Scenario::new()
        .sound(zeros(), Some(clean()))
        .then(F::Mute(Mute::Off { how: How::Mixer }))
        .call()
        .until(7.0)
        .then(F::Mute(Mute::On {
            how: How::Mixer,
            since: Duration::from_secs(7),
        }))
        .until(30.0)
        .expect(&[
            "5.0 raised one_way_audio agent dead",
            "7.0 cleared one_way_audio agent dead inhibited",
        ]);
    let still = SideSecond {
        level: Dbov(-85.0),
        digital_silence_ratio: 0.1,
        ..zeros()
    };
    Scenario::new()
        .sound(clean(), Some(still))
        .then(F::Mute(Mute::On {
            how: How::Mixer,
            since: Duration::ZERO,
        }))
        .call()
        .until(2.0)
        .expect(&[])
        .until(60.0)
        .expect(&["3.0 raised muted_at_call_start call"]);
}

#[test]
fn a_call_on_another_device_holds_back_what_needs_the_far_end() {
    Scenario::new()
        .sound(clean(), Some(noisy()))
        .call()
        .until(4.0)
        .then(F::FarEndUsable(false))
        .until(20.0)
        .overtalk(5.0)
        .until(40.0)
        .expect(&[
            "3.0 raised line_noise customer crackle",
            "4.0 cleared line_noise customer crackle inhibited",
        ]);
}

#[test]
fn outside_a_call_no_sound_is_judged() {
    let told = Scenario::new()
        .sound(noisy(), Some(noisy()))
        .call()
        .until(12.0)
        .hang_up()
        .until(60.0);
    assert_eq!(told.engine.active().count(), 0);
    told.expect(&[
        "3.0 raised line_noise agent crackle",
        "3.0 raised line_noise customer crackle",
        "10.0 raised noisy_environment agent",
        "12.0 cleared noisy_environment agent call_ended",
        "12.0 cleared line_noise agent crackle call_ended",
        "12.0 cleared line_noise customer crackle call_ended",
    ]);
}

#[test]
fn a_rule_that_is_switched_off_clears_its_alert() {
    let mut off = AlertConfig::default();
    off.line_noise.enabled = false;
    Scenario::new()
        .sound(noisy(), Some(clean()))
        .call()
        .until(5.0)
        .config(off)
        .until(9.0)
        .expect(&[
            "3.0 raised line_noise agent crackle",
            "5.0 cleared line_noise agent crackle disabled",
        ]);
}

#[test]
fn limits_that_move_take_no_standing_alert_back_and_hold_for_the_next() {
    let mut patient = AlertConfig::default();
    patient.muted_at_call_start.for_s = 8.0;
    patient.noisy_environment.bad_s = 15;
    patient.line_noise.crackle_per_min = 500.0;
    let muted = |seconds| {
        F::Mute(Mute::On {
            how: How::Mixer,
            since: Duration::from_secs(seconds),
        })
    };
    Scenario::new()
        .then(muted(0))
        .call()
        .until(4.0)
        .config(patient.clone())
        .until(6.0)
        .then(F::Mute(Mute::Off { how: How::Mixer }))
        .sound(noisy(), Some(clean()))
        .config(AlertConfig::default())
        .until(20.0)
        .config(patient)
        .until(30.0)
        .hang_up()
        .then(muted(30))
        .call()
        .until(39.0)
        .expect(&[
            "3.0 raised muted_at_call_start call",
            "6.0 cleared muted_at_call_start call condition",
            "10.0 raised line_noise agent crackle",
            "17.0 raised noisy_environment agent",
            "30.0 cleared noisy_environment agent call_ended",
            "30.0 cleared line_noise agent crackle call_ended",
            "38.0 raised muted_at_call_start call",
        ]);
}

#[test]
fn leaving_clears_everything_with_its_reason() {
    let told = Scenario::new()
        .sound(noisy(), Some(clean()))
        .call()
        .until(5.0)
        .then(F::Gone)
        .shutdown(ClearReason::Suspend);
    assert_eq!(told.engine.active().count(), 0);
    told.expect(&[
        "3.0 raised line_noise agent crackle",
        "5.0 cleared line_noise agent crackle headset_gone",
        "5.0 raised headset_gone headset-047f-c056-00000001 gone",
        "5.0 cleared headset_gone headset-047f-c056-00000001 gone suspend",
    ]);
}

#[test]
fn two_headsets_share_a_topic_without_mixing_their_alerts() {
    let open = || F::QuickDisconnect(Some(How::Reported));
    let told = Scenario::new()
        .on_headset("a")
        .call()
        .on_headset("b")
        .call()
        .then(open())
        .on_headset("a")
        .then(open())
        .until(5.0)
        .on_headset("b")
        .then(F::QuickDisconnect(None))
        .until(6.0)
        .expect(&[
            "0.0 raised qd_open_in_call call",
            "5.0 cleared qd_open_in_call call condition",
            "5.1 raised qd_open_in_call call",
        ]);
    let headsets: Vec<_> = told
        .alerts
        .iter()
        .map(|a| a.detail.headset.as_deref())
        .collect();
    assert_eq!(headsets, [Some("b"), Some("b"), Some("a")]);
}

#[test]
fn a_call_that_never_ended_ends_with_the_next() {
    Scenario::new()
        .sound(noisy(), Some(clean()))
        .call()
        .until(5.0)
        .call()
        .until(6.0)
        .expect(&[
            "3.0 raised line_noise agent crackle",
            "5.0 cleared line_noise agent crackle call_ended",
        ]);
}
