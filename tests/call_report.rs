//! Reports of two-sided calls made of real voices, against the truth they were constructed with; and
//! talking while muted against typing and breathing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../dsp/tests/call/mod.rs"]
mod call;

use call::{RATE, SPEAKERS, Seeded, Track, add_white, voice};
use sidetone::alerts::config::AlertConfig;
use sidetone::alerts::{
    AlertEngine, AlertOutput, Fact, HeadsetFact as F, HeadsetId, How, IdMint, Mute, Now,
};
use sidetone::report::CallBook;
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::resample::ANALYSIS_FRAME;
use sidetone_dsp::units::SampleRate;
use sidetone_wire::call_report::CallReport;
use sidetone_wire::vocabulary::{AlertKind, AlertState, OvertalkParty};
use std::time::Duration;

/// What happens besides sound, and in which frame.
type Moments = Vec<(usize, F)>;

fn moment(frame: usize) -> Now {
    Now {
        monotonic: Duration::from_millis(frame as u64 * 10),
        utc_ms: frame as u64 * 10,
    }
}

/// The report of a call, and every alert that was raised in it.
fn run(
    agent: &[f32],
    customer: &[f32],
    mut moments: Moments,
    limits: AlertConfig,
) -> (CallReport, Vec<AlertKind>) {
    let rate = SampleRate::new(RATE as u32).unwrap();
    let mut analyzer = CallAnalyzer::new(rate, Some(rate));
    let mut seconds = SecondAggregator::new(rate, Some(rate));
    let headset = HeadsetId::new("047f-c056-00000001");
    let mut book = CallBook::new();
    let mut ids = IdMint::seeded(7);
    let call = ids.mint(0);
    let mut engine = AlertEngine::new(limits, ids);
    let mut out = Vec::new();
    let mut tell = |frame: usize, fact: F| {
        book.see(moment(frame), &headset, &fact);
        engine.step(moment(frame), Fact::About(headset.clone(), fact), &mut out);
    };
    tell(0, F::CallStarted { call });
    let frames = agent.len() / ANALYSIS_FRAME;
    let side =
        |samples: &[f32], n: usize| samples[n * ANALYSIS_FRAME..(n + 1) * ANALYSIS_FRAME].to_vec();
    let (mut muted, mut held) = (false, false);
    for n in 0..frames {
        while let Some(at) = moments.iter().position(|(frame, _)| *frame == n) {
            let (_, fact) = moments.remove(at);
            match &fact {
                F::Mute(mute) => muted = mute.is_on() == Some(true),
                F::Held(on) => held = *on,
                _ => {}
            }
            analyzer.set_excluded(muted || held);
            tell(n, fact);
        }
        let measurement = analyzer.process(&side(agent, n), Some(&side(customer, n)));
        if let Some(event) = measurement.overtalk {
            tell(n + 1, F::Overtalk(event));
        }
        if let Some(second) = seconds.push(&measurement) {
            tell(n + 1, F::Second(second));
        }
    }
    tell(frames, F::CallEnded);
    let raised = out
        .iter()
        .filter_map(|said| match said {
            AlertOutput::Alert(a) if a.detail.state == AlertState::Raised => Some(a.detail.kind),
            _ => None,
        })
        .collect();
    let report = book.take(moment(frames), &headset, call);
    (*report.expect("a report"), raised)
}

/// A conversation with its truth.
struct Talk {
    agent: Track,
    customer: Track,
    /// Seconds from one side's end to the other's beginning: agent's, customer's.
    delays: [Vec<f64>; 2],
    /// Seconds of each overtalk, and who came in.
    overtalks: Vec<(f64, OvertalkParty)>,
}

