//! Steps and places as sentences name them.

use sidetone_devices::hid::capture::{Action, Step};
use sidetone_devices::hid::quirks::Place;

/// A step as sentences name it.
pub(super) const fn title(step: Step) -> &'static str {
    match step {
        Step::Quiet => "nothing at all",
        Step::Mute => "mute",
        Step::QuickDisconnect => "the quick disconnect",
        Step::Volume => "the volume keys",
        Step::Hook => "the hook",
    }
}

/// A place as sentences name it.
pub(super) fn place_text(place: &Place) -> String {
    match place {
        Place::Usage(usage) => format!("usage {usage}"),
        Place::Bytes {
            report,
            when,
            byte,
            mask,
        } => {
            let report =
                report.map_or("the report".to_owned(), |id| format!("report {}", id.get()));
            let bits = if mask.is_power_of_two() {
                format!(" bit {}", mask.trailing_zeros())
            } else {
                String::new()
            };
            let when: Vec<String> = when
                .iter()
                .map(|one| format!("byte {} is 0x{:02x}", one.byte, one.is))
                .collect();
            let when = if when.is_empty() {
                String::new()
            } else {
                format!(", where {},", when.join(" and "))
            };
            format!("{report} byte {byte}{bits}{when}")
        }
    }
}

/// What to do in a phase.
pub(super) const fn request(step: Step, action: Action) -> &'static str {
    match (step, action) {
        (Step::Mute, Action::Do) => "Mute the microphone with the headset's own button or boom",
        (Step::Mute, _) => "Take the mute back",
        (Step::QuickDisconnect, Action::Do) => "Pull the quick disconnect apart",
        (Step::QuickDisconnect, _) => "Put the quick disconnect together again",
        (Step::Volume, Action::Do) => "Press the headset's volume key for louder once",
        (Step::Volume, _) => "Press the volume key for softer once",
        (Step::Hook, Action::Do) => {
            "Press the headset's call button, as to take a call (off the hook)"
        }
        (Step::Hook, _) => "Press the call button again, as to end the call (on the hook)",
        (Step::Quiet, _) => "Leave the headset alone",
    }
}

/// How to get back to where a step begins.
pub(super) const fn way_back(step: Step) -> &'static str {
    match step {
        Step::Mute => "See to it that the microphone is not muted",
        Step::QuickDisconnect => "See to it that the quick disconnect is together",
        Step::Hook => "See to it that the headset is on the hook",
        Step::Volume | Step::Quiet => "Let go of all keys",
    }
}

/// What a person says by skipping a step.
pub(super) const fn absent(step: Step) -> &'static str {
    match step {
        Step::Mute => "it has no mute",
        Step::QuickDisconnect => "it has no quick disconnect",
        Step::Volume => "it has no volume keys",
        Step::Hook => "it has no call button",
        Step::Quiet => "skip",
    }
}
