//! Recordings as headsets make them, and what may be said about them.

use super::*;
use crate::learn::proof;
use proptest::prelude::*;
use sidetone_devices::headset::{ProductId, VendorId};
use sidetone_devices::hid::capture::{Action, Doer, Phase, Sent};
use sidetone_devices::hid::descriptor::ReportId;
use sidetone_devices::hid::quirks::{Meaning, Place, QuirkBook};
use sidetone_devices::hid::usage::Usage;

/// Report 2: hook switch and phone mute. Report 3: seven bytes of the vendor's. Report 4: eight vendor bits
/// B0 to B7. Report 1: volume.
const DESCRIPTOR: &[u8] = &[
    0x05, 0x0c, 0x09, 1, 0xa1, 1, 0x85, 1, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 2, 0x09, 0xe9, 0x09,
    0xea, 0x81, 2, 0x95, 6, 0x81, 3, 0xc0, 0x05, 0x0b, 0x09, 5, 0xa1, 1, 0x85, 2, 0x15, 0, 0x25, 1,
    0x75, 1, 0x95, 1, 0x09, 0x20, 0x81, 0x22, 0x09, 0x2f, 0x81, 6, 0x95, 6, 0x81, 3, 0xc0, 0x06,
    0xa0, 0xff, 0x09, 1, 0xa1, 1, 0x85, 3, 0x15, 0, 0x26, 0xff, 0, 0x75, 8, 0x95, 7, 0x09, 1, 0x81,
    2, 0x85, 4, 0x25, 1, 0x75, 1, 0x95, 8, 0x19, 0xb0, 0x29, 0xb7, 0x81, 2, 0xc0,
];

const ALL: [Step; 4] = [Step::Mute, Step::QuickDisconnect, Step::Volume, Step::Hook];

