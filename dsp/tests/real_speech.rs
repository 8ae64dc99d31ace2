//! The call analyser on real voices: who speaks, both at once, overtalk.

mod call;

use call::{SPEAKERS, Seeded, Track, add_white, analyse, judged, leak, rank, voice};
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::measurement::{OvertalkEvent, Side};
use sidetone_dsp::resample::ANALYSIS_FRAME;
use sidetone_dsp::slip::Slip;
use sidetone_dsp::units::SampleRate;

#[test]
fn tells_speech_from_silence_on_every_speaker() {
    for (n, speaker) in SPEAKERS.iter().enumerate() {
        let mut seed = Seeded::new(n as u64 + 1);
        let voice = voice(speaker, 15);
        let mut track = Track::talk(6_000, &voice, (30, 200), &mut seed);
        add_white(&mut track.samples, -60.0, &mut seed);
        let all = analyse(&track.samples, None);
        let mut scored: Vec<(f32, bool)> = (0..6_000)
            .map(|i| (judged(&all, i).agent.speech_score, track.truth[i]))
            .collect();
        let (area, _, f1) = rank(&mut scored);
        println!("{speaker}: AUC {area:.4}, F1 {f1:.3}");
        assert!(area > 0.96, "{speaker}: AUC {area}");
        assert!(f1 > 0.93, "{speaker}: F1 {f1}");
    }
}

#[test]
fn an_interruption_is_told_with_its_parties_and_a_back_channel_is_not() {
    let (agent_voice, customer_voice) = (voice(SPEAKERS[3], 1), voice(SPEAKERS[0], 1));
    let long = |v: &call::Voice, frames: usize| {
        v.utterances
            .iter()
            .position(|u| u.truth.len() > frames && u.truth.iter().all(|&t| t))
            .unwrap()
    };
    let short = |v: &call::Voice| {
        v.utterances
            .iter()
            .position(|u| u.truth.len() < 70)
            .unwrap()
    };
    let floor = &customer_voice.utterances[long(&customer_voice, 300)];
    let incoming = &agent_voice.utterances[long(&agent_voice, 150)];
    let hum = &agent_voice.utterances[short(&agent_voice)];
    let mut seed = Seeded::new(3);
    for (what, utterance) in [("interruption", incoming), ("back-channel", hum)] {
        let mut customer = Track::silent(900);
        let end = customer.put(300, floor);
        let mut agent = Track::silent(900);
        agent.put(420, utterance);
        add_white(&mut agent.samples, -65.0, &mut seed);
        add_white(&mut customer.samples, -65.0, &mut seed);
        let all = analyse(&agent.samples, Some(&customer.samples));
        let events: Vec<OvertalkEvent> = all.iter().filter_map(|m| m.overtalk).collect();
        if what == "back-channel" {
            assert!(events.is_empty(), "{what}: {events:?}");
            continue;
        }
        let [
            OvertalkEvent::Started { .. },
            OvertalkEvent::Ended {
                start_frame,
                end_frame,
                parties,
            },
        ] = events[..]
        else {
            panic!("{what}: {events:?}");
        };
        assert_eq!(parties.floor, Some(Side::Customer));
        assert_eq!(parties.interrupter, Some(Side::Agent));
        let true_end = end.min(420 + utterance.truth.len()) as f64;
        assert!(
            (start_frame as f64 - 420.0).abs() < 15.0,
            "{start_frame} for 420"
        );
        assert!(
            (end_frame as f64 - true_end).abs() < 20.0,
            "{end_frame} for {true_end}"
        );
    }
}

#[test]
fn leakage_alone_is_never_the_agent() {
    let voices: Vec<_> = [2, 3].iter().map(|&n| voice(SPEAKERS[n], 9)).collect();
    for (n, erl) in [0.0, 6.0, 12.0, 20.0, 30.0].into_iter().enumerate() {
        let mut seed = Seeded::new(40 + n as u64);
        let mut customer = Track::talk(3_000, &voices[n % 2], (30, 200), &mut seed);
        add_white(&mut customer.samples, -65.0, &mut seed);
        let delay = seed.between(10.0, 120.0);
        let mut agent = leak(&customer.samples, delay, 10.0, erl, &mut seed);
        add_white(&mut agent, -65.0, &mut seed);
        let all = analyse(&agent, Some(&customer.samples));
        let events: Vec<_> = all.iter().filter_map(|m| m.overtalk).collect();
        let spoken = all.iter().filter(|m| m.agent.speech).count();
        let told = all
            .last()
            .and_then(|m| m.both)
            .and_then(|b| b.echo_return_loss);
        println!("ERL {erl}: {spoken} frames taken for the agent's, loss told {told:?}");
        assert!(events.is_empty(), "ERL {erl}: {events:?}");
        assert!(
            spoken <= 60,
            "ERL {erl}: {spoken} frames of agent speech in 30 s"
        );
    }
}

