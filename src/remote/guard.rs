//! Whether new settings cost the node its broker: a trial that begins when they come into force.
//!
//! Sans-IO. *Never* judges settings by an absence that began before them, or more than [`PATIENCE`] after them.

use std::time::Duration;

/// The broker may be away for so long after new settings; connected for so long, they have proved themselves
/// (CONTRACT §5).
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a trial came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The broker stayed.
    Proven,
    /// It was away too long.
    Spoiled,
}

/// The trial, if one is on: since when the node has been connected (`true`) or not.
#[derive(Debug)]
pub(super) struct Guard {
    connected: bool,
    trial: Option<Duration>,
    patience: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            connected: false,
            trial: None,
            patience: PATIENCE,
        }
    }
}

impl Guard {
    /// How long a trial is.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Makes trials last so long.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// New settings came into force.
    pub(super) fn begin(&mut self, now: Duration) {
        self.trial = Some(now);
    }

    /// No new settings are in force any more.
    pub(super) fn end(&mut self) {
        self.trial = None;
    }

    /// How the node stands with its broker.
    pub(super) fn broker(&mut self, now: Duration, connected: bool) {
        if std::mem::replace(&mut self.connected, connected) != connected && self.trial.is_some() {
            self.trial = Some(now);
        }
    }

    /// What the trial came to, once.
    pub(super) fn outcome(&mut self, now: Duration) -> Option<Outcome> {
        let since = self.trial?;
        if now.saturating_sub(since) < self.patience {
            return None;
        }
        self.trial = None;
        Some(if self.connected {
            Outcome::Proven
        } else {
            Outcome::Spoiled
        })
    }
}