type Reports<'a> = &'a [&'a [u8]];

#[derive(Debug)]
struct Recording(Capture);

impl Recording {
    fn new() -> Self {
        Self(Capture {
            vendor: VendorId(0x1234),
            product: ProductId(0x5678),
            name: "Some \"Headset\"".to_owned(),
            firmware: Some("1.10".to_owned()),
            recorded: "2026-01-02".to_owned(),
            program: "sidetone 0.1.0".to_owned(),
            by: Doer::Person,
            notes: Vec::new(),
            learned: Vec::new(),
            quirk: None,
            interfaces: vec![DESCRIPTOR.to_vec()],
            phases: Vec::new(),
        })
    }

    fn phase(mut self, step: Step, action: Action, reports: Reports<'_>) -> Self {
        let before: usize = self.0.phases.iter().map(|phase| phase.sent.len()).sum();
        let sent = (before..).zip(reports).map(|(number, report)| Sent {
            ms: 100 * number as u64,
            what: What::Report {
                interface: 0,
                bytes: report.to_vec(),
            },
        });
        self.0.phases.push(Phase {
            step,
            action,
            round: 1,
            counted: true,
            sent: sent.collect(),
            events: Vec::new(),
        });
        self
    }

    fn quiet(self, reports: Reports<'_>) -> Self {
        self.phase(Step::Quiet, Action::Rest, reports)
    }

    fn once(self, step: Step, done: Reports<'_>, undone: Reports<'_>) -> Self {
        self.phase(step, Action::Do, done)
            .phase(step, Action::Undo, undone)
    }

    fn twice(self, step: Step, done: Reports<'_>, undone: Reports<'_>) -> Self {
        self.once(step, done, undone).once(step, done, undone)
    }

    fn findings(&self) -> Findings {
        analyze(&self.0, None, &ALL)
    }

    fn outcome(&self, step: Step) -> Outcome {
        let found = self.findings().steps;
        found
            .into_iter()
            .find(|finding| finding.step == step)
            .unwrap()
            .outcome
    }

    /// The rules of a step, which must also stand the test of the real controls.
    fn rules(&self, step: Step) -> Vec<Rule> {
        let text = proof::quirk_text(&self.0, &self.findings(), &QuirkBook::built_in(), true);
        assert!(text.unwrap().is_some());
        match self.outcome(step) {
            Outcome::Learned(rules) => rules,
            other => panic!("{other:?}"),
        }
    }

    fn unclear(&self, step: Step) -> String {
        match self.outcome(step) {
            Outcome::Unclear(why) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn bytes(when: &[(usize, u8)], byte: usize, mask: u8) -> Place {
    let condition = |(byte, is): &(usize, u8)| sidetone_devices::hid::quirks::Condition {
        byte: *byte,
        mask: 0xff,
        is: *is,
    };
    Place::Bytes {
        report: ReportId::new(3),
        when: when.iter().map(condition).collect(),
        byte,
        mask,
    }
}

fn bits(usage: u16) -> Place {
    Place::Usage(Usage::new(0xffa0, usage))
}

#[test]
fn a_message_with_a_value_is_learned_with_its_name() {
    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, &[&[3, 0x9c, 1, 0]], &[&[3, 0x9c, 0, 0]])
        .twice(
            Step::QuickDisconnect,
            &[&[3, 0x51, 1, 0]],
            &[&[3, 0x51, 0, 0]],
        );
    let rules = recording.rules(Step::QuickDisconnect);
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].place, bytes(&[(1, 0x51)], 2, 1));
    assert_eq!(rules[0].meaning, Meaning::QdOpen);
    assert!(rules[0].verified && !rules[0].inverted);
    assert_eq!(
        recording.rules(Step::Mute)[0].place,
        bytes(&[(1, 0x9c)], 2, 1)
    );
    assert_eq!(recording.outcome(Step::Hook), Outcome::Skipped);
}

#[test]
fn a_counter_that_goes_along_is_not_taken_for_the_state() {
    let message = |value: u8, count: u8| vec![3, 0x51, count, value, count ^ value];
    let mut recording = Recording::new().quiet(&[]);
    for round in 0..2 {
        let (open, closed) = (message(1, 2 * round + 1), message(0, 2 * round + 2));
        recording = recording.once(Step::QuickDisconnect, &[&open], &[&closed]);
    }
    let recording = recording.twice(Step::Mute, &[&[3, 0x9c, 9, 1]], &[&[3, 0x9c, 9, 0]]);
    let rules = recording.rules(Step::QuickDisconnect);
    assert_eq!(rules[0].place, bytes(&[(1, 0x51)], 3, 1));
}

#[test]
fn what_moves_by_itself_is_told_and_never_claimed() {
    let level = |value: u8| vec![3, 0x20, value];
    let (a, b, c) = (level(1), level(0), level(1));
    let recording = Recording::new()
        .quiet(&[&a, &b, &c])
        .twice(Step::Mute, &[&a], &[&b])
        .twice(Step::QuickDisconnect, &[&a], &[&b]);
    assert_eq!(recording.findings().noise, ["report 3 byte 2"]);
    assert_eq!(recording.findings().rules().count(), 0);
}

#[test]
fn only_pulses_are_no_state() {
    let pulse: Reports<'_> = &[&[4, 0b10], &[4, 0]];
    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::QuickDisconnect, pulse, pulse);
    let why = recording.unclear(Step::QuickDisconnect);
    assert!(
        why.contains("only for a moment") && why.contains("ffa0:b1"),
        "{why}"
    );
    let rules = Recording::new().quiet(&[]).twice(Step::Mute, pulse, pulse);
    let rules = rules.rules(Step::Mute);
    assert_eq!(
        (rules[0].meaning, &rules[0].place),
        (Meaning::MutePress, &bits(0xb1))
    );
    assert!(!rules[0].each);
}

#[test]
fn presses_without_release_count_each() {
    let up: Reports<'_> = &[&[3, 0x60, 1]];
    let down: Reports<'_> = &[&[3, 0x60, 0xff]];
    let recording = Recording::new().quiet(&[]).twice(Step::Volume, up, down);
    let rules = recording.rules(Step::Volume);
    let meanings: Vec<Meaning> = rules.iter().map(|rule| rule.meaning).collect();
    assert_eq!(meanings, [Meaning::VolumeUp, Meaning::VolumeDown]);
    assert!(rules.iter().all(|rule| rule.each));
}

#[test]
fn a_disconnect_that_mutes_too_is_told_from_mute_by_its_own_bits() {
    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, &[&[3, 0x9c, 1]], &[&[3, 0x9c, 0]])
        .twice(
            Step::QuickDisconnect,
            &[&[3, 0x9c, 1], &[3, 0x51, 1]],
            &[&[3, 0x51, 0], &[3, 0x9c, 0]],
        );
    assert_eq!(
        recording.rules(Step::QuickDisconnect)[0].place,
        bytes(&[(1, 0x51)], 2, 1)
    );
    let mute = recording.rules(Step::Mute);
    assert_eq!(mute[0].place, bytes(&[(1, 0x9c)], 2, 1));
    assert!(
        mute[0]
            .note
            .as_deref()
            .unwrap()
            .contains("quick disconnect")
    );
}