/// Half-way another response, 6 dB louder.
#[test]
fn a_headset_that_is_moved_makes_nobody_speak() {
    let far = voice(SPEAKERS[0], 9);
    for call in 7..11 {
        let mut seed = Seeded::new(80 + call);
        let mut customer = Track::talk(6_000, &far, (50, 250), &mut seed);
        add_white(&mut customer.samples, -65.0, &mut seed);
        let before = leak(&customer.samples, 60.0, 10.0, 10.0, &mut seed);
        let after = leak(&customer.samples, 60.0, 8.0, 4.0, &mut seed);
        let half = before.len() / 2;
        let mut agent = [&before[..half], &after[half..]].concat();
        add_white(&mut agent, -65.0, &mut seed);
        let all = analyse(&agent, Some(&customer.samples));
        let events: Vec<_> = all.iter().filter_map(|m| m.overtalk).collect();
        assert!(events.is_empty(), "call {call}: {events:?}");
    }
}

/// Two clocks that drift apart: every five seconds one stream repeats a frame or leaves one out.
#[test]
fn a_stream_that_slips_makes_nobody_speak() {
    const SLIPS: [(Side, Slip); 4] = [
        (Side::Customer, Slip::Skipped),
        (Side::Agent, Slip::Skipped),
        (Side::Agent, Slip::Repeated),
        (Side::Customer, Slip::Repeated),
    ];
    let rate = SampleRate::new(16_000).unwrap();
    for (n, erl) in [6.0, 20.0].into_iter().enumerate() {
        let mut seed = Seeded::new(60 + n as u64);
        let mut customer = Track::talk(3_000, &voice(SPEAKERS[2 + n], 9), (1, 20), &mut seed);
        add_white(&mut customer.samples, -65.0, &mut seed);
        let mut agent = leak(&customer.samples, 45.0, 10.0, erl, &mut seed);
        add_white(&mut agent, -70.0, &mut seed);
        let mut analyzer = CallAnalyzer::new(rate, Some(rate));
        // Which frame of each recording comes next.
        let (mut near, mut far) = (0, 0);
        let frame =
            |of: &[f32], at: usize| of[at * ANALYSIS_FRAME..(at + 1) * ANALYSIS_FRAME].to_vec();
        let mut spoken = 0;
        for step in 0..2_900 {
            if step > 0 && step % 500 == 0 {
                let (side, slip) = SLIPS[(step / 500 - 1) % 4];
                let at = if side == Side::Agent {
                    &mut near
                } else {
                    &mut far
                };
                match slip {
                    Slip::Skipped => *at += 1,
                    Slip::Repeated => *at -= 1,
                }
                analyzer.realign(side, slip);
            }
            let told = analyzer.process(&frame(&agent, near), Some(&frame(&customer.samples, far)));
            assert_eq!(told.overtalk, None, "ERL {erl}, at {step}");
            spoken += u32::from(told.agent.speech);
            (near, far) = (near + 1, far + 1);
        }
        assert!(spoken <= 60, "ERL {erl}: {spoken} frames of agent speech");
    }
}

#[test]
fn the_agent_is_heard_through_the_leakage() {
    let (near, far) = (voice(SPEAKERS[3], 9), voice(SPEAKERS[0], 9));
    let mut seed = Seeded::new(77);
    let mut customer = Track::talk(6_000, &far, (30, 200), &mut seed);
    add_white(&mut customer.samples, -65.0, &mut seed);
    let track = Track::talk(6_000, &near, (100, 300), &mut seed);
    let mut agent = leak(&customer.samples, 60.0, 10.0, 6.0, &mut seed);
    for (s, x) in agent.iter_mut().zip(&track.samples) {
        *s += x;
    }
    add_white(&mut agent, -65.0, &mut seed);
    let all = analyse(&agent, Some(&customer.samples));
    let mut scored: Vec<(f32, bool)> = (0..6_000)
        .filter(|&i| customer.truth[i])
        .map(|i| (judged(&all, i).agent.speech_score, track.truth[i]))
        .collect();
    let (area, miss, _) = rank(&mut scored);
    println!("agent while the customer talks, ERL 6: AUC {area:.3}, P(miss) at .1 {miss:.3}");
    assert!(area > 0.88, "AUC {area}");
}
