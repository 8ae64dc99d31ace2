//! What the alerts of a day are worth, against the day's truth.

use super::desk::Said;
use super::{Happening, What};
use sidetone_wire::vocabulary::{AlertKind, AlertState, ClearReason, Notify, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use uuid::Uuid;

/// An alert may come this long after what it is about: the windows of the rules look back.
const LATE_MS: u64 = 6_000;

/// One occurrence of an alert.
#[derive(Debug, Clone)]
pub(crate) struct Occurrence {
    pub(crate) agent: u32,
    pub(crate) kind: AlertKind,
    /// `kind subject`, as the file names it.
    pub(crate) name: String,
    pub(crate) raised_ms: u64,
    pub(crate) cleared: Option<(u64, ClearReason)>,
    audible: bool,
    critical: bool,
    outside_call: bool,
    expected: bool,
}

/// A kind's score.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Score {
    pub(crate) expected: usize,
    pub(crate) found: usize,
    pub(crate) raised: usize,
    pub(crate) right: usize,
}

/// A day's figures.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) hours: f64,
    pub(crate) calls: usize,
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) kinds: BTreeMap<String, Score>,
    /// Rows whose alert did not come.
    pub(crate) missed: Vec<Happening>,
    pub(crate) clears: usize,
    pub(crate) cleared_twice: usize,
}

/// Judges what was said on a day, or its beginning up to `until_ms`.
pub(crate) fn judge(day: &[Happening], said: &[Said], until_ms: u64) -> Verdict {
    let rows: Vec<_> = day.iter().filter(|row| row.end_ms < until_ms).collect();
    let (mut occurrences, clears, cleared_twice) = occurrences(said);
    let mut kinds: BTreeMap<String, Score> = BTreeMap::new();
    for occurrence in &mut occurrences {
        occurrence.expected = rows.iter().any(|row| {
            row.agent == occurrence.agent
                && (row.what.expected() == occurrence.name || row.what.also() == occurrence.name)
                && (row.start_ms..=row.end_ms + LATE_MS).contains(&occurrence.raised_ms)
        });
        let score = kinds.entry(occurrence.name.clone()).or_default();
        score.raised += 1;
        score.right += usize::from(occurrence.expected);
    }
    let mut missed = Vec::new();
    for row in rows.iter().filter(|row| !row.what.expected().is_empty()) {
        let found = occurrences.iter().any(|occurrence| {
            occurrence.agent == row.agent
                && occurrence.name == row.what.expected()
                && occurrence.raised_ms <= row.end_ms + LATE_MS
                && occurrence.cleared.is_none_or(|(at, _)| at >= row.start_ms)
        });
        let score = kinds.entry(row.what.expected().to_owned()).or_default();
        score.expected += 1;
        score.found += usize::from(found);
        if !found {
            missed.push(**row);
        }
    }
    Verdict {
        hours: until_ms as f64 / 3.6e6,
        calls: rows.iter().filter(|row| row.what == What::Call).count(),
        occurrences,
        kinds,
        missed,
        clears,
        cleared_twice,
    }
}

fn occurrences(said: &[Said]) -> (Vec<Occurrence>, usize, usize) {
    let mut all: BTreeMap<Uuid, Occurrence> = BTreeMap::new();
    let mut cleared = BTreeSet::new();
    let mut cleared_twice = 0;
    for said in said {
        let detail = &said.alert.detail;
        match detail.state {
            AlertState::Raised => {
                let subject = detail.subject.split('-').next().unwrap_or_default();
                let occurrence = Occurrence {
                    agent: said.agent,
                    kind: detail.kind,
                    name: format!("{} {subject}", detail.kind),
                    raised_ms: said.ms,
                    cleared: None,
                    audible: detail.notify == Notify::Alarm,
                    critical: detail.severity == Severity::Critical,
                    outside_call: said.outside_call,
                    expected: false,
                };
                assert!(all.insert(detail.id, occurrence).is_none(), "raised twice");
            }
            AlertState::Updated => {}
            AlertState::Cleared => {
                cleared_twice += usize::from(!cleared.insert(detail.id));
                let known = all.get_mut(&detail.id).expect("a clear has its raise");
                known.cleared = detail.reason.map(|reason| (said.ms, reason));
            }
        }
    }
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by_key(|occurrence| occurrence.raised_ms);
    (all, cleared.len(), cleared_twice)
}

