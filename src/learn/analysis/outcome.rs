//! From the places that follow a step to what is said about it.

use super::press::{Times, presses};
use super::state::{Follower, counted, followers};
use super::tracks::{self, Group, Track};
use super::{Finding, Outcome};
use crate::learn::movement::{Movements, Spot, told};
use crate::learn::words::{place_text, title};
use sidetone_devices::event::ControlEvent;
use sidetone_devices::hid::capture::{Action, Capture, Phase, Seen, Step, What, follows};
use sidetone_devices::hid::descriptor::ReportDescriptor;
use sidetone_devices::hid::quirks::{Meaning, Place, Quirk, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer repetitions than that are not trusted.
const REPETITIONS: usize = 2;
/// So many movements are told about a step that is not understood.
const MOST_TOLD: usize = 4;

pub(super) struct Judge<'a> {
    capture: &'a Capture,
    known: Option<&'a Quirk>,
    noise: &'a BTreeMap<Spot, u8>,
    descriptors: Vec<Option<ReportDescriptor>>,
    groups: Vec<Group<'a>>,
    usages: Vec<Track>,
    usages_and_mute: Vec<Track>,
    /// What the capture tells with the quirk files there are, and with none.
    seen: Seen,
    seen_plain: Seen,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        capture: &'a Capture,
        known: Option<&'a Quirk>,
        noise: &'a BTreeMap<Spot, u8>,
    ) -> Self {
        let descriptors = tracks::descriptors(capture);
        Self {
            groups: tracks::groups(capture, &descriptors),
            usages: tracks::usages(capture, &descriptors, false),
            usages_and_mute: tracks::usages(capture, &descriptors, true),
            seen: capture.replay(known),
            seen_plain: capture.replay(None),
            capture,
            known,
            noise,
            descriptors,
        }
    }

    fn phases(&self) -> &'a [Phase] {
        &self.capture.phases
    }

    pub(super) fn finding(&self, step: Step) -> Finding {
        let mut remarks = Vec::new();
        let outcome = self.outcome(step, &mut remarks);
        Finding {
            step,
            outcome,
            remarks,
        }
    }

    fn rounds(&self, step: Step, action: Action) -> usize {
        let of_action = |at: &&usize| {
            let phase = self.phases().get(**at);
            phase.is_some_and(|phase| phase.action == action)
        };
        counted(self.phases(), step)
            .iter()
            .filter(of_action)
            .count()
    }

    fn outcome(&self, step: Step, remarks: &mut Vec<String>) -> Outcome {
        let own = counted(self.phases(), step);
        if own.is_empty() {
            return Outcome::Skipped;
        }
        if self
            .rounds(step, Action::Do)
            .min(self.rounds(step, Action::Undo))
            < REPETITIONS
        {
            return Outcome::Unclear(format!(
                "it was done less than {REPETITIONS} times, and once may be chance"
            ));
        }
        if let Some(left) = self.left(step, &own) {
            return left;
        }
        let found = match step {
            Step::Quiet => None,
            Step::QuickDisconnect => self.quick_disconnect(remarks),
            Step::Mute => self.mute(remarks),
            Step::Hook => self.hook(remarks),
            Step::Volume => self.volume(),
        };
        found.unwrap_or_else(|| self.open(step, &own))
    }

    /// Whether the headset or its sound card leaves with the step.
    fn left(&self, step: Step, own: &BTreeSet<usize>) -> Option<Outcome> {
        let leaves = |is_it: fn(&What) -> bool| {
            let mut counts = own.iter().filter_map(|at| {
                let phase = self.phases().get(*at)?;
                let left = phase.sent.iter().any(|sent| is_it(&sent.what));
                Some((phase.action, left))
            });
            let as_done = counts
                .clone()
                .all(|(action, left)| left == (action == Action::Do));
            (as_done, counts.any(|(_, left)| left))
        };
        let (device, device_once) = leaves(|what| matches!(what, What::Gone { .. }));
        let (card, _) = leaves(|what| matches!(what, What::CardGone));
        match step {
            Step::QuickDisconnect if device => Some(Outcome::Unplugs),
            _ if device_once => Some(Outcome::Unclear(
                "the headset left the USB bus meanwhile, and not each time in the same way"
                    .to_owned(),
            )),
            Step::QuickDisconnect if card => Some(Outcome::CardLeaves),
            _ => None,
        }
    }

    fn known_follows(&self, meaning: Meaning, also: Option<Step>) -> bool {
        follows(self.phases(), &self.seen, meaning, also)
    }

    /// Whether a meaning follows its own step, whatever it does in others: told by the tables or a quirk.
    fn explained(&self, meanings: &[Meaning], step: Step, standard: &str) -> Option<String> {
        let all = |seen: &Seen| {
            let own: Seen = self
                .phases()
                .iter()
                .zip(seen)
                .map(|(phase, events)| {
                    if phase.step == step {
                        events.clone()
                    } else {
                        Vec::new()
                    }
                })
                .collect();
            meanings
                .iter()
                .all(|meaning| follows(self.phases(), &own, *meaning, None))
        };
        if all(&self.seen_plain) {
            return Some(format!("the standard usage {standard}"));
        }
        let quirk = self.known?;
        all(&self.seen).then(|| format!("the quirk file `{}`", quirk.name))
    }

    fn quirk_name(&self) -> String {
        let name = self.known.map_or("", |quirk| quirk.name.as_str());
        format!("the quirk file `{name}`")
    }

    fn unverified(&self, verified: impl Fn(&ControlEvent) -> Option<bool>) -> bool {
        let mut states = self.seen.iter().flatten().filter_map(verified);
        states.any(|verified| !verified)
    }

    fn followers(&self, step: Step) -> Vec<Follower> {
        let usages = if step == Step::Mute {
            &self.usages_and_mute
        } else {
            &self.usages
        };
        let mut found = followers(self.phases(), usages, &self.groups, step);
        // Where a quirk file has a rule already, it is that place which is confirmed or corrected.
        let known = |follower: &Follower| {
            let rules = self.known.map_or(&[][..], |quirk| &quirk.rules);
            let is_this =
                |rule: &Rule| rule.place == follower.place && step_has(step, rule.meaning);
            rules.iter().any(is_this)
        };
        found.sort_by_key(|follower| (!follower.is_exclusive(), !known(follower)));
        found
    }

    fn quick_disconnect(&self, remarks: &mut Vec<String>) -> Option<Outcome> {
        let moved_too = self.moved_too(Step::QuickDisconnect);
        if !moved_too.is_empty() {
            remarks.push(format!("it also moves {}", moved_too.join(" and ")));
        }
        let verified = |event: &ControlEvent| match event {
            ControlEvent::QuickDisconnect { verified, .. } => Some(*verified),
            _ => None,
        };
        if self.known_follows(Meaning::QdOpen, None) && !self.unverified(verified) {
            return Some(Outcome::Explained(self.quirk_name()));
        }
        let best = self
            .followers(Step::QuickDisconnect)
            .into_iter()
            .find(Follower::is_exclusive)?;
        let told_from_mute = self.rounds(Step::Mute, Action::Do) >= REPETITIONS;
        let mut rule = self.state_rule(&best, Meaning::QdOpen, Step::QuickDisconnect);
        if !told_from_mute {
            rule.verified = false;
            remarks.push(
                "mute was not tried, so it is not known whether mute moves the same bits: the rule is \
                 not verified"
                    .to_owned(),
            );
        }
        Some(Outcome::Learned(vec![rule]))
    }

    fn mute(&self, remarks: &mut Vec<String>) -> Option<Outcome> {
        let verified = |event: &ControlEvent| match event {
            ControlEvent::MuteState { verified, .. } => Some(*verified),
            _ => None,
        };
        if self.known_follows(Meaning::MuteState, Some(Step::QuickDisconnect))
            && !self.unverified(verified)
        {
            return Some(Outcome::Explained(self.quirk_name()));
        }
        let found = self.followers(Step::Mute);
        let with_disconnect = |follower: &Follower| {
            follower.disturbed_by == BTreeMap::from([(Step::QuickDisconnect, true)])
                && self.tells_quick_disconnect()
        };
        let best = found
            .iter()
            .find(|follower| follower.is_exclusive())
            .or_else(|| found.iter().find(|follower| with_disconnect(follower)));
        let button = self.explained(&[Meaning::MutePress], Step::Mute, "Phone Mute (0b:2f)");
        if let Some(best) = best {
            let mut rule = self.state_rule(best, Meaning::MuteState, Step::Mute);
            if !best.is_exclusive() {
                let note = "the quick disconnect moves it too: pulled apart, the headset says that it is muted";
                rule.note = Some(note.to_owned());
                remarks.push(note.to_owned());
            }
            if let Some(button) = button {
                remarks.push(format!("the button itself is told by {button}"));
            }
            return Some(Outcome::Learned(vec![rule]));
        }
        if let Some(button) = button {
            remarks.push("only the button is told, not whether the microphone is muted".to_owned());
            return Some(Outcome::Explained(button));
        }
        let own = counted(self.phases(), Step::Mute);
        let pressed = self.press_rule(Meaning::MutePress, Step::Mute, &own, Times::Once)?;
        remarks.push("only the button is told, not whether the microphone is muted".to_owned());
        Some(Outcome::Learned(vec![pressed]))
    }

    /// Whether the quick disconnect has bits of its own, or a rule that is known.
    fn tells_quick_disconnect(&self) -> bool {
        let mut remarks = Vec::new();
        matches!(
            self.quick_disconnect(&mut remarks),
            Some(Outcome::Learned(_) | Outcome::Explained(_))
        )
    }

    fn hook(&self, remarks: &mut Vec<String>) -> Option<Outcome> {
        if let Some(by) = self.explained(&[Meaning::Hook], Step::Hook, "Hook Switch (0b:20)") {
            return Some(Outcome::Explained(by));
        }
        let found = self.followers(Step::Hook);
        if let Some(best) = found.iter().find(|follower| follower.is_exclusive()) {
            let rule = self.state_rule(best, Meaning::Hook, Step::Hook);
            return Some(Outcome::Learned(vec![rule]));
        }
        let own = counted(self.phases(), Step::Hook);
        let button = presses(
            self.phases(),
            &self.usages,
            &self.groups,
            &own,
            &BTreeSet::new(),
            Times::Once,
        );
        if let Some(button) = button.first() {
            remarks.push(format!(
                "{} is pressed each time, whichever way it goes; quirk files have no rule for a hook button \
                 that only toggles",
                place_text(&button.place)
            ));
        }
        None
    }

    fn volume(&self) -> Option<Outcome> {
        let both = [Meaning::VolumeUp, Meaning::VolumeDown];
        let standard = "Volume Increment and Decrement (0c:e9, 0c:ea)";
        if let Some(by) = self.explained(&both, Step::Volume, standard) {
            return Some(Outcome::Explained(by));
        }
        let of_action = |wanted: Action| -> BTreeSet<usize> {
            let own = counted(self.phases(), Step::Volume).into_iter();
            own.filter(|at| {
                let phase = self.phases().get(*at);
                phase.is_some_and(|phase| phase.action == wanted)
            })
            .collect()
        };
        let rule = |meaning, action, but: Option<&Place>| {
            let found = self.pressed(&of_action(action), Step::Volume, Times::AtLeastOnce);
            let other = found
                .into_iter()
                .find(|pressed| Some(&pressed.place) != but)?;
            Some(self.rule(
                other.place,
                other.active,
                false,
                other.each,
                meaning,
                Step::Volume,
            ))
        };
        let up = rule(Meaning::VolumeUp, Action::Do, None)?;
        let down = rule(Meaning::VolumeDown, Action::Undo, Some(&up.place))?;
        Some(Outcome::Learned(vec![up, down]))
    }

    fn pressed(
        &self,
        wanted: &BTreeSet<usize>,
        step: Step,
        times: Times,
    ) -> Vec<super::press::Pressed> {
        let again = |(_, phase): &(usize, &Phase)| phase.step == step && !phase.counted;
        let ignored = self.phases().iter().enumerate().filter(again);
        let ignored: BTreeSet<usize> = ignored.map(|(at, _)| at).collect();
        presses(
            self.phases(),
            &self.usages,
            &self.groups,
            wanted,
            &ignored,
            times,
        )
    }

    fn press_rule(
        &self,
        meaning: Meaning,
        step: Step,
        wanted: &BTreeSet<usize>,
        times: Times,
    ) -> Option<Rule> {
        let pressed = self.pressed(wanted, step, times).into_iter().next()?;
        Some(self.rule(
            pressed.place,
            pressed.active,
            false,
            pressed.each,
            meaning,
            step,
        ))
    }

    fn state_rule(&self, follower: &Follower, meaning: Meaning, step: Step) -> Rule {
        self.rule(
            follower.place.clone(),
            follower.active,
            follower.inverted,
            false,
            meaning,
            step,
        )
    }

    fn rule(
        &self,
        place: Place,
        active: Option<i64>,
        inverted: bool,
        each: bool,
        meaning: Meaning,
        step: Step,
    ) -> Rule {
        let Capture {
            recorded,
            program,
            by,
            ..
        } = self.capture;
        let model = match &self.capture.firmware {
            Some(firmware) => format!("{}, firmware {firmware}", self.capture.name),
            None => self.capture.name.clone(),
        };
        let rounds = self
            .rounds(step, Action::Do)
            .min(self.rounds(step, Action::Undo));
        let again = self
            .phases()
            .iter()
            .any(|phase| phase.step == step && !phase.counted);
        Rule {
            place,
            meaning,
            active,
            inverted,
            each,
            verified: true,
            source: format!(
                "{program} learn, {recorded}, by {by} on {model}: done and taken back {rounds} times, \
                 each time the same"
            ),
            note: again
                .then(|| "The step was done again; the first attempt does not count.".to_owned()),
        }
    }

    /// What moves with a step beside what it is about, as the daemon would tell it.
    fn moved_too(&self, step: Step) -> Vec<&'static str> {
        let own = counted(self.phases(), step);
        let events = own.iter().filter_map(|at| self.seen.get(*at)).flatten();
        let names: BTreeSet<&'static str> = events
            .filter_map(|event| match event {
                ControlEvent::HookSwitch(true) => Some("the hook switch"),
                ControlEvent::MutePressed => Some("the mute button"),
                ControlEvent::MuteState { muted: true, .. } => Some("the mute state"),
                _ => None,
            })
            .collect();
        names.into_iter().collect()
    }

    /// A step that is not understood: what is open.
    fn open(&self, step: Step, own: &BTreeSet<usize>) -> Outcome {
        let shared = self.followers(step).into_iter().next();
        if let Some(shared) = shared {
            let others: Vec<&str> = shared
                .disturbed_by
                .keys()
                .map(|step| title(*step))
                .collect();
            return Outcome::Unclear(format!(
                "{} follows it, but moves with {} as well: they cannot be told apart",
                place_text(&shared.place),
                others.join(" and ")
            ));
        }
        let moved = self.moved(own);
        if moved.is_empty() {
            return Outcome::NothingMoved;
        }
        let phases_with = moved.len();
        let texts: BTreeSet<&String> = moved.values().flatten().collect();
        let texts: Vec<&str> = texts
            .into_iter()
            .take(MOST_TOLD)
            .map(String::as_str)
            .collect();
        let why = if phases_with < own.len() {
            format!(
                "something came in only {phases_with} of {} times",
                own.len()
            )
        } else {
            "something moves, but not each time in the same way, or only for a moment".to_owned()
        };
        Outcome::Unclear(format!("{why} ({})", texts.join("; ")))
    }

    /// What moved in each of these phases, without what moves by itself.
    fn moved(&self, own: &BTreeSet<usize>) -> BTreeMap<usize, Vec<String>> {
        let mut movements = Movements::default();
        let mut moved: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (at, phase) in self.phases().iter().enumerate() {
            for sent in &phase.sent {
                let What::Report { interface, bytes } = &sent.what else {
                    continue;
                };
                let descriptor = self.descriptors.get(*interface).and_then(Option::as_ref);
                let texts = told(&movements.take(*interface, descriptor, bytes), self.noise);
                if own.contains(&at) && !texts.is_empty() {
                    moved.entry(at).or_default().extend(texts);
                }
            }
        }
        moved
    }
}

const fn step_has(step: Step, meaning: Meaning) -> bool {
    matches!(
        (step, meaning),
        (Step::QuickDisconnect, Meaning::QdOpen)
            | (Step::Mute, Meaning::MuteState)
            | (Step::Hook, Meaning::Hook)
    )
}
