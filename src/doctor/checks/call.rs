//! The application that has a call now uses the headset, both ways.

use super::headset::named;
use super::sound_server::{Way, way};
use crate::doctor::{Check, Desk, Finding};
use sidetone_devices::audio::api::{Application, FarEnd};
use sidetone_devices::audio::pulse::{HeadsetUse, ServerLook};

pub(super) const CHECK: Check = Check {
    id: "call",
    about: "an application that records now does so from the headset, and plays to it",
    run,
};

fn run(desk: &Desk) -> Vec<Finding> {
    if desk.cards().is_empty() {
        return vec![Finding::skipped("No headset has a sound card here.")];
    }
    if way(desk) != Way::Server {
        return vec![Finding::skipped(
            "No sound server is used, which would know of calls.",
        )];
    }
    let Ok(look) = desk.server() else {
        return vec![Finding::skipped("No sound server answers.")];
    };
    let headsets: Vec<_> = look
        .headsets
        .iter()
        .filter(|headset| desk.wants(&headset.identity))
        .collect();
    judge(look, &headsets)
}

fn judge(look: &ServerLook, headsets: &[&HeadsetUse]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = headsets.iter().filter_map(|h| on_headset(h)).collect();
    let Some(first) = headsets.first() else {
        return vec![Finding::skipped("No headset has a sound card here.")];
    };
    // While somebody has a call on the headset, other recordings are none of ours.
    if findings.is_empty() {
        findings.extend(look.elsewhere.iter().map(|recorder| {
            Finding::warning(
                format!(
                    "{} records from \"{}\" and not from {}: if this is the call, Sidetone does not see it.",
                    told(&recorder.application),
                    recorder.device,
                    named(&first.identity)
                ),
                format!("choose the headset as microphone in the settings of {}", recorder.application.name),
            )
        }));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "No application has a call now; in one, this is worth asking again.",
        ));
    }
    findings
}

fn on_headset(headset: &HeadsetUse) -> Option<Finding> {
    let application = headset.capture.as_ref()?;
    let (who, name) = (told(application), named(&headset.identity));
    Some(match headset.far_end {
        FarEnd::Elsewhere => Finding::problem(
            format!(
                "{who} records from {name} and plays to another device, so the far end of the call is not heard."
            ),
            format!(
                "choose the headset as speaker in the settings of {}",
                application.name
            ),
        ),
        FarEnd::Nowhere => Finding::ok(format!(
            "{who} records from {name} and plays nothing (yet)."
        )),
        FarEnd::OnHeadset | FarEnd::Mix => Finding::ok(format!("{who} has a call on {name}.")),
    })
}

fn told(application: &Application) -> String {
    match application.process_id {
        Some(id) => format!("{} (process {id})", application.name),
        None => application.name.clone(),
    }
}
