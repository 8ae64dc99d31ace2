//! Settings and commands over MQTT, from IT's desk to a daemon in a call: real broker, recorded headset.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, Seen, Watcher};
use daemon::{Desk, PROGRAM};
use serde_json::{Value, json};
use std::process::Command;
use std::time::SystemTime;
use testbed::{HidHeadset, OFF_HOOK, ON_HOOK, mute, quick_disconnect};

const WITHOUT_SOUND: &str = "[audio]\nbackend = \"off\"";
const NODE: &str = "sidetone/v1/acme/node/ws-1";

fn publish(port: u16, topic: &str, payload: &str, more: &[&str]) {
    let status = Command::new("mosquitto_pub")
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-q", "1", "-t", topic, "-m", payload])
        .args(more)
        .status();
    assert!(status.unwrap().success());
}

fn document(version: u64, set: &Value) -> String {
    json!({"v": 1, "version": version, "issued_ms": 1, "set": set}).to_string()
}

/// Runs `sidetone fleet` with the desk's configuration; status, and everything it said.
fn fleet(desk: &Desk, arguments: &[&str]) -> (i32, String) {
    sidetone(desk, &[&["fleet"], arguments].concat())
}

/// The same of any command.
fn sidetone(desk: &Desk, arguments: &[&str]) -> (i32, String) {
    let done = Command::new(PROGRAM)
        .args(arguments)
        .arg("-c")
        .arg(desk.configuration())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

fn latest<'s>(seen: &'s [Seen], ending: &str) -> Option<&'s Seen> {
    seen.iter().rfind(|s| s.topic.ends_with(ending))
}

/// Waits until `config/reported` satisfies, and gives it.
async fn reported(watcher: &Watcher, what: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
    let now = |seen: &[Seen]| latest(seen, "/config/reported").map(Seen::json);
    let seen = watcher
        .until(what, |seen| {
            now(seen).is_some_and(|report| satisfied(&report))
        })
        .await;
    now(&seen).unwrap()
}

fn count(seen: &[Seen], event: &str) -> usize {
    let topic = format!("/event/{event}");
    seen.iter().filter(|s| s.topic.ends_with(&topic)).count()
}

