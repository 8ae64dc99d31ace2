//! `sidetone monitor --once`: a snapshot to read, line by line, without colour.

use super::words;
use crate::local::Snapshot;
use crate::local::state::{Call, Headset};
use sidetone_wire::telemetry::AudioFigures;
use std::fmt::Write;

/// Messages shown; `--json` has them all.
const MESSAGES: usize = 10;

/// The snapshot at `now` (ms since 1970 UTC).
#[must_use]
pub fn snapshot(snapshot: &Snapshot, now: u64) -> String {
    let mut text = Text(String::new());
    let state = &snapshot.moment.state;
    let node = &state.node;
    let running = words::lasting(now.saturating_sub(node.since));
    text.line(
        "node",
        &format!("{} of {}: {}", node.name, node.org, words::node(node)),
    );
    text.line(
        "daemon",
        &format!(
            "sidetone {}, start {}, running for {running}",
            node.version, node.boot
        ),
    );
    text.line("broker", &words::broker(&state.broker));
    text.line("outbox", &words::outbox(state.outbox));
    for trouble in &state.troubles {
        text.line("trouble", trouble);
    }
    if state.headsets.is_empty() {
        text.line("headset", "none");
    }
    for headset in &state.headsets {
        text.headset(headset, now);
    }
    text.line("alerts", &state.alerts.len().to_string());
    for alert in &state.alerts {
        let lasting = words::lasting(now.saturating_sub(alert.since));
        let severity = words::severity(alert.severity);
        text.item(&format!(
            "{severity} {} for {lasting}: {}",
            alert.kind, alert.text
        ));
        text.item(&format!("    {}", alert.action));
    }
    text.line("sent", &words::counts(&snapshot.sent.counts));
    if !state.not_sent.is_empty() {
        text.line(
            "not sent",
            &format!("{} (privacy.signals)", state.not_sent.join(", ")),
        );
    }
    for message in snapshot.sent.messages.iter().rev().take(MESSAGES) {
        let ago = words::lasting(now.saturating_sub(message.at));
        let topic = words::topic(&message.topic, &node.name);
        text.item(&format!("{ago} ago  {topic}  {}", message.payload));
    }
    text.0
}

struct Text(String);

impl Text {
    fn line(&mut self, label: &str, value: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "{label:<18} {value}");
    }

    fn item(&mut self, value: &str) {
        let _ = writeln!(self.0, "  {value}");
    }

    fn headset(&mut self, headset: &Headset, now: u64) {
        self.line(
            "headset",
            &format!("{}  {}", words::name(headset), headset.id),
        );
        self.line("  controls", &words::controls(headset));
        self.line("  sound card", words::sound_card(headset));
        for trouble in &headset.troubles {
            self.line("  trouble", trouble);
        }
        self.line("  hook", words::hook(headset));
        let joined = |(state, how): (String, String)| format!("{state} ({how})");
        self.line("  mute", &joined(words::mute(headset, now)));
        self.line(
            "  quick disconnect",
            &joined(words::quick_disconnect(headset, now)),
        );
        self.line("  volume", &words::percent(headset.volume));
        self.line("  battery", &words::percent(headset.battery));
        let Some(call) = &headset.call else {
            return self.line("  call", "none");
        };
        self.line("  call", &joined(words::call(call, now)));
        self.line("    id", &call.id.to_string());
        self.line("    sound", words::heard(call));
        self.sides(call);
    }

    fn sides(&mut self, call: &Call) {
        if let Some(figures) = call.figures.as_deref() {
            let live = call.live.as_ref();
            let agent = Side {
                level: live
                    .map(|l| l.agent_level_dbov)
                    .or(figures.agent_level_dbov),
                speaks: live.map(|l| l.agent_speech),
                ..Side::agent(figures)
            };
            let customer = Side {
                level: live
                    .and_then(|l| l.customer_level_dbov)
                    .or(figures.customer_level_dbov),
                speaks: live.and_then(|l| l.customer_speech),
                ..Side::customer(figures)
            };
            self.line("    agent", &agent.words());
            self.line("    customer", &customer.words());
            let both = figures.double_talk_ratio;
            self.line(
                "    both speak",
                &format!("{} of the last second", words::percent(both)),
            );
        }
        if let Some(overtalk) = &call.overtalk {
            self.line("    overtalk", words::overtalk(overtalk));
        }
    }
}

/// One side's figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Side {
    pub(super) level: Option<f64>,
    pub(super) speaks: Option<bool>,
    pub(super) speech_level: Option<f64>,
    pub(super) noise: Option<f64>,
    pub(super) snr: Option<f64>,
    pub(super) gated: bool,
}

impl Side {
    /// The agent's second.
    pub(super) fn agent(figures: &AudioFigures) -> Self {
        Self {
            level: figures.agent_level_dbov,
            speaks: figures.agent_speech_ratio.map(|ratio| ratio > 0.0),
            speech_level: figures.agent_active_speech_level_dbov,
            noise: figures.agent_noise_dbov_a,
            snr: figures.agent_snr_db,
            gated: figures.agent_noise_gated == Some(true),
        }
    }

    /// The customer's second.
    pub(super) fn customer(figures: &AudioFigures) -> Self {
        Self {
            level: figures.customer_level_dbov,
            speaks: figures.customer_speech_ratio.map(|ratio| ratio > 0.0),
            speech_level: figures.customer_active_speech_level_dbov,
            noise: figures.customer_noise_dbov_a,
            snr: figures.customer_snr_db,
            gated: false,
        }
    }

    fn words(self) -> String {
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
