//! The daemon runs, once, in this version, and starts by itself at login.

use super::services;
use crate::doctor::processes::{Process, processes};
use crate::doctor::program::answer;
use crate::doctor::{Check, Desk, Finding};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub(super) const CHECK: Check = Check {
    id: "service",
    about: "the daemon runs, once, in this version, starts at login, and has left no core dump",
    run,
};

/// A running daemon.
#[derive(Debug, Clone)]
pub(super) struct Daemon {
    pub(super) process: Process,
    /// The file it was told to read.
    file: Option<PathBuf>,
}

/// The running daemons with the configuration that is examined.
pub(super) fn daemons(desk: &Desk) -> Vec<Daemon> {
    running(desk, "run")
}

/// The same of `sidetone uplink` or `sidetone station`, of whatever user.
pub(super) fn running(desk: &Desk, command: &str) -> Vec<Daemon> {
    let all = processes(&desk.roots.proc).into_iter();
    all.filter_map(|process| daemon(process, command))
        .filter(|daemon| daemon.file == desk.config_file)
        .collect()
}

/// `sidetone run …`, whatever it was started by.
fn daemon(process: Process, wanted: &str) -> Option<Daemon> {
    if process.name != "sidetone" || process.command.get(1).map(String::as_str) != Some(wanted) {
        return None;
    }
    let mut arguments = process.command.iter().skip(2);
    let mut file = None;
    while let Some(argument) = arguments.next() {
        let joined = argument.strip_prefix("--config=");
        if matches!(argument.as_str(), "-c" | "--config") {
            file = arguments.next().map(PathBuf::from);
        } else if let Some(path) = joined.or_else(|| argument.strip_prefix("-c")) {
            file = Some(PathBuf::from(path));
        }
    }
    Some(Daemon { process, file })
}

fn run(desk: &Desk) -> Vec<Finding> {
    let daemons = daemons(desk);
    let unit = if desk.config_file.is_none() {
        unit()
    } else {
        BTreeMap::new()
    };
    let mut findings = match daemons.as_slice() {
        [] if services::are_used(desk) => vec![Finding::skipped(
            "Two services do its work here: see the check `services`.",
        )],
        [] => vec![not_running(desk, &unit)],
        [one] => vec![version(desk, &one.process)],
        several => {
            let ids: Vec<String> = several.iter().map(|d| d.process.id.to_string()).collect();
            vec![Finding::problem(
                format!(
                    "{} daemons run with one configuration (processes {}): they push each other off the broker.",
                    ids.len(),
                    ids.join(", ")
                ),
                format!("kill {}", ids[1..].join(" ")),
            )]
        }
    };
    if !daemons.is_empty() && unit.get("UnitFileState").map(String::as_str) == Some("disabled") {
        findings.push(Finding::warning(
            "The daemon runs, but does not start by itself at login.",
            "systemctl --user enable sidetone",
        ));
    }
    findings.extend(dumps(desk));
    findings
}

/// What systemd knows of the user unit; nothing where there is no systemd.
fn unit() -> BTreeMap<String, String> {
    let wanted = "--property=LoadState,ActiveState,UnitFileState,Result,NRestarts";
    let told = answer("systemctl", &["--user", "show", "sidetone.service", wanted]);
    let told = told.unwrap_or_default();
    let pairs = told.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn not_running(desk: &Desk, unit: &BTreeMap<String, String>) -> Finding {
    let is = |key: &str| unit.get(key).map(String::as_str).unwrap_or_default();
    if is("ActiveState") == "failed" {
        return Finding::problem(
            format!("The daemon has failed ({}) and was given up.", is("Result")),
            "journalctl --user -u sidetone -n 50; then: systemctl --user restart sidetone",
        );
    }
    if is("LoadState") == "loaded" {
        return Finding::problem(
            "The daemon does not run.",
            "systemctl --user enable --now sidetone",
        );
    }
    match &desk.config_file {
        Some(file) => Finding::warning(
            format!("No daemon runs with {}.", file.display()),
            format!("sidetone run -c {}", file.display()),
        ),
        None => Finding::warning(
            "No daemon runs, and there is no user unit sidetone.service here.",
            "install the package, or for a trial: sidetone run",
        ),
    }
}

fn version(desk: &Desk, process: &Process) -> Finding {
    let id = process.id;
    let own = env!("CARGO_PKG_VERSION");
    let link = desk.roots.proc.join(id.to_string()).join("exe");
    let restart = "systemctl --user restart sidetone";
    let Ok(target) = fs::read_link(&link) else {
        return Finding::ok(format!(
            "The daemon runs (process {id}); its version cannot be seen from here."
        ));
    };
    if target.to_string_lossy().ends_with(" (deleted)") {
        return Finding::warning(
            format!(
                "The running daemon (process {id}) is an old one: its program file was replaced since it started."
            ),
            restart,
        );
    }
    let same = |path: &Path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let is_this = std::env::current_exe()
        .ok()
        .is_some_and(|exe| same(&exe) == same(&link));
    if is_this {
        return Finding::ok(format!("The daemon runs (process {id}, version {own})."));
    }
    match version_of(desk, &target) {
        Some(version) if version == own => Finding::ok(format!(
            "The daemon runs (process {id}, version {own}, {}).",
            target.display()
        )),
        Some(version) => Finding::warning(
            format!(
                "The running daemon ({}) is version {version}, and this program {own}.",
                target.display()
            ),
            restart,
        ),
        None => Finding::ok(format!(
            "The daemon runs (process {id}, {}).",
            target.display()
        )),
    }
}

/// What another copy of the program says it is. Only a file of this user or of root is run for that.
fn version_of(desk: &Desk, program: &Path) -> Option<String> {
    let owner = fs::metadata(program).ok()?.uid();
    (owner == 0 || owner == desk.person.id).then_some(())?;
    let said = answer(program.to_str()?, &["--version"])?;
    Some(said.trim().strip_prefix("sidetone ")?.to_owned())
}

/// Core dumps with our name, where systemd and Ubuntu keep them.
fn dumps(desk: &Desk) -> Option<Finding> {
    let places = ["lib/systemd/coredump", "crash"].map(|place| desk.roots.var.join(place));
    let entries = places.iter().filter_map(|place| fs::read_dir(place).ok());
    let names = entries.flatten().flatten().map(|entry| entry.path());
    let ours: Vec<PathBuf> = names
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("core.sidetone.") || name.contains("_sidetone.")
        })
        .collect();
    let first = ours.first()?;
    Some(Finding::warning(
        format!(
            "Sidetone has crashed: {} core dumps, e.g. {}.",
            ours.len(),
            first.display()
        ),
        "coredumpctl info sidetone   (please report it; then delete them)",
    ))
}
