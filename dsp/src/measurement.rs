//! What the analyser says of each 10 ms frame. Numbers only; no sample leaves through these types.

use crate::units::{Db, Dbov, Hz};

/// How many frames the speech scores lag behind the levels: a [`Measurement`] with `frame == n`
/// carries the levels of frame `n` and the speech and double-talk decisions of frame
/// `n - SPEECH_LAG_FRAMES`. The speech detector needs to hear past a frame to judge it:
/// 110 ms, most of it the later half of the mean over 0.14 s (`speech/detector.rs`).
pub const SPEECH_LAG_FRAMES: u64 = 11;

/// Which side of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The headset's microphone.
    Agent,
    /// The far end, as played to the headset.
    Customer,
}

/// One 10 ms frame of a call, both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Index of the frame these levels belong to, from 0.
    pub frame: u64,
    /// The headset's microphone.
    pub agent: SideMeasurement,
    /// The far end; `None` when only one side is analysed.
    pub customer: Option<SideMeasurement>,
    /// Both sides together; `None` when only one side is analysed. Lags like the speech scores.
    pub both: Option<PairMeasurement>,
    /// An overtalk decided, ended or withdrawn in this frame (CONTRACT §4).
    pub overtalk: Option<OvertalkEvent>,
    /// Who speaks in the lagged frame, hangover left out.
    pub talk: TalkMeasurement,
}

/// One side's frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideMeasurement {
    /// RMS level of the frame.
    pub level: Dbov,
    /// Largest absolute sample of the frame, as a level of its square.
    pub peak: Dbov,
    /// ITU-T P.56 active speech level since the start (or the last reset); `None` before any speech.
    pub active_speech_level: Option<Dbov>,
    /// Running noise level under the speech, flat; `None` until known, or when gated.
    pub noise: Option<Dbov>,
    /// The same, A-weighted.
    pub noise_a: Option<Dbov>,
    /// Active speech power without its noise, over the noise; `None` while either is unknown.
    pub snr: Option<Db>,
    /// What the noise is like; `None` until known.
    pub noise_kind: Option<NoiseKind>,
    /// The microphone falls to (near) digital silence between words: it gives no noise figure.
    pub noise_gated: bool,
    /// Speech score in 0..1 for frame `frame - SPEECH_LAG_FRAMES`; rankable. On the agent's side
    /// the customer's leakage is taken out and weighed, but what decides `speech` is stricter: beside a
    /// leaking far end or a crowd a score over 0.5 may be decided to be nobody.
    pub speech_score: f32,
    /// Decided speech with 200 ms hangover, of the same lagged frame.
    pub speech: bool,
    /// Clipped samples in this frame (also below full scale).
    pub clipped_samples: u32,
    /// Dropouts that ended in this frame (the signal came back).
    pub dropouts: u32,
    /// Milliseconds lost in those dropouts.
    pub dropout_ms: f32,
    /// Crackles (clicks) found in this frame.
    pub crackles: u32,
    /// Mains hum now present; `None` when there is none.
    pub hum: Option<Hum>,
    /// Mean of the samples over about a second, −1..1.
    pub dc_offset: f32,
    /// All samples of the frame are exactly one value (digital silence).
    pub digital_silence: bool,
}

/// Mains hum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hum {
    /// The measured fundamental, near 50 or 60 Hz.
    pub fundamental: Hz,
    /// The level of the fundamental and its harmonics together.
    pub level: Dbov,
}

/// What a noise is like (CONTRACT §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoiseKind {
    /// Nothing to speak of.
    Quiet,
    /// Broad-band, steady, electronic.
    Hiss,
    /// Mains and its harmonics.
    Hum,
    /// Other people talking.
    Babble,
    /// Ventilation, keyboards, machines of a room.
    Office,
    /// Vehicles; low and slowly changing.
    Traffic,
    /// Clicks of a bad contact.
    Crackle,
}

/// Both sides of one (lagged) frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairMeasurement {
    /// Probability in 0..1 that both sides speak in the frame, leakage taken out; rankable.
    pub double_talk_score: f32,
    /// Both sides speak: decided.
    pub double_talk: bool,
    /// Estimated echo return loss of the headset, far end to microphone; `None` until known.
    pub echo_return_loss: Option<Db>,
}

/// Who speaks in one (lagged) frame: without the hangover, so that turns end when the voice does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TalkMeasurement {
    /// The agent speaks.
    pub agent: bool,
    /// The customer speaks; never, when only one side is analysed.
    pub customer: bool,
    /// One side has answered the other.
    pub response: Option<Response>,
}

/// How long a side took to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// Who answered.
    pub side: Side,
    /// Frames from the end of the other side's turn to the beginning of the answer.
    pub frames: u64,
}

/// Who spoke first, or broke in. `None` in both fields: starts within 200 ms of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OvertalkParties {
    /// The side that spoke first.
    pub floor: Option<Side>,
    /// The other one.
    pub interrupter: Option<Side>,
}

/// The life of one overtalk. Frames count as in [`Measurement::frame`], already lag-corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OvertalkEvent {
    /// Decided: both have talked ≥ 500 ms and it is not a back-channel.
    Started {
        /// First frame in which both spoke.
        start_frame: u64,
        /// Who was first.
        parties: OvertalkParties,
    },
    /// Over.
    Ended {
        /// First frame in which both spoke.
        start_frame: u64,
        /// One past the last frame in which both spoke.
        end_frame: u64,
        /// Who was first.
        parties: OvertalkParties,
    },
}
