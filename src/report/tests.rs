//! Accounts of calls whose truth is known.

use super::CallBook;
use crate::alerts::tests::scenario::{clean, zeros};
use crate::alerts::{HeadsetFact as F, HeadsetId, How, IdMint, Mute, Now};
use crate::softphone::{Direction, LineFigures, PathFigures};
use proptest::prelude::*;
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties, Response, Side};
use sidetone_dsp::second::{SecondSummary, SideSecond, TalkSecond};
use sidetone_wire::call_report::{CallReport, LIST_MAX};
use sidetone_wire::vocabulary::{self, HoldOutcome, OvertalkParty, Provenance};
use std::time::Duration;
use uuid::Uuid;

/// A call told fact by fact; it begins at 100 s.
struct Told {
    book: CallBook,
    headset: HeadsetId,
    second: u64,
}

fn call() -> Uuid {
    IdMint::seeded(1).mint(0)
}

impl Told {
    fn new() -> Self {
        Self {
            book: CallBook::new(),
            headset: HeadsetId::new("047f-c056-00000001"),
            second: 0,
        }
    }

    /// A fact, seconds after the call's start.
    fn at(mut self, seconds: f64, fact: F) -> Self {
        let now = Now {
            monotonic: Duration::from_secs_f64(100.0 + seconds),
            utc_ms: 0,
        };
        self.book.see(now, &self.headset, &fact);
        self
    }

    fn call(self) -> Self {
        self.at(0.0, F::CallStarted { call: call() })
    }

    /// Seconds of sound, heard from the call's start on without a gap.
    fn heard(mut self, count: u64, agent: SideSecond, talk: TalkSecond) -> Self {
        for _ in 0..count {
            let second = SecondSummary {
                second: self.second,
                agent,
                customer: Some(clean()),
                double_talk_ratio: 0.25,
                echo_return_loss: None,
                talk,
            };
            self.second += 1;
            let at = self.second as f64;
            self = self.at(at, F::Second(second));
        }
        self
    }

    fn end(self, seconds: f64) -> CallReport {
        let mut told = self.at(seconds, F::CallEnded);
        let now = Now {
            monotonic: Duration::from_secs_f64(100.0 + seconds),
            utc_ms: 0,
        };
        let mut take = || told.book.take(now, &told.headset, call());
        let report = take().expect("a report");
        assert_eq!(take(), None);
        *report
    }
}

fn muted(how: How, since: f64) -> F {
    F::Mute(Mute::On {
        how,
        since: Duration::from_secs_f64(100.0 + since),
    })
}

fn unmuted() -> F {
    F::Mute(Mute::Off { how: How::Mixer })
}

fn talking() -> TalkSecond {
    TalkSecond {
        agent_ratio: 0.5,
        customer_ratio: 0.25,
        silence_ratio: 0.5,
        leading_silence_ratio: 0.25,
        trailing_silence_ratio: 0.25,
        ..TalkSecond::default()
    }
}

fn silence() -> TalkSecond {
    TalkSecond {
        silence_ratio: 1.0,
        leading_silence_ratio: 1.0,
        trailing_silence_ratio: 1.0,
        ..TalkSecond::default()
    }
}

fn answered(after: f64, direction: Direction) -> F {
    F::Answered {
        after: Some(Duration::from_secs_f64(after)),
        direction: Some(direction),
    }
}

#[test]
fn ring_hold_and_talk_add_up() {
    let report = Told::new()
        .call()
        .at(0.0, answered(6.5, Direction::Incoming))
        .at(20.0, F::Held(true))
        .at(50.0, F::Held(false))
        .at(60.0, F::Held(true))
        .end(66.5);
    assert_eq!((report.ring_s, report.dial_s), (Some(6.5), None));
    assert_eq!((report.hold_count, report.held_s), (Some(2), Some(36.5)));
    assert_eq!(report.talk_s, Some(30.0));
    let holds: Vec<_> = report
        .holds
        .iter()
        .map(|h| (h.start_s, h.duration_s))
        .collect();
    assert_eq!(holds, [(20.0, 30.0), (60.0, 6.5)]);
    // Nothing was heard: nothing is said of sound.
    assert_eq!(report.agent_talk_ratio, None);
    assert_eq!((report.quality_score, report.overtalk_count), (None, None));
}

