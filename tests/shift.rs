//! The alert rules over the eventful calls of the day that `make shift` plays whole: no figure may be off.

#![allow(clippy::expect_used, clippy::panic)]

#[path = "support/shift/mod.rs"]
#[allow(
    dead_code,
    reason = "the bench plays days of other seeds, the test writes the file"
)]
mod shift;

use shift::{judge, script};

/// `SIDETONE_BLESS=1` writes the file anew.
#[test]
fn the_file_is_what_its_statistics_make_of_its_seed() {
    let day = script::day(shift::SEED);
    let text = shift::write(&day);
    if std::env::var_os("SIDETONE_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/shift.csv");
        std::fs::write(path, &text).expect("the file can be written");
        return;
    }
    assert!(text == shift::CHECKED_IN, "bless it with SIDETONE_BLESS=1");
    assert_eq!(shift::read(&text), day);
}

/// All alerts of the day, in the calls in which they must come.
#[test]
fn a_day_of_twenty_agents_raises_what_the_file_says_and_nothing_else() {
    let day = shift::eventful(&shift::read(shift::CHECKED_IN));
    let said: Vec<_> = (1..=script::AGENTS)
        .flat_map(|agent| shift::desk::play(agent, &day, script::DAY_MS, 10_000))
        .collect();
    let verdict = judge::judge(&day, &said, script::DAY_MS);
    assert!(verdict.kinds.len() >= 16, "{verdict}");
    assert_eq!(verdict.missed, [], "{verdict}");
    let unexplained: Vec<_> = verdict.false_alerts().collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    assert!(verdict.alarms_per_hour() <= 6.0, "{verdict}");
    assert!(verdict.calm_windows().0 > 0.99, "{verdict}");
    assert_eq!((verdict.chattering(), verdict.outside_calls()), (0, 0));
    assert_eq!(verdict.clears, verdict.occurrences.len());
    assert_eq!(verdict.cleared_twice, 0);
}