/// Turn by turn; every fourth turn breaks into the one before.
fn conversation(seconds: usize, seed: u64) -> Talk {
    let voices = [voice(SPEAKERS[3], 3), voice(SPEAKERS[0], 3)];
    let mut seed = Seeded::new(seed);
    let frames = seconds * 100;
    let mut tracks = [Track::silent(frames), Track::silent(frames)];
    let mut talk = Talk {
        agent: Track::silent(0),
        customer: Track::silent(0),
        delays: [Vec::new(), Vec::new()],
        overtalks: Vec::new(),
    };
    let mut ended = 100;
    for turn in 0.. {
        let side = turn % 2;
        let long: Vec<_> = voices[side]
            .utterances
            .iter()
            // Turns without inner pauses: their ends and lengths are known to the frame.
            .filter(|u| (160..500).contains(&u.truth.len()) && u.truth.iter().all(|&t| t))
            .collect();
        let utterance = long[seed.below(long.len())];
        let breaks_in = turn % 4 == 3;
        let start = if breaks_in {
            ended - 90
        } else {
            ended + 30 + seed.below(150)
        };
        if start + utterance.truth.len() + 100 > frames {
            break;
        }
        if breaks_in {
            let who = [OvertalkParty::Agent, OvertalkParty::Customer][side];
            talk.overtalks.push((0.9, who));
        } else if turn > 0 {
            talk.delays[side].push((start - ended) as f64 / 100.0);
        }
        ended = tracks[side].put(start, utterance);
    }
    let [agent, customer] = tracks;
    (talk.agent, talk.customer) = (agent, customer);
    add_white(&mut talk.agent.samples, -60.0, &mut seed);
    add_white(&mut talk.customer.samples, -62.0, &mut seed);
    talk
}

fn median(delays: &[f64]) -> f64 {
    let mut sorted = delays.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len().div_ceil(2) - 1]
}

fn share(of: &[bool]) -> f64 {
    of.iter().filter(|&&t| t).count() as f64 / of.len() as f64
}

#[test]
fn a_conversation_is_reported_as_it_was_made() {
    for seed in 1..=2 {
        let talk = conversation(90, seed);
        let (report, _) = run(
            &talk.agent.samples,
            &talk.customer.samples,
            Vec::new(),
            AlertConfig::default(),
        );
        let (agent, customer) = (share(&talk.agent.truth), share(&talk.customer.truth));
        let neither: Vec<bool> = std::iter::zip(&talk.agent.truth, &talk.customer.truth)
            .map(|(a, c)| !a && !c)
            .collect();
        let off = |told: Option<f64>, truth: f64| told.unwrap() - truth;
        println!(
            "seed {seed}: shares off by {:+.4} {:+.4}, silence {:+.4}; median response {:+.2} {:+.2} s of {} {}; overtalk {} of {}, {:+.2} s",
            off(report.agent_talk_ratio, agent),
            off(report.customer_talk_ratio, customer),
            off(report.silence_ratio, share(&neither)),
            off(report.agent_response_median_s, median(&talk.delays[0])),
            off(report.customer_response_median_s, median(&talk.delays[1])),
            talk.delays[0].len(),
            talk.delays[1].len(),
            report.overtalk_count.unwrap(),
            talk.overtalks.len(),
            off(report.overtalk_s, talk.overtalks.iter().map(|o| o.0).sum()),
        );
        assert!(off(report.agent_talk_ratio, agent).abs() < 0.03);
        assert!(off(report.customer_talk_ratio, customer).abs() < 0.03);
        assert!(off(report.silence_ratio, share(&neither)).abs() < 0.03);
        assert!(off(report.agent_response_median_s, median(&talk.delays[0])).abs() < 0.2);
        assert!(off(report.customer_response_median_s, median(&talk.delays[1])).abs() < 0.2);
        assert_eq!(
            report.agent_response_count,
            Some(talk.delays[0].len() as u32)
        );
        assert_eq!(
            report.customer_response_count,
            Some(talk.delays[1].len() as u32)
        );
        let parties: Vec<_> = report.overtalks.iter().map(|o| o.interrupter).collect();
        let truth: Vec<_> = talk.overtalks.iter().map(|o| o.1).collect();
        assert_eq!(parties, truth);
        let level = report.agent_active_speech_level_dbov.unwrap();
        assert!((level + 26.0).abs() < 2.0, "{level}");
        let noise = report.agent_noise_dbov.unwrap();
        assert!((noise + 60.0).abs() < 2.0, "{noise}");
    }
}

