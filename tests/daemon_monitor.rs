//! `sidetone monitor --once` and `--json` on the whole daemon: recorded headset, private PulseAudio with
//! real speech, real broker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/poll.rs"]
mod poll;
#[allow(dead_code)]
#[path = "../devices/tests/support/softphone.rs"]
mod softphone;
#[allow(dead_code)]
#[path = "../devices/tests/support/sound_server.rs"]
mod sound_server;
#[path = "support/speech.rs"]
mod speech;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, Seen, Watcher};
use daemon::{Desk, PROGRAM};
use poll::until;
use serde_json::Value;
use sidetone_devices::headset::UsbPath;
use softphone::Softphone;
use sound_server::{Kind, SoundServer};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Output, Stdio};
use testbed::{CARD, HidHeadset, OFF_HOOK, USB, mute, quick_disconnect};

const WITHOUT_SOUND: &str = "[audio]\nbackend = \"off\"";

fn monitor(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .arg("monitor")
        .args(arguments)
        .env("RUNTIME_DIRECTORY", desk.window());
    command
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// What `monitor --once --json` prints once it satisfies.
fn snapshot(desk: &Desk, what: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
    until(what, || {
        let output = monitor(desk, &["--once", "--json"]).output().unwrap();
        let snapshot = serde_json::from_slice(&output.stdout).ok()?;
        satisfied(&snapshot).then_some(snapshot)
    })
}

fn in_testbed(headset: &HidHeadset) -> Command {
    headset.seen_by(Command::new("umockdev-run"), PROGRAM)
}

fn has(seen: &[Seen], ending: &str) -> bool {
    seen.iter().any(|s| s.topic.ends_with(ending))
}

#[tokio::test]
async fn what_a_headset_does_and_the_very_messages_that_were_sent() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let mut daemon = desk.run(in_testbed(&headset));
    watcher
        .until("the headset", |seen| has(seen, "/event/headset.added"))
        .await;
    let idle = snapshot(&desk, "a ready node", |s| s["node"]["state"] == "ready");
    assert_eq!(idle["schema"], "sidetone.monitor/1");
    assert_eq!(
        idle["headsets"][0]["mute"],
        Value::Object(Default::default())
    );
    assert_eq!(idle["headsets"][0].get("call"), None);

    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    headset.send(&quick_disconnect(true));
    watcher
        .until("both alerts", |seen| {
            has(seen, "alert/muted_at_call_start/call") && has(seen, "alert/qd_open_in_call/call")
        })
        .await;
    let now = snapshot(&desk, "both alerts", |s| {
        s["alerts"]
            .as_array()
            .is_some_and(|alerts| alerts.len() == 2)
            && s["outbox"]["records"] == 0
    });
    let one = &now["headsets"][0];
    assert_eq!(one["name"], "Bench Headset");
    assert_eq!(
        (&one["controls"], &one["off_hook"]),
        (&"here".into(), &true.into())
    );
    for part in ["mute", "quick_disconnect"] {
        assert_eq!(one[part]["on"], true, "{part}");
        assert_eq!(one[part]["provenance"], "reported", "{part}");
    }
    assert_eq!(one["call"]["provenance"], "reported");
    assert_eq!(one["call"]["heard"], false);
    let alerts = now["alerts"].as_array().unwrap();
    assert_eq!(alerts[0]["kind"], "qd_open_in_call", "the worst first");
    assert_eq!(alerts[1]["kind"], "muted_at_call_start");
    assert_eq!(now["broker"]["connection"], "connected");
    assert_eq!(one["id"], alerts[0]["headset"]);

    // Byte for byte what a subscriber got.
    let seen: BTreeSet<(String, String)> = watcher
        .all()
        .into_iter()
        .map(|s| (s.topic, s.payload))
        .collect();
    let sent = now["sent"]["messages"].as_array().unwrap();
    assert!(sent.len() > 12, "{sent:#?}");
    for (index, message) in sent.iter().enumerate() {
        assert_eq!(message["number"], index as u64 + 1);
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        let pair = (text("topic"), text("payload"));
        assert!(seen.contains(&pair), "nobody got {pair:?}; {seen:#?}");
    }
    let counts = &now["sent"]["counts"];
    let kinds = ["events", "alerts", "telemetry", "states"];
    let all: u64 = kinds.iter().map(|k| counts[k].as_u64().unwrap()).sum();
    assert_eq!(all, sent.len() as u64);

    let (status, text, err) = said(&monitor(&desk, &["--once"]).output().unwrap());
    assert_eq!((status, err.as_str()), (Some(0), ""));
    for expected in [
        "Bench Headset",
        "MUTED for 0:",
        "reported by the headset",
        "PULLED APART",
        "IN A CALL for 0:",
        "!!  MAJOR qd_open_in_call",
        "event/mute.on",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains('\x1b'), "no colour: {text}");
    assert!(daemon.terminate().success());
    assert_eq!(daemon.complaints(), [""; 0]);
    assert!(
        !desk.window().join("status.sock").exists(),
        "removed on exit"
    );
}

