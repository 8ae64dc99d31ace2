//! Values that cannot work, by their keys: what the types cannot say.

use super::{AlertConfig, AlertConfigError, LONGEST_WINDOW_S};

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

        const TIMES: &str = "must be between 1 and 1000";

        let m = &self.muted_at_call_start;
        demand(span(m.within_s), "muted_at_call_start.within_s", SPAN);
        demand(span(m.for_s), "muted_at_call_start.for_s", SPAN);

        let t = &self.talking_while_muted;
        demand(span(t.speech_s), "talking_while_muted.speech_s", SPAN);
        demand(span(t.keep_for_s), "talking_while_muted.keep_for_s", SPAN);

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

        let s = &self.line_unstable;
        demand(ratio(s.loss_ratio), "line_unstable.loss_ratio", RATIO);
        demand(
            s.jitter_ms > 0.0 && s.jitter_ms <= 10_000.0,
            "line_unstable.jitter_ms",
            "must be above 0 and at most 10000 ms",
        );
        demand(window(s.window_s), "line_unstable.window_s", WINDOW);
        demand(
            (1..=s.window_s).contains(&s.bad_s),
            "line_unstable.bad_s",
            PART,
        );
        demand(
            (1.0..=60.0).contains(&s.figures_last_s),
            "line_unstable.figures_last_s",
            "must be between 1 and 60 s",
        );

        let o = &self.one_way_audio;
        demand(window(o.agent_s), "one_way_audio.agent_s", WINDOW);
        demand(window(o.customer_s), "one_way_audio.customer_s", WINDOW);
        demand(level(o.silence_dbov), "one_way_audio.silence_dbov", LEVEL);
        demand(span(o.other_speech_s), "one_way_audio.other_speech_s", SPAN);
        demand(window(o.keep_for_s), "one_way_audio.keep_for_s", WINDOW);

        let l = &self.low_level;
        demand(level(l.speech_dbov), "low_level.speech_dbov", LEVEL);
        demand(window(l.window_s), "low_level.window_s", WINDOW);
        demand((1..=l.window_s).contains(&l.bad_s), "low_level.bad_s", PART);
        demand(
            (0.0..=20.0).contains(&l.hysteresis_db),
            "low_level.hysteresis_db",
            "must be between 0 and 20 dB",
        );

        let c = &self.clipping;
        demand(ratio(c.clipped_ratio), "clipping.clipped_ratio", RATIO);
        demand(window(c.window_s), "clipping.window_s", WINDOW);
        demand(
            (1..=c.window_s).contains(&c.clipped_s),
            "clipping.clipped_s",
            PART,
        );

        let d = &self.dead_air;
        demand(
            (1..=3_600).contains(&d.silent_s),
            "dead_air.silent_s",
            "must be between 1 and 3600 s",
        );
        demand(level(d.loudest_dbov), "dead_air.loudest_dbov", LEVEL);
        demand(window(d.keep_for_s), "dead_air.keep_for_s", WINDOW);

        let b = &self.battery_low;
        demand(ratio(b.below), "battery_low.below", RATIO);
        demand(
            ratio(b.clear_above) && b.clear_above >= b.below,
            "battery_low.clear_above",
            "must be at least `below` and at most 1",
        );

        let f = &self.flapping;
        let times = |v: u32| (1..=1_000).contains(&v);
        demand(times(f.raises), "flapping.raises", TIMES);
        demand(span(f.window_s), "flapping.window_s", SPAN);
        demand(
            times(f.recurring_raises),
            "flapping.recurring_raises",
            TIMES,
        );
        demand(
            span(f.recurring_window_s),
            "flapping.recurring_window_s",
            SPAN,
        );
        demand(span(f.recurring_keep_s), "flapping.recurring_keep_s", SPAN);

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