#[test]
fn a_call_that_waits_is_on_hold_and_hears_nothing_of_the_other() {
    let other = Uuid::from_u128(77);
    let since = Duration::from_secs(100);
    let first = IdMint::seeded(1).mint(0);
    let mut told = Told::new()
        .call()
        .heard(10, clean(), talking())
        .at(10.0, F::Held(true))
        .at(10.0, F::CallStarted { call: other })
        .at(12.0, muted(How::Mixer, 12.0))
        .heard(20, clean(), silence())
        .at(30.0, F::CallInFront { call: first, since })
        .at(30.0, F::Held(true))
        .at(35.0, F::Held(false));
    let now = Now {
        monotonic: Duration::from_secs(140),
        utc_ms: 0,
    };
    let waited = told.book.take(now, &told.headset, other).expect("a report");
    assert_eq!((waited.mute_count, waited.muted_s), (Some(1), Some(18.0)));
    assert_eq!(
        (waited.heard_s, waited.dead_air_count),
        (Some(20.0), Some(0))
    );
    let report = told.end(50.0);
    assert_eq!((report.hold_count, report.held_s), (Some(1), Some(25.0)));
    assert_eq!((report.heard_s, report.talk_s), (Some(10.0), Some(25.0)));
    // Mute is on when the agent comes back to it.
    assert_eq!((report.mute_count, report.muted_s), (Some(1), Some(20.0)));
}

#[test]
fn a_call_that_was_dialled_says_how_long() {
    let report = Told::new()
        .call()
        .at(0.0, answered(12.0, Direction::Outgoing))
        .end(5.0);
    assert_eq!((report.dial_s, report.talk_s), (Some(12.0), Some(5.0)));
}

#[test]
fn a_mute_from_before_the_call_counts_from_its_start_and_one_that_lasts_to_its_end() {
    let report = Told::new()
        .at(-30.0, muted(How::Mixer, -30.0))
        .call()
        .at(4.0, unmuted())
        .at(10.0, muted(How::Softphone, 10.0))
        .at(12.5, F::MuteDrift(true))
        .at(15.0, F::MuteDrift(false))
        .at(16.0, F::LiveUnderMute(Some(true)))
        .end(20.0);
    let mutes: Vec<_> = report
        .mutes
        .iter()
        .map(|m| (m.start_s, m.duration_s, m.provenance))
        .collect();
    assert_eq!(
        mutes,
        [
            (0.0, 4.0, Provenance::Mixer),
            (10.0, 10.0, Provenance::Softphone)
        ]
    );
    assert_eq!((report.mute_count, report.muted_s), (Some(2), Some(14.0)));
    assert_eq!(report.mute_drift_s, Some(2.5));
    assert_eq!(report.live_under_mute, Some(true));
}

#[test]
fn a_pulled_quick_disconnect_is_told_with_its_hold() {
    let report = Told::new()
        .call()
        .at(5.0, F::QuickDisconnect(Some(How::Reported)))
        .at(5.4, F::HoldOutcome(HoldOutcome::Held))
        .at(5.4, F::Held(true))
        .at(25.0, F::QuickDisconnect(None))
        .at(30.0, F::QuickDisconnect(Some(How::Reported)))
        .at(30.1, F::QuickDisconnect(None))
        .at(31.0, F::HoldOutcome(HoldOutcome::Failed))
        .end(40.0);
    assert_eq!((report.qd_count, report.qd_open_s), (Some(2), Some(20.1)));
    let holds: Vec<_> = report.qd_opens.iter().map(|q| q.hold).collect();
    // A hold may be decided after the plug is back.
    assert_eq!(holds, [Some(HoldOutcome::Held), Some(HoldOutcome::Failed)]);
}

#[test]
fn shares_leave_out_holds_and_what_a_muted_agent_says() {
    let report = Told::new()
        .call()
        .heard(10, clean(), talking())
        .at(10.0, muted(How::Mixer, 10.0))
        .heard(4, clean(), talking())
        .at(14.0, unmuted())
        .at(14.0, F::Held(true))
        .heard(30, clean(), talking())
        .at(44.0, F::Held(false))
        .heard(6, clean(), talking())
        .end(50.0);
    assert_eq!(report.heard_s, Some(20.0));
    assert_eq!(report.agent_talk_ratio, Some(0.4));
    assert_eq!(report.muted_speech_s, Some(2.0));
    assert_eq!(report.customer_talk_ratio, Some(0.25));
    assert_eq!(report.double_talk_ratio, Some(0.2));
    // 16 s with a half silent, 4 s in which only the customer counts.
    assert_eq!(report.silence_ratio, Some((16.0 * 0.5 + 4.0 * 0.75) / 20.0));
}

