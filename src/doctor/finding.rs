//! What a check says.

use serde::Serialize;

/// How bad it is. Ordered: the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something does not work.
    Problem,
    /// It works, with less than it could, or not for long.
    Warning,
    /// It was looked at and is as it should be.
    Ok,
    /// It could not be looked at, or does not apply here.
    Skipped,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Ok => "ok",
            Self::Skipped => "skipped",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub status: Status,
    /// One sentence with the evidence: path, number, name.
    pub summary: String,
    /// What else is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do: the command or the setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(summary: impl Into<String>) -> Self {
        Self::new(Status::Ok, summary.into(), None)
    }

    /// It works, with less than it could, or not for long.
    pub fn warning(summary: impl Into<String>, action: impl Into<String>) -> Self {
        Self::new(Status::Warning, summary.into(), Some(action.into()))
    }

    /// Something does not work.
    pub fn problem(summary: impl Into<String>, action: impl Into<String>) -> Self {
        Self::new(Status::Problem, summary.into(), Some(action.into()))
    }

    /// It could not be looked at, or does not apply; the sentence says why.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::new(Status::Skipped, why.into(), None)
    }

    /// The same with something else to know about it.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    fn new(status: Status, summary: String, action: Option<String>) -> Self {
        Self {
            status,
            summary,
            detail: None,
            action,
        }
    }
}