#[tokio::test]
async fn settings_come_into_force_in_a_call_and_are_kept() {
    let mut broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::new();
    let groups = "[node]\ngroups = [\"early\", \"late\"]";
    let soon = format!("{WITHOUT_SOUND}\n[alerts.muted_at_call_start]\nfor_s = 0.2");
    let desk = Desk::new(broker.port, &soon);
    desk.edit(|text| text.replacen("[node]", groups, 1));
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    let first = reported(&watcher, "a report without documents", |_| true).await;
    assert_eq!(first["applied"], true);
    assert_eq!(
        first["group_versions"],
        json!([{"group": "early"}, {"group": "late"}])
    );
    watcher
        .until("the headset", |seen| count(seen, "headset.added") == 1)
        .await;

    // In a call, with an alert that stands.
    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    watcher
        .until("the alert", |seen| count(seen, "alert.raised") == 1)
        .await;
    let severity = |severity: &str| json!({"alerts": {"qd_open_in_call": {"severity": severity}}});
    let group = |name: &str| format!("sidetone/v1/acme/fleet/group/{name}/config/desired");
    let set = |topic: &str, version, set: &Value| {
        publish(broker.port, topic, &document(version, set), &["-r"]);
    };
    set(&group("late"), 4, &severity("critical"));
    set(&group("early"), 7, &severity("warning"));
    let (status, said) = fleet(&desk, &["diff"]);
    assert_eq!(status, 0, "{said}");
    let keys = ["alerts.qd_open_in_call.severity=minor", "node.team=Late"];
    let (status, said) = fleet(&desk, &[&["set", "--fleet"], &keys[..]].concat());
    assert_eq!(status, 0, "{said}");
    let report = reported(&watcher, "three documents", |report| {
        report["fleet_version"] == 1
            && report["group_versions"]
                == json!([{"group": "early", "version": 7}, {"group": "late", "version": 4}])
    })
    .await;
    assert_eq!(
        (&report["applied"], &report["team"]),
        (&json!(true), &json!("Late"))
    );
    headset.send(&quick_disconnect(true));
    let seen = watcher
        .until("the second alert", |seen| count(seen, "alert.raised") == 2)
        .await;
    let alert = latest(&seen, "/alert/qd_open_in_call/call").unwrap().json();
    assert_eq!(
        (&alert["severity"], &alert["team"]),
        (&json!("critical"), &json!("Late"))
    );

    // On the workstation: who set what, and what the doctor knows of it.
    let (status, said) = sidetone(&desk, &["config", "show"]);
    assert_eq!(status, 0, "{said}");
    for line in [
        "team = \"Late\"  # over MQTT: fleet, version 1",
        "severity = \"critical\"  # over MQTT: group/late, version 4",
        &format!("for_s = 0.2  # {}:", desk.configuration().display()),
    ] {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
    let (_, said) = sidetone(&desk, &["doctor", "--json"]);
    let told = "Set over MQTT: fleet version 1 (alerts.qd_open_in_call.severity, node.team); \
                group/early version 7 (alerts.qd_open_in_call.severity); group/late version 4";
    assert!(said.contains(told), "{said}");

    // Refused whole, and nothing changes.
    let mixed = json!({"broker": {"url": "mqtt://evil"}, "node": {"team": "Evil"}});
    set(&format!("{NODE}/config/desired"), 1, &mixed);
    let report = reported(&watcher, "a refusal", |report| report["errors"].is_array()).await;
    assert_eq!(report["errors"][0]["layer"], "node");
    assert_eq!(report["errors"][0]["key"], "broker.url");
    assert_eq!(
        (&report["applied"], &report["team"]),
        (&json!(false), &json!("Late"))
    );

    let (status, said) = fleet(&desk, &["diff", "--node", "ws-1"]);
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("ws-1: refused node: `broker.url` is a local key"),
        "{said}"
    );
    let (status, said) = fleet(&desk, &["set", "--fleet", "brokr.url=x"]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("did you mean `broker`"), "{said}");

    // Tightened in the call: the alert made of it ends, and nothing more of it is said.
    set(
        &format!("{NODE}/config/desired"),
        2,
        &json!({"privacy": {"signals": {"mute": false}}}),
    );
    let report = reported(&watcher, "a tightened node", |report| {
        report["node_version"] == 2
    })
    .await;
    assert_eq!(report["signals_off"], json!([{"signal": "mute"}]));
    assert_eq!(report["applied"], true);
    let seen = watcher.all();
    let alert = latest(&seen, "/alert/muted_at_call_start/call")
        .unwrap()
        .json();
    assert_eq!(
        (&alert["state"], &alert["reason"]),
        (&json!("cleared"), &json!("disabled"))
    );
    headset.send(&mute(false));
    headset.send(&quick_disconnect(false));
    headset.send(ON_HOOK);
    let seen = watcher
        .until("the end of the call", |seen| count(seen, "call.ended") == 1)
        .await;
    assert_eq!(count(&seen, "call.started"), 1, "one call all the time");
    assert_eq!(count(&seen, "mute.off"), 0);
    assert_eq!(count(&seen, "config.refused"), 1);
    let complaints = daemon.complaints();
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    assert!(daemon.terminate().success());

    // A broker that has forgotten everything.
    broker.kill();
    broker.restart();
    let again = Watcher::start(broker.port);
    let mut daemon = desk.run(Command::new(PROGRAM));
    let report = reported(&again, "the kept settings", |_| true).await;
    assert_eq!(
        (&report["fleet_version"], &report["node_version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(report["signals_off"], json!([{"signal": "mute"}]));
    assert!(daemon.terminate().success());
}

/// Asks, and gives Correlation Data and payload of the answer.
async fn ask(
    (port, watcher): (u16, &Watcher),
    command: &str,
    issued_ms: u64,
    more: &[&str],
) -> (String, Value) {
    let reply = format!("/cmd/{command}/reply");
    let before = watcher.on(&reply).len();
    let request = json!({"v": 1, "issued_ms": issued_ms}).to_string();
    publish(
        port,
        &format!("{NODE}/cmd/{command}/request"),
        &request,
        more,
    );
    let answered = |seen: &[Seen]| seen.iter().filter(|s| s.topic.ends_with(&reply)).count();
    let seen = watcher
        .until("an answer", |seen| answered(seen) > before)
        .await;
    let answer = latest(&seen, &reply).unwrap();
    assert!(!answer.retained);
    (answer.correlation.clone(), answer.json())
}

#[tokio::test]
async fn commands_are_answered_at_the_nodes_own_topic_or_refused_with_a_reason() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let headset = HidHeadset::new();
    let desk = Desk::new(broker.port, WITHOUT_SOUND);
    let mut daemon = desk.run(headset.seen_by(Command::new("umockdev-run"), PROGRAM));
    watcher
        .until("the headset", |seen| count(seen, "headset.added") == 1)
        .await;
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let now = u64::try_from(since.as_millis()).unwrap();
    let desk_of_it = (broker.port, &watcher);
    let with = [
        "-D",
        "publish",
        "correlation-data",
        "q-17",
        "-D",
        "publish",
        "response-topic",
        "elsewhere",
    ];
    let (correlation, figures) = ask(desk_of_it, "diagnostics", now, &with).await;
    assert_eq!(correlation, "q-17");
    assert_eq!(
        (&figures["ok"], &figures["headsets"]),
        (&json!(true), &json!(1))
    );
    assert!(figures["rss_bytes"].is_number() && figures.get("reason").is_none());
    let (_, identified) = ask(desk_of_it, "identify", now, &[]).await;
    assert_eq!(identified["shown"], "log");
    daemon.until("its name", |log| {
        log.iter().any(|line| line.contains("it is ws-1"))
    });
    let (_, late) = ask(desk_of_it, "refresh", now - 60_000, &[]).await;
    assert_eq!(
        (&late["ok"], &late["reason"]),
        (&json!(false), &json!("too_old"))
    );
    assert!(late["text"].as_str().unwrap().contains("clock"), "{late}");
    let before = watcher.on("/inventory/host").len();
    let (_, refreshed) = ask(desk_of_it, "refresh", now, &[]).await;
    assert_eq!(refreshed["ok"], true);
    watcher
        .until("everything again", |seen| {
            let again = |ending: &str| seen.iter().filter(|s| s.topic.ends_with(ending)).count();
            again("/inventory/host") > before && again("/config/reported") > 1
        })
        .await;
    assert!(watcher.all().iter().all(|s| s.topic != "elsewhere"));
    assert!(daemon.terminate().success());
}
