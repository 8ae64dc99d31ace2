//! What a whole call or file comes to (CONTRACT §7).
//!
//! *Promises*: figures over all frames where a figure can be (counts, ratios, P.56, noise over all
//! pauses), not the last running value.
//!
//! *Fails* by saying `None` where nothing was there to measure.

use crate::measurement::{Hum, NoiseKind, SideMeasurement};
use crate::units::{Db, Dbov, Hz, SampleRate};

/// A whole call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallTotals {
    /// Frames analysed, 10 ms each.
    pub frames: u64,
    /// The headset's microphone.
    pub agent: SideTotals,
    /// The far end; `None` when only one side was analysed.
    pub customer: Option<SideTotals>,
    /// Frames in which both spoke.
    pub double_talk_frames: u64,
    /// Frames in which neither spoke (hangover counts as speech).
    pub silent_frames: u64,
}

impl CallTotals {
    /// Seconds in which both spoke.
    #[must_use]
    pub fn double_talk_s(&self) -> f64 {
        self.double_talk_frames as f64 / 100.0
    }

    /// Share of the call in which both spoke, 0..1.
    #[must_use]
    pub fn double_talk_ratio(&self) -> f64 {
        self.double_talk_frames as f64 / self.frames.max(1) as f64
    }

    /// Share of the call in which neither spoke, 0..1.
    #[must_use]
    pub fn silence_ratio(&self) -> f64 {
        self.silent_frames as f64 / self.frames.max(1) as f64
    }
}

/// One side of a whole call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideTotals {
    /// ITU-T P.56 active speech level; `None` without speech.
    pub active_speech_level: Option<Dbov>,
    /// ITU-T P.56 activity factor, 0..1.
    pub activity: f32,
    /// RMS level of everything.
    pub rms: Dbov,
    /// Noise level, flat, over all pauses.
    pub noise: Option<Dbov>,
    /// The same, A-weighted.
    pub noise_a: Option<Dbov>,
    /// What the noise was like for the longest time.
    pub noise_kind: Option<NoiseKind>,
    /// The microphone fell to (near) digital silence between words.
    pub noise_gated: bool,
    /// Active speech power without its noise, over the noise.
    pub snr: Option<Db>,
    /// Share of clipped samples, 0..1.
    pub clipped_ratio: f32,
    /// Dropouts.
    pub dropouts: u32,
    /// Seconds lost in them.
    pub dropout_s: f32,
    /// Mains hum, if it was there for a quarter of the time or more: mean frequency and power.
    pub hum: Option<Hum>,
    /// Crackles per minute.
    pub crackle_per_min: f32,
    /// Mean of the samples, −1..1.
    pub dc_offset: f32,
    /// Largest absolute sample, as a level of its square.
    pub peak: Dbov,
    /// Nothing above the electronic floor was ever heard.
    pub dead: bool,
    /// Frames decided to be speech, hangover included.
    pub speech_frames: u64,
}

/// Every kind, to count them by.
const KINDS: [NoiseKind; 7] = [
    NoiseKind::Quiet,
    NoiseKind::Hiss,
    NoiseKind::Hum,
    NoiseKind::Babble,
    NoiseKind::Office,
    NoiseKind::Traffic,
    NoiseKind::Crackle,
];

/// Sums over one side's measurements.
#[derive(Debug, Clone, Default)]
pub(crate) struct SideSums {
    frames: u64,
    speech: u64,
    clipped: u64,
    dropouts: u32,
    dropout_ms: f64,
    crackles: u64,
    hum_frames: u64,
    hum_hz: f64,
    hum_power: f64,
    dc: f64,
    peak: Option<Dbov>,
    kinds: [u64; KINDS.len()],
}

impl SideSums {
    /// Adds what is known of a frame at once.
    pub(crate) fn add(&mut self, m: &SideMeasurement) {
        self.frames += 1;
        self.clipped += u64::from(m.clipped_samples);
        self.dropouts += m.dropouts;
        self.dropout_ms += f64::from(m.dropout_ms);
        self.crackles += u64::from(m.crackles);
        if let Some(hum) = m.hum {
            self.hum_frames += 1;
            self.hum_hz += f64::from(hum.fundamental.0);
            self.hum_power += 10.0_f64.powf(f64::from(hum.level.0) / 10.0);
        }
        self.dc += f64::from(m.dc_offset);
        if self.peak.is_none_or(|p| m.peak > p) {
            self.peak = Some(m.peak);
        }
        if let Some(i) = m
            .noise_kind
            .and_then(|k| KINDS.iter().position(|&x| x == k))
        {
            self.kinds[i] += 1;
        }
    }

    /// Adds the verdict of a lagged frame.
    pub(crate) fn add_speech(&mut self, speech: bool) {
        self.speech += u64::from(speech);
    }

    /// The sums as figures; what is measured elsewhere comes in.
    pub(crate) fn close(&self, rate: SampleRate, measured: Measured) -> SideTotals {
        let frames = self.frames.max(1) as f64;
        let samples = frames * rate.frame_len() as f64;
        let hum = (self.hum_frames > 0 && self.hum_frames * 4 >= self.frames).then(|| {
            let n = self.hum_frames as f64;
            Hum {
                fundamental: Hz((self.hum_hz / n) as f32),
                level: Dbov::from_mean_square(self.hum_power / n),
            }
        });
        let most = self.kinds.iter().copied().max().unwrap_or(0);
        let commonest = KINDS
            .into_iter()
            .zip(self.kinds)
            .find(|&(_, n)| n > 0 && n == most);
        SideTotals {
            active_speech_level: measured.active_speech_level,
            activity: measured.activity,
            rms: measured.rms,
            noise: measured.noise,
            noise_a: measured.noise_a,
            noise_kind: commonest.map(|(kind, _)| kind),
            noise_gated: measured.noise_gated,
            snr: measured.snr,
            clipped_ratio: (self.clipped as f64 / samples) as f32,
            dropouts: self.dropouts,
            dropout_s: (self.dropout_ms / 1_000.0) as f32,
            hum,
            crackle_per_min: (self.crackles as f64 / (frames / 6_000.0)) as f32,
            dc_offset: (self.dc / frames) as f32,
            peak: self.peak.unwrap_or(Dbov::FLOOR),
            dead: measured.dead,
            speech_frames: self.speech,
        }
    }
}

/// Whole-call figures that their own analysers keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) active_speech_level: Option<Dbov>,
    pub(crate) activity: f32,
    pub(crate) rms: Dbov,
    pub(crate) noise: Option<Dbov>,
    pub(crate) noise_a: Option<Dbov>,
    pub(crate) noise_gated: bool,
    pub(crate) snr: Option<Db>,
    pub(crate) dead: bool,
}
