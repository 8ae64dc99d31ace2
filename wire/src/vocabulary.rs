//! The closed lists of the contract: kinds, states, reasons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An enumeration with the contract's text for each member, in JSON and in topics alike.
macro_rules! closed_list {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $($(#[$member_doc:meta])* $member:ident = $text:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            JsonSchema,
        )]
        #[allow(missing_docs)]
        pub enum $name { $($(#[$member_doc])* #[serde(rename = $text)] $member,)+ }

        impl $name {
            /// The whole list.
            pub const ALL: &'static [Self] = &[$(Self::$member,)+];

            /// As it stands in JSON and in topics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$member => $text,)+ }
            }

            /// Reads it back; `None` if it is not in the list.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$member),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use closed_list;

closed_list! {
    /// Which alert (CONTRACT §3).
    pub enum AlertKind {
        MutedAtCallStart = "muted_at_call_start",
        TalkingWhileMuted = "talking_while_muted",
        QdOpenInCall = "qd_open_in_call",
        HoldFailed = "hold_failed",
        DoubleTalk = "double_talk",
        NoisyEnvironment = "noisy_environment",
        LineNoise = "line_noise",
        LineUnstable = "line_unstable",
        DeviceUnstable = "device_unstable",
        OneWayAudio = "one_way_audio",
        LowLevel = "low_level",
        Clipping = "clipping",
        DeadAir = "dead_air",
        HeadsetGone = "headset_gone",
        BatteryLow = "battery_low",
    }
}

closed_list! {
    /// Where in its life an alert is.
    pub enum AlertState {
        Raised = "raised",
        Updated = "updated",
        Cleared = "cleared",
    }
}

closed_list! {
    /// How bad.
    pub enum Severity {
        Warning = "warning",
        Minor = "minor",
        Major = "major",
        Critical = "critical",
    }
}

closed_list! {
    /// Whether a person is needed now.
    pub enum Notify {
        /// Needs a person now; may make a sound.
        Alarm = "alarm",
        /// Worth knowing.
        Notice = "notice",
    }
}

closed_list! {
    /// Why an alert was cleared.
    pub enum ClearReason {
        Condition = "condition",
        CallEnded = "call_ended",
        HeadsetGone = "headset_gone",
        Inhibited = "inhibited",
        Disabled = "disabled",
        Restart = "restart",
        Suspend = "suspend",
    }
}

closed_list! {
    /// What happened with the hold, with a pulled QD.
    pub enum HoldOutcome {
        Held = "held",
        Failed = "failed",
        AlreadyHeld = "already_held",
        NoAdapter = "no_adapter",
    }
}

closed_list! {
    /// Which side of the call.
    pub enum Side {
        Agent = "agent",
        Customer = "customer",
        Both = "both",
    }
}

closed_list! {
    /// A party of an overtalk (CONTRACT §4).
    pub enum OvertalkParty {
        Agent = "agent",
        Customer = "customer",
        /// Both began within 200 ms of each other: neither had the floor, neither came in.
        Neither = "none",
    }
}

closed_list! {
    /// How a state is known.
    pub enum Provenance {
        /// The device said so.
        Reported = "reported",
        /// The sound mixer said so.
        Mixer = "mixer",
        /// A softphone said so.
        Softphone = "softphone",
        /// Concluded; comes with a confidence.
        Inferred = "inferred",
    }
}

closed_list! {
    /// What is wrong with a line or device.
    pub enum Fault {
        Hum = "hum",
        Hiss = "hiss",
        Crackle = "crackle",
        Dropouts = "dropouts",
        Clipping = "clipping",
        Dead = "dead",
        Gone = "gone",
        Gap = "gap",
    }
}

closed_list! {
    /// What a noise is like (CONTRACT §7).
    pub enum NoiseName {
        Quiet = "quiet",
        Hiss = "hiss",
        Hum = "hum",
        Babble = "babble",
        Office = "office",
        Traffic = "traffic",
        Crackle = "crackle",
    }
}

closed_list! {
    /// The node's state (retained `status`).
    pub enum NodeState {
        Starting = "starting",
        Ready = "ready",
        Degraded = "degraded",
        Stopped = "stopped",
        Lost = "lost",
    }
}

closed_list! {
    /// The commands a node answers (`cmd/{name}/request`).
    pub enum Command {
        Identify = "identify",
        Refresh = "refresh",
        Diagnostics = "diagnostics",
    }
}

closed_list! {
    /// Which MQTT the node speaks with its broker (`status.mqtt`).
    pub enum MqttVersion {
        V5 = "5",
        V311 = "3.1.1",
    }
}
