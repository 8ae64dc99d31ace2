//! `sidetone monitor --json`: a line for each change.

use super::MonitorError;
use crate::local::line::Line;
use crate::local::state::State;
use crate::local::{ClientError, Connection};

/// The daemon's lines without those that repeat what is known.
#[derive(Debug)]
pub struct Changes {
    connection: Connection,
    known: Option<State>,
}

impl Changes {
    /// From the first line on.
    #[must_use]
    pub fn of(connection: Connection) -> Self {
        Self {
            connection,
            known: None,
        }
    }

    /// The next line, without its end; waits for it.
    ///
    /// # Errors
    /// If the daemon ends or hangs.
    pub fn next_line(&mut self) -> Result<String, MonitorError> {
        loop {
            let line = match self.known {
                None => Line::Snapshot(Box::new(self.connection.snapshot()?)),
                Some(_) => self.connection.next_line()?,
            };
            let state = match &line {
                Line::Snapshot(snapshot) => Some(&snapshot.moment.state),
                Line::State(moment) => Some(&moment.state),
                Line::Sent(_) | Line::Refused { .. } => None,
            };
            if state.is_some() && state == self.known.as_ref() {
                continue;
            }
            self.known = state.cloned().or(self.known.take());
            return serde_json::to_string(&line)
                .map_err(|error| ClientError::Strange(error.to_string()).into());
        }
    }
}