#[test]
fn a_disconnect_that_only_mutes_is_neither() {
    let (on, off): (Reports<'_>, Reports<'_>) = (&[&[4, 1]], &[&[4, 0]]);
    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, on, off)
        .twice(Step::QuickDisconnect, on, off);
    for step in [Step::Mute, Step::QuickDisconnect] {
        let why = recording.unclear(step);
        assert!(why.contains("cannot be told apart"), "{why}");
    }
    assert_eq!(recording.findings().rules().count(), 0);
}

#[test]
fn repetitions_that_differ_are_not_clear() {
    let (on, off): (Reports<'_>, Reports<'_>) = (&[&[4, 1]], &[&[4, 0]]);
    let recording = Recording::new()
        .quiet(&[])
        .once(Step::QuickDisconnect, on, off)
        .once(Step::QuickDisconnect, &[], &[]);
    let why = recording.unclear(Step::QuickDisconnect);
    assert!(why.contains("only 2 of 4 times"), "{why}");
    let turned = Recording::new()
        .quiet(&[])
        .once(Step::QuickDisconnect, on, off)
        .once(Step::QuickDisconnect, off, on);
    turned.unclear(Step::QuickDisconnect);
    let once = Recording::new()
        .quiet(&[])
        .once(Step::QuickDisconnect, on, off);
    assert!(
        once.unclear(Step::QuickDisconnect)
            .contains("may be chance")
    );
}

#[test]
fn a_bit_may_go_the_other_way_round_and_open_and_closed_may_be_two_messages() {
    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, &[], &[])
        .twice(Step::QuickDisconnect, &[&[4, 0]], &[&[4, 8]]);
    let rule = recording.rules(Step::QuickDisconnect).remove(0);
    assert_eq!((rule.place, rule.inverted), (bits(0xb3), true));
    assert_eq!(recording.outcome(Step::Mute), Outcome::NothingMoved);

    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, &[&[3, 0x9c]], &[&[3, 0x9d]])
        .twice(Step::QuickDisconnect, &[&[3, 0x51]], &[&[3, 0x52]]);
    let rule = recording.rules(Step::QuickDisconnect).remove(0);
    assert_eq!(rule.active, Some(0x51));
    let Place::Bytes { when, .. } = rule.place else {
        panic!()
    };
    assert_eq!(
        (when[0].mask, when[0].is),
        (0xfc, 0x50),
        "other messages say nothing"
    );
}

