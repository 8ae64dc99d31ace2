//! A second of measurements folded into the figures that alerts and telemetry are made of.

use crate::measurement::{Hum, NoiseKind, Response};
use crate::units::{Db, Dbov};

/// One second (100 frames) of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondSummary {
    /// Index of the second, from 0.
    pub second: u64,
    /// The headset's microphone.
    pub agent: SideSecond,
    /// The far end; `None` when only one side is analysed.
    pub customer: Option<SideSecond>,
    /// Share of the second in which both speak, 0..1.
    pub double_talk_ratio: f32,
    /// The headset's echo return loss, if known.
    pub echo_return_loss: Option<Db>,
    /// Who talks, hangover left out.
    pub talk: TalkSecond,
}

/// Who talks in one second, as the analyser's lagged verdicts say it: without the hangover, so that
/// shares add up and turns end when the voice does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TalkSecond {
    /// Share in which the agent speaks, 0..1.
    pub agent_ratio: f32,
    /// Share in which the customer speaks, 0..1.
    pub customer_ratio: f32,
    /// Share in which neither does, 0..1.
    pub silence_ratio: f32,
    /// Share before anybody speaks, 0..1; 1 if nobody does.
    pub leading_silence_ratio: f32,
    /// Share after the last word, 0..1; 1 if nobody speaks.
    pub trailing_silence_ratio: f32,
    /// What was answered; there cannot be more in a second, as each takes a turn of 200 ms.
    pub responses: [Option<Response>; MOST_RESPONSES],
}

/// Responses that fit into a second.
pub const MOST_RESPONSES: usize = 5;

/// One side's second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideSecond {
    /// RMS level of the second.
    pub level: Dbov,
    /// P.56 active speech level so far.
    pub active_speech_level: Option<Dbov>,
    /// Latest noise level, flat.
    pub noise: Option<Dbov>,
    /// Latest noise level, A-weighted.
    pub noise_a: Option<Dbov>,
    /// Latest signal-to-noise ratio.
    pub snr: Option<Db>,
    /// Latest kind of noise.
    pub noise_kind: Option<NoiseKind>,
    /// The noise is gated away.
    pub noise_gated: bool,
    /// Share of the second with decided speech, 0..1.
    pub speech_ratio: f32,
    /// Share of clipped samples, 0..1.
    pub clipped_ratio: f32,
    /// Dropouts that ended in this second.
    pub dropouts: u32,
    /// Milliseconds lost in them.
    pub dropout_ms: f32,
    /// Crackles.
    pub crackles: u32,
    /// Hum at the end of the second.
    pub hum: Option<Hum>,
    /// DC offset at the end of the second.
    pub dc_offset: f32,
    /// Share of frames that were digital silence, 0..1.
    pub digital_silence_ratio: f32,
}
