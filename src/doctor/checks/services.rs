//! The two services, where they do the daemon's work (docs/services.md): both run, find each other, are of one version,
//! and it is this person's turn.

use super::service::{Daemon, daemons, running};
use super::session::{Session, sessions};
use crate::config::SessionsTaken;
use crate::doctor::program::answer;
use crate::doctor::{Check, Desk, Finding};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;

pub(super) const CHECK: Check = Check {
    id: "services",
    about: "with two services: uplink and station run, find each other, are of one version, and whose turn it is",
    run,
};

/// `/proc` counts a process's start in hundredths of a second, whatever the kernel's own tick (`USER_HZ`).
const TICKS_A_SECOND: u64 = 100;

const START_UPLINK: &str = "sudo systemctl enable --now sidetone-uplink";
const RESTART_UPLINK: &str = "sudo systemctl restart sidetone-uplink";
const START_STATION: &str =
    "sudo systemctl --global enable sidetone-station; systemctl --user start sidetone-station";
const RESTART_STATION: &str = "systemctl --user restart sidetone-station";

/// Whether this workstation has two services: one runs, or the uplink's socket is there, or its unit is enabled.
pub(super) fn are_used(desk: &Desk) -> bool {
    !running(desk, "uplink").is_empty()
        || !running(desk, "station").is_empty()
        || desk.config_file.is_none()
            && (socket(desk).is_some_and(|path| path.exists()) || is_enabled())
}

fn is_enabled() -> bool {
    answer("systemctl", &["is-enabled", "sidetone-uplink.service"])
        .is_some_and(|told| told.trim() == "enabled")
}

/// Whether identity, keys and outbox are those of an uplink that runs as another user.
pub(super) fn is_uplinks(desk: &Desk) -> bool {
    let uplinks = running(desk, "uplink");
    daemons(desk).is_empty() && uplinks.iter().any(|one| one.process.user != desk.person.id)
}

fn run(desk: &Desk) -> Vec<Finding> {
    if !are_used(desk) {
        return vec![Finding::skipped(
            "One process does everything here (`sidetone run`).",
        )];
    }
    let uplinks = running(desk, "uplink");
    let stations = running(desk, "station");
    let me = desk.person.id;
    let own = stations.iter().find(|station| station.process.user == me);
    let mut findings = Vec::new();
    if let Some(daemon) = daemons(desk).first() {
        findings.push(Finding::problem(
            format!(
                "`sidetone run` (process {}) runs beside the two services: two Sidetones with one name push each other off the broker.",
                daemon.process.id
            ),
            "systemctl --user stop sidetone",
        ));
    }
    findings.push(match uplinks.first() {
        None => no_uplink(own),
        Some(uplink) => with_uplink(desk, uplink),
    });
    findings.push(match own {
        None => no_station(desk),
        Some(station) => turn(desk, station),
    });
    for (one, name, restart) in uplinks
        .first()
        .map(|uplink| (uplink, "uplink", RESTART_UPLINK))
        .into_iter()
        .chain(own.map(|station| (station, "station", RESTART_STATION)))
    {
        findings.extend(outdated(desk, one, name, restart));
    }
    findings.extend(differ(desk));
    findings
}

fn socket(desk: &Desk) -> Option<PathBuf> {
    // Below another root, where a test lays out the system, it is there.
    let path = &desk.config()?.uplink.socket;
    let below = path.strip_prefix("/run");
    Some(below.map_or_else(|_| path.clone(), |below| desk.roots.run.join(below)))
}

fn no_uplink(station: Option<&Daemon>) -> Finding {
    let wanted = "--property=ActiveState,Result";
    let told = answer("systemctl", &["show", "sidetone-uplink.service", wanted]);
    let told = told.unwrap_or_default();
    let is = |key: &str| {
        let pairs = told.lines().filter_map(|line| line.split_once('='));
        pairs
            .filter(|(name, _)| *name == key)
            .map(|(_, value)| value.to_owned())
            .next()
            .unwrap_or_default()
    };
    if is("ActiveState") == "failed" {
        return Finding::problem(
            format!("The uplink has failed ({}) and was given up.", is("Result")),
            format!("journalctl -u sidetone-uplink -n 50; then: {RESTART_UPLINK}"),
        );
    }
    let finding = Finding::problem(
        "The uplink does not run: nothing reaches the broker.",
        START_UPLINK,
    );
    match station {
        Some(station) => finding.with_detail(format!(
            "The station (process {}) keeps what must not be lost, up to 1000 messages or 1 MiB.",
            station.process.id
        )),
        None => finding,
    }
}

