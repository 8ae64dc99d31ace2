//! One line of the table: what was measured, and what is asked for.

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// Judged elsewhere: beside other programs on the same calls (`make peers`).
    Peers,
    /// Told, not judged; more is better or less is.
    Told {
        more: bool,
    },
}

/// One line: a figure under several conditions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Name in the baseline.
    pub(crate) key: &'static str,
    pub(crate) what: String,
    /// Condition and figure.
    pub(crate) figures: Vec<(String, f64)>,
    pub(crate) target: Target,
    /// A difference to the baseline no larger than this is chance.
    pub(crate) noise: f64,
}

impl Row {
    pub(crate) fn is_met(&self) -> Option<bool> {
        let all = |good: &dyn Fn(f64) -> bool| self.figures.iter().all(|f| good(f.1));
        match self.target {
            Target::AtMost(limit) => Some(all(&|f| f <= limit)),
            Target::AtLeast(limit) => Some(all(&|f| f >= limit)),
            Target::Peers | Target::Told { .. } => None,
        }
    }

    /// How much worse `now` is than `before`; negative if better.
    pub(crate) fn worse_by(&self, before: f64, now: f64) -> f64 {
        match self.target {
            Target::AtMost(_) | Target::Told { more: false } => now - before,
            Target::AtLeast(_) | Target::Peers | Target::Told { more: true } => before - now,
        }
    }

    /// As a line of a Markdown table.
    pub(crate) fn line(&self) -> String {
        let names: Vec<&str> = self.figures.iter().map(|f| f.0.as_str()).collect();
        let names = names
            .iter()
            .filter(|n| !n.is_empty())
            .copied()
            .collect::<Vec<_>>();
        let heading = if names.is_empty() {
            self.what.clone()
        } else {
            format!("{}: {}", self.what, names.join(" / "))
        };
        let figures: Vec<String> = self.figures.iter().map(|f| short(f.1)).collect();
        let missed = if self.is_met() == Some(false) {
            " (**missed**)"
        } else {
            ""
        };
        let target = match self.target {
            Target::AtMost(0.0) => "0".into(),
            Target::AtMost(limit) => format!("≤ {}", short(limit)),
            Target::AtLeast(limit) => format!("≥ {}", short(limit)),
            Target::Peers => "ahead of the peers".into(),
            Target::Told { .. } => String::new(),
        };
        format!("| {heading} | {}{missed} | {target} |", figures.join(" / "))
    }
}

/// Three figures behind the point for shares, two for decibels and seconds.
fn short(x: f64) -> String {
    if !x.is_finite() {
        "none".into()
    } else if x == 0.0 {
        "0".into()
    } else if x.abs() < 1.0 {
        format!("{x:.3}")
    } else if x.abs() < 100.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.0}")
    }
}