#[tokio::test]
async fn a_line_of_json_for_each_change() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let mut daemon = desk.run(in_testbed(&headset));
    watcher
        .until("the headset", |seen| has(seen, "/event/headset.added"))
        .await;
    let mut child = monitor(&desk, &["--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    assert_eq!(lines.next().unwrap()["line"], "snapshot");
    headset.send(OFF_HOOK);
    headset.send(&mute(true));
    let mut before = Value::Null;
    let mut events = BTreeSet::new();
    while before["headsets"][0]["mute"]["on"] != true || !events.contains("mute.on") {
        let mut line = lines.next().unwrap();
        match line["line"].as_str().unwrap() {
            "state" => {
                line["ts"] = Value::Null;
                assert_ne!(line, before, "a repetition is no change");
                before = line;
            }
            "sent" => {
                for message in line["messages"].as_array().unwrap() {
                    let topic = message["topic"].as_str().unwrap();
                    events.extend(topic.split_once("/event/").map(|(_, e)| e.to_owned()));
                }
            }
            other => panic!("{other}"),
        }
    }
    assert!(daemon.terminate().success());
    assert_eq!(child.wait().unwrap().code(), Some(1), "the daemon ended");
}

#[tokio::test]
async fn levels_of_both_sides_while_speech_plays() {
    let broker = Broker::start("");
    let server = SoundServer::start(Kind::PulseAudio);
    let (hid, desk) = (
        HidHeadset::new(),
        Desk::new(broker.port, "[audio]\nbackend = \"pulse\""),
    );
    let card = server.plug_in_card("card1", CARD, UsbPath::new(USB.into()));
    let [agent, customer] = ["en_US_f_Allison", "it_IT_m_Carlo"].map(|voice| {
        let file = desk.path().join(voice);
        speech::write(voice, 12, &file);
        file
    });
    let mut daemon = desk.run(hid.seen_by(server.command("umockdev-run"), PROGRAM));
    snapshot(&desk, "one headset of HID and sound card", |s| {
        let one = &s["headsets"][0];
        one["controls"] == "here" && one["sound_card"] == "here"
    });
    let talk = format!(
        "while :; do paplay --device={} {} || exit; done",
        card.feed,
        agent.display()
    );
    let mut talk = server
        .command("sh")
        .args(["-c", &talk])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let phone = Softphone::start(
        &server,
        &[
            "--source",
            &card.microphone,
            "--sink",
            &card.speaker,
            "--recording",
            customer.to_str().unwrap(),
        ],
    );
    // A new process each time: the meters run because somebody looks, not because one looked before.
    let call = snapshot(&desk, "both sides speaking", |s| {
        let call = &s["headsets"][0]["call"];
        let live = &call["live"];
        let loud = |key: &str| live[key].as_f64().is_some_and(|level| level > -50.0);
        loud("agent_level_dbov") && loud("customer_level_dbov") && !call["figures"].is_null()
    });
    let call = &call["headsets"][0]["call"];
    assert_eq!(call["provenance"], "inferred");
    assert_eq!(
        (&call["heard"], &call["far_end"]),
        (&true.into(), &"stream".into())
    );
    snapshot(&desk, "figures of speech and noise", |s| {
        let call = &s["headsets"][0]["call"];
        let figures = &call["figures"];
        [
            "agent_active_speech_level_dbov",
            "customer_active_speech_level_dbov",
            "customer_noise_dbov_a",
        ]
        .iter()
        .all(|key| figures[key].is_number())
            && call["live"]["agent_speech"] == true
    });
    drop(phone);
    snapshot(&desk, "the call's end", |s| {
        s["headsets"][0].get("call").is_none()
    });
    let _ = talk.kill();
    let _ = talk.wait();
    assert!(daemon.terminate().success());
    assert_eq!(daemon.complaints(), [""; 0]);
}

#[tokio::test]
async fn the_socket_is_the_users_own_and_survives_kill_9() {
    let broker = Broker::start("");
    let (headset, desk) = (HidHeadset::new(), Desk::new(broker.port, WITHOUT_SOUND));
    let none = said(&monitor(&desk, &["--once"]).output().unwrap());
    assert_eq!((none.0, none.1.as_str()), (Some(1), ""));
    assert_eq!(none.2.lines().count(), 1, "{}", none.2);
    assert!(
        none.2.contains("systemctl --user start sidetone"),
        "{}",
        none.2
    );

    let daemon = desk.run(in_testbed(&headset));
    let first = snapshot(&desk, "the first daemon", |_| true);
    let socket = desk.window().join("status.sock");
    let mode = |path: &std::path::Path| path.metadata().unwrap().mode() & 0o777;
    assert_eq!((mode(&desk.window()), mode(&socket)), (0o700, 0o600));

    // A second one of the same user says so, and leaves the first its socket.
    let other = Desk::new(broker.port, WITHOUT_SOUND);
    let mut command = Command::new(PROGRAM);
    command
        .arg("run")
        .arg("-c")
        .arg(other.path().join("sidetone.toml"));
    command.env("RUNTIME_DIRECTORY", desk.window());
    let mut second = command.stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(second.stderr.take().unwrap());
    let warned = log
        .lines()
        .map_while(Result::ok)
        .find(|l| l.contains("another daemon"));
    assert!(warned.unwrap().contains("status.sock"));
    second.kill().unwrap();
    second.wait().unwrap();
    let same = snapshot(&desk, "the first daemon still", |_| true);
    assert_eq!(same["node"]["pid"], first["node"]["pid"]);

    daemon.kill();
    let ended = said(&monitor(&desk, &["--once"]).output().unwrap());
    assert_eq!(ended.0, Some(1), "{}", ended.2);
    let mut daemon = desk.run(in_testbed(&headset));
    let second = snapshot(&desk, "the next daemon", |_| true);
    assert_eq!(second["node"]["boot"], 2);

    // Another user is refused even where the file modes would let him in; only root can try that.
    if rustix::process::geteuid().is_root() {
        let program = desk.path().join("sidetone");
        std::fs::copy(PROGRAM, &program).unwrap();
        let open = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(desk.path(), 0o755);
        let foreign = || {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
            command.arg(&program).args(["monitor", "--once"]);
            command.env("RUNTIME_DIRECTORY", desk.window());
            said(&command.output().unwrap())
        };
        let (status, out, err) = foreign();
        assert_eq!((status, out.as_str()), (Some(1), ""));
        assert!(err.contains("daemon of another user"), "{err}");
        open(&desk.window(), 0o755);
        open(&socket, 0o666);
        let (status, out, err) = foreign();
        assert_eq!((status, out.as_str()), (Some(1), ""));
        assert!(err.contains("only its own user and root"), "{err}");
        daemon.until("the refusal in the log", |log| {
            log.iter().any(|line| line.contains("another user asked"))
        });
    }
    assert!(daemon.terminate().success());
}