#[test]
fn what_the_tables_tell_needs_no_rule_and_is_never_taken_for_something_else() {
    let recording = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, &[&[2, 2], &[2, 0]], &[&[2, 2], &[2, 0]])
        .twice(Step::Volume, &[&[1, 1], &[1, 0]], &[&[1, 2], &[1, 0]])
        .twice(Step::Hook, &[&[2, 1]], &[&[2, 0]]);
    for (step, by) in [
        (Step::Mute, "0b:2f"),
        (Step::Volume, "0c:e9"),
        (Step::Hook, "0b:20"),
    ] {
        match recording.outcome(step) {
            Outcome::Explained(text) => assert!(text.contains(by), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    // A disconnect that only hangs up must not become one on the hook switch's bit.
    let hung_up =
        Recording::new()
            .quiet(&[&[2, 1]])
            .twice(Step::QuickDisconnect, &[&[2, 0]], &[&[2, 1]]);
    assert_eq!(hung_up.findings().rules().count(), 0);
    let latched = Recording::new()
        .quiet(&[])
        .twice(Step::Mute, &[&[2, 2]], &[&[2, 0]]);
    assert_eq!(latched.rules(Step::Mute)[0].meaning, Meaning::MuteState);
}

#[test]
fn without_mute_a_disconnect_is_not_verified() {
    let recording =
        Recording::new()
            .quiet(&[])
            .twice(Step::QuickDisconnect, &[&[4, 1]], &[&[4, 0]]);
    assert!(!recording.rules(Step::QuickDisconnect)[0].verified);
}

#[test]
fn a_headset_that_leaves_the_bus_is_a_result_only_of_the_disconnect() {
    let gone = |mut recording: Recording, step| {
        for _ in 0..2 {
            for (action, what) in [
                (Action::Do, What::Gone { interface: 0 }),
                (Action::Undo, What::Back { interface: 0 }),
            ] {
                recording = recording.phase(step, action, &[]);
                let phase = recording.0.phases.last_mut().unwrap();
                phase.sent.push(Sent { ms: 0, what });
            }
        }
        recording.outcome(step)
    };
    assert_eq!(
        gone(Recording::new(), Step::QuickDisconnect),
        Outcome::Unplugs
    );
    let Outcome::Unclear(why) = gone(Recording::new(), Step::Mute) else {
        panic!()
    };
    assert!(why.contains("left the USB bus"), "{why}");
}

/// What a rule says in each phase, by a reading of its own: the last state of each, and whether it was ever
/// asserted.
fn states(capture: &Capture, rule: &Rule) -> Vec<(Option<bool>, bool)> {
    let mut state = None;
    let say = |report: &[u8]| -> Option<bool> {
        let value = match &rule.place {
            Place::Usage(usage) if usage.page() == 0x0b => {
                (report[0] == 2).then(|| i64::from(report[1] >> 1 & 1))?
            }
            Place::Usage(usage) => {
                (report[0] == 4).then(|| i64::from(report[1] >> (usage.id() - 0xb0) & 1))?
            }
            Place::Bytes {
                when, byte, mask, ..
            } => {
                let met = |number: usize, mask: u8| report.get(number).map(|value| value & mask);
                if report[0] != 3
                    || when
                        .iter()
                        .any(|one| met(one.byte, one.mask) != Some(one.is))
                {
                    return None;
                }
                i64::from(met(*byte, *mask)? >> mask.trailing_zeros())
            }
        };
        Some(rule.active.map_or(value != 0, |active| value == active) != rule.inverted)
    };
    let phases = capture.phases.iter();
    phases
        .map(|phase| {
            let mut came_on = false;
            for sent in &phase.sent {
                if let What::Report { bytes, .. } = &sent.what
                    && let Some(now) = say(bytes)
                {
                    came_on |= now && state != Some(true);
                    state = Some(now);
                }
            }
            (state, came_on)
        })
        .collect()
}

fn any_report() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (prop_oneof![Just(0x51_u8), Just(0x9c)], 0_u8..3, 0_u8..2)
            .prop_map(|(name, value, more)| vec![3, name, value, more, 0]),
        (0_u8..4).prop_map(|bits| vec![4, bits]),
        (0_u8..4).prop_map(|bits| vec![2, bits]),
    ]
}

/// Mostly the same each time, as headsets are, with strangers in between: otherwise nothing is ever claimed.
fn any_recording() -> impl Strategy<Value = Recording> {
    let reports = || proptest::collection::vec(any_report(), 0..3);
    let steps = proptest::collection::vec((reports(), reports()), 3);
    let odd = proptest::collection::vec((0_usize..14, any_report()), 0..2);
    (steps, reports(), odd).prop_map(|(steps, quiet, odd)| {
        fn borrowed(reports: &[Vec<u8>]) -> Vec<&[u8]> {
            reports.iter().map(Vec::as_slice).collect()
        }
        let mut recording = Recording::new().quiet(&borrowed(&quiet));
        for (step, (done, undone)) in ALL.into_iter().zip(&steps) {
            recording = recording.twice(step, &borrowed(done), &borrowed(undone));
        }
        for (phase, bytes) in odd {
            if let Some(phase) = recording.0.phases.get_mut(phase) {
                let what = What::Report {
                    interface: 0,
                    bytes,
                };
                phase.sent.push(Sent { ms: 99_999, what });
            }
        }
        recording
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_claim_contradicts_the_recording(recording in any_recording()) {
        let (capture, findings) = (&recording.0, recording.findings());
        for rule in findings.rules().filter(|rule| !rule.meaning.is_press()) {
            let (step, also) = match rule.meaning {
                Meaning::QdOpen => (Step::QuickDisconnect, None),
                Meaning::MuteState => (Step::Mute, Some(Step::QuickDisconnect)),
                other => panic!("{other:?}"),
            };
            for (phase, (last, came_on)) in capture.phases.iter().zip(states(capture, rule)) {
                if phase.step == step {
                    prop_assert_eq!(last, Some(phase.action == Action::Do), "{:?}", rule);
                } else if Some(phase.step) != also {
                    prop_assert!(!came_on, "{:?} in {:?}", rule, phase);
                }
            }
        }
        // What is written has stood the test of the real controls, and a capture of it tells the same again.
        if let Ok(text) = proof::quirk_text(capture, &findings, &QuirkBook::built_in(), true) {
            let written = proof::complete(capture.clone(), &findings, text).unwrap();
            let read = Capture::parse(&written.text().unwrap()).unwrap();
            prop_assert_eq!(&read, &written);
        }
    }
}