#[test]
fn dead_air_is_measured_to_the_frame_and_not_across_a_hold() {
    let report = Told::new()
        .call()
        .heard(3, clean(), talking())
        .heard(5, clean(), silence())
        .heard(1, clean(), talking())
        .heard(4, clean(), silence())
        .at(13.0, F::Held(true))
        .at(13.0, F::Held(false))
        .heard(4, clean(), silence())
        .heard(2, clean(), talking())
        .end(20.0);
    // 0.25 s before, 5 s, 0.25 s after; then twice 4.25 s, parted by the hold.
    assert_eq!(report.dead_air_count, Some(1));
    assert_eq!(
        (report.dead_air_s, report.dead_air_longest_s),
        (Some(5.5), Some(5.5))
    );
}

#[test]
fn response_delays_are_told_by_side() {
    let answer = |side, frames| TalkSecond {
        responses: [Some(Response { side, frames }), None, None, None, None],
        ..talking()
    };
    let mut told = Told::new().call();
    for frames in [40, 60, 80, 100, 300] {
        told = told.heard(1, clean(), answer(Side::Agent, frames));
    }
    let report = told.heard(1, clean(), answer(Side::Customer, 25)).end(6.0);
    assert_eq!(report.agent_response_count, Some(5));
    assert_eq!(report.agent_response_median_s, Some(0.8));
    assert_eq!(report.agent_response_p90_s, Some(3.0));
    assert_eq!(report.customer_response_median_s, Some(0.25));
}

#[test]
fn overtalks_are_told_with_who_came_in_and_when() {
    let ended = |start, end, interrupter: Option<Side>| {
        let floor = interrupter.map(|side| match side {
            Side::Agent => Side::Customer,
            Side::Customer => Side::Agent,
        });
        F::Overtalk(OvertalkEvent::Ended {
            start_frame: start,
            end_frame: end,
            parties: OvertalkParties { floor, interrupter },
        })
    };
    // The streams opened 2 s after the call began.
    let report = Told::new()
        .call()
        .at(
            3.0,
            F::Second(SecondSummary {
                second: 0,
                agent: clean(),
                customer: Some(clean()),
                double_talk_ratio: 0.5,
                echo_return_loss: None,
                talk: talking(),
            }),
        )
        .at(3.5, ended(50, 120, Some(Side::Agent)))
        .at(9.0, ended(500, 560, Some(Side::Customer)))
        .at(12.0, ended(900, 950, None))
        .end(20.0);
    assert_eq!(
        (report.overtalk_count, report.overtalk_s),
        (Some(3), Some(1.8))
    );
    assert_eq!(
        (report.overtalk_by_agent_count, report.overtalk_by_agent_s),
        (Some(1), Some(0.7))
    );
    assert_eq!(report.overtalk_by_customer_s, Some(0.6));
    let first = report.overtalks[0];
    assert_eq!((first.start_s, first.duration_s), (2.5, 0.7));
    assert_eq!(
        (first.floor, first.interrupter),
        (OvertalkParty::Customer, OvertalkParty::Agent)
    );
}

#[test]
fn the_network_and_the_worse_voice_make_the_score() {
    let path = |loss_ratio, jitter_ms| {
        Some(PathFigures {
            loss_ratio,
            jitter_ms,
        })
    };
    let figures = |uplink| LineFigures {
        uplink,
        downlink: path(0.0, 5.0),
        round_trip_ms: Some(300.0),
    };
    let report = Told::new()
        .call()
        .heard(5, clean(), talking())
        .at(5.0, F::Line(figures(path(0.02, 10.0))))
        .at(10.0, F::Line(figures(path(0.04, 31.0))))
        .end(12.0);
    assert_eq!(
        (report.uplink_loss_ratio, report.uplink_jitter_ms),
        (Some(0.03), Some(21))
    );
    assert_eq!(report.downlink_loss_ratio, Some(0.0));
    assert_eq!(report.round_trip_ms, Some(300));
    assert_eq!(report.quality_side, Some(vocabulary::Side::Agent));
    assert_eq!(report.quality_loss_penalty, Some(10.1));
    let parts = [
        report.quality_level_penalty,
        report.quality_noise_penalty,
        report.quality_loss_penalty,
        report.quality_delay_penalty,
        report.quality_dropout_penalty,
        report.quality_clipping_penalty,
        report.quality_crackle_penalty,
    ];
    let sum: f64 = parts.into_iter().flatten().sum();
    let score = report.quality_score.expect("a score");
    assert!((score - (93.2 - sum)).abs() < 0.4, "{score} of {parts:?}");
}

