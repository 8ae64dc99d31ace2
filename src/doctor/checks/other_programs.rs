//! Which other programs have the headset open, or are known to steer headsets.
//!
//! Sources of the names: reference notes on headset tools and softphones (HeadsetControl, jabridge,
//! jabra-busylight, virtual-headset; browsers with WebHID), checked against their projects.

use super::headset::named;
use crate::doctor::processes::{Holder, Process, holders, processes};
use crate::doctor::{Check, Desk, Finding};

pub(super) const CHECK: Check = Check {
    id: "other-programs",
    about: "which other programs have the headset open; two that write to it disturb each other",
    run,
};

/// Browsers that reach headsets through WebHID, by the kernel's names of their processes.
const BROWSERS: [&str; 9] = [
    "brave",
    "chrome",
    "chromium",
    "chromium-browse",
    "electron",
    "msedge",
    "opera",
    "teams-for-linux",
    "vivaldi-bin",
];

/// Programs that steer headsets, and what they do.
const SUITES: [(&str, &str); 5] = [
    (
        "headsetcontrol",
        "HeadsetControl, which writes settings to headsets",
    ),
    (
        "jabridge",
        "the Jabra service jabridge, which writes to Jabra headsets",
    ),
    (
        "jabra-busylight",
        "jabra-busylight, which writes the busy light",
    ),
    (
        "usbhid-dump",
        "usbhid-dump, which takes headsets away from the kernel while it runs",
    ),
    (
        "virtual-headset",
        "virtual-headset, whose headset is not a real one",
    ),
];

fn run(desk: &Desk) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told = Vec::new();
    for listing in desk.wanted() {
        let mut all: Vec<Holder> = listing
            .nodes
            .iter()
            .flat_map(|node| holders(&desk.roots.proc, &node.device))
            .filter(|holder| holder.process.name != "sidetone")
            .collect();
        all.sort_by_key(|holder| holder.process.id);
        all.dedup_by_key(|holder| holder.process.id);
        told.extend(all.iter().map(|holder| holder.process.id));
        findings.extend(look(&named(&listing.identity), &all));
    }
    let all = processes(&desk.roots.proc);
    let running = all.iter().filter(|process| !told.contains(&process.id));
    findings.extend(running.filter_map(suite));
    if findings.is_empty() {
        findings.push(Finding::ok(
            "No other program of this user has a headset open, and none is known to steer one.",
        ));
    }
    findings
}

fn look(headset: &str, holders: &[Holder]) -> Option<Finding> {
    if holders.is_empty() {
        return None;
    }
    let names: Vec<String> = holders.iter().map(|h| told(&h.process)).collect();
    let names = names.join(", ");
    let browsers = holders.iter().all(|h| is_browser(&h.process));
    let writers = holders.iter().filter(|h| h.writes).count();
    Some(if writers > 1 {
        Finding::warning(
            format!(
                "{headset} is open for writing in {writers} programs ({names}): they fight about its lights and its mute."
            ),
            "let one of them steer the headset: end the others, or switch call control off in them",
        )
    } else if browsers {
        Finding::ok(format!(
            "{headset} is also open in {names} (WebHID); reading is shared."
        ))
    } else {
        Finding::ok(format!(
            "{headset} is also open in {names}; reading is shared."
        ))
    })
}

fn suite(process: &Process) -> Option<Finding> {
    let known = SUITES.iter().find(|(name, _)| *name == process.name)?;
    Some(Finding::warning(
        format!("{} runs ({}).", known.1, told(process)),
        format!("if headsets behave oddly: kill {}", process.id),
    ))
}

fn is_browser(process: &Process) -> bool {
    BROWSERS.contains(&process.name.as_str())
}

fn told(process: &Process) -> String {
    format!("{}, process {}", process.name, process.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    fn holder(id: u32, name: &str, writes: bool) -> Holder {
        Holder {
            process: Process {
                id,
                name: name.to_owned(),
                user: 1000,
                command: Vec::new(),
            },
            writes,
        }
    }

    #[test]
    fn reading_is_shared_and_two_writers_fight() {
        assert_eq!(look("H", &[]), None);
        let browser = look("H", &[holder(1, "chrome", true)]).unwrap();
        assert_eq!(browser.status, Status::Ok);
        assert!(browser.summary.contains("chrome, process 1 (WebHID)"));
        let two = look(
            "H",
            &[holder(1, "chrome", true), holder(2, "jabridge", true)],
        )
        .unwrap();
        assert_eq!(two.status, Status::Warning);
        let one = look("H", &[holder(1, "chrome", false), holder(2, "x", true)]).unwrap();
        assert_eq!(one.status, Status::Ok);
    }
}
