//! What is known about the models at this desk.

use super::headset::named;
use crate::doctor::{Check, Desk, Finding};
use sidetone_devices::hid::quirks::{Meaning, Quirk};

pub(super) const CHECK: Check = Check {
    id: "quirks",
    about: "the quirk files are valid, and what they know of this headset's quick disconnect",
    run,
};

fn run(desk: &Desk) -> Vec<Finding> {
    let (book, errors) = desk.quirks();
    let mut findings: Vec<Finding> = errors
        .iter()
        .map(|error| {
            Finding::problem(
                format!("A quirk file is left out: {error}."),
                format!("correct {}", error.file),
            )
        })
        .collect();
    if let Some(directory) = desk.config().and_then(|c| c.devices.quirks_dir.as_ref())
        && !directory.is_dir()
    {
        let shown = directory.display();
        findings.push(Finding::warning(
            format!("The directory of quirk files {shown} (devices.quirks_dir) is not there."),
            format!("sudo mkdir -p {shown}, or take out devices.quirks_dir"),
        ));
    }
    for listing in desk.wanted() {
        let quirk = book.find(listing.identity.vendor, listing.identity.product);
        findings.push(Finding::ok(format!(
            "{}: {}.",
            named(&listing.identity),
            knowledge(quirk.as_ref())
        )));
    }
    if findings.is_empty() {
        findings.push(Finding::skipped(
            "There is no headset to know anything about.",
        ));
    }
    findings
}

fn knowledge(quirk: Option<&Quirk>) -> String {
    let Some(quirk) = quirk else {
        return "no quirk file; QD is unknown for this model: `sidetone learn` teaches it"
            .to_owned();
    };
    let mut rules = quirk.rules.iter().filter(|r| r.meaning == Meaning::QdOpen);
    let name = &quirk.name;
    match rules.next() {
        None => {
            format!("quirk file {name}; QD is unknown for this model: `sidetone learn` teaches it")
        }
        Some(rule) if rule.verified => format!("quirk file {name}; QD is reported"),
        Some(_) => format!(
            "quirk file {name}; its QD rule was never seen on real hardware, so QD only raises an alert: `sidetone learn` verifies it"
        ),
    }
}
