//! Every threshold of every alert, each with its unit and its reason.
//!
//! *Promises*: the defaults are those of CONTRACT §3; where the contract leaves a figure open, it is
//! set here and the reason stands beside it. The defaults file is written from these types.
//!
//! *Fails* on a value that cannot work ([`AlertConfig::check`]) by naming its key.
//!
//! *Never* holds anything but alerting: no device, no broker, no privacy switch.
//!
//! Windows: "`bad_s` of `window_s`" counts whole seconds of audio; times run on the monotonic clock.

mod check;
mod device;
mod flapping;
mod language;
mod level;

pub use device::{BatteryLow, DeviceUnstable, HeadsetGone};
pub use flapping::Flapping;
pub use language::Language;
pub use level::{Clipping, DeadAir, LowLevel};
mod switch;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_wire::vocabulary::Severity;

/// All alert rules (table `[alerts]`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertConfig {
    /// The language of what alerts say: their `text` and `action`.
    pub language: Language,
    /// The agent is muted when the call starts.
    pub muted_at_call_start: MutedAtCallStart,
    /// The agent talks while muted.
    pub talking_while_muted: TalkingWhileMuted,
    /// The quick disconnect was pulled in a call.
    pub qd_open_in_call: QdOpenInCall,
    /// The call could not be put on hold after that.
    pub hold_failed: HoldFailed,
    /// Agent and customer talk at the same time.
    pub double_talk: DoubleTalk,
    /// The agent works in noise.
    pub noisy_environment: NoisyEnvironment,
    /// Hum, hiss, crackle, dropouts or clipping, on either side.
    pub line_noise: LineNoise,
    /// The network loses or shakes the call's packets.
    pub line_unstable: LineUnstable,
    /// Only one side can be heard.
    pub one_way_audio: OneWayAudio,
    /// A voice is too quiet.
    pub low_level: LowLevel,
    /// A level is too high now and then.
    pub clipping: Clipping,
    /// Nobody says anything.
    pub dead_air: DeadAir,
    /// The headset left during a call.
    pub headset_gone: HeadsetGone,
    /// The headset keeps failing.
    pub device_unstable: DeviceUnstable,
    /// The headset's battery is nearly empty.
    pub battery_low: BatteryLow,
    /// What comes and goes too often.
    pub flapping: Flapping,
}

/// `muted_at_call_start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MutedAtCallStart {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Seconds after the call's start in which mute must come on to count as "at call start" (CONTRACT §3).
    pub within_s: f64,
    /// Seconds mute must then stay on: an agent who notices in time needs no alarm (CONTRACT §3).
    pub for_s: f64,
}

impl Default for MutedAtCallStart {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Minor,
            within_s: 5.0,
            for_s: 3.0,
        }
    }
}

/// `talking_while_muted`: only where the microphone is known to be heard under mute (`live_under_mute`
/// in the headset's inventory).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TalkingWhileMuted {
    /// Switches the rule on. Off: agents mute to speak with a colleague, and that is nobody's concern.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Seconds of speech while muted (CONTRACT §3).
    pub speech_s: f64,
    /// Seconds without speech after which it clears, and speech is counted anew: a pause for thought
    /// is shorter.
    pub keep_for_s: f64,
}

impl Default for TalkingWhileMuted {
    fn default() -> Self {
        Self {
            enabled: false,
            severity: Severity::Warning,
            speech_s: 1.0,
            keep_for_s: 5.0,
        }
    }
}

/// `qd_open_in_call`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QdOpenInCall {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
}

impl Default for QdOpenInCall {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
        }
    }
}

/// `hold_failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HoldFailed {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad: the customer is alone on an open line.
    pub severity: Severity,
}

impl Default for HoldFailed {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Critical,
        }
    }
}

/// `double_talk`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DoubleTalk {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Seconds one overtalk must last (CONTRACT §3).
    pub overtalk_s: f64,
    /// Or: share of the last `window_s` spent in overtalk, 0..1 (CONTRACT §3).
    pub ratio: f64,
    /// Seconds over which that share is taken (CONTRACT §3).
    pub window_s: f64,
    /// Seconds of call that must have passed before the share counts: a greeting is not a habit (CONTRACT §3).
    pub ratio_after_s: f64,
    /// Seconds without overtalk after which it clears (CONTRACT §3).
    pub keep_for_s: f64,
}

impl Default for DoubleTalk {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Minor,
            overtalk_s: 2.0,
            ratio: 0.15,
            window_s: 60.0,
            ratio_after_s: 30.0,
            keep_for_s: 10.0,
        }
    }
}

/// `noisy_environment`. A gated microphone gives no signal-to-noise ratio and never raises it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoisyEnvironment {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Signal-to-noise ratio in dB below which a second is bad (CONTRACT §3).
    pub snr_db: f64,
    /// Or: noise in dBov(A) above which a second is bad if the ratio is also below `loud_snr_db` (CONTRACT §3).
    pub noise_dbov_a: f64,
    /// Signal-to-noise ratio in dB that goes with `noise_dbov_a` (CONTRACT §3).
    pub loud_snr_db: f64,
    /// Bad seconds in `window_s` that raise it, good seconds in `window_s` that clear it (CONTRACT §3).
    pub bad_s: u32,
    /// Seconds of the window, at most 60 (CONTRACT §3).
    pub window_s: u32,
    /// How much better than the limit, in dB, a second must be to count as good: twice the spread
    /// of the noise estimate (QUALITY: 0.7 dB up to 30 dB), rounded up, so that a figure on the limit does not flap.
    pub hysteresis_db: f64,
}

