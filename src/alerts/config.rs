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

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_wire::vocabulary::Severity;

/// All alert rules (table `[alerts]`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertConfig {
    /// The agent is muted when the call starts.
    pub muted_at_call_start: MutedAtCallStart,
    /// The quick disconnect was pulled in a call.
    pub qd_open_in_call: QdOpenInCall,
    /// Agent and customer talk at the same time.
    pub double_talk: DoubleTalk,
    /// The agent works in noise.
    pub noisy_environment: NoisyEnvironment,
    /// Hum, hiss, crackle, dropouts or clipping, on either side.
    pub line_noise: LineNoise,
    /// Only one side can be heard.
    pub one_way_audio: OneWayAudio,
    /// The headset left during a call.
    pub headset_gone: HeadsetGone,
    /// The headset keeps failing.
    pub device_unstable: DeviceUnstable,
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

/// `headset_gone`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HeadsetGone {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
}

impl Default for HeadsetGone {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
        }
    }
}

/// `device_unstable`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceUnstable {
    /// Switches the rule on.
    pub enabled: bool,
    /// How bad.
    pub severity: Severity,
    /// Failures (device gone, or a capture gap) in `window_s` that raise it (CONTRACT §3).
    pub failures: u32,
    /// Milliseconds from which missing capture is a failure (CONTRACT §3).
    pub gap_ms: u32,
    /// Seconds over which failures are counted, and without which it clears (CONTRACT §3: 10 min).
    pub window_s: f64,
    /// Failures closer together than this, in seconds, are one: an unplug is also a gap.
    pub merge_s: f64,
}

