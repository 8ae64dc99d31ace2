//! What must survive a restart can be written.

use super::services;
use crate::doctor::{Check, Desk, Finding};
use rustix::fs::{Access, AtFlags, CWD, accessat, statvfs};
use std::path::Path;

pub(super) const CHECK: Check = Check {
    id: "state",
    about: "the state directory can be written, has room, and its start counter is whole",
    run,
};

/// Less room than this, and the outbox's largest record may not fit.
const ROOM_BYTES: u64 = 1 << 20;

fn run(desk: &Desk) -> Vec<Finding> {
    let Some(config) = desk.config() else {
        return vec![Finding::skipped("The configuration is not valid.")];
    };
    if services::is_uplinks(desk) {
        return vec![Finding::skipped(
            "It is the uplink's, which runs as the user sidetone: `sudo -u sidetone sidetone doctor` looks at it.",
        )];
    }
    match config.node.effective_state_dir() {
        Some(directory) => vec![look(&directory, &desk.person.login())],
        None => vec![Finding::problem(
            "There is no place for what must survive a restart: neither node.state_dir nor HOME is set.",
            "set node.state_dir",
        )],
    }
}

fn look(directory: &Path, login: &str) -> Finding {
    let shown = directory.display();
    // Made at the first start; until then its nearest parent counts.
    let existing = directory.ancestors().find(|path| path.exists());
    let existing = existing.unwrap_or(Path::new("/"));
    if !existing.is_dir() {
        return Finding::problem(
            format!(
                "The state directory {shown} cannot be made: {} is a file.",
                existing.display()
            ),
            "set node.state_dir to another directory",
        );
    }
    let wanted = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    if let Err(error) = accessat(CWD, existing, wanted, AtFlags::EACCESS) {
        return Finding::problem(
            format!(
                "The state directory {shown} cannot be written ({error}): a daemon that ends loses what waits for the broker."
            ),
            format!("sudo install -d -m 0700 -o {login} {shown}"),
        );
    }
    let boot = directory.join("boot");
    if let Ok(bytes) = std::fs::read(&boot)
        && std::str::from_utf8(&bytes).map_or(true, |text| text.trim().parse::<u64>().is_err())
    {
        return Finding::problem(
            format!(
                "The start counter {} is damaged, so Sidetone does not start; it must be larger than any before.",
                boot.display()
            ),
            format!("echo 1000000 > {}", boot.display()),
        );
    }
    match statvfs(existing) {
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_BYTES => Finding::problem(
            format!("The disk below the state directory {shown} is full."),
            format!("make room: du -xh {} | sort -h | tail", existing.display()),
        ),
        _ => Finding::ok(format!("{shown} can be written.")),
    }
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::doctor::Status;

    #[test]
    fn a_damaged_counter_and_a_file_in_the_way_are_problems() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("a/state");
        assert_eq!(
            look(&state, "anna").status,
            Status::Ok,
            "it is made at the first start"
        );
        std::fs::create_dir_all(&state).unwrap();
        std::fs::write(state.join("boot"), "7\n").unwrap();
        assert_eq!(look(&state, "anna").status, Status::Ok);
        std::fs::write(state.join("boot"), "").unwrap();
        let damaged = look(&state, "anna");
        assert_eq!(damaged.status, Status::Problem);
        assert!(damaged.action.unwrap().starts_with("echo 1000000 > "));
        let in_the_way = look(&state.join("boot/below"), "anna");
        assert_eq!(in_the_way.status, Status::Problem);
        assert!(
            in_the_way.summary.contains("is a file"),
            "{}",
            in_the_way.summary
        );
    }
}