#[test]
fn a_hold_and_a_mute_are_in_the_report_and_out_of_the_talk() {
    let talk = conversation(90, 5);
    let mute = |on: bool, frame: u64| {
        let how = How::Softphone;
        let since = Duration::from_millis(frame * 10);
        F::Mute(if on {
            Mute::On { how, since }
        } else {
            Mute::Off { how }
        })
    };
    let moments = vec![
        (0, mute(false, 0)),
        (2_000, F::Held(true)),
        (4_000, F::Held(false)),
        (5_000, mute(true, 5_000)),
        (6_500, mute(false, 6_500)),
    ];
    let (report, _) = run(
        &talk.agent.samples,
        &talk.customer.samples,
        moments,
        AlertConfig::default(),
    );
    assert_eq!((report.hold_count, report.held_s), (Some(1), Some(20.0)));
    assert_eq!((report.mute_count, report.muted_s), (Some(1), Some(15.0)));
    assert_eq!(report.heard_s, Some(70.0));
    let spoken = |range: std::ops::Range<usize>| {
        talk.agent.truth[range].iter().filter(|&&t| t).count() as f64 / 100.0
    };
    let told = report.agent_talk_ratio.unwrap() * 70.0;
    let truth = spoken(0..2_000) + spoken(4_000..5_000) + spoken(6_500..9_000);
    assert!((told - truth).abs() < 2.5, "{told} of {truth}");
    let muted = report.muted_speech_s.unwrap();
    assert!((muted - spoken(5_000..6_500)).abs() < 1.5, "{muted}");
    for overtalk in &report.overtalks {
        let end = overtalk.start_s + overtalk.duration_s;
        assert!(!(20.0..40.0).contains(&overtalk.start_s) && !(20.1..40.0).contains(&end));
    }
}

/// A minute of typing: each key a burst of a few milliseconds at up to −25 dBov, down and up again,
/// six keys a second with pauses. Made, not recorded.
fn typing(frames: usize, seed: &mut Seeded) -> Vec<f32> {
    let mut samples = vec![0.0; frames * ANALYSIS_FRAME];
    let mut at = 0;
    while at + RATE < samples.len() {
        for stroke in [0, RATE / 14] {
            let loud = 10_f32.powf(seed.between(-30.0, -12.0) / 20.0);
            let colour = seed.between(0.1, 0.9);
            let mut last = 0.0;
            for i in 0..RATE / 60 {
                let fade = (-8.0 * i as f32 / (RATE / 60) as f32).exp();
                last = colour * last + (1.0 - colour) * seed.normal();
                samples[at + stroke + i] += loud * fade * last;
            }
        }
        let pause = [RATE / 8, RATE][usize::from(seed.below(12) == 0)];
        at += RATE / 6 + seed.below(pause);
    }
    samples
}

/// A minute of breathing into the microphone: noise shaped to 300–3000 Hz, in and out, up to −35 dBov.
fn breathing(frames: usize, seed: &mut Seeded) -> Vec<f32> {
    let mut samples = vec![0.0; frames * ANALYSIS_FRAME];
    let (mut low, mut high) = (0.0_f32, 0.0_f32);
    for (i, sample) in samples.iter_mut().enumerate() {
        let t = i as f32 / RATE as f32;
        let breath = (std::f32::consts::TAU * t / 1.9).sin().max(0.0).powi(2);
        low += 0.6 * (seed.normal() - low);
        high += 0.1 * (low - high);
        *sample = 0.03 * breath * (low - high);
    }
    samples
}

#[test]
fn talking_while_muted_is_told_and_typing_and_breathing_are_not() {
    let frames = 3_000;
    let mut seed = Seeded::new(9);
    let quiet = {
        let mut samples = vec![0.0; frames * ANALYSIS_FRAME];
        add_white(&mut samples, -65.0, &mut seed);
        samples
    };
    let mut limits = AlertConfig::default();
    limits.talking_while_muted.enabled = true;
    let over =
        |sound: &[f32]| -> Vec<f32> { quiet.iter().zip(sound).map(|(a, b)| a + b).collect() };
    let told = |agent: &[f32], live: Option<bool>| {
        let moments = vec![
            (0, F::LiveUnderMute(live)),
            (
                600,
                F::Mute(Mute::On {
                    how: How::Softphone,
                    since: Duration::from_secs(6),
                }),
            ),
        ];
        let (report, raised) = run(agent, &quiet, moments, limits.clone());
        println!(
            "muted speech {:?}, raised {raised:?}",
            report.muted_speech_s
        );
        raised.contains(&AlertKind::TalkingWhileMuted)
    };
    assert!(
        !told(&over(&typing(frames, &mut seed)), Some(true)),
        "typing"
    );
    assert!(
        !told(&over(&breathing(frames, &mut seed)), Some(true)),
        "breathing"
    );
    for (n, speaker) in [SPEAKERS[0], SPEAKERS[3]].into_iter().enumerate() {
        let speech = Track::talk(frames, &voice(speaker, 9), (100, 300), &mut seed);
        let agent = over(&speech.samples);
        assert!(told(&agent, Some(true)), "{speaker}");
        assert!(
            n > 0 || !told(&agent, None),
            "{speaker}: nobody knows whether it is heard"
        );
    }
}
