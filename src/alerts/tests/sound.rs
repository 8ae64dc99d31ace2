//! Alerts made of measurements.

use super::scenario::{Scenario, clean, zeros};
use crate::alerts::{HeadsetFact as F, How, Mute};
use sidetone_dsp::measurement::{Hum, NoiseKind};
use sidetone_dsp::second::SideSecond;
use sidetone_dsp::units::{Db, Dbov, Hz};

const UNMUTED: F = F::Mute(Mute::Off { how: How::Mixer });

fn in_noise(snr: f32, noise_a: f32) -> SideSecond {
    SideSecond {
        snr: Some(Db(snr)),
        noise_a: Some(Dbov(noise_a)),
        ..clean()
    }
}

#[test]
fn one_long_overtalk_is_told_while_it_lasts_and_cleared_ten_seconds_after() {
    Scenario::new()
        .sound(clean(), Some(clean()))
        .call()
        .until(20.0)
        .overtalk(3.0)
        .until(60.0)
        .expect(&[
            "22.0 raised double_talk call",
            "33.0 cleared double_talk call condition",
        ]);
}

#[test]
fn short_overtalks_are_told_by_their_share_after_thirty_seconds() {
    // 1.5 s in every 5 s: 30 %.
    let mut call = Scenario::new().sound(clean(), Some(clean())).call();
    for i in 0..8 {
        call = call.until(f64::from(i) * 5.0).overtalk(1.5);
    }
    call.until(80.0).expect(&[
        "30.0 raised double_talk call",
        "46.5 cleared double_talk call condition",
    ]);
}

/// They stopped at 15 s; the first half minute ends at 30 s with a share of 18 %.
#[test]
fn overtalk_that_was_over_long_ago_is_not_raised_when_the_half_minute_ends() {
    let mut call = Scenario::new().sound(clean(), Some(clean())).call();
    for i in 0..3 {
        call = call.until(8.0 + f64::from(i) * 2.5).overtalk(1.8);
    }
    call.until(60.0).expect(&[]);
}

#[test]
fn an_overtalk_nobody_ends_is_over_when_the_agent_mutes_or_the_sound_stops() {
    use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties};
    let started = F::Overtalk(OvertalkEvent::Started {
        start_frame: 950,
        parties: OvertalkParties {
            floor: None,
            interrupter: None,
        },
    });
    Scenario::new()
        .sound(clean(), Some(clean()))
        .call()
        .until(10.0)
        .then(started.clone())
        .until(10.5)
        .then(F::Mute(Mute::On {
            how: How::Mixer,
            since: std::time::Duration::from_millis(10_500),
        }))
        .until(60.0)
        .expect(&[]);
    let mut stalled = Scenario::new()
        .sound(clean(), Some(clean()))
        .call()
        .until(10.0)
        .then(started)
        .silence();
    stalled = stalled.until(60.0);
    stalled.expect(&[
        "11.5 raised double_talk call",
        "20.0 cleared double_talk call condition",
    ]);
}

#[test]
fn rare_overtalks_are_normal() {
    let mut call = Scenario::new().sound(clean(), Some(clean())).call();
    for i in 0..12 {
        call = call.until(f64::from(i) * 10.0).overtalk(1.1);
    }
    call.until(130.0).expect(&[]);
}

#[test]
fn noise_is_told_after_ten_bad_seconds_and_cleared_after_ten_good_ones() {
    Scenario::new()
        .sound(in_noise(12.0, -40.0), Some(clean()))
        .call()
        .until(20.0)
        .sound(clean(), Some(clean()))
        .until(40.0)
        .expect(&[
            "10.0 raised noisy_environment agent",
            "30.0 cleared noisy_environment agent condition",
        ]);
}

#[test]
fn loud_noise_counts_only_with_a_middling_ratio() {
    Scenario::new()
        .sound(in_noise(24.0, -44.0), Some(clean()))
        .call()
        .until(12.0)
        .expect(&["10.0 raised noisy_environment agent"]);
    Scenario::new()
        .sound(in_noise(26.0, -44.0), Some(clean()))
        .call()
        .until(30.0)
        .expect(&[]);
    Scenario::new()
        .sound(in_noise(24.0, -46.0), Some(clean()))
        .call()
        .until(30.0)
        .expect(&[]);
}

#[test]
fn a_figure_just_inside_the_limit_does_not_flap() {
    let mut call = Scenario::new()
        .sound(in_noise(14.5, -60.0), Some(clean()))
        .call()
        .until(12.0);
    for i in 0..100 {
        let snr = if i % 2 == 0 { 15.5 } else { 14.5 };
        call = call
            .sound(in_noise(snr, -60.0), Some(clean()))
            .until(13.0 + f64::from(i));
    }
    call.expect(&["10.0 raised noisy_environment agent"]);
}

#[test]
fn a_gated_or_unknown_microphone_is_not_noisy() {
    let gated = SideSecond {
        noise_gated: true,
        ..in_noise(5.0, -30.0)
    };
    let unknown = SideSecond {
        snr: None,
        ..in_noise(5.0, -30.0)
    };
    for side in [gated, unknown] {
        Scenario::new()
            .sound(side, Some(clean()))
            .call()
            .until(30.0)
            .expect(&[]);
    }
}

