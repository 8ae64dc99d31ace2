//! What comes and goes too often.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of alert that is raised again and again is held raised instead, so that it makes one sound
/// and not many. The end of the call, a switch and the like still clear it at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Flapping {
    /// Raises of one kind within `window_s`, over all headsets, at most. The clear of the last one waits;
    /// a further raise, if the alert had to be cleared for another reason, waits as well.
    pub raises: u32,
    /// Seconds over which raises are counted.
    pub window_s: f64,
    /// Raises within `recurring_window_s` from which an alert about the sound or the network is held
    /// until it has stayed away for `recurring_keep_s`.
    pub recurring_raises: u32,
    /// Seconds over which those are counted.
    pub recurring_window_s: f64,
    /// Seconds without the condition after which such an alert clears.
    pub recurring_keep_s: f64,
}

impl Default for Flapping {
    fn default() -> Self {
        Self {
            raises: 2,
            window_s: 60.0,
            recurring_raises: 3,
            recurring_window_s: 600.0,
            recurring_keep_s: 120.0,
        }
    }
}
