//! What a call came to: the keys that `event/call.ended` has besides those of every event.
//!
//! *Promises*: numbers only; what was not measured or does not apply is absent. Lists hold flat
//! objects and are bounded; their counts and sums are not cut.
//!
//! Times in lists are seconds since the call's start (`event/call.started`). Levels are as captured
//! at the desk, before the softphone's own processing.

use crate::vocabulary::{HoldOutcome, NoiseName, OvertalkParty, Provenance, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest list of a report; what happened later is in the counts and sums only.
pub const LIST_MAX: usize = 40;

/// The whole call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CallReport {
    /// From the first ring to the answer, of a call that came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_s: Option<f64>,
    /// From dialling to the answer, of a call that went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dial_s: Option<f64>,
    /// From the answer to the end, holds taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk_s: Option<f64>,
    /// Seconds of sound behind the figures of talk: streams open, not on hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard_s: Option<f64>,
    /// Share of `heard_s` in which the agent speaks and is not muted, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_talk_ratio: Option<f64>,
    /// Share of `heard_s` in which the customer speaks, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_talk_ratio: Option<f64>,
    /// Share of `heard_s` in which both speak, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub double_talk_ratio: Option<f64>,
    /// Share of `heard_s` in which neither speaks, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_ratio: Option<f64>,
    /// Seconds the agent spoke while muted, where the microphone is heard under mute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_speech_s: Option<f64>,
    /// Overtalks (CONTRACT §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk_count: Option<u32>,
    /// Their seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk_s: Option<f64>,
    /// Those in which the agent came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk_by_agent_count: Option<u32>,
    /// Their seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk_by_agent_s: Option<f64>,
    /// Those in which the customer came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk_by_customer_count: Option<u32>,
    /// Their seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtalk_by_customer_s: Option<f64>,
    /// How often the agent answered: began to speak after the customer had ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_response_count: Option<u32>,
    /// From the customer's end to the agent's answer, median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_response_median_s: Option<f64>,
    /// The same, 90th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_response_p90_s: Option<f64>,
    /// How often the customer answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_response_count: Option<u32>,
    /// From the agent's end to the customer's answer, median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_response_median_s: Option<f64>,
    /// The same, 90th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_response_p90_s: Option<f64>,
    /// Stretches of 5 s or more in which neither speaks, holds and mutes not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_air_count: Option<u32>,
    /// Their seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_air_s: Option<f64>,
    /// The longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_air_longest_s: Option<f64>,
    /// Holds; absent where no softphone tells of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_count: Option<u32>,
    /// Their seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_s: Option<f64>,
    /// Mutes; absent where nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_count: Option<u32>,
    /// Their seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_s: Option<f64>,
    /// Seconds in which headset or mixer on one hand and softphone on the other said different
    /// things about mute for longer than 2 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_drift_s: Option<f64>,
    /// The microphone is still heard while the headset is muted, as learned of this headset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_under_mute: Option<bool>,
    /// How often the quick disconnect was pulled; absent where that was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qd_count: Option<u32>,
    /// Seconds it was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qd_open_s: Option<f64>,
    /// Active speech level (ITU-T P.56).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_active_speech_level_dbov: Option<f64>,
    /// Noise under the speech.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_dbov: Option<f64>,
    /// The same, A-weighted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_dbov_a: Option<f64>,
    /// What the noise was like for the longest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_kind: Option<NoiseName>,
    /// Share of `heard_s` in which a gate hid the noise, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_noise_gated_ratio: Option<f64>,
    /// Signal-to-noise ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_snr_db: Option<f64>,
    /// Share of clipped samples, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_clipped_ratio: Option<f64>,
    /// Dropouts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_dropouts: Option<u32>,
    /// Seconds lost in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_dropout_s: Option<f64>,
    /// Crackles per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_crackle_per_min: Option<f64>,
    /// Measured mains hum, if it was there for a quarter of the time or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_hum_hz: Option<f64>,
    /// Its level, harmonics included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_hum_dbov: Option<f64>,
    /// Active speech level (ITU-T P.56).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_active_speech_level_dbov: Option<f64>,
    /// Noise under the speech.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_noise_dbov: Option<f64>,
    /// The same, A-weighted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_noise_dbov_a: Option<f64>,
    /// What the noise was like for the longest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_noise_kind: Option<NoiseName>,
    /// Share of `heard_s` in which a gate hid the noise, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_noise_gated_ratio: Option<f64>,
    /// Signal-to-noise ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_snr_db: Option<f64>,
    /// Share of clipped samples, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_clipped_ratio: Option<f64>,
    /// Dropouts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_dropouts: Option<u32>,
    /// Seconds lost in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_dropout_s: Option<f64>,
    /// Crackles per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_crackle_per_min: Option<f64>,
    /// Measured mains hum, if it was there for a quarter of the time or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_hum_hz: Option<f64>,
    /// Its level, harmonics included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_hum_dbov: Option<f64>,
    /// Packets lost from here to the customer, mean share 0..1, as the softphone's RTCP says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink_loss_ratio: Option<f64>,
    /// Interarrival jitter of the same direction, mean (RFC 3550).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink_jitter_ms: Option<u32>,
    /// Packets lost from the customer to here, mean share 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downlink_loss_ratio: Option<f64>,
    /// Interarrival jitter of the same direction, mean (RFC 3550).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downlink_jitter_ms: Option<u32>,
    /// There and back, mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<u32>,
    /// Transmission rating of the worse direction, 0..100, by the E-model (ITU-T G.107) as far as
    /// its inputs were measured, and its defaults for the rest: not a MOS. 93.2 is a faultless call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<f64>,
    /// Whose voice that direction carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_side: Option<Side>,
    /// What a voice too quiet or too loud takes from the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_level_penalty: Option<f64>,
    /// What noise takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_noise_penalty: Option<f64>,
    /// What lost packets take; absent without figures of a softphone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_loss_penalty: Option<f64>,
    /// What delay takes; absent without figures of a softphone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_delay_penalty: Option<f64>,
    /// What dropouts in the captured sound take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_dropout_penalty: Option<f64>,
    /// What clipping takes (Sidetone's own scale).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_clipping_penalty: Option<f64>,
    /// What crackle takes (Sidetone's own scale).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_crackle_penalty: Option<f64>,
    /// The first overtalks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overtalks: Vec<OvertalkSpan>,
    /// The first holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HoldSpan>,
    /// The first mutes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mutes: Vec<MuteSpan>,
    /// The first times the quick disconnect was open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub qd_opens: Vec<QuickDisconnectSpan>,
}

/// One overtalk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OvertalkSpan {
    /// Since the call's start.
    pub start_s: f64,
    /// How long.
    pub duration_s: f64,
    /// The side that spoke first, `none` if both began together.
    pub floor: OvertalkParty,
    /// The side that came in, `none` if both began together.
    pub interrupter: OvertalkParty,
}

/// One hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldSpan {
    /// Since the call's start.
    pub start_s: f64,
    /// How long.
    pub duration_s: f64,
}

/// One mute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MuteSpan {
    /// Since the call's start.
    pub start_s: f64,
    /// How long.
    pub duration_s: f64,
    /// How it was known when it began.
    pub provenance: Provenance,
}

/// One time the quick disconnect was open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuickDisconnectSpan {
    /// Since the call's start.
    pub start_s: f64,
    /// How long.
    pub duration_s: f64,
    /// How it was known when it opened.
    pub provenance: Provenance,
    /// What came of the hold, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldOutcome>,
}
