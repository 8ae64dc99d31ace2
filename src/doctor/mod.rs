//! What goes wrong on a workstation, found by looking, and what to do about it.
//!
//! *Promises*: each finding is one sentence with its evidence and, if something is to be done, the exact
//! command or setting. Everything ends within [`PATIENCE`]: a check that does not is left behind, and the
//! report says so.
//!
//! *Fails* one check at a time: what cannot be looked at is `skipped`, with the reason.
//!
//! *Never* changes anything on the machine, writes to a headset, opens a microphone, or takes the running
//! daemon's place at the broker: it connects as `NODE-doctor`, and asks a daemon that is connected instead.
//! It publishes nothing, unless [`Desk::try_broker`] asks for it; and then nothing that anybody keeps.
//!
//! A check is one file in `checks/`; it gets the [`Desk`] and returns its findings. Where things are looked
//! for is in [`Roots`], so that a test can lay out a workstation of its own.

mod checks;
mod desk;
mod finding;
mod processes;
mod program;
mod report;
mod text;
mod udev_rules;

pub use desk::{Desk, Person, Roots};
pub use finding::{Finding, Status};
pub use report::{Entry, Report};

use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The longest that an examination takes.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name, which stays.
    pub id: &'static str,
    /// What it looks at, in one line.
    pub about: &'static str,
    run: fn(&Desk) -> Vec<Finding>,
}

/// All checks, in the order in which they are told.
#[must_use]
pub fn checks() -> &'static [Check] {
    &checks::ALL
}

/// Every check with what it looks at, one a line.
#[must_use]
pub fn list() -> String {
    let mut out = String::new();
    for check in checks() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:<15} {}", check.id, check.about);
    }
    out
}

/// Runs all checks side by side.
#[must_use]
pub fn examine(desk: Desk) -> Report {
    examine_with(desk, checks(), PATIENCE)
}

fn examine_with(desk: Desk, checks: &[Check], patience: Duration) -> Report {
    let deadline = Instant::now() + patience;
    let desk = Arc::new(desk);
    let running: Vec<_> = checks
        .iter()
        .map(|check| (check.id, start(*check, Arc::clone(&desk))))
        .collect();
    let mut entries = Vec::new();
    for (id, findings) in running {
        let left = deadline.saturating_duration_since(Instant::now());
        let findings = match findings.map(|findings| findings.recv_timeout(left)) {
            Some(Ok(findings)) => findings,
            Some(Err(mpsc::RecvTimeoutError::Timeout)) => vec![Finding::skipped(format!(
                "It did not end within {} s and was left.",
                patience.as_secs()
            ))],
            Some(Err(mpsc::RecvTimeoutError::Disconnected)) => {
                vec![Finding::skipped("It broke off; please report this.")]
            }
            None => vec![Finding::skipped("The system gave no thread for it.")],
        };
        entries.extend(findings.into_iter().map(|finding| Entry { id, finding }));
    }
    Report::new(entries)
}

fn start(check: Check, desk: Arc<Desk>) -> Option<mpsc::Receiver<Vec<Finding>>> {
    let (tell, hear) = mpsc::channel();
    let thread = std::thread::Builder::new().name(check.id.to_owned());
    let started = thread.spawn(move || {
        // Nobody listens any more to a check that took too long.
        let _ = tell.send((check.run)(&desk));
    });
    started.ok().map(|_| hear)
}

#[cfg(test)]
mod tests;
