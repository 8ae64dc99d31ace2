//! The clock is kept right by a time service.

use crate::doctor::program::answer;
use crate::doctor::{Check, Desk, Finding};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const CHECK: Check = Check {
    id: "clock",
    about: "a time service keeps the clock right, so that times and certificates are judged rightly",
    run,
};

/// 2026-01-01: no workstation of today is older than this program.
const TOO_EARLY_S: u64 = 1_767_225_600;

/// Further off than this, times of several workstations cannot be compared, in seconds.
const FAR_OFF_S: f64 = 1.0;

const START: &str = "sudo timedatectl set-ntp true";

fn run(desk: &Desk) -> Vec<Finding> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map(|now| now.as_secs()).unwrap_or_default();
    if now < TOO_EARLY_S {
        return vec![Finding::problem(
            format!(
                "The clock is wrong: it says {now} s since 1970, which is before this program was made."
            ),
            START,
        )];
    }
    if desk
        .roots
        .run
        .join("systemd/timesync/synchronized")
        .exists()
    {
        return vec![Finding::ok("systemd-timesyncd keeps the clock right.")];
    }
    if let Some(tracking) = answer("chronyc", &["-n", "tracking"]) {
        return vec![of_chrony(&tracking)];
    }
    let told = answer(
        "timedatectl",
        &["show", "--property=NTPSynchronized", "--value"],
    );
    vec![match told.as_deref().map(str::trim) {
        Some("yes") => Finding::ok("The kernel says that the clock is synchronised."),
        Some("no") => {
            Finding::warning("The kernel says that the clock is not synchronised.", START)
        }
        _ => Finding::skipped(
            "No time service of this machine says anything (timesyncd, chrony, timedatectl).",
        ),
    }]
}

fn of_chrony(tracking: &str) -> Finding {
    let value = |key: &str| {
        let line = tracking.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim())
    };
    let offset: Option<f64> =
        value("System time").and_then(|text| text.split_whitespace().next()?.parse().ok());
    match (value("Leap status"), offset) {
        (Some("Not synchronised"), _) | (None, _) => Finding::warning(
            "chrony has not synchronised the clock.",
            "chronyc sources   (are its servers reached?)",
        ),
        (_, Some(offset)) if offset > FAR_OFF_S => Finding::warning(
            format!("chrony says that the clock is {offset:.1} s off."),
            "sudo chronyc makestep",
        ),
        (_, Some(offset)) => Finding::ok(format!(
            "chrony keeps the clock right ({:.1} ms off).",
            offset * 1000.0
        )),
        (_, None) => Finding::ok("chrony keeps the clock right."),
    }
}

#[cfg(test)]
mod tests {
    use super::of_chrony;
    use crate::doctor::Status;

    #[test]
    fn chrony_is_understood() {
        let say = |offset: &str, leap: &str| {
            of_chrony(&format!(
                "Reference ID    : C0000201 (192.0.2.1)\nSystem time     : {offset} seconds fast of NTP time\nLeap status     : {leap}\n"
            ))
        };
        let good = say("0.000123", "Normal");
        assert_eq!(
            (good.status, good.summary.contains("0.1 ms")),
            (Status::Ok, true)
        );
        assert_eq!(say("3.5", "Normal").status, Status::Warning);
        assert_eq!(say("0.0", "Not synchronised").status, Status::Warning);
        assert_eq!(of_chrony("").status, Status::Warning);
    }
}
