//! Double talk and overtalk, against the truth, with the far end leaking into the microphone.

use crate::call::{Seeded, Track, add_white, analyse, babble, judged, leak, rank};
use crate::{Material, each};
use sidetone_dsp::measurement::{Measurement, OvertalkEvent, SPEECH_LAG_FRAMES};
use sidetone_dsp::overtalk::OvertalkTracker;

const FRAMES: usize = 6_000;

/// A call of 60 s: who speaks, the leakage, noise.
struct Call {
    agent: Vec<f32>,
    customer: Track,
    agent_truth: Vec<bool>,
}

fn make_call(material: &Material, erl: f32, noisy: bool, talks: bool, n: u64) -> Call {
    let voices = &material.voices;
    let mut seed = Seeded::new(100 + n);
    let (a, c) = (n as usize % voices.len(), (n as usize + 1) % voices.len());
    let near = if talks {
        Track::talk(FRAMES, &voices[a], (50, 250), &mut seed)
    } else {
        Track::silent(FRAMES)
    };
    let mut customer = Track::talk(FRAMES, &voices[c], (50, 250), &mut seed);
    add_white(&mut customer.samples, -65.0, &mut seed);
    let (delay, decay) = (seed.between(10.0, 120.0), seed.between(5.0, 15.0));
    let echo = leak(&customer.samples, delay, decay, erl, &mut seed);
    let mut agent: Vec<f32> = near.samples.iter().zip(&echo).map(|(a, b)| a + b).collect();
    add_white(&mut agent, -65.0, &mut seed);
    if noisy {
        for (s, b) in agent
            .iter_mut()
            .zip(babble(FRAMES, &material.others, -41.0, &mut seed))
        {
            *s += b;
        }
    }
    Call {
        agent,
        customer,
        agent_truth: near.truth,
    }
}

#[derive(Default)]
struct Told {
    scored: Vec<(f32, bool)>,
    both: usize,
    both_true: usize,
    overtalk: f64,
    overtalk_true: f64,
    overtalk_off: f64,
    ratio_off: f64,
}

pub(crate) fn double_talk(material: &Material) {
    for noisy in [false, true] {
        for erl in [0.0, 10.0, 20.0, 30.0] {
            let all = each(material.calls, |n| one(material, erl, noisy, n));
            let mut sum = Told::default();
            for call in all {
                sum.scored.extend(call.scored);
                sum.both += call.both;
                sum.both_true += call.both_true;
                sum.overtalk += call.overtalk;
                sum.overtalk_true += call.overtalk_true;
                sum.overtalk_off += (call.overtalk - call.overtalk_true).abs();
                sum.ratio_off += call.ratio_off;
            }
            let (area, miss, f1) = rank(&mut sum.scored);
            let calls = material.calls as f64;
            println!(
                "double talk, ERL {erl:2}, {}: AUC {area:.4}, P(miss) at .1 {miss:.3}, F1 {f1:.3}; \
                 per min: double talk {:.1} s told, {:.1} true; overtalk {:.1} s told, {:.1} true, \
                 off by {:.2}; SNR off by {:+.1} dB",
                if noisy { "babble" } else { "quiet " },
                sum.both as f64 / 100.0 / calls,
                sum.both_true as f64 / 100.0 / calls,
                sum.overtalk / calls,
                sum.overtalk_true / calls,
                sum.overtalk_off / calls,
                sum.ratio_off / calls,
            );
        }
    }
}

fn one(material: &Material, erl: f32, noisy: bool, n: u64) -> Told {
    let call = make_call(material, erl, noisy, true, n);
    let all = analyse(&call.agent, Some(&call.customer.samples));
    let talking = (0..FRAMES).filter(|&i| call.customer.truth[i]);
    let last = &all[FRAMES - 1].agent;
    let noise = if noisy { -41.0 } else { -65.0 };
    Told {
        scored: talking
            .clone()
            .map(|i| {
                (
                    judged(&all, i).both.unwrap().double_talk_score,
                    call.agent_truth[i],
                )
            })
            .collect(),
        both: (0..FRAMES)
            .filter(|&i| judged(&all, i).both.unwrap().double_talk)
            .count(),
        both_true: talking.filter(|&i| call.agent_truth[i]).count(),
        overtalk: seconds(all.iter().filter_map(|m| m.overtalk)),
        overtalk_true: true_overtalk(&call.agent_truth, &call.customer.truth),
        overtalk_off: 0.0,
        ratio_off: last.snr.map_or(-40.0, |r| f64::from(r.0 - (-26.0 - noise))),
    }
}

/// The same rules on the truth.
fn true_overtalk(agent: &[bool], customer: &[bool]) -> f64 {
    let mut tracker = OvertalkTracker::new();
    let mut events = Vec::new();
    for (agent, customer) in agent.iter().zip(customer) {
        events.extend(tracker.push(*agent, *customer, false));
    }
    tracker.close();
    events.extend(std::iter::from_fn(|| tracker.take()));
    seconds(events.into_iter())
}

fn seconds(events: impl Iterator<Item = OvertalkEvent>) -> f64 {
    events
        .filter_map(|event| match event {
            OvertalkEvent::Ended {
                start_frame,
                end_frame,
                ..
            } => Some((end_frame - start_frame) as f64 / 100.0),
            OvertalkEvent::Started { .. } => None,
        })
        .sum()
}

/// What leakage alone was taken for, in frames.
struct False {
    overtalk: f64,
    both: u32,
    first: u32,
    agent: u32,
}

pub(crate) fn pure_leakage(material: &Material) {
    for noisy in [false, true] {
        for erl in [0.0, 6.0, 10.0, 20.0, 30.0] {
            let all = each(material.calls, |n| leaked(material, erl, noisy, n));
            println!(
                "leakage only, ERL {erl:2}, {}, {} min: {:.1} s overtalk, {:.2} s double talk \
                 ({:.2} s of it in the first 2 s), {:.2} s agent speech",
                if noisy { "babble" } else { "quiet " },
                material.calls,
                all.iter().map(|f| f.overtalk).sum::<f64>(),
                f64::from(all.iter().map(|f| f.both).sum::<u32>()) / 100.0,
                f64::from(all.iter().map(|f| f.first).sum::<u32>()) / 100.0,
                f64::from(all.iter().map(|f| f.agent).sum::<u32>()) / 100.0
            );
        }
    }
}

fn leaked(material: &Material, erl: f32, noisy: bool, n: u64) -> False {
    let call = make_call(material, erl, noisy, false, n);
    let all: Vec<Measurement> = analyse(&call.agent, Some(&call.customer.samples));
    let start = call.customer.truth.iter().position(|&t| t).unwrap() + 200;
    let told = |i: usize| judged(&all, i).both.unwrap().double_talk;
    let count = |yes: &dyn Fn(usize) -> bool| (0..FRAMES).filter(|&i| yes(i)).count() as u32;
    False {
        overtalk: seconds(all.iter().filter_map(|m| m.overtalk)),
        both: count(&told),
        first: count(&|i| i < start && told(i)),
        agent: count(&|i| all[i + SPEECH_LAG_FRAMES as usize].agent.speech),
    }
}
