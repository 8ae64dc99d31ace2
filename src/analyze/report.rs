//! What an analysis says: the schema `sidetone.analysis/1` (CONTRACT §7).
//!
//! Unknown is `null`, decibels floor at −100.0, ratios are 0..1 of the file's duration.

use serde::Serialize;
use sidetone_wire::call_report::CallReport;
pub use sidetone_wire::vocabulary::NoiseName;
use sidetone_wire::vocabulary::{AlertKind, Fault, OvertalkParty, Severity, Side};

/// Name and version of the schema.
pub const SCHEMA: &str = "sidetone.analysis/1";

/// A whole file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Length in seconds.
    pub duration_s: f64,
    /// Sampling rate in hertz.
    pub sample_rate: u32,
    /// The left, or the only channel.
    pub agent: SideReport,
    /// The right channel; `null` for a mono file.
    pub customer: Option<SideReport>,
    /// Both at once; `null` for a mono file.
    pub double_talk: Option<DoubleTalkReport>,
    /// Who spoke when.
    pub speech: SpeechReport,
    /// Share of the time in which nobody speaks.
    pub silence_ratio: f64,
    /// What a supervisor would have been told, had this been a live call.
    pub alerts: Vec<AlertReport>,
    /// What `event/call.ended` of a live call would have said; here too, what is unknown is absent.
    pub report: CallReport,
}

/// One side of the call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideReport {
    /// Active speech level, ITU-T P.56 method B; −100 where nothing is active.
    pub active_speech_level_dbov: f64,
    /// Activity factor of the same, 0..1.
    pub activity: f64,
    /// RMS level of the whole file.
    pub rms_dbov: f64,
    /// Noise under the speech, flat.
    pub noise_dbov: Option<f64>,
    /// The same, A-weighted (IEC 61672).
    pub noise_dbov_a: Option<f64>,
    /// What the noise is like.
    pub noise_kind: Option<NoiseName>,
    /// A gate hides the noise between words.
    pub noise_gated: bool,
    /// Active speech without its noise, over the noise.
    pub snr_db: Option<f64>,
    /// Share of clipped samples, 0..1.
    pub clipped_ratio: f64,
    /// How many dropouts.
    pub dropouts: u64,
    /// Seconds lost in them.
    pub dropout_s: f64,
    /// Measured fundamental of the mains hum.
    pub hum_hz: Option<f64>,
    /// Its level, harmonics included.
    pub hum_dbov: Option<f64>,
    /// Crackles per minute.
    pub crackle_per_min: f64,
    /// Mean of all samples, −1..1.
    pub dc_offset: f64,
    /// Largest absolute sample, as a level of its square.
    pub peak_dbov: f64,
    /// Nothing but digital silence.
    pub dead: bool,
}

/// Both sides at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoubleTalkReport {
    /// All frames in which both speak.
    pub seconds: f64,
    /// Their share of the file.
    pub ratio: f64,
    /// The overtalks (CONTRACT §4).
    pub overtalk: Vec<OvertalkReport>,
}

/// One overtalk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OvertalkReport {
    /// First moment in which both spoke.
    pub start_s: f64,
    /// Last moment in which both spoke.
    pub end_s: f64,
    /// The side that spoke first; `none`: both began together.
    pub floor: OvertalkParty,
    /// The other one.
    pub interrupter: OvertalkParty,
}

/// Who spoke when: `[start_s, end_s]` of each stretch of decided speech, 200 ms of hangover included.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeechReport {
    /// The agent's stretches.
    pub agent: Vec<[f64; 2]>,
    /// The customer's; `null` for a mono file.
    pub customer: Option<Vec<[f64; 2]>>,
}

/// One alert from its raise to its clear.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertReport {
    /// Which alert.
    pub kind: AlertKind,
    /// Whom it is about.
    pub subject: String,
    /// Which side of the call.
    pub side: Option<Side>,
    /// What is wrong with a line or device.
    pub fault: Option<Fault>,
    /// When the condition began.
    pub start_s: f64,
    /// When it was cleared; the end of the file, if it never was.
    pub end_s: f64,
    /// How bad.
    pub severity: Severity,
    /// One sentence.
    pub text: String,
    /// What to do: one sentence. Not among the keys of the schema.
    #[serde(skip)]
    pub action: String,
}

/// A figure with no more decimals than it is worth.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10.0_f64.powi(decimals);
    let rounded = (value * scale).round() / scale;
    // No negative zero.
    rounded + 0.0
}
