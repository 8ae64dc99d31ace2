//! Microphone and speaker are switched on and turned up.

use super::headset::named;
use super::sound_server::{Way, way};
use crate::doctor::{Check, Desk, Finding};
use sidetone_devices::audio::pulse::{HeadsetUse, Switch};

pub(super) const CHECK: Check = Check {
    id: "mixer",
    about: "the headset's microphone and speaker are neither muted nor turned down in the mixer",
    run,
};

/// Softer than this nobody hears anything, 0..1.
const INAUDIBLE: f32 = 0.02;

fn run(desk: &Desk) -> Vec<Finding> {
    if desk.cards().is_empty() {
        return vec![Finding::skipped("No headset has a sound card here.")];
    }
    let look = match (way(desk), desk.server()) {
        (Way::Alsa, _) => {
            return vec![Finding::skipped(
                "Plain ALSA: see `alsamixer` for the headset's switches.",
            )];
        }
        (Way::Server, Ok(look)) => look,
        _ => return vec![Finding::skipped("No sound server is used.")],
    };
    let wanted = || look.headsets.iter().filter(|h| desk.wants(&h.identity));
    let findings: Vec<_> = wanted().flat_map(judge).collect();
    if findings.is_empty() {
        return vec![Finding::ok("Microphone and speaker are on.")];
    }
    findings
}

fn judge(headset: &HeadsetUse) -> Vec<Finding> {
    let name = named(&headset.identity);
    let parts = [
        ("microphone", "source", &headset.microphone),
        ("speaker", "sink", &headset.speaker),
    ];
    let judged = parts.into_iter().filter_map(|(part, kind, switch)| {
        let Switch {
            name: device,
            muted,
            volume,
        } = switch.as_ref()?;
        if *muted {
            return Some(Finding::warning(
                format!("The {part} of {name} is switched off in the mixer."),
                format!("pactl set-{kind}-mute {device} 0"),
            ));
        }
        (*volume < INAUDIBLE).then(|| {
            Finding::warning(
                format!(
                    "The {part} of {name} is turned down to {:.0} % in the mixer.",
                    volume * 100.0
                ),
                format!("pactl set-{kind}-volume {device} 70%"),
            )
        })
    });
    judged.collect()
}
