//! Everything that was found, as one JSON object (`sidetone.doctor/1`).

use super::finding::{Finding, Status};
use serde::Serialize;

/// The result of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `sidetone.doctor/1`.
    pub schema: &'static str,
    /// There is no problem; warnings there may be.
    pub ok: bool,
    /// The version of this program.
    pub version: &'static str,
    /// What was found, worst first. A check that looks at several headsets or files has a finding for each.
    pub checks: Vec<Entry>,
}

/// A finding and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The check.
    pub id: &'static str,
    /// What it found.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Report {
    /// Orders the findings.
    #[must_use]
    pub fn new(mut checks: Vec<Entry>) -> Self {
        // Stable: findings of one status stay in the order of the checks.
        checks.sort_by_key(|entry| entry.finding.status);
        Self {
            schema: "sidetone.doctor/1",
            ok: checks
                .iter()
                .all(|entry| entry.finding.status != Status::Problem),
            version: env!("CARGO_PKG_VERSION"),
            checks,
        }
    }

    /// The findings of one check.
    pub fn of<'r>(&'r self, id: &'r str) -> impl Iterator<Item = &'r Finding> {
        let own = self.checks.iter().filter(move |entry| entry.id == id);
        own.map(|entry| &entry.finding)
    }
}
