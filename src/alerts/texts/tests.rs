//! Every sentence is there, in every language, and is filled in.

use super::*;
use crate::alerts::Confidence;
use crate::alerts::rules::Measure;
use sidetone_wire::vocabulary::Severity;
use std::collections::{BTreeMap, BTreeSet};

const LANGUAGES: [Language; 2] = [Language::English, Language::Chinese];

/// The names in braces.
fn placeholders(sentence: &str) -> BTreeSet<&str> {
    sentence
        .split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').expect("a closed brace").0)
        .collect()
}

/// Whatever a rule may find, sensible or not.
fn findings() -> impl Iterator<Item = (AlertKind, Option<Side>, Finding)> {
    let sides = [
        None,
        Some(Side::Agent),
        Some(Side::Customer),
        Some(Side::Both),
    ];
    let faults = || Fault::ALL.iter().copied().map(Some).chain([None]);
    let units = [
        "", "db", "dbov", "dbov_a", "s", "ms", "per_min", "ratio", "count",
    ];
    let hows = [
        None,
        Some(How::Reported),
        Some(How::Inferred(Confidence::new(0.5))),
    ];
    let holds = || HoldOutcome::ALL.iter().copied().map(Some).chain([None]);
    AlertKind::ALL.iter().flat_map(move |kind| {
        sides.into_iter().flat_map(move |side| {
            faults().flat_map(move |fault| {
                units.into_iter().flat_map(move |unit| {
                    hows.into_iter().flat_map(move |how| {
                        holds().map(move |hold| {
                            let finding = Finding {
                                fault,
                                side,
                                how,
                                hold,
                                window: Duration::from_secs(90),
                                measure: Some(Measure {
                                    value: 0.123,
                                    threshold: 0.1,
                                    unit,
                                }),
                                ..Finding::new(Duration::ZERO, Severity::Minor)
                            };
                            (*kind, side, finding)
                        })
                    })
                })
            })
        })
    })
}

#[test]
fn each_language_has_every_sentence_with_the_figures_it_is_given_and_no_other() {
    let lasting = Duration::from_secs(12);
    for language in LANGUAGES {
        let catalogue = Catalogue::of(language);
        let mut used: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (kind, side, finding) in findings() {
            let (name, fillings) = sentence(catalogue, kind, side, &finding, lasting);
            used.entry((kind.as_str(), name))
                .or_default()
                .extend(fillings.iter().map(|(name, _)| *name));
            used.entry((kind.as_str(), remedy(kind, side, &finding)))
                .or_default();
        }
        used.insert(("units", "seconds"), ["number"].into());
        used.insert(("units", "minutes"), ["number"].into());
        used.insert(("flapping", "text"), ["count", "window"].into());
        let written: BTreeMap<_, _> = catalogue
            .0
            .iter()
            .flat_map(|(section, names)| {
                names.iter().map(move |(name, sentence)| {
                    let key = (section.as_str(), name.as_str());
                    (key, placeholders(sentence))
                })
            })
            .collect();
        assert_eq!(written, used, "{language:?}");
    }
}

#[test]
fn sentences_end_as_sentences_do_and_leave_nothing_open() {
    for language in LANGUAGES {
        for (section, names) in &Catalogue::of(language).0 {
            for (name, sentence) in names.iter().filter(|_| section != "units") {
                assert!(sentence.ends_with(['.', '。']), "{section}.{name}");
            }
        }
        for (kind, side, finding) in findings().step_by(97) {
            let said = text(language, kind, side, &finding, Duration::from_secs(150));
            let said = said + &action(language, kind, side, &finding);
            assert!(!said.contains(['{', '}']), "{said}");
        }
    }
}

#[test]
fn the_configured_window_and_the_language_are_what_is_said() {
    let often = Finding {
        fault: Some(Fault::Gap),
        window: Duration::from_secs(300),
        measure: Some(Measure {
            value: 4.0,
            threshold: 3.0,
            unit: "count",
        }),
        ..Finding::new(Duration::ZERO, Severity::Major)
    };
    let say = |language| {
        let lasting = Duration::from_secs(300);
        text(language, AlertKind::DeviceUnstable, None, &often, lasting)
    };
    assert_eq!(
        say(Language::English),
        "The headset failed 4 times in 5 min, most recently with a gap in its sound."
    );
    assert_eq!(
        say(Language::Chinese),
        "耳机在 5 分钟内出现 4 次故障，最近一次是声音中断。"
    );
}
