//! `sidetone doctor` on real situations: a recorded headset, and a bare machine.
//! What needs a system laid out otherwise (udev rules, seats, plain ALSA) is in `src/doctor/tests`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/broker.rs"]
mod broker;
#[allow(dead_code)]
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/examined.rs"]
mod examined;
#[path = "support/testbed.rs"]
mod testbed;

use daemon::{Desk, PROGRAM};
use examined::Examined;
use std::process::{Command, Stdio};
use testbed::HidHeadset;

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
