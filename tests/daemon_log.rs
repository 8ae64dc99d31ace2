//! The log: fields in a real journal, and nothing about people in it at any level.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
#[allow(dead_code)]
mod broker;
#[path = "support/daemon.rs"]
#[allow(dead_code)]
mod daemon;
#[path = "support/testbed.rs"]
#[allow(dead_code)]
mod testbed;

use broker::{Broker, Watcher};
use daemon::{Desk, PROGRAM};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, mute, quick_disconnect};

/// Runs the daemon ($1, configuration $2) under a journal of its own until it has said that it is connected, and
/// prints what the journal then holds. `/run` belongs to this script alone; nothing of the machine's journal is seen.
const UNDER_A_JOURNAL: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
env -u RUNTIME_DIRECTORY setpriv --pdeathsig KILL /lib/systemd/systemd-journald 2>/dev/null &
journal=$!
wait_for() { for _ in $(seq 300); do if eval "$1"; then return 0; fi; sleep 0.1; done; echo "waited in vain for $1" >&2; exit 1; }
wait_for '[ -S /run/systemd/journal/stdout ]'
systemd-cat -t unit setpriv --pdeathsig KILL sh -c \
    'JOURNAL_STREAM=$(stat -Lc %d:%i /dev/fd/2); export JOURNAL_STREAM; exec "$@"' sh "$1" run -c "$2" &
daemon=$!
entries() { journalctl -D /run/log/journal/* -o json --no-pager -q; }
wait_for 'entries | grep -q "connected to the broker"'
kill $daemon
wait $daemon
wait_for 'entries | grep -q "\"stopped\""'
entries
kill $journal
"#;

#[test]
fn the_journal_has_figures_as_fields() {
    let broker = Broker::start("");
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let output = Command::new("unshare")
        .args([
            "--map-root-user",
            "--mount",
            "bash",
            "-c",
            UNDER_A_JOURNAL,
            "bash",
        ])
        .arg(PROGRAM)
        .arg(desk.configuration())
        .env_remove("SIDETONE_LOG")
        .env_remove("USER")
        .env_remove("LOGNAME")
        .env("RUNTIME_DIRECTORY", desk.window())
        .output()
        .unwrap();
    let (journal, said) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{said}");
    let entries: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|entry: &Value| entry["SYSLOG_IDENTIFIER"] == "sidetone")
        .collect();
    let entry = |message: &str| {
        let found = entries.iter().find(|entry| entry["MESSAGE"] == message);
        found.unwrap_or_else(|| panic!("no {message:?} in {entries:#?}"))
    };

    let started = entry("started");
    assert_eq!(started["SIDETONE_VERSION"], env!("CARGO_PKG_VERSION"));
    assert_eq!(started["SIDETONE_BOOT"], "1");
    assert_eq!(started["PRIORITY"], "6", "informational");
    assert_eq!(started["TARGET"], "sidetone::run::daemon");
    let connected = entry("connected to the broker");
    let address = format!("mqtt://127.0.0.1:{}", broker.port);
    assert_eq!(connected["SIDETONE_BROKER"], address.as_str());
    let warned = entries.iter().filter(|entry| entry["PRIORITY"] == "4");
    assert_eq!(warned.count(), 0, "{entries:#?}");
}

/// A login, a number, a password and a serial number as they would stand out in a log.
const LOGIN: &str = "maria.lastname";
const CALL: &str = "sip-0049891234567";
const TOKEN: &str = "never-in-a-log";
const SERIAL: &str = "SN47110815";

#[tokio::test]
async fn no_line_of_any_level_tells_of_a_person() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::with_serial(SERIAL);
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let (key, password) = (desk.path().join("agent.key"), desk.path().join("password"));
    for (path, secret) in [
        (&key, "0123456789abcdef0123456789abcdef"),
        (&password, TOKEN),
    ] {
        std::fs::write(path, secret).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    // A softphone whose call has a telephone number for its id, and which will not hold it.
    let calls = format!(r#"[{{"id":"{CALL}","phase":"active","direction":"incoming"}}]"#);
    desk.edit(|text| {
        let text = text.replace("[broker]\n", &format!("[broker]\nusername = \"desk\"\npassword_file = {password:?}\n"));
        format!(
            "{text}\n[privacy]\nagent_key_file = {key:?}\n[adapters.exec]\nstate = [\"echo\", {calls:?}]\n\
             hold = [\"false\"]\nresume = [\"false\"]\npoll_ms = 200\n"
        )
    });
    let mut command = headset.seen_by(Command::new("umockdev-run"), PROGRAM);
    command.env("USER", LOGIN).env("LOGNAME", LOGIN);
    let mut daemon = desk.run_at(command, "trace");
    watcher
        .until("a call of a named agent", |seen| {
            seen.iter()
                .any(|s| s.topic.ends_with("/event/call.started") && s.json()["agent"].is_string())
        })
        .await;
    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    headset.send(&quick_disconnect(true));
    let seen = watcher
        .until("a hold that failed", |seen| {
            seen.iter().any(|s| s.topic.ends_with("/event/hold.failed"))
        })
        .await;
    headset.send(&quick_disconnect(false));
    headset.send(ON_HOOK);
    assert!(daemon.terminate().success());

    let log = daemon.log();
    assert!(log.iter().any(|line| line.contains("DEBUG")), "{log:#?}");
    let pseudonym = seen
        .iter()
        .find_map(|s| s.json()["agent"].as_str().map(str::to_owned));
    for secret in [
        LOGIN,
        CALL,
        TOKEN,
        "0123456789abcdef",
        &pseudonym.unwrap(),
        SERIAL,
    ] {
        let told: Vec<&String> = log.iter().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{secret:?} is in {told:#?}");
    }
}
