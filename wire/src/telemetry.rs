//! `telemetry/{stream}`: live figures every 1–10 s, QoS 0, never stored.

use crate::topics::TelemetryStream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One telemetry message before the uplink stamps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Telemetry {
    /// `telemetry/audio`: both sides of the call, once a second in a call.
    Audio {
        /// When it was observed, ms since 1970 UTC.
        ts: u64,
        /// The figures.
        figures: Box<AudioFigures>,
    },
    /// `telemetry/health`: the daemon itself.
    Health {
        /// When it was observed, ms since 1970 UTC.
        ts: u64,
        /// The figures.
        figures: HealthFigures,
    },
}

impl Telemetry {
    /// Which stream it belongs to.
    #[must_use]
    pub const fn stream(&self) -> TelemetryStream {
        match self {
            Self::Audio { .. } => TelemetryStream::Audio,
            Self::Health { .. } => TelemetryStream::Health,
        }
    }

    /// When it was observed, ms since 1970 UTC.
    #[must_use]
    pub const fn ts(&self) -> u64 {
        match self {
            Self::Audio { ts, .. } | Self::Health { ts, .. } => *ts,
        }
    }
}

/// Both sides of one second. Levels are as captured at the desk, before the softphone's processing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AudioFigures {
    /// Always `capture`.
    pub measured_at: String,
    /// The call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Uuid>,
    /// The headset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headset: Option<String>,
    /// `stream`, or `mix` where only the whole sink can be heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub far_source: Option<String>,
    /// How the network carries the agent's voice to the customer: `good`, `unstable` (2 % of the packets
    /// lost, or 40 ms of jitter), or `unknown` where no softphone tells.
    pub uplink: String,
    /// Packets lost on the way to the customer, 0..1, by the softphone's latest RTCP figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink_loss_ratio: Option<f64>,
    /// Interarrival jitter on the way to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink_jitter_ms: Option<u32>,
    /// Packets lost on the way from the customer, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downlink_loss_ratio: Option<f64>,
    /// Interarrival jitter on the way from the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downlink_jitter_ms: Option<u32>,
    /// There and back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<u32>,
    /// Muted, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// `true` while headset or mixer says something else about mute than the softphone, for longer than 2 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_drift: Option<bool>,
    /// RMS level of the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_level_dbov: Option<f64>,
    /// RMS level of the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_level_dbov: Option<f64>,
    /// Active speech level of the call so far (ITU-T P.56).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_active_speech_level_dbov: Option<f64>,
    /// Active speech level of the call so far (ITU-T P.56).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_active_speech_level_dbov: Option<f64>,
    /// Noise under the speech.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_dbov: Option<f64>,
    /// Noise under the speech, A-weighted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_dbov_a: Option<f64>,
    /// Noise under the speech.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_noise_dbov: Option<f64>,
    /// Noise under the speech, A-weighted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_noise_dbov_a: Option<f64>,
    /// Signal-to-noise ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_snr_db: Option<f64>,
    /// Signal-to-noise ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_snr_db: Option<f64>,
    /// Share of the second with speech, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_speech_ratio: Option<f64>,
    /// Share of the second with speech, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_speech_ratio: Option<f64>,
    /// Share of the second in which both speak, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub double_talk_ratio: Option<f64>,
    /// The noise gate of the microphone hides its noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_gated: Option<bool>,
    /// Samples lost because a ring was full, since start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_samples: Option<u64>,
}

/// The daemon's own health.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HealthFigures {
    /// Since start.
    pub uptime_s: f64,
    /// Resident memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Processor time used since start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<f64>,
    /// Records waiting for their acknowledgement.
    pub outbox_records: u64,
    /// Records lost since start.
    pub outbox_dropped: u64,
}