fn with_uplink(desk: &Desk, uplink: &Daemon) -> Finding {
    let id = uplink.process.id;
    let Some(path) = socket(desk) else {
        return Finding::ok(format!("The uplink runs (process {id})."));
    };
    let shown = path.display();
    match fs::symlink_metadata(&path) {
        Ok(there) if there.file_type().is_socket() => Finding::ok(format!(
            "The uplink runs (process {id}), its socket is {shown}."
        )),
        Ok(_) => Finding::problem(
            format!("{shown} is no socket: no station finds the uplink (process {id})."),
            format!("sudo rm {shown} && {RESTART_UPLINK}"),
        ),
        Err(error) => Finding::problem(
            format!(
                "The uplink runs (process {id}), and its socket {shown} is not there ({error}): no station finds it."
            ),
            format!("{RESTART_UPLINK}   (both must have the same uplink.socket)"),
        ),
    }
}

fn no_station(desk: &Desk) -> Finding {
    let login = desk.person.login();
    let finding = Finding::problem(
        format!("No station runs for {login}: headset, sound and calls are not seen."),
        START_STATION,
    );
    match at_seat(desk) {
        _ if desk.person.id == 0 => Finding::skipped(
            "root has no station; run `sidetone doctor` as the person at the desk.",
        ),
        Some(active) if active.user != desk.person.id => Finding::skipped(format!(
            "No station runs for {login}, whose turn it is not: {} is active at the desk.",
            named(desk, active.user)
        )),
        _ => finding,
    }
}

/// Whose turn it is.
fn turn(desk: &Desk, station: &Daemon) -> Finding {
    let login = desk.person.login();
    let runs = format!(
        "The station of {login} runs (process {})",
        station.process.id
    );
    let Some(config) = desk.config() else {
        return Finding::ok(format!("{runs}."));
    };
    if config.uplink.sessions == SessionsTaken::Listed {
        if config.uplink.users.contains(&login) {
            return Finding::ok(format!("{runs}; {login} is one of uplink.users."));
        }
        return Finding::warning(
            format!("{runs} and is not taken: {login} is not one of uplink.users."),
            format!("add \"{login}\" to uplink.users, then: {RESTART_UPLINK}"),
        );
    }
    if sessions(&desk.roots).is_none() {
        return Finding::warning(
            format!("{runs}, and there is no systemd-logind that would say whose turn it is."),
            "set uplink.sessions = \"listed\" and uplink.users",
        );
    }
    match at_seat(desk) {
        Some(active) if active.user == desk.person.id => Finding::ok(format!(
            "{runs}, and its session {} is the active one at the desk.",
            active.id
        )),
        Some(active) => Finding::ok(format!(
            "{runs} and rests: session {} of {} is the active one at the desk.",
            active.id,
            named(desk, active.user)
        )),
        None => Finding::warning(
            format!("{runs} and waits: no session at the desk is active."),
            "log in at the desk; remote desktops are not served, see docs/services.md",
        ),
    }
}

/// The active session of a seat.
fn at_seat(desk: &Desk) -> Option<Session> {
    let active = |session: &Session| session.active && session.seat.is_some();
    sessions(&desk.roots)?.into_iter().find(active)
}

fn named(desk: &Desk, user: u32) -> String {
    let users = fs::read_to_string(desk.roots.etc.join("passwd")).unwrap_or_default();
    let login = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    login.unwrap_or_else(|| format!("user {user}"))
}

/// A process that was started before its program file was installed. (Of another user's process the kernel does not
/// tell which file it runs.)
fn outdated(desk: &Desk, one: &Daemon, name: &str, restart: &str) -> Option<Finding> {
    let program = one
        .process
        .command
        .first()
        .filter(|path| path.starts_with('/'))?;
    let program = desk.roots.below_root(program);
    let installed = u64::try_from(fs::metadata(&program).ok()?.ctime()).ok()?;
    let started = started_s(desk, one.process.id)?;
    // Both are whole seconds.
    (installed > started + 1).then(|| {
        Finding::warning(
            format!(
                "The running {name} (process {}) is an old one: {} was installed after it had started.",
                one.process.id,
                program.display()
            ),
            restart,
        )
    })
}

/// When a process started, in seconds since 1970 UTC (proc(5): `stat` field 22, and `btime`).
fn started_s(desk: &Desk, id: u32) -> Option<u64> {
    let stat = fs::read_to_string(desk.roots.proc.join(id.to_string()).join("stat")).ok()?;
    // The name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: u64 = rest.split(' ').nth(19)?.parse().ok()?;
    let system = fs::read_to_string(desk.roots.proc.join("stat")).ok()?;
    let boot: u64 = system
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()?;
    Some(boot + ticks / TICKS_A_SECOND)
}

/// Whether what the station knows of the uplink is of another version.
fn differ(desk: &Desk) -> Option<Finding> {
    let state = desk.daemon()?;
    let (station, uplink) = (&state.node.version, state.broker.uplink_version.as_ref()?);
    (station != uplink).then(|| {
        Finding::warning(
            format!("The station is version {station}, and the uplink {uplink}."),
            format!("{RESTART_UPLINK}; {RESTART_STATION}"),
        )
    })
}
