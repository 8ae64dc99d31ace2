//! `sidetone doctor` on real situations: a recorded headset, a private PulseAudio, a real broker, the daemon.
//! What needs a system laid out otherwise (udev rules, seats, plain ALSA) is in `src/doctor/tests`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/examined.rs"]
mod examined;
#[path = "support/poll.rs"]
mod poll;
#[allow(dead_code)]
#[path = "../devices/tests/support/softphone.rs"]
mod softphone;
#[allow(dead_code)]
#[path = "../devices/tests/support/sound_server.rs"]
mod sound_server;
#[path = "support/testbed.rs"]
mod testbed;

use broker::{Broker, Watcher};
use daemon::{Desk, PROGRAM};
use examined::Examined;
use poll::until;
use sidetone_devices::headset::UsbPath;
use softphone::Softphone;
use sound_server::{FakeHeadset, Kind, SoundServer};
use std::process::{Command, Stdio};
use testbed::{CARD, HidHeadset, USB};

/// A desk with a key for the pseudonym, so that nothing at all is missing.
fn desk(port: u16, more: &str) -> Desk {
    let desk = Desk::with(&format!(
        "[broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n[privacy]\nagent_key_file = \"KEY\"\n{more}"
    ));
    let (key, file) = (
        desk.path().join("agent.key"),
        desk.path().join("sidetone.toml"),
    );
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, private).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("KEY", key.to_str().unwrap())).unwrap();
    desk
}

/// What the doctor finds at this desk, with the recorded headset plugged in.
fn examine(server: &SoundServer, hid: &HidHeadset, desk: &Desk) -> Examined {
    let mut command = hid.seen_by(server.command("umockdev-run"), PROGRAM);
    Examined::by(
        command
            .arg("doctor")
            .arg("-c")
            .arg(desk.path().join("sidetone.toml"))
            .env("RUNTIME_DIRECTORY", desk.window()),
    )
}

/// The recorded headset's sound card.
fn plug_in(server: &SoundServer) -> FakeHeadset {
    server.plug_in_card("card1", CARD, UsbPath::new(USB.into()))
}

#[tokio::test]
async fn a_healthy_desk_has_no_problem_and_its_daemon_is_not_disturbed() {
    let broker = Broker::start("");
    let watcher = Watcher::start(broker.port);
    let (server, hid) = (SoundServer::start(Kind::PulseAudio), HidHeadset::new());
    let card = plug_in(&server);
    let desk = desk(broker.port, "[audio]\nbackend = \"pulse\"");
    let mut daemon = desk.run(hid.seen_by(server.command("umockdev-run"), PROGRAM));
    watcher
        .until("one headset of HID and sound card", |seen| {
            let item = seen
                .iter()
                .rfind(|s| s.topic.contains("/inventory/headset-"));
            item.is_some_and(|s| s.json()["hid"] == true && s.json()["sound_card"] == true)
        })
        .await;
    let before = watcher.all().len();
    let phone = Softphone::call(&server, &card, 440);
    until("the daemon listens", || {
        (server.recorded_by_us() == 2).then_some(())
    });

    let found = examine(&server, &hid, &desk);
    assert_eq!(found.status, 0, "{found:#?}");
    assert!(found.json["ok"] == true && found.with_status("problem").is_empty());
    assert_eq!(found.json["schema"], "sidetone.doctor/1");
    assert_eq!(found.json["version"], env!("CARGO_PKG_VERSION"));
    for (id, words) in [
        ("config", "sidetone.toml: "),
        ("secrets", "can be read by Sidetone and not by everybody"),
        (
            "headset",
            "Bench Headset [047f:c056]: controls, and sound card",
        ),
        (
            "permission",
            "/dev/hidraw0 (Bench Headset [047f:c056]) can be read",
        ),
        ("quirks", "QD is reported"),
        ("sound-server", "pulseaudio"),
        ("sound-card", "is shared by pulseaudio"),
        ("mixer", "Microphone and speaker are on"),
        ("call", "has a call on Bench Headset"),
        ("broker", "lets this node in: the daemon (process "),
        ("service", "The daemon runs (process "),
    ] {
        found.says(id, "ok", words, "");
    }
    assert!(found.seconds < 10.0, "{}", found.seconds);

    assert_eq!(
        server.recorded_by_us(),
        2,
        "no microphone but the daemon's own"
    );
    assert_eq!(hid.written_to(), 0, "nothing was written to the headset");
    drop(phone);
    assert!(daemon.terminate().success());
    let seen = watcher
        .until("the farewell", |seen| {
            seen.iter()
                .any(|s| s.topic.ends_with("/event/daemon.stopped"))
        })
        .await;
    assert!(seen.len() > before);
    let mut nodes: Vec<_> = seen
        .iter()
        .filter_map(|s| s.topic.split('/').nth(4))
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    assert_eq!(nodes, ["ws-1"], "the doctor published nothing");
    let states = seen.iter().filter(|s| s.topic.ends_with("/status"));
    assert!(
        states
            .into_iter()
            .all(|s| s.json()["state"] != "lost" && s.json()["boot"] == 1)
    );
    assert_eq!(daemon.complaints(), [""; 0]);
}

