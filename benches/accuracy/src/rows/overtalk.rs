//! Overtalk of whole conversations: seconds told against seconds true.

use crate::call::{add_white, babble};
use crate::clip::Clip;
use crate::conversation::Conversation;
use crate::material::Material;
use crate::path::Change;
use crate::row::{Row, Target};
use sidetone_dsp::measurement::{Measurement, OvertalkEvent};
use sidetone_dsp::overtalk::OvertalkTracker;

const FRAMES: usize = 12_000;

pub(crate) fn measure(material: &Material) -> Vec<Row> {
    let calls = material.calls(20);
    let conditions = [
        ("quiet, 40 dB", 40.0, false),
        ("quiet, 20 dB", 20.0, false),
        ("quiet, 10 dB", 10.0, false),
        ("quiet, 0 dB", 0.0, false),
        ("babble, 30 dB", 30.0, true),
    ];
    let mut off = Vec::new();
    let mut within = Vec::new();
    for (name, erl, noisy) in conditions {
        let errors: Vec<(f64, f64)> = (0..calls)
            .map(|n| {
                let clip = clip(material, erl, noisy, n);
                let told = told_seconds(&clip.analyse());
                let minutes = clip.minutes();
                let truth = true_seconds(&clip.truth, &clip.far_truth);
                ((told - truth) / minutes, talk_seconds(&clip) / minutes)
            })
            .collect();
        let mean = errors.iter().map(|e| e.0.abs()).sum::<f64>() / calls as f64;
        let good = errors
            .iter()
            .filter(|e| e.0.abs() <= (0.05 * e.1).max(0.5))
            .count();
        off.push((name.to_string(), mean));
        within.push((name.to_string(), good as f64 / calls as f64));
    }
    vec![
        Row {
            key: "overtalk-off",
            what: "overtalk, mean error of a call in seconds per minute, echo return loss".into(),
            figures: off,
            target: Target::AtMost(0.5),
            noise: 0.15,
        },
        Row {
            key: "overtalk-within",
            what: "… share of the calls within 5 % of the talk time or 0.5 s per minute".into(),
            figures: within,
            target: Target::AtLeast(1.0),
            noise: 0.1,
        },
    ]
}

fn clip(material: &Material, erl: f32, noisy: bool, n: usize) -> Clip {
    let mut seed = material.seed(400, n);
    let (agent, customer) = material.pair(n);
    let mut call = Conversation::new(FRAMES, agent, customer, &mut seed);
    add_white(&mut call.customer.samples, -65.0, &mut seed);
    let echo = Change::Steady.leak(&call.customer.samples, erl, &mut seed);
    let mut mic: Vec<f32> = call
        .agent
        .samples
        .iter()
        .zip(&echo)
        .map(|(a, b)| a + b)
        .collect();
    add_white(&mut mic, -65.0, &mut seed);
    if noisy {
        let room = babble(FRAMES, &material.others, -46.0, &mut seed);
        mic.iter_mut().zip(room).for_each(|(s, b)| *s += b);
    }
    Clip::new(String::new(), &mic, call.agent.truth)
        .with_far(&call.customer.samples, call.customer.truth)
}

fn talk_seconds(clip: &Clip) -> f64 {
    let talks = |n: &usize| clip.truth[*n] || clip.far_truth[*n];
    (0..clip.frames()).filter(talks).count() as f64 / 100.0
}

/// Seconds of overtalk that were told.
pub(crate) fn told_seconds(all: &[Measurement]) -> f64 {
    seconds(all.iter().filter_map(|m| m.overtalk))
}

/// The same rules (CONTRACT §4) on the truth.
fn true_seconds(agent: &[bool], customer: &[bool]) -> f64 {
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
    let length = |event| match event {
        OvertalkEvent::Ended {
            start_frame,
            end_frame,
            ..
        } => (end_frame - start_frame) as f64 / 100.0,
        OvertalkEvent::Started { .. } => 0.0,
    };
    // Not `sum`, whose sum of nothing is −0.
    events.map(length).fold(0.0, |sum, length| sum + length)
}
