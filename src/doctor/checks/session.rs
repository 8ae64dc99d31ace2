//! Who asks, and whether they sit at the desk.

use crate::doctor::desk::Roots;
use crate::doctor::{Check, Desk, Finding};
use std::collections::BTreeMap;
use std::fs;

pub(super) const CHECK: Check = Check {
    id: "session",
    about: "this is the session of the person at the desk, to whom headset and sound belong",
    run,
};

/// A login session as systemd-logind keeps it below `/run/systemd/sessions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) user: u32,
    pub(super) seat: Option<String>,
    pub(super) active: bool,
    pub(super) remote: bool,
}

/// All sessions; `None` where there is no systemd-logind.
pub(super) fn sessions(roots: &Roots) -> Option<Vec<Session>> {
    let directory = roots.run.join("systemd/sessions");
    let entries = fs::read_dir(directory).ok()?.flatten();
    let mut sessions: Vec<_> = entries
        .filter_map(|entry| {
            let text = fs::read_to_string(entry.path()).ok()?;
            let facts: BTreeMap<&str, &str> = text
                .lines()
                .filter_map(|line| line.split_once('='))
                .collect();
            Some(Session {
                id: entry.file_name().to_string_lossy().into_owned(),
                user: facts.get("UID")?.parse().ok()?,
                seat: facts.get("SEAT").map(|seat| (*seat).to_owned()),
                active: facts.get("ACTIVE") == Some(&"1"),
                remote: facts.get("REMOTE") == Some(&"1"),
            })
        })
        .collect();
    sessions.sort_by(|a, b| a.id.cmp(&b.id));
    Some(sessions)
}

/// Whether this user has the active session of a seat.
pub(super) fn sits_here(sessions: &[Session], user: u32) -> bool {
    let at_seat = |s: &&Session| s.user == user && s.active && s.seat.is_some();
    sessions.iter().any(|session| at_seat(&session))
}

fn run(desk: &Desk) -> Vec<Finding> {
    let user = desk.person.id;
    if user == 0 {
        return vec![Finding::warning(
            "This runs as root, who may read every headset and has no sound of their own.",
            "run `sidetone doctor` as the person at the desk",
        )];
    }
    let Some(sessions) = sessions(&desk.roots) else {
        return vec![Finding::skipped(
            "There is no systemd-logind here that would know who sits at the desk.",
        )];
    };
    if sits_here(&sessions, user) {
        return vec![Finding::ok(format!(
            "{} sits at the desk.",
            desk.person.login()
        ))];
    }
    let own: Vec<_> = sessions.iter().filter(|s| s.user == user).collect();
    let what = match own.as_slice() {
        [] => "has no login session".to_owned(),
        own if own.iter().all(|s| s.remote) => {
            format!("is logged in from afar only (session {})", own[0].id)
        }
        own if own.iter().any(|s| s.seat.is_some()) => {
            format!(
                "has a session at the desk that is in the background (session {})",
                own[0].id
            )
        }
        own => format!("has no session at a seat (session {})", own[0].id),
    };
    vec![Finding::warning(
        format!(
            "{} {what}: headset and sound are given to the person at the desk.",
            desk.person.login()
        ),
        "run Sidetone and `sidetone doctor` in the session at the desk; remote desktops are not served",
    )]
}