impl Default for DeviceUnstable {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: Severity::Major,
            failures: 3,
            gap_ms: 100,
            window_s: 600.0,
            merge_s: 1.0,
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

impl AlertConfig {
    /// Checks what the types cannot say: every value that cannot work, by its key.
    #[must_use]
    pub fn check(&self) -> Vec<AlertConfigError> {
        let mut wrong = Vec::new();
        let mut demand = |holds: bool, key, message| {
            if !holds {
                wrong.push(AlertConfigError { key, message });
            }
        };
        let span = |v: f64| (0.0..=86_400.0).contains(&v);
        let ratio = |v: f64| v > 0.0 && v <= 1.0;
        let level = |v: f64| (-100.0..=0.0).contains(&v);
        let decibels = |v: f64| (-20.0..=100.0).contains(&v);
        let window = |v: u32| (1..=LONGEST_WINDOW_S).contains(&v);
        const SPAN: &str = "must be between 0 and 86400 s";
        const RATIO: &str = "must be above 0 and at most 1";
        const LEVEL: &str = "must be between -100 and 0 dBov";
        const DECIBELS: &str = "must be between -20 and 100 dB";
        const WINDOW: &str = "must be between 1 and 60 s";
        const PART: &str = "must be at least 1 and at most window_s";
        const RATE: &str = "must be above 0 and at most 6000 per minute";

        let m = &self.muted_at_call_start;
        demand(span(m.within_s), "muted_at_call_start.within_s", SPAN);
        demand(span(m.for_s), "muted_at_call_start.for_s", SPAN);

        let d = &self.double_talk;
        demand(span(d.overtalk_s), "double_talk.overtalk_s", SPAN);
        demand(ratio(d.ratio), "double_talk.ratio", RATIO);
        demand(
            (1.0..=3_600.0).contains(&d.window_s),
            "double_talk.window_s",
            "must be between 1 and 3600 s",
        );
        demand(span(d.ratio_after_s), "double_talk.ratio_after_s", SPAN);
        demand(span(d.keep_for_s), "double_talk.keep_for_s", SPAN);

        let n = &self.noisy_environment;
        demand(decibels(n.snr_db), "noisy_environment.snr_db", DECIBELS);
        demand(
            level(n.noise_dbov_a),
            "noisy_environment.noise_dbov_a",
            LEVEL,
        );
        demand(
            decibels(n.loud_snr_db) && n.loud_snr_db >= n.snr_db,
            "noisy_environment.loud_snr_db",
            "must be at least snr_db and at most 100 dB",
        );
        demand(window(n.window_s), "noisy_environment.window_s", WINDOW);
        demand(
            (1..=n.window_s).contains(&n.bad_s),
            "noisy_environment.bad_s",
            PART,
        );
        demand(
            (0.0..=20.0).contains(&n.hysteresis_db),
            "noisy_environment.hysteresis_db",
            "must be between 0 and 20 dB",
        );

        let l = &self.line_noise;
        let rate = |v: f64| v > 0.0 && v <= 6_000.0;
        demand(level(l.hum_dbov), "line_noise.hum_dbov", LEVEL);
        demand(level(l.hiss_dbov_a), "line_noise.hiss_dbov_a", LEVEL);
        demand(window(l.window_s), "line_noise.window_s", WINDOW);
        demand(
            (1..=l.window_s).contains(&l.steady_s),
            "line_noise.steady_s",
            PART,
        );
        demand(rate(l.crackle_per_min), "line_noise.crackle_per_min", RATE);
        demand(
            (1..=l.window_s).contains(&l.crackle_s),
            "line_noise.crackle_s",
            PART,
        );
        demand(
            rate(l.dropouts_per_min),
            "line_noise.dropouts_per_min",
            RATE,
        );
        demand(ratio(l.dropout_ratio), "line_noise.dropout_ratio", RATIO);
        demand(ratio(l.clipped_ratio), "line_noise.clipped_ratio", RATIO);
        demand(
            (1..=l.window_s).contains(&l.clipped_s),
            "line_noise.clipped_s",
            PART,
        );
        demand(window(l.keep_for_s), "line_noise.keep_for_s", WINDOW);

        let o = &self.one_way_audio;
        demand(window(o.agent_s), "one_way_audio.agent_s", WINDOW);
        demand(window(o.customer_s), "one_way_audio.customer_s", WINDOW);
        demand(level(o.silence_dbov), "one_way_audio.silence_dbov", LEVEL);
        demand(span(o.other_speech_s), "one_way_audio.other_speech_s", SPAN);
        demand(window(o.keep_for_s), "one_way_audio.keep_for_s", WINDOW);

        let u = &self.device_unstable;
        demand(
            (1..=1_000).contains(&u.failures),
            "device_unstable.failures",
            "must be between 1 and 1000",
        );
        demand(
            (1..=60_000).contains(&u.gap_ms),
            "device_unstable.gap_ms",
            "must be between 1 and 60000 ms",
        );
        demand(span(u.window_s), "device_unstable.window_s", SPAN);
        demand(span(u.merge_s), "device_unstable.merge_s", SPAN);
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::AlertConfig;

    #[test]
    fn defaults_pass_their_own_check_and_survive_toml() {
        let config = AlertConfig::default();
        assert_eq!(config.check(), []);
        let text = toml::to_string(&config).expect("defaults are TOML");
        assert_eq!(toml::from_str::<AlertConfig>(&text), Ok(config));
    }

    #[test]
    fn whole_numbers_are_read_where_fractions_are_meant() {
        let config: AlertConfig =
            toml::from_str("[noisy_environment]\nsnr_db = 12\n").expect("12 is 12.0");
        assert!((config.noisy_environment.snr_db - 12.0).abs() < 1e-9);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let read = toml::from_str::<AlertConfig>("[double_talk]\noverlap_s = 2.0\n");
        assert!(read.is_err_and(|e| e.to_string().contains("overlap_s")));
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        let config: AlertConfig = toml::from_str(
            "double_talk.ratio = nan\nnoisy_environment.bad_s = 16\nline_noise.window_s = 61\n",
        )
        .expect("well-formed");
        let keys: Vec<_> = config.check().iter().map(|e| e.key).collect();
        assert_eq!(
            keys,
            [
                "double_talk.ratio",
                "noisy_environment.bad_s",
                "line_noise.window_s"
            ]
        );
    }
}
