//! What the daemon says of itself: its start, its end, what it runs on and how it is set.
//!
//! *Never* names the user or the host: the node's name is in every message already.

use crate::config::{AudioBackend, Config};
use serde_json::{Map, Value};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;

/// Why a daemon that was told to end ends, as `daemon.stopped` and `status` say it.
pub(super) const STOPPED_BY_SIGNAL: &str = "signal";

/// Said once, before anything else: `daemon.started` and the inventory of host and daemon.
pub(super) fn started(ts: u64, config: &Config) -> impl Iterator<Item = StationMessage> {
    let detail = EventDetail {
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        ..EventDetail::default()
    };
    let started = event(ts, EventType::DaemonStarted, detail);
    std::iter::once(started).chain(items(config))
}

/// The inventory of host and daemon, again after each change of the configuration.
pub(super) fn items(config: &Config) -> impl Iterator<Item = StationMessage> {
    [item("host", host()), item("daemon", daemon(config))].into_iter()
}

/// Said once, after everything else.
pub(super) fn stopped(ts: u64, reason: &str) -> StationMessage {
    let detail = EventDetail {
        reason: Some(reason.to_owned()),
        ..EventDetail::default()
    };
    event(ts, EventType::DaemonStopped, detail)
}

/// An event of the daemon itself.
pub(super) fn event(ts: u64, kind: EventType, detail: EventDetail) -> StationMessage {
    StationMessage::Event(Event { ts, kind, detail })
}

fn item(name: &str, facts: Map<String, Value>) -> StationMessage {
    StationMessage::Inventory {
        item: name.to_owned(),
        facts: Some(facts),
    }
}

fn host() -> Map<String, Value> {
    let kernel = rustix::system::uname();
    let mut facts = Map::new();
    let mut put = |key: &str, value: String| facts.insert(key.to_owned(), Value::from(value));
    put("kernel", kernel.release().to_string_lossy().into_owned());
    put(
        "architecture",
        kernel.machine().to_string_lossy().into_owned(),
    );
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if let Some(name) = system_name(&release) {
        put("system", name);
    }
    facts
}

/// `PRETTY_NAME` of os-release(5); its value may stand in quotes.
fn system_name(release: &str) -> Option<String> {
    let value = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let name = value.trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The version, and what is switched off: a signal that is missing must not look like a fault.
fn daemon(config: &Config) -> Map<String, Value> {
    let signals = &config.privacy.signals;
    let backend = match config.audio.backend {
        AudioBackend::Auto => "auto",
        AudioBackend::Pulse => "pulse",
        AudioBackend::Alsa => "alsa",
        AudioBackend::Off => "off",
    };
    let facts = [
        ("version", Value::from(env!("CARGO_PKG_VERSION"))),
        ("audio_backend", Value::from(backend)),
        ("aggregate", Value::from(config.privacy.aggregate)),
        ("signal_calls", Value::from(signals.calls)),
        ("signal_mute", Value::from(signals.mute)),
        ("signal_overtalk", Value::from(signals.overtalk)),
        ("signal_buttons", Value::from(signals.buttons)),
        ("signal_volume", Value::from(signals.volume)),
        ("signal_audio", Value::from(signals.audio)),
    ];
    facts
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::system_name;

    #[test]
    fn the_system_is_named_as_os_release_names_it() {
        let name = |text| system_name(text).unwrap_or_default();
        let debian = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\n";
        assert_eq!(name(debian), "Debian GNU/Linux 13 (trixie)");
        assert_eq!(name("PRETTY_NAME=Void\n"), "Void");
        assert_eq!(name("NAME=x\nPRETTY_NAME=\"\"\n"), "");
    }
}
