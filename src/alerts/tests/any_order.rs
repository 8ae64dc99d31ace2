//! Whatever facts come in whatever order, some things never happen.

use super::scenario::{clean, zeros};
use crate::alerts::config::AlertConfig;
use crate::alerts::{
    AlertEngine, AlertOutput, Confidence, Fact, HeadsetFact as F, HeadsetId, How, IdMint, Mute, Now,
};
use crate::softphone::{LineFigures, PathFigures};
use proptest::prelude::*;
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties};
use sidetone_dsp::second::{SecondSummary, SideSecond};
use sidetone_dsp::units::{Db, Dbov};
use sidetone_wire::vocabulary::{AlertKind, AlertState, ClearReason, HoldOutcome};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

/// Something that happens to the engine.
#[derive(Debug, Clone)]
enum Step {
    /// To one of two headsets.
    Fact(u8, F),
    /// Seconds of this sound, one after the other.
    Sound(u8, SideSecond, Option<SideSecond>, u8),
    /// The clock on the wall jumps by milliseconds.
    ClockStep(i64),
    Configure(Box<AlertConfig>),
    Suspend,
}

fn side() -> impl Strategy<Value = SideSecond> {
    prop_oneof![
        3 => Just(clean()),
        1 => Just(zeros()),
        1 => Just(SideSecond { level: Dbov(-68.0), speech_ratio: 0.0, ..clean() }),
        1 => Just(SideSecond { level: Dbov(-55.0), ..clean() }),
        1 => Just(SideSecond { level: Dbov(f32::NAN), snr: Some(Db(f32::NAN)), ..clean() }),
        3 => (0_f32..40.0, 0_u32..3, 0_u32..2, prop_oneof![Just(0.0_f32), Just(0.001), Just(0.01)])
            .prop_map(|(snr, crackles, dropouts, clipped_ratio)| SideSecond {
                snr: Some(Db(snr)),
                crackles,
                dropouts,
                dropout_ms: 40.0 * dropouts as f32,
                clipped_ratio,
                ..clean()
            }),
    ]
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        Just(How::Reported),
        Just(How::Mixer),
        (0.0..1.0).prop_map(|c| How::Inferred(Confidence::new(c)))
    ]
}

fn fact() -> impl Strategy<Value = F> {
    let parties = OvertalkParties {
        floor: None,
        interrupter: None,
    };
    let path = (0.0..0.1, 0.0..80.0_f64).prop_map(|(loss_ratio, jitter_ms)| PathFigures {
        loss_ratio,
        jitter_ms,
    });
    prop_oneof![
        4 => any::<u64>().prop_map(|id| F::CallStarted { call: Uuid::from_u64_pair(id, 0) }),
        2 => Just(F::CallEnded),
        3 => how().prop_map(|how| F::Mute(Mute::On { how, since: Duration::ZERO })),
        2 => how().prop_map(|how| F::Mute(Mute::Off { how })),
        3 => prop::option::of(how()).prop_map(F::QuickDisconnect),
        2 => any::<bool>().prop_map(F::Held),
        1 => prop::sample::select(HoldOutcome::ALL).prop_map(F::HoldOutcome),
        1 => any::<bool>().prop_map(|live| F::LiveUnderMute(Some(live))),
        1 => any::<bool>().prop_map(F::FarEndUsable),
        2 => (0_u64..9_000).prop_map(move |start_frame| {
            F::Overtalk(OvertalkEvent::Started { start_frame, parties })
        }),
        1 => (0_u64..9_000, 0_u64..600).prop_map(move |(start_frame, length)| {
            F::Overtalk(OvertalkEvent::Ended { start_frame, end_frame: start_frame + length, parties })
        }),
        1 => prop::option::of(path).prop_map(|uplink| {
            F::Line(LineFigures { uplink, ..LineFigures::default() })
        }),
        2 => any::<bool>().prop_map(|gone| if gone { F::Gone } else { F::Back }),
        2 => (0.0..0.3).prop_map(F::Battery),
        1 => (0_u64..400).prop_map(|ms| F::CaptureGap { missing: Duration::from_millis(ms) }),
    ]
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let configure = (any::<[bool; 4]>(), 1_u32..15).prop_map(|(on, bad_s)| {
        let mut config = AlertConfig::default();
        config.noisy_environment.enabled = on[0];
        config.noisy_environment.bad_s = bad_s;
        config.battery_low.enabled = on[1];
        config.qd_open_in_call.enabled = on[2];
        config.muted_at_call_start.for_s = f64::from(bad_s);
        config.talking_while_muted.enabled = on[3];
        Step::Configure(Box::new(config))
    });
    let step = prop_oneof![
        12 => (0_u8..2, fact()).prop_map(|(who, fact)| Step::Fact(who, fact)),
        8 => (0_u8..2, side(), prop::option::weighted(0.8, side()), 1_u8..25)
            .prop_map(|(who, agent, customer, long)| Step::Sound(who, agent, customer, long)),
        1 => (-90_000_000_i64..90_000_000).prop_map(Step::ClockStep),
        1 => configure,
        1 => Just(Step::Suspend),
    ];
    (prop_oneof![0_u64..300, 0_u64..8_000, 0_u64..90_000], step)
}

