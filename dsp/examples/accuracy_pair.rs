//! How well the call analyser judges: speech, double talk under leakage, noise.
//!
//! `cargo run --release -p sidetone-dsp --example accuracy_pair [calls]`, after `make test-data`.
//! With SIDETONE_CORPUS=folder it also measures speech activity on the meetings in its `overlap/`.

#![allow(
    clippy::unwrap_used,
    reason = "a measuring program: stop at what is wrong"
)]

#[path = "../tests/call/mod.rs"]
mod call;

use call::{SPEAKERS, Seeded, Track, Voice, add_white, analyse, babble, judged, leak, rank, voice};
use sidetone_dsp::measurement::OvertalkEvent;

fn main() {
    let calls: u64 = std::env::args().nth(1).map_or(4, |n| n.parse().unwrap());
    let voices: Vec<Voice> = SPEAKERS.iter().map(|s| voice(s, 5)).collect();
    meetings();
    speech(&voices);
    double_talk(&voices, calls);
    pure_leakage(&voices, calls);
}

/// Speech activity on real meetings, whose turns people marked.
fn meetings() {
    let Some(corpus) = std::env::var_os("SIDETONE_CORPUS") else {
        return;
    };
    let folder = std::path::Path::new(&corpus).join("overlap");
    let turns = std::fs::read_to_string(folder.join("turns.rttm")).unwrap();
    let mut scored = Vec::new();
    for name in ["dev00", "trn02", "trn04", "trn06", "trn08", "tst00"] {
        let (_, samples) = call::read_wav(&folder.join(format!("{name}.wav")));
        let frames = samples.len() / 160;
        let mut truth = vec![false; frames];
        for line in turns.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            if cells[1] == name {
                let start = (cells[3].parse::<f64>().unwrap() * 100.0) as usize;
                let length = (cells[4].parse::<f64>().unwrap() * 100.0) as usize;
                truth[start.min(frames)..(start + length).min(frames)].fill(true);
            }
        }
        let all = analyse(&samples, None);
        scored.extend((0..frames).map(|i| (judged(&all, i).agent.speech_score, truth[i])));
    }
    let (area, miss, f1) = rank(&mut scored);
    println!("meetings: AUC {area:.4}, F1 {f1:.3}, P(miss) at .1 {miss:.3}");
}

/// Speech activity on prompts in light noise, telephone band.
fn speech(voices: &[Voice]) {
    for dbov in [-65.0, -50.0, -40.0] {
        let mut seed = Seeded::new(5);
        let mut scored = Vec::new();
        for voice in voices {
            let mut track = Track::talk(12_000, voice, (20, 150), &mut seed);
            add_white(&mut track.samples, dbov, &mut seed);
            let all = analyse(&track.samples, None);
            scored
                .extend((0..12_000).map(|i| (judged(&all, i).agent.speech_score, track.truth[i])));
        }
        let (area, miss, f1) = rank(&mut scored);
        println!("prompts, noise {dbov} dBov: AUC {area:.4}, F1 {f1:.3}, P(miss) at .1 {miss:.3}");
    }
}

/// A call of 60 s: who speaks, the leakage, noise.
struct Call {
    agent: Vec<f32>,
    customer: Track,
    agent_truth: Vec<bool>,
}

fn make_call(voices: &[Voice], erl: f32, noisy: bool, talks: bool, n: u64) -> Call {
    const FRAMES: usize = 6_000;
    let mut seed = Seeded::new(100 + n);
    let (a, c) = (n as usize % voices.len(), (n as usize + 2) % voices.len());
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
            .zip(babble(FRAMES, voices, -41.0, &mut seed))
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

fn double_talk(voices: &[Voice], calls: u64) {
    for noisy in [false, true] {
        for erl in [0.0, 10.0, 20.0, 30.0] {
            let mut scored = Vec::new();
            let (mut told, mut truth, mut overtalk) = (0, 0, 0.0);
            for n in 0..calls {
                let call = make_call(voices, erl, noisy, true, n);
                let all = analyse(&call.agent, Some(&call.customer.samples));
                for i in (0..6_000).filter(|&i| call.customer.truth[i]) {
                    let both = judged(&all, i).both.unwrap();
                    scored.push((both.double_talk_score, call.agent_truth[i]));
                }
                told += (0..6_000)
                    .filter(|&i| judged(&all, i).both.unwrap().double_talk)
                    .count();
                truth += (0..6_000)
                    .filter(|&i| call.customer.truth[i] && call.agent_truth[i])
                    .count();
                overtalk += overtalk_s(&all);
            }
            let (area, miss, f1) = rank(&mut scored);
            println!(
                "double talk, ERL {erl:2}, {}: AUC {area:.4}, P(miss) at .1 {miss:.3}, F1 {f1:.3}; \
                 {:.1} s told, {:.1} s true, {overtalk:.1} s overtalk",
                if noisy { "babble" } else { "quiet " },
                f64::from(told as u32) / 100.0,
                f64::from(truth as u32) / 100.0
            );
        }
    }
}

fn overtalk_s(all: &[sidetone_dsp::measurement::Measurement]) -> f64 {
    all.iter()
        .filter_map(|m| match m.overtalk {
            Some(OvertalkEvent::Ended {
                start_frame,
                end_frame,
                ..
            }) => Some((end_frame - start_frame) as f64 / 100.0),
            _ => None,
        })
        .sum()
}

fn pure_leakage(voices: &[Voice], calls: u64) {
    for noisy in [false, true] {
        for erl in [0.0, 6.0, 10.0, 20.0, 30.0] {
            let (mut overtalk, mut both, mut agent, mut first) = (0.0, 0, 0, 0);
            for n in 0..calls {
                let call = make_call(voices, erl, noisy, false, n);
                let all = analyse(&call.agent, Some(&call.customer.samples));
                overtalk += overtalk_s(&all);
                let start = call.customer.truth.iter().position(|&t| t).unwrap();
                for i in 0..6_000 {
                    let m = judged(&all, i);
                    let double = m.both.unwrap().double_talk;
                    both += u32::from(double);
                    first += u32::from(double && i < start + 200);
                    agent += u32::from(m.agent.speech);
                }
            }
            println!(
                "leakage only, ERL {erl:2}, {}, {} min: {overtalk:.1} s overtalk, {:.2} s double talk \
                 ({:.2} s of it in the first 2 s), {:.2} s agent speech",
                if noisy { "babble" } else { "quiet " },
                calls,
                f64::from(both) / 100.0,
                f64::from(first) / 100.0,
                f64::from(agent) / 100.0
            );
        }
    }
}
