//! Eight hours of twenty agents through the station and the alert rules, against the truth of the day's file.
//!
//! `make shift`, or `cargo bench --bench shift -- [SEED …]` for other days than the one that is checked in.

#![allow(clippy::expect_used, clippy::panic)]

#[path = "../tests/support/shift/mod.rs"]
#[allow(
    dead_code,
    reason = "the bench plays days of other seeds, the test writes the file"
)]
mod shift;

use shift::{judge, script};
use std::time::Instant;

fn main() {
    let seeds: Vec<u64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    if seeds.is_empty() {
        play(
            "the day that is checked in",
            &shift::read(shift::CHECKED_IN),
        );
    }
    for seed in seeds {
        play(&format!("the day of seed {seed}"), &script::day(seed));
    }
}

fn play(title: &str, day: &[shift::Happening]) {
    let began = Instant::now();
    let said: Vec<_> = (1..=script::AGENTS)
        .flat_map(|agent| shift::desk::play(agent, day, script::DAY_MS, 1_000))
        .collect();
    let verdict = judge::judge(day, &said, script::DAY_MS);
    println!(
        "\n{title}, played in {:.1} s\n{verdict}",
        began.elapsed().as_secs_f64()
    );
    for row in &verdict.missed {
        println!("missed: {row:?}");
    }
    for alert in verdict.false_alerts() {
        println!("nothing explains: {alert:?}");
    }
}
