//! The whole daemon as a service manager runs it, against a real broker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;

use broker::{Broker, Seen, Watcher};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running daemon without sound; ends with the test.
struct Daemon {
    child: Child,
    directory: TempDir,
}

impl Daemon {
    fn start(port: u16, more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        Self {
            child: spawn(directory.path(), &state, port, more),
            directory,
        }
    }

    /// SIGTERM, as systemd ends it; its exit status and what it logged.
    fn terminate(&mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        let status = self.child.wait().unwrap().code();
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap();
        (status, log)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(directory: &Path, state: &Path, port: u16, more: &str) -> Child {
    let config = directory.join("sidetone.toml");
    let text = format!(
        "[node]\norg = 'acme'\nname = 'ws-1'\nstate_dir = '{}'\n[broker]\nurl = 'mqtt://127.0.0.1:{port}'\n[audio]\nbackend = 'off'\n{more}",
        state.display()
    );
    std::fs::write(&config, text).unwrap();
    let log = std::fs::File::create(directory.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .args(["run", "-c"])
        .arg(config)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

fn node(below: &str) -> String {
    format!("sidetone/v1/acme/node/ws-1/{below}")
}

fn on<'a>(seen: &'a [Seen], below: &str) -> Vec<&'a Seen> {
    let topic = node(below);
    seen.iter().filter(|s| s.topic == topic).collect()
}

/// The states `status` went through.
fn states(seen: &[Seen]) -> Vec<Value> {
    on(seen, "status")
        .iter()
        .map(|s| s.json()["state"].clone())
        .collect()
}

#[tokio::test]
async fn it_says_when_it_starts_on_what_and_why_it_ends() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let mut daemon = Daemon::start(broker.port, "[privacy.signals]\nmute = false\n");
    let seen = watcher
        .until("health", |seen| !on(seen, "telemetry/health").is_empty())
        .await;

    let started = on(&seen, "event/daemon.started")[0].json();
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&started["v"], &started["boot"], &started["seq"]),
        (&1.into(), &1.into(), &1.into())
    );
    let daemon_item = on(&seen, "inventory/daemon")[0].json();
    assert_eq!(daemon_item["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(daemon_item["audio_backend"], "off");
    assert_eq!(daemon_item["signal_mute"], false, "what is off is said");
    let host = on(&seen, "inventory/host")[0].json();
    assert!(!host["kernel"].as_str().unwrap().is_empty(), "{host}");

    let (status, log) = daemon.terminate();
    assert_eq!(status, Some(0), "{log}");
    let seen = watcher
        .until("the end", |seen| {
            states(seen).last() == Some(&"stopped".into())
        })
        .await;
    let stopped = on(&seen, "event/daemon.stopped")[0].json();
    assert_eq!(stopped["reason"], "signal");
    assert_eq!(
        on(&seen, "status").last().unwrap().json()["reason"],
        "signal"
    );
    assert!(!states(&seen).contains(&"lost".into()), "no will was sent");
    for s in &seen {
        let Value::Object(payload) = s.json() else {
            continue;
        };
        let flat = |v: &Value| !v.is_null() && !v.is_array() && !v.is_object() && v != "";
        // CONTRACT §2: `config/*` may hold arrays of flat objects.
        let listed = |v: &Value| {
            let list = v.as_array().filter(|_| s.topic.contains("/config/"));
            let is_flat = |o: &Value| o.as_object().is_some_and(|o| o.values().all(flat));
            list.is_some_and(|list| list.iter().all(is_flat))
        };
        let all = payload.values().all(|v| flat(v) || listed(v));
        assert!(all, "{}: {}", s.topic, s.payload);
    }
}

#[tokio::test]
async fn without_a_broker_it_runs_and_says_once_what_to_check() {
    let mut daemon = Daemon::start(broker::free_port(), "");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let (status, log) = daemon.terminate();
    assert_eq!(status, Some(0), "{log}");
    assert_eq!(log.matches("check broker.url").count(), 1, "{log}");
}