impl Default for NoisyEnvironment {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Minor,
            snr_db: 15.0,
            noise_dbov_a: -45.0,
            loud_snr_db: 25.0,
            bad_s: 10,
            window_s: 15,
            hysteresis_db: 2.0,
        }
    }
}

/// `line_noise`. The limits are set against speech at its nominal level of −26 dBov (ITU-T P.56 tests).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineNoise {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Mains hum in dBov, harmonics included: 29 dB under nominal speech it is plainly heard in
    /// every pause, and lies 5 dB above what is found reliably under speech.
    pub hum_dbov: f64,
    /// Hiss in dBov(A), where the noise sounds like hiss: 24 dB under nominal speech, some 15 dB
    /// more than a good headset's own noise.
    pub hiss_dbov_a: f64,
    /// Seconds of hum or hiss in `window_s` that raise it: steady faults, so as patient as `noisy_environment`.
    pub steady_s: u32,
    /// Crackles per minute, taken over `window_s`: a bad contact makes dozens; the detector itself
    /// errs less than once in five minutes.
    pub crackle_per_min: f64,
    /// Different seconds in `window_s` that must hold crackles, so that one knock against the
    /// microphone is not a bad line.
    pub crackle_s: u32,
    /// Dropouts per minute, taken over `window_s`: five in 15 s make a listener ask again.
    pub dropouts_per_min: f64,
    /// Or: share of `window_s` lost in dropouts, 0..1: the 2 % at which `line_unstable` speaks of packet loss.
    pub dropout_ratio: f64,
    /// Share of clipped samples, 0..1, from which a second is bad: one in five hundred is audible as harshness.
    pub clipped_ratio: f64,
    /// Clipped seconds in `window_s` that raise it: one laugh is not a wrong gain.
    pub clipped_s: u32,
    /// Seconds of the window, at most 60.
    pub window_s: u32,
    /// Seconds free of every fault after which it clears: a bad contact comes and goes.
    pub keep_for_s: u32,
}

impl Default for LineNoise {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
            hum_dbov: -55.0,
            hiss_dbov_a: -50.0,
            steady_s: 10,
            crackle_per_min: 20.0,
            crackle_s: 3,
            dropouts_per_min: 20.0,
            dropout_ratio: 0.02,
            clipped_ratio: 0.002,
            clipped_s: 5,
            window_s: 15,
            keep_for_s: 15,
        }
    }
}

/// `line_unstable`: of the figures that a softphone tells (RTCP); without them it never raises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineUnstable {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Share of packets lost in one direction, 0..1, from which a second is bad (CONTRACT §3).
    pub loss_ratio: f64,
    /// Or: interarrival jitter in milliseconds: what a jitter buffer of usual size no longer hides (CONTRACT §3).
    pub jitter_ms: f64,
    /// Bad seconds in `window_s` that raise it (CONTRACT §3).
    pub bad_s: u32,
    /// Seconds of the window, at most 60, and without a bad second after which it clears (CONTRACT §3).
    pub window_s: u32,
    /// Seconds for which a figure counts if no other follows: softphones report every five, and one
    /// report may be lost.
    pub figures_last_s: f64,
}

impl Default for LineUnstable {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
            loss_ratio: 0.02,
            jitter_ms: 40.0,
            bad_s: 10,
            window_s: 15,
            figures_last_s: 8.0,
        }
    }
}

/// `one_way_audio`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OneWayAudio {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Seconds of nothing but digital zeros that make the agent's side dead (CONTRACT §3).
    pub agent_s: u32,
    /// Seconds without speech or noise that make the customer's side dead (CONTRACT §3).
    pub customer_s: u32,
    /// Level in dBov up to which the customer's side counts as without noise: below the idle noise
    /// of any telephone circuit or room, above the last bits of a converter.
    pub silence_dbov: f64,
    /// Seconds the other side must have spoken meanwhile: nobody to be heard is not a fault.
    pub other_speech_s: f64,
    /// Seconds of life after which it clears: one click is no return.
    pub keep_for_s: u32,
}

impl Default for OneWayAudio {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
            agent_s: 5,
            customer_s: 15,
            silence_dbov: -75.0,
            other_speech_s: 2.0,
            keep_for_s: 2,
        }
    }
}

/// A value that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("alerts.{key} {message}")]
pub struct AlertConfigError {
    /// The key inside `[alerts]`, e.g. `double_talk.ratio`.
    pub key: &'static str,
    /// What it must be.
    pub message: &'static str,
}

/// The longest window in whole seconds.
pub const LONGEST_WINDOW_S: u32 = 60;
