//! What the board calls things: titles of alerts, words for noise.

use sidetone_wire::vocabulary::AlertKind;

/// Below this signal-to-noise ratio it is noisy, whatever else (CONTRACT §3, `noisy_environment`).
const SNR_NOISY_DB: f64 = 15.0;
/// From this signal-to-noise ratio on it is quiet.
const SNR_QUIET_DB: f64 = 25.0;
/// Louder noise than this is noisy together with an SNR below [`SNR_QUIET_DB`].
const NOISE_LOUD_DBOV_A: f64 = -45.0;
/// Noise that nobody hears.
const NOISE_QUIET_DBOV_A: f64 = -60.0;

/// An alert's name, for people.
pub(super) const fn title(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::MutedAtCallStart => "Muted at call start",
        AlertKind::TalkingWhileMuted => "Talking while muted",
        AlertKind::QdOpenInCall => "Quick disconnect pulled",
        AlertKind::HoldFailed => "Hold failed",
        AlertKind::DoubleTalk => "Talking over each other",
        AlertKind::NoisyEnvironment => "Noisy surroundings",
        AlertKind::LineNoise => "Noise on the line",
        AlertKind::LineUnstable => "Line unstable",
        AlertKind::DeviceUnstable => "Headset unstable",
        AlertKind::OneWayAudio => "One side silent",
        AlertKind::LowLevel => "Level too low",
        AlertKind::Clipping => "Overdriven",
        AlertKind::DeadAir => "Dead air",
        AlertKind::HeadsetGone => "Headset gone",
        AlertKind::BatteryLow => "Battery low",
    }
}

/// How noisy a side is; `None` if nobody can tell yet.
pub(super) fn noise(
    snr_db: Option<f64>,
    noise_dbov_a: Option<f64>,
    gated: bool,
) -> Option<&'static str> {
    let loud = noise_dbov_a.is_some_and(|noise| noise > NOISE_LOUD_DBOV_A);
    Some(match (snr_db, noise_dbov_a) {
        _ if gated => "noise gated",
        (Some(snr), _) if snr < SNR_NOISY_DB || (loud && snr < SNR_QUIET_DB) => "noisy",
        (Some(snr), _) if snr < SNR_QUIET_DB => "some noise",
        (Some(_), _) => "quiet",
        (None, Some(_)) if loud => "noisy",
        (None, Some(noise)) if noise > NOISE_QUIET_DBOV_A => "some noise",
        (None, Some(_)) => "quiet",
        (None, None) => return None,
    })
}

/// `audio_busy` → `audio busy`: reasons travel in snake case.
pub(super) fn reason(snake: &str) -> String {
    clip(&snake.replace('_', " "), 80)
}

/// At most so many characters: anyone with access to the broker can write 64 KiB.
pub(super) fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_words_at_the_alerts_own_limits() {
        for (snr, noise_a, gated, word) in [
            (Some(14.9), Some(-70.0), false, Some("noisy")),
            (Some(24.9), Some(-44.0), false, Some("noisy")),
            (Some(26.0), Some(-44.0), false, Some("quiet")),
            (Some(24.9), Some(-60.0), false, Some("some noise")),
            (Some(40.0), None, false, Some("quiet")),
            (None, Some(-40.0), false, Some("noisy")),
            (None, Some(-50.0), false, Some("some noise")),
            (None, Some(-70.0), false, Some("quiet")),
            (Some(40.0), None, true, Some("noise gated")),
            (None, None, false, None),
        ] {
            assert_eq!(noise(snr, noise_a, gated), word, "{snr:?} {noise_a:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äöü…");
    }
}