#[test]
fn a_muted_microphone_says_nothing_of_its_line() {
    let faulty = SideSecond {
        dropouts: 9,
        dropout_ms: 500.0,
        crackles: 40,
        ..zeros()
    };
    let report = Told::new()
        .call()
        .heard(6, clean(), talking())
        .at(6.0, muted(How::Reported, 6.0))
        .heard(6, faulty, silence())
        .end(12.0);
    assert_eq!(
        (report.agent_dropouts, report.agent_crackle_per_min),
        (Some(0), Some(0.0))
    );
    assert_eq!(report.agent_noise_dbov, Some(-68.0));
    assert_eq!(report.dead_air_count, Some(0));
}

#[test]
fn lists_are_bounded_and_sums_are_not() {
    let mut told = Told::new().call();
    for n in 0..100 {
        let at = f64::from(n) * 2.0;
        told = told.at(at, muted(How::Mixer, at)).at(at + 1.0, unmuted());
    }
    let report = told.end(300.0);
    assert_eq!(report.mutes.len(), LIST_MAX);
    assert_eq!(
        (report.mute_count, report.muted_s),
        (Some(100), Some(100.0))
    );
}

fn fact() -> impl Strategy<Value = F> {
    let level = prop_oneof![Just(f32::NAN), -120.0..20.0_f32];
    let figures = (any::<f64>(), any::<f64>(), any::<f64>()).prop_map(|(loss, jitter, rtt)| {
        let path = Some(PathFigures {
            loss_ratio: loss,
            jitter_ms: jitter,
        });
        F::Line(LineFigures {
            uplink: path,
            downlink: None,
            round_trip_ms: Some(rtt),
        })
    });
    let second = (level, 0.0..=1.0_f32, 0.0..=1.0_f32).prop_map(|(level, a, c)| {
        let level = sidetone_dsp::units::Dbov(level);
        F::Second(SecondSummary {
            second: 0,
            agent: SideSecond {
                level,
                active_speech_level: Some(level),
                noise: Some(level),
                ..clean()
            },
            customer: Some(clean()),
            double_talk_ratio: a.min(c),
            echo_return_loss: None,
            talk: TalkSecond {
                agent_ratio: a,
                customer_ratio: c,
                silence_ratio: 1.0 - a.max(c),
                ..TalkSecond::default()
            },
        })
    });
    prop_oneof![
        3 => second,
        1 => figures,
        1 => any::<bool>().prop_map(F::Held),
        1 => any::<bool>().prop_map(F::MuteDrift),
        1 => any::<bool>().prop_map(|on| if on { muted(How::Mixer, 0.0) } else { unmuted() }),
        1 => any::<bool>().prop_map(|on| F::QuickDisconnect(on.then_some(How::Reported))),
        1 => Just(answered(3.0, Direction::Incoming)),
        1 => Just(F::Answered { after: None, direction: None }),
    ]
}

proptest! {
    /// Whatever happens in a call: figures are finite, shares are shares, spans fit into the call.
    #[test]
    fn reports_hold_together(steps in proptest::collection::vec((0.0..9.0_f64, fact()), 0..60)) {
        let mut told = Told::new().call();
        let mut at = 0.0;
        for (pause, fact) in steps {
            at += pause;
            told = told.at(at, fact);
        }
        let report = told.end(at);
        let value = serde_json::to_value(&report).expect("JSON");
        for (key, figure) in value.as_object().expect("an object") {
            if let Some(number) = figure.as_f64() {
                prop_assert!(!key.ends_with("_ratio") || (0.0..=1.0).contains(&number), "{key} {number}");
                prop_assert!(!key.ends_with("_s") || (0.0..=at + 60.0).contains(&number), "{key} {number}");
            }
            prop_assert!(!figure.is_null(), "{}", key);
        }
        let ends = report.holds.iter().map(|h| h.start_s + h.duration_s)
            .chain(report.mutes.iter().map(|m| m.start_s + m.duration_s));
        for end in ends {
            prop_assert!(end <= at + 0.02);
        }
        prop_assert!(report.held_s.is_none_or(|held| held <= at + 0.02));
        prop_assert!(report.talk_s.is_some_and(|talk| talk <= at + 0.02));
    }
}
