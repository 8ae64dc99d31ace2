//! Voices that are too quiet, too loud or absent: notices, never alarms.
//!
//! CONTRACT §3 leaves these limits to the defaults file, where the reason of each stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_wire::vocabulary::Severity;

/// `low_level`: of either side, over seconds in which that side speaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LowLevel {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Level of the voice while it speaks, in dBov, under which a second of speech is bad.
    pub speech_dbov: f64,
    /// Bad seconds of speech in `window_s` that raise it, good ones in `window_s` that clear it.
    pub bad_s: u32,
    /// Seconds of speech of the window, at most 60.
    pub window_s: u32,
    /// How much louder than the limit, in dB, a second must be to count as good.
    pub hysteresis_db: f64,
}

impl Default for LowLevel {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Warning,
            speech_dbov: -45.0,
            bad_s: 15,
            window_s: 20,
            hysteresis_db: 3.0,
        }
    }
}

/// `clipping`: of either side; too little or too rare for `line_noise`, which takes over from there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Clipping {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Share of clipped samples, 0..1, from which a second is bad.
    pub clipped_ratio: f64,
    /// Bad seconds in `window_s` that raise it.
    pub clipped_s: u32,
    /// Seconds of the window, at most 60, and without a bad second after which it clears.
    pub window_s: u32,
}

impl Default for Clipping {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Warning,
            clipped_ratio: 0.0005,
            clipped_s: 6,
            window_s: 60,
        }
    }
}

/// `dead_air`: nobody speaks, and nothing else is heard from the customer either.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeadAir {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Seconds in which nobody speaks.
    pub silent_s: u32,
    /// Level of the customer's side in dBov from which a second is not silent: music of a queue, an announcement.
    pub loudest_dbov: f64,
    /// Seconds with a voice, in a row, after which it clears.
    pub keep_for_s: u32,
}

impl Default for DeadAir {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Warning,
            silent_s: 30,
            loudest_dbov: -45.0,
            keep_for_s: 3,
        }
    }
}
