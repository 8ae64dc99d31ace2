//! One side of a call: its last tenth of a second where there is one, its last second otherwise.

use crate::local::state::Call;

/// What is known of a side.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Side {
    /// RMS level, dBov.
    pub(super) level: Option<f64>,
    /// It speaks.
    pub(super) speaks: Option<bool>,
    /// ITU-T P.56 active speech level of the call so far, dBov.
    pub(super) speech_level: Option<f64>,
    /// Noise under the speech, dBov(A).
    pub(super) noise: Option<f64>,
    /// Signal-to-noise ratio, dB.
    pub(super) snr: Option<f64>,
    /// A noise gate hides the noise.
    pub(super) gated: bool,
}

impl Side {
    /// The headset's microphone.
    pub(super) fn agent(call: &Call) -> Self {
        let (figures, live) = (call.figures.as_deref(), call.live.as_ref());
        Self {
            level: live
                .map(|l| l.agent_level_dbov)
                .or(figures.and_then(|f| f.agent_level_dbov)),
            speaks: live.map(|l| l.agent_speech),
            speech_level: figures.and_then(|f| f.agent_active_speech_level_dbov),
            noise: figures.and_then(|f| f.agent_noise_dbov_a),
            snr: figures.and_then(|f| f.agent_snr_db),
            gated: figures.is_some_and(|f| f.agent_noise_gated == Some(true)),
        }
    }

    /// The far end.
    pub(super) fn customer(call: &Call) -> Self {
        let (figures, live) = (call.figures.as_deref(), call.live.as_ref());
        Self {
            level: live
                .and_then(|l| l.customer_level_dbov)
                .or(figures.and_then(|f| f.customer_level_dbov)),
            speaks: live.and_then(|l| l.customer_speech),
            speech_level: figures.and_then(|f| f.customer_active_speech_level_dbov),
            noise: figures.and_then(|f| f.customer_noise_dbov_a),
            snr: figures.and_then(|f| f.customer_snr_db),
            gated: false,
        }
    }

    /// To read.
    pub(super) fn words(self) -> String {
        let figure = |value: Option<f64>, unit: &str| {
            value.map_or("unknown".to_owned(), |value| format!("{value:.1} {unit}"))
        };
        let speaks = match self.speaks {
            Some(true) => "SPEAKS",
            Some(false) => "quiet",
            None => "unknown",
        };
        let noise = if self.gated {
            "noise gated".to_owned()
        } else {
            format!("noise {}", figure(self.noise, "dBov(A)"))
        };
        format!(
            "{speaks}, level {}, speech level {}, {noise}, SNR {}",
            figure(self.level, "dBov"),
            figure(self.speech_level, "dBov"),
            figure(self.snr, "dB")
        )
    }
}
