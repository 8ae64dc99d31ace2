//! The closed lists of the contract: kinds, states, reasons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which alert (CONTRACT §3).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AlertKind {
    MutedAtCallStart,
    TalkingWhileMuted,
    QdOpenInCall,
    HoldFailed,
    DoubleTalk,
    NoisyEnvironment,
    LineNoise,
    LineUnstable,
    DeviceUnstable,
    OneWayAudio,
    LowLevel,
    Clipping,
    DeadAir,
    HeadsetGone,
    BatteryLow,
}

/// Where in its life an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AlertState {
    Raised,
    Updated,
    Cleared,
}

/// How bad.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Severity {
    Warning,
    Minor,
    Major,
    Critical,
}

/// Whether a person is needed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// Needs a person now; may make a sound.
    Alarm,
    /// Worth knowing.
    Notice,
}

/// Why an alert was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ClearReason {
    Condition,
    CallEnded,
    HeadsetGone,
    Inhibited,
    Disabled,
    Restart,
    Suspend,
}

/// What happened with the hold, with a pulled QD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum HoldOutcome {
    Held,
    Failed,
    AlreadyHeld,
    NoAdapter,
}

/// Which side of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Side {
    Agent,
    Customer,
    Both,
}

/// How a state is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The device said so.
    Reported,
    /// The sound mixer said so.
    Mixer,
    /// A softphone said so.
    Softphone,
    /// Concluded; comes with a confidence.
    Inferred,
}

/// What is wrong with a line or device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Fault {
    Hum,
    Hiss,
    Crackle,
    Dropouts,
    Clipping,
    Dead,
    Gone,
    Gap,
}

/// The node's state (retained `status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum NodeState {
    Starting,
    Ready,
    Degraded,
    Stopped,
    Lost,
}