#[test]
fn each_fault_of_a_line_is_named() {
    let hum = Some(Hum {
        fundamental: Hz(50.0),
        level: Dbov(-50.0),
    });
    let cases = [
        (SideSecond { hum, ..clean() }, "10.0", "hum"),
        (
            SideSecond {
                noise_kind: Some(NoiseKind::Hiss),
                noise_a: Some(Dbov(-45.0)),
                ..clean()
            },
            "10.0",
            "hiss",
        ),
        (
            SideSecond {
                crackles: 1,
                ..clean()
            },
            "5.0",
            "crackle",
        ),
        (
            SideSecond {
                dropouts: 1,
                dropout_ms: 10.0,
                ..clean()
            },
            "5.0",
            "dropouts",
        ),
        (
            SideSecond {
                dropouts: 1,
                dropout_ms: 300.0,
                ..clean()
            },
            "1.0",
            "dropouts",
        ),
        (
            SideSecond {
                clipped_ratio: 0.01,
                ..clean()
            },
            "5.0",
            "clipping",
        ),
    ];
    for (faulty, at, fault) in cases {
        for (agent, customer, subject) in
            [(faulty, clean(), "agent"), (clean(), faulty, "customer")]
        {
            Scenario::new()
                .sound(agent, Some(customer))
                .call()
                .until(20.0)
                .sound(clean(), Some(clean()))
                .until(50.0)
                .expect(&[
                    &format!("{at} raised line_noise {subject} {fault}"),
                    &format!("35.0 cleared line_noise {subject} {fault} condition"),
                ]);
        }
    }
}

#[test]
fn a_fault_is_dated_from_its_first_second() {
    let crackling = SideSecond {
        crackles: 2,
        ..clean()
    };
    let told = Scenario::new()
        .sound(clean(), Some(clean()))
        .call()
        .until(60.0)
        .sound(crackling, Some(clean()))
        .until(70.0)
        .expect(&["63.0 raised line_noise agent crackle"]);
    assert_eq!(told.alerts[0].detail.since, 1_700_000_060_000);
    assert!(told.alerts[0].detail.text.ends_with("for 3 s."));
}

#[test]
fn one_knock_is_no_bad_line() {
    let knock = SideSecond {
        crackles: 30,
        ..clean()
    };
    Scenario::new()
        .sound(clean(), Some(clean()))
        .call()
        .until(10.0)
        .sound(knock, Some(clean()))
        .until(12.0)
        .sound(clean(), Some(clean()))
        .until(40.0)
        .expect(&[]);
}

#[test]
fn a_second_fault_updates_the_alert_of_the_first() {
    let crackling = SideSecond {
        crackles: 2,
        ..clean()
    };
    let clipping = SideSecond {
        clipped_ratio: 0.01,
        ..clean()
    };
    let told = Scenario::new()
        .sound(crackling, Some(clean()))
        .call()
        .until(10.0)
        .sound(clipping, Some(clean()))
        .until(30.0)
        .hang_up()
        .expect(&[
            "3.0 raised line_noise agent crackle",
            "23.0 updated line_noise agent clipping",
            "30.0 cleared line_noise agent clipping call_ended",
        ]);
    let ids: Vec<_> = told.alerts.iter().map(|a| a.detail.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn what_is_measured_while_muted_is_not_the_line() {
    let crackling = SideSecond {
        crackles: 2,
        ..in_noise(5.0, -30.0)
    };
    Scenario::new()
        .sound(crackling, Some(clean()))
        .until(20.0)
        .call()
        .until(26.0)
        .then(F::Mute(Mute::On {
            how: How::Mixer,
            since: std::time::Duration::from_secs(26),
        }))
        .sound(crackling, None)
        .until(60.0)
        .expect(&["23.0 raised line_noise agent crackle"]);
}

#[test]
fn a_dead_microphone_is_told_after_five_seconds() {
    Scenario::new()
        .sound(zeros(), Some(zeros()))
        .then(UNMUTED)
        .call()
        .until(20.0)
        .sound(clean(), Some(clean()))
        .until(30.0)
        .expect(&[
            "5.0 raised one_way_audio agent dead",
            "22.0 cleared one_way_audio agent dead condition",
        ]);
}

#[test]
fn with_mute_unknown_a_dead_microphone_needs_somebody_who_speaks() {
    Scenario::new()
        .sound(zeros(), Some(zeros()))
        .call()
        .until(20.0)
        .expect(&[]);
    Scenario::new()
        .sound(zeros(), Some(clean()))
        .call()
        .until(20.0)
        .expect(&["5.0 raised one_way_audio agent dead"]);
}

#[test]
fn a_gated_microphone_is_not_dead() {
    let gated = SideSecond {
        noise_gated: true,
        ..zeros()
    };
    Scenario::new()
        .then(UNMUTED)
        .sound(gated, Some(clean()))
        .call()
        .until(60.0)
        .expect(&[]);
}

#[test]
fn a_customer_of_mere_zeros_is_never_called_dead() {
    Scenario::new()
        .sound(clean(), Some(zeros()))
        .call()
        .until(120.0)
        .expect(&[]);
}

#[test]
fn a_customer_without_speech_or_noise_is_told_while_the_agent_speaks() {
    let still = SideSecond {
        level: Dbov(-85.0),
        digital_silence_ratio: 0.1,
        ..zeros()
    };
    let silent_agent = SideSecond {
        speech_ratio: 0.0,
        ..clean()
    };
    Scenario::new()
        .sound(clean(), Some(still))
        .call()
        .until(20.0)
        .sound(clean(), Some(clean()))
        .until(30.0)
        .expect(&[
            "15.0 raised one_way_audio customer dead",
            "22.0 cleared one_way_audio customer dead condition",
        ]);
    Scenario::new()
        .sound(silent_agent, Some(still))
        .call()
        .until(60.0)
        .expect(&["30.0 raised dead_air call"]);
}
