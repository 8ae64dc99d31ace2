//! What each figure of a side is, and what is good. The limits named are those of the alerts.

use super::figures::{Cell, OneSide, dbov, one, share};
use super::words::{limit, number, percent};
use crate::alerts::config::AlertConfig;

/// A row of the table.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) name: &'static str,
    pub(super) cell: fn(OneSide<'_>) -> Cell,
    pub(super) explained: fn(&AlertConfig) -> String,
}

/// The rows, in the order in which they are read.
pub(super) const MEANINGS: [Meaning; 15] = [
    Meaning {
        name: "Spoke",
        cell: |side| side.spoke(),
        explained: |_| {
            "Share of the call in which this side speaks, pauses up to 0.2 s included.".into()
        },
    },
    Meaning {
        name: "Speech level",
        cell: |side| side.speech_level(),
        explained: |_| {
            "How loud the voice is while it speaks (ITU-T P.56). Nominal is −26 dBov; both sides should be alike.".into()
        },
    },
    Meaning {
        name: "Active",
        cell: |side| share(side.report.activity),
        explained: |_| {
            "Share of the time in which the level is that of speech (ITU-T P.56).".into()
        },
    },
    Meaning {
        name: "Level",
        cell: |side| dbov(side.report.rms_dbov),
        explained: |_| {
            "Mean of everything, pauses included. Lower than the speech level the more a side listens.".into()
        },
    },
    Meaning {
        name: "Peak",
        cell: |side| dbov(side.report.peak_dbov),
        explained: |_| {
            "The largest sample; 0 is as far as the scale goes. Good is a few dB below.".into()
        },
    },
    Meaning {
        name: "Noise",
        cell: |side| side.noise(),
        explained: |_| {
            "Level in the pauses of speech, all frequencies alike. Lower is better.".into()
        },
    },
    Meaning {
        name: "Noise, as heard",
        cell: |side| side.noise_a(),
        explained: |limits| {
            let noisy = &limits.noisy_environment;
            format!(
                "The same weighted as the ear hears it (A, IEC 61672). Above {} dBov(A) it disturbs on the agent's side, unless the voice is {} dB over it.",
                limit(noisy.noise_dbov_a),
                limit(noisy.loud_snr_db)
            )
        },
    },
    Meaning {
        name: "Kind of noise",
        cell: |side| side.noise_kind(),
        explained: |_| "What the noise was like for the longest time.".into(),
    },
    Meaning {
        name: "Signal to noise",
        cell: |side| side.ratio(),
        explained: |limits| {
            format!(
                "How far the voice stands above the noise. Higher is better; under {} dB on the agent's side listening takes effort.",
                limit(limits.noisy_environment.snr_db)
            )
        },
    },
    Meaning {
        name: "Hum",
        cell: |side| side.hum(),
        explained: |limits| {
            format!(
                "Mains hum in a quarter of the call or more, measured. Good is none; from {} dBov it is plainly heard in pauses.",
                limit(limits.line_noise.hum_dbov)
            )
        },
    },
    Meaning {
        name: "Clipped",
        cell: |side| share(side.report.clipped_ratio),
        explained: |limits| {
            format!(
                "Share of samples cut off because the level was too high. Good is 0; {} within a second is heard as harshness.",
                percent(limits.line_noise.clipped_ratio)
            )
        },
    },
    Meaning {
        name: "Dropouts",
        cell: |side| side.dropouts(),
        explained: |limits| {
            format!(
                "Holes in the sound of 5 ms or more. Good is none; {} a minute make a listener ask again.",
                limit(limits.line_noise.dropouts_per_min)
            )
        },
    },
    Meaning {
        name: "Crackles",
        cell: |side| {
            let rate = side.report.crackle_per_min;
            one(rate, format!("{} a minute", number(rate, 1)))
        },
        explained: |limits| {
            format!(
                "Clicks of a bad contact. Good is none; {} a minute point to a broken plug or cable.",
                limit(limits.line_noise.crackle_per_min)
            )
        },
    },
    Meaning {
        name: "DC offset",
        cell: |side| {
            let offset = side.report.dc_offset;
            one(offset, number(offset, 4))
        },
        explained: |_| {
            "Mean of all samples, full scale 1. Good is close to 0; more is a fault of the electronics.".into()
        },
    },
    Meaning {
        name: "Any sound",
        cell: |side| side.dead(),
        explained: |_| "A living microphone or line always has some noise.".into(),
    },
];
