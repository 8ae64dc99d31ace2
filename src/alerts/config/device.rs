//! The headset as a device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_wire::vocabulary::Severity;

/// `headset_gone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HeadsetGone {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
}

impl Default for HeadsetGone {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
        }
    }
}

/// `device_unstable`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceUnstable {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Failures (device gone, or a capture gap) in `window_s` that raise it (CONTRACT §3).
    pub failures: u32,
    /// Milliseconds from which missing capture is a failure (CONTRACT §3).
    pub gap_ms: u32,
    /// Seconds over which failures are counted, and without which it clears (CONTRACT §3: 10 min).
    pub window_s: f64,
    /// Failures closer together than this, in seconds, are one: an unplug is also a gap.
    pub merge_s: f64,
}

impl Default for DeviceUnstable {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
            failures: 3,
            gap_ms: 100,
            window_s: 600.0,
            merge_s: 1.0,
        }
    }
}

/// `battery_low`, of what the headset or the kernel tells; in a call or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BatteryLow {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Charge, 0..1, under which it is raised (CONTRACT §3).
    pub below: f64,
    /// Charge, 0..1, above which it clears (CONTRACT §3).
    pub clear_above: f64,
}

impl Default for BatteryLow {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Warning,
            below: 0.15,
            clear_above: 0.20,
        }
    }
}