/// What was said, when on the monotonic clock, as it goes out.
type Said = Vec<(u64, AlertOutput)>;

/// Plays the steps; without `clock_steps` the clock on the wall keeps its pace.
fn play(steps: &[(u64, Step)], clock_steps: bool) -> Said {
    let mut engine = AlertEngine::new(AlertConfig::default(), IdMint::seeded(9));
    let (mut ms, mut ahead, mut second) = (0_u64, 0_i64, 0_u64);
    let mut said = Said::new();
    let mut out = Vec::new();
    for (pause, step) in steps {
        let now = |ms: u64, ahead: i64| Now {
            monotonic: Duration::from_millis(ms),
            utc_ms: 1_700_000_000_000_u64.saturating_add_signed(ms as i64 + ahead),
        };
        let mut tell = |ms: u64, ahead, fact| {
            engine.step(now(ms, ahead), fact, &mut out);
            said.extend(out.drain(..).map(|output| (ms, output)));
        };
        let end = ms + pause;
        while ms < end {
            ms = end.min(ms + 500);
            tell(ms, ahead, Fact::Tick);
        }
        let headset = |who: u8| HeadsetId::new(format!("h{who}"));
        match step {
            Step::Fact(who, fact) => tell(ms, ahead, Fact::About(headset(*who), fact.clone())),
            Step::Sound(who, agent, customer, long) => {
                for _ in 0..*long {
                    ms += 1_000;
                    second += 1;
                    let summary = SecondSummary {
                        second,
                        agent: *agent,
                        customer: *customer,
                        double_talk_ratio: 0.0,
                        echo_return_loss: None,
                        talk: Default::default(),
                    };
                    tell(ms, ahead, Fact::About(headset(*who), F::Second(summary)));
                }
            }
            Step::ClockStep(by) => ahead += if clock_steps { *by } else { 0 },
            Step::Configure(config) => {
                engine.configure(now(ms, ahead), (**config).clone(), &mut out);
                said.extend(out.drain(..).map(|output| (ms, output)));
            }
            Step::Suspend => {
                engine.shutdown(now(ms, ahead), ClearReason::Suspend, &mut out);
                said.extend(out.drain(..).map(|output| (ms, output)));
            }
        }
    }
    let end = Now {
        monotonic: Duration::from_millis(ms),
        utc_ms: 1_700_000_000_000_u64.saturating_add_signed(ms as i64 + ahead),
    };
    engine.shutdown(end, ClearReason::Restart, &mut out);
    said.extend(out.drain(..).map(|output| (ms, output)));
    said
}

/// One clear per raise, one alert a topic, two raises a minute.
fn is_orderly(said: &Said) {
    let mut active = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut raises: BTreeMap<AlertKind, Vec<u64>> = BTreeMap::new();
    for (ms, output) in said {
        let AlertOutput::Alert(alert) = output else {
            continue;
        };
        let detail = &alert.detail;
        let topic = (detail.kind, detail.subject.clone());
        match detail.state {
            AlertState::Raised => {
                assert!(ids.insert(detail.id), "an id used twice");
                assert_eq!(active.insert(topic, detail.id), None, "raised twice");
                let raises = raises.entry(detail.kind).or_default();
                let lately = raises.iter().filter(|at| ms - **at < 60_000).count();
                assert!(lately < 2, "{:?} chatters", detail.kind);
                raises.push(*ms);
            }
            AlertState::Updated => assert_eq!(active.get(&topic), Some(&detail.id)),
            AlertState::Cleared => {
                assert_eq!(active.remove(&topic), Some(detail.id), "not active");
                assert!(detail.reason.is_some());
            }
        }
        assert!(detail.value.is_none_or(f64::is_finite));
    }
    assert!(active.is_empty(), "never cleared: {active:?}");
}

/// As it leaves the engine, to the byte.
fn bytes(said: &Said) -> String {
    said.iter()
        .map(|(ms, output)| match output {
            AlertOutput::Alert(alert) => {
                let detail = serde_json::to_string(&alert.detail).expect("JSON");
                format!("{ms} {} {detail}\n", alert.ts)
            }
            AlertOutput::Event(event) => {
                let detail = serde_json::to_string(&event.detail).expect("JSON");
                format!("{ms} {} {:?} {detail}\n", event.ts, event.kind)
            }
        })
        .collect()
}

/// What was said, without what the clock on the wall shows in.
fn timeless(said: &Said) -> Vec<(u64, AlertKind, AlertState, String)> {
    said.iter()
        .filter_map(|(ms, output)| match output {
            AlertOutput::Alert(alert) => {
                let detail = &alert.detail;
                Some((*ms, detail.kind, detail.state, detail.text.clone()))
            }
            AlertOutput::Event(_) => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_facts_is_told_in_order_alike_each_time_and_whatever_the_wall_clock_does(
        steps in prop::collection::vec(step(), 1..80)
    ) {
        let said = play(&steps, true);
        is_orderly(&said);
        prop_assert_eq!(bytes(&said), bytes(&play(&steps, true)), "a replay differs");
        prop_assert_eq!(timeless(&said), timeless(&play(&steps, false)), "the wall clock matters");
    }
}
