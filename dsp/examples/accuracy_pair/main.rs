//! How well the call analyser judges: noise and its ratio to the speech, speech, double talk under
//! leakage.
//!
//! `cargo run --release -p sidetone-dsp --example accuracy_pair [calls] [all|tuned|held] [part…]`,
//! after `make test-data`; parts: `noise speech talk leakage meetings`. The speakers en and fr are
//! those that constants were tuned on (`tuned`); es, it and ru were held out (`held`).
//! With SIDETONE_CORPUS=folder it also measures speech activity on the meetings in its `overlap/`.

#![allow(
    clippy::unwrap_used,
    reason = "a measuring program: stop at what is wrong"
)]

#[path = "../../tests/call/mod.rs"]
mod call;
mod noise;
mod speech;
mod talk;

use call::{SPEAKERS, Voice, voice};

/// What is measured with.
struct Material {
    /// The speakers of the calls.
    voices: Vec<Voice>,
    /// Those who talk in the background.
    others: Vec<Voice>,
    calls: u64,
}

fn main() {
    let mut given = std::env::args().skip(1);
    let calls = given.next().map_or(4, |n| n.parse().unwrap());
    let split = given.next().unwrap_or_else(|| "all".into());
    let parts: Vec<String> = given.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|p| p == part);
    let (tuned, held) = ([0, 2], [1, 3, 4]);
    let (speakers, others): (&[usize], &[usize]) = match split.as_str() {
        "tuned" => (&tuned, &tuned),
        "held" => (&held, &held),
        _ => (&[0, 1, 2, 3, 4], &[0, 1, 2, 3, 4]),
    };
    let of = |numbers: &[usize], step| numbers.iter().map(|&n| voice(SPEAKERS[n], step)).collect();
    let material = Material {
        voices: of(speakers, 5),
        others: of(others, 7),
        calls,
    };
    if wanted("meetings") {
        speech::meetings();
    }
    if wanted("speech") {
        speech::prompts(&material);
    }
    if wanted("noise") {
        noise::measure(&material);
    }
    if wanted("talk") {
        talk::double_talk(&material);
    }
    if wanted("leakage") {
        talk::pure_leakage(&material);
    }
}

/// Runs `one` for each call, on two threads, and gives the results in order.
fn each<T: Send>(calls: u64, one: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let half =
        |from: u64| -> Vec<(u64, T)> { (from..calls).step_by(2).map(|n| (n, one(n))).collect() };
    let mut all = std::thread::scope(|scope| {
        let second = scope.spawn(|| half(1));
        let mut all = half(0);
        all.extend(second.join().unwrap());
        all
    });
    all.sort_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, t)| t).collect()
}
