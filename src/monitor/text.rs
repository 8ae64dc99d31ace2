//! `sidetone monitor --once`: a snapshot to read, line by line, without colour.

use super::side::Side;
use super::words;
use crate::local::Snapshot;
use crate::local::state::{Call, Headset};
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

/// A headset may call itself anything; the terminal takes no commands from it.
fn harmless(text: &str) -> String {
    text.replace(char::is_control, "?")
}

struct Text(String);

impl Text {
    fn line(&mut self, label: &str, value: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "{label:<18} {}", harmless(value));
    }

    fn item(&mut self, value: &str) {
        let _ = writeln!(self.0, "  {}", harmless(value));
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
            self.line("    agent", &Side::agent(call).words());
            self.line("    customer", &Side::customer(call).words());
            let both = words::percent(figures.double_talk_ratio);
            self.line("    both speak", &format!("{both} of the last second"));
        }
        if let Some(overtalk) = &call.overtalk {
            self.line("    overtalk", words::overtalk(overtalk));
        }
    }
}