impl Verdict {
    fn audible(&self) -> impl Iterator<Item = u64> {
        let audible = self.occurrences.iter().filter(|o| o.audible);
        audible.map(|occurrence| occurrence.raised_ms)
    }

    /// Audible alarms per hour, of all agents together.
    pub(crate) fn alarms_per_hour(&self) -> f64 {
        self.audible().count() as f64 / self.hours
    }

    /// The share of 10-minute windows (one begins each minute) with at most ten audible alarms, and the most in
    /// any.
    pub(crate) fn calm_windows(&self) -> (f64, usize) {
        let last = (self.hours * 60.0) as u64;
        let counts: Vec<_> = (0..last.saturating_sub(9))
            .map(|minute| {
                let window = minute * 60_000..(minute + 10) * 60_000;
                self.audible().filter(|at| window.contains(at)).count()
            })
            .collect();
        let calm = counts.iter().filter(|count| **count <= 10).count();
        (
            calm as f64 / counts.len().max(1) as f64,
            counts.into_iter().max().unwrap_or(0),
        )
    }

    /// How often a kind was raised for the third time within a minute at one agent.
    pub(crate) fn chattering(&self) -> usize {
        let mut lately: BTreeMap<(u32, AlertKind), Vec<u64>> = BTreeMap::new();
        let mut count = 0;
        for occurrence in &self.occurrences {
            let raises = lately
                .entry((occurrence.agent, occurrence.kind))
                .or_default();
            raises.retain(|at| occurrence.raised_ms - at < 60_000);
            raises.push(occurrence.raised_ms);
            count += usize::from(raises.len() >= 3);
        }
        count
    }

    /// Alerts raised where no call was, that need one.
    pub(crate) fn outside_calls(&self) -> usize {
        let needs_call = |kind| !matches!(kind, AlertKind::DeviceUnstable | AlertKind::BatteryLow);
        let outside = |o: &&Occurrence| o.outside_call && needs_call(o.kind);
        self.occurrences.iter().filter(outside).count()
    }

    /// Alerts that nothing in the file explains.
    pub(crate) fn false_alerts(&self) -> impl Iterator<Item = &Occurrence> {
        self.occurrences.iter().filter(|o| !o.expected)
    }

    fn critical_share(&self) -> f64 {
        let critical = self.occurrences.iter().filter(|o| o.critical).count();
        critical as f64 / self.occurrences.len().max(1) as f64
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<34}{:>9}{:>7}{:>8}{:>7}",
            "alert", "expected", "found", "raised", "right"
        )?;
        for (name, score) in &self.kinds {
            writeln!(
                f,
                "{name:<34}{:>9}{:>7}{:>8}{:>7}",
                score.expected, score.found, score.raised, score.right
            )?;
        }
        let sum = |part: fn(&Score) -> usize| self.kinds.values().map(part).sum::<usize>();
        let (raised, expected) = (sum(|s| s.raised), sum(|s| s.expected));
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        writeln!(f, "calls                              {}", self.calls)?;
        writeln!(
            f,
            "precision                          {:.3}",
            share(sum(|s| s.right), raised)
        )?;
        writeln!(
            f,
            "recall                             {:.3}",
            share(sum(|s| s.found), expected)
        )?;
        writeln!(
            f,
            "audible alarms per hour            {:.2}  (at most 6)",
            self.alarms_per_hour()
        )?;
        let (calm, most) = self.calm_windows();
        writeln!(
            f,
            "10-minute windows with at most 10  {calm:.4}  (over 0.99; most in one: {most})"
        )?;
        writeln!(
            f,
            "critical                           {:.3}  (at most 0.05)",
            self.critical_share()
        )?;
        writeln!(
            f,
            "chattering                         {}  (0)",
            self.chattering()
        )?;
        let (raises, twice) = (self.occurrences.len(), self.cleared_twice);
        writeln!(
            f,
            "raises, clears, cleared twice      {raises}, {}, {twice}",
            self.clears
        )?;
        writeln!(
            f,
            "call or sound alerts outside calls {}  (0)",
            self.outside_calls()
        )
    }
}
