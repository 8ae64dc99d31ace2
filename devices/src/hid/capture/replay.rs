//! A capture through the real [`Controls`], and whether what they tell is what was done.

use super::{Action, Capture, Phase, Step, What};
use crate::event::ControlEvent;
use crate::hid::controls::Controls;
use crate::hid::descriptor::ReportDescriptor;
use crate::hid::quirks::{Meaning, Quirk};
use std::time::{Duration, Instant};

/// What each phase of a capture tells, in the order of the phases.
pub type Seen = Vec<Vec<ControlEvent>>;

impl Capture {
    /// The events of each phase, as the daemon with this quirk would get them. An interface whose
    /// descriptor is refused tells nothing, as in the daemon.
    #[must_use]
    pub fn replay(&self, quirk: Option<&Quirk>) -> Seen {
        let fresh = |bytes: &[u8]| {
            let descriptor = ReportDescriptor::parse(bytes).ok()?;
            Some(Controls::new(descriptor, quirk))
        };
        let mut interfaces: Vec<Option<Controls>> =
            self.interfaces.iter().map(|bytes| fresh(bytes)).collect();
        let start = Instant::now();
        let mut seen = Vec::new();
        for phase in &self.phases {
            let mut events = Vec::new();
            for sent in &phase.sent {
                let at = start + Duration::from_millis(sent.ms);
                match &sent.what {
                    What::Report { interface, bytes } => {
                        if let Some(Some(controls)) = interfaces.get_mut(*interface) {
                            // What is no report by the descriptor may still match a rule on bytes.
                            let _ = controls.feed(at, bytes, |event| events.push(event));
                        }
                    }
                    // A reader that starts anew knows nothing.
                    What::Back { interface } => {
                        let descriptor = self.interfaces.get(*interface);
                        if let Some(controls) = interfaces.get_mut(*interface) {
                            *controls = descriptor.and_then(|bytes| fresh(bytes));
                        }
                    }
                    What::Gone { .. } | What::CardGone | What::CardBack => {}
                }
            }
            seen.push(events);
        }
        seen
    }
}

/// Which step a meaning belongs to; `None` if it cannot be asked for.
const fn step_of(meaning: Meaning) -> Option<Step> {
    match meaning {
        Meaning::QdOpen => Some(Step::QuickDisconnect),
        Meaning::MuteState | Meaning::MutePress => Some(Step::Mute),
        Meaning::Hook => Some(Step::Hook),
        Meaning::VolumeUp | Meaning::VolumeDown => Some(Step::Volume),
        _ => None,
    }
}

/// What an event says about a state of this meaning.
fn state(meaning: Meaning, event: &ControlEvent) -> Option<bool> {
    match (meaning, event) {
        (Meaning::QdOpen, ControlEvent::QuickDisconnect { open, .. }) => Some(*open),
        (Meaning::MuteState, ControlEvent::MuteState { muted, .. }) => Some(*muted),
        (Meaning::Hook, ControlEvent::HookSwitch(off)) => Some(*off),
        _ => None,
    }
}

fn is_press(meaning: Meaning, event: &ControlEvent) -> bool {
    matches!(
        (meaning, event),
        (Meaning::MutePress, ControlEvent::MutePressed)
            | (Meaning::VolumeUp, ControlEvent::Volume(1))
            | (Meaning::VolumeDown, ControlEvent::Volume(-1))
    )
}

/// Whether the events of each phase tell this meaning exactly as it was done: in every repetition that
/// counts, in the right direction, and in no other step. `also` names a step in which a state may move just
/// as well, in the same direction (a quick disconnect that mutes).
#[must_use]
pub fn follows(phases: &[Phase], seen: &Seen, meaning: Meaning, also: Option<Step>) -> bool {
    let Some(step) = step_of(meaning) else {
        return false;
    };
    let own = |phase: &Phase| phase.step == step && phase.counted;
    let rounds = |action| {
        phases
            .iter()
            .filter(|phase| own(phase) && phase.action == action)
            .count()
    };
    if rounds(Action::Do) == 0 || rounds(Action::Undo) == 0 {
        return false;
    }
    if meaning.is_press() {
        return phases.iter().zip(seen).all(|(phase, events)| {
            let presses = events
                .iter()
                .filter(|event| is_press(meaning, event))
                .count();
            if phase.step == step {
                !phase.counted
                    || match (meaning, phase.action) {
                        (Meaning::MutePress, _) => presses == 1,
                        (Meaning::VolumeUp, Action::Do) | (Meaning::VolumeDown, Action::Undo) => {
                            presses > 0
                        }
                        _ => presses == 0,
                    }
            } else {
                presses == 0
            }
        });
    }
    phases.iter().zip(seen).all(|(phase, events)| {
        let mut states = events.iter().filter_map(|event| state(meaning, event));
        let last = states.clone().next_back();
        if phase.step == step {
            !phase.counted || last == Some(phase.action == Action::Do)
        } else if also == Some(phase.step) {
            last.is_none_or(|on| on == (phase.action == Action::Do))
        } else {
            !states.any(|on| on)
        }
    })
}
