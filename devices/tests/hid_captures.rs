//! Captures of headsets, each made with `sidetone learn`: replayed through descriptor parser, quirk files
//! and controls, they must tell what was done. One test per file in `captures/`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so when its material is wrong"
)]

use sidetone_devices::hid::capture::{Action, Capture, Step, follows};
use sidetone_devices::hid::quirks::{Meaning, QuirkBook, QuirkFile};
use std::path::Path;

include!(concat!(env!("OUT_DIR"), "/capture_tests.rs"));

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/captures")
        .join(format!("{name}.capture"));
    let text = std::fs::read_to_string(path).unwrap();
    let capture = Capture::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let counted = |step, action| {
        let phases = capture.phases.iter();
        phases
            .filter(|phase| (phase.step, phase.action, phase.counted) == (step, action, true))
            .count()
    };
    assert!(counted(Step::Quiet, Action::Rest) > 0, "no quiet phase");

    let mut book = QuirkBook::built_in();
    if let Some(quirk) = &capture.quirk {
        book.add(QuirkFile::parse(name, quirk).unwrap_or_else(|error| panic!("{error}")));
    }
    let quirk = book.find(capture.vendor, capture.product);
    let seen = capture.replay(quirk.as_ref());
    for (number, (phase, events)) in capture.phases.iter().zip(&seen).enumerate() {
        let events: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
        assert_eq!(events, phase.events, "phase {}: {phase:?}", number + 1);
    }
    for meaning in &capture.learned {
        let also = (*meaning == Meaning::MuteState).then_some(Step::QuickDisconnect);
        assert!(
            follows(&capture.phases, &seen, *meaning, also),
            "`{}` does not follow what was done",
            meaning.word()
        );
    }
}