#[test]
fn what_is_wrong_with_the_sound_of_a_call() {
    let (mut server, hid) = (SoundServer::start(Kind::PulseAudio), HidHeadset::new());
    let card = plug_in(&server);
    let desk = desk(broker::free_port(), "[audio]\nbackend = \"pulse\"");
    server.null_sink("elsewhere", "sink_properties=device.description=Monitor");
    server.pactl(&[
        "load-module",
        "module-remap-source",
        "source_name=laptop",
        "master=elsewhere.monitor",
        "source_properties=device.description=Built-in",
    ]);

    let call = |source: &str, sink: &str| {
        Softphone::start(
            &server,
            &["--source", source, "--sink", sink, "--hz", "440"],
        )
    };
    let phone = call(&card.microphone, "elsewhere");
    let found = examine(&server, &hid, &desk);
    found.says(
        "call",
        "problem",
        "plays to another device",
        "choose the headset as speaker",
    );
    assert_eq!(found.status, 1);
    drop(phone);

    let phone = call("laptop", &card.speaker);
    let found = examine(&server, &hid, &desk);
    found.says(
        "call",
        "warning",
        "records from \"Built-in\" and not from Bench Headset",
        "as microphone",
    );
    drop(phone);

    server.pactl(&["set-source-mute", &card.microphone, "1"]);
    server.pactl(&["set-sink-volume", &card.speaker, "0%"]);
    let found = examine(&server, &hid, &desk);
    found.says("call", "ok", "No application has a call", "");
    found.says(
        "mixer",
        "warning",
        "The microphone of Bench Headset",
        "pactl set-source-mute microphone_card1 0",
    );
    found.says(
        "mixer",
        "warning",
        "turned down to 0 %",
        "pactl set-sink-volume speaker_card1 70%",
    );

    server.pull_out(&card);
    let found = examine(&server, &hid, &desk);
    found.says(
        "sound-card",
        "problem",
        "does not show Bench Headset",
        "profile",
    );

    server.stall();
    let found = examine(&server, &hid, &desk);
    found.says(
        "sound-server",
        "problem",
        "did not answer",
        "--user restart pipewire",
    );
    assert!(found.seconds < 10.0, "{}", found.seconds);
    server.resume();
    server.kill();
    let found = examine(&server, &hid, &desk);
    found.says(
        "sound-server",
        "problem",
        "sound server",
        "systemctl --user",
    );
}

#[test]
fn a_headset_that_this_user_may_not_open_or_that_two_programs_write_to() {
    let hid = HidHeadset::new();
    let desk = desk(broker::free_port(), "[audio]\nbackend = \"off\"");
    let config = desk.path().join("sidetone.toml");
    // Another user, whom the testbed's directories would otherwise keep out.
    let script = "chmod -R a+rwX \"$UMOCKDEV_DIR\" && chmod 000 \"$(readlink -f \"$UMOCKDEV_DIR/dev/hidraw0\")\" || exit 9
        cp \"$1\" \"$2/sidetone\" && chmod -R o+rX \"$2\" || exit 9
        set -- setpriv --reuid 65534 --regid 65534 --clear-groups \"$2/sidetone\" doctor --json -c \"$3\"
        [ \"$(id -u)\" = 0 ] || shift 6
        exec \"$@\"";
    let mut command = hid.seen_by(Command::new("umockdev-run"), "sh");
    let found = Examined::of(
        command
            .args(["-c", script, "sh", PROGRAM])
            .arg(desk.path())
            .arg(&config),
    );
    found.says(
        "permission",
        "problem",
        "/dev/hidraw0 (Bench Headset [047f:c056]): no permission",
        "udevadm",
    );

    // This test holds the headset's other end, and the second one is a program of its own.
    let hid = HidHeadset::new();
    let mut second = hid
        .seen_by(Command::new("umockdev-run"), "sh")
        .args(["-c", "exec 3<>/dev/hidraw0; echo up; exec sleep 60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut up = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(second.stdout.take().unwrap()),
        &mut up,
    )
    .unwrap();
    let mut command = hid.seen_by(Command::new("umockdev-run"), PROGRAM);
    let found = Examined::by(command.arg("doctor").arg("-c").arg(&config));
    second.kill().unwrap();
    second.wait().unwrap();
    found.says(
        "other-programs",
        "warning",
        "is open for writing in",
        "let one of them steer",
    );
    found.says("other-programs", "warning", "sleep, process ", "");
    assert_eq!(hid.written_to(), 0);
}

#[test]
fn a_bare_machine_is_told_what_to_do_in_80_columns() {
    let empty = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command
        .args(["doctor", "-c", "/dev/null"])
        .env("XDG_RUNTIME_DIR", empty.path())
        .env("HOME", empty.path())
        .env_remove("PULSE_SERVER");
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(text.starts_with("✗ problem: "), "{text}");
    assert!(
        text.contains("No sound server runs in this session"),
        "{text}"
    );
    assert!(!text.contains('\x1b'), "no colour where nobody looks");
    let prose = text.lines().filter(|line| !line.starts_with("    do: "));
    let too_long: Vec<_> = prose.filter(|line| line.chars().count() > 80).collect();
    assert_eq!(too_long, [""; 0]);
    let last = text.lines().last().unwrap();
    assert!(
        last.contains(" problem") && last.ends_with(" skipped."),
        "{last}"
    );
    let blocks = text
        .split("\n\n")
        .filter(|b| b.starts_with('✗') || b.starts_with('!'));
    assert!(blocks.clone().count() >= 2);
    assert!(
        blocks.into_iter().all(|block| block.contains("\n    do: ")),
        "{text}"
    );

    let list = Command::new(PROGRAM)
        .args(["doctor", "--list"])
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let names: Vec<_> = list
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    for id in [
        "config",
        "headset",
        "permission",
        "broker",
        "certificate",
        "service",
    ] {
        assert!(names.contains(&id), "{id} in {list}");
    }
    let found = Examined::by(&mut command);
    for entry in found.json["checks"].as_array().unwrap() {
        assert!(names.contains(&entry["id"].as_str().unwrap()), "{entry}");
    }
}
