//! A recorded headset, replayed by umockdev to a real process: sysfs, hidraw and the reports come
//! through the same doors as on a desk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says so when something is missing"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The example beside this test's binary, built if only this test was asked for.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let example = profile.join("examples").join(name);
    if !example.exists() {
        let cargo = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "-p",
                "sidetone-devices",
                "--example",
                name,
            ])
            .status()
            .unwrap();
        assert!(cargo.success());
    }
    example
}

/// What `watch_hid` prints while the script named here is played.
fn replay(script: &str, quirks: &str) -> Vec<String> {
    let quirks = Path::new(env!("CARGO_MANIFEST_DIR")).join(quirks);
    play(script, "watch_hid", &["4", &quirks.display().to_string()])
}

/// What an example prints while the script named here is played.
fn play(script: &str, name: &str, arguments: &[&str]) -> Vec<String> {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/umockdev");
    let file = |name: &str| recorded.join(name).display().to_string();
    let output = Command::new("umockdev-run")
        .args(["-d", &file("headset.umockdev")])
        .args(["-i", &format!("/dev/hidraw0={}", file("headset.ioctl"))])
        .args(["-s", &format!("/dev/hidraw0={}", file(script))])
        .arg("--")
        .arg(example(name))
        .args(arguments)
        .output()
        .expect("umockdev-run is missing: scripts/install-deps installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_recorded_headset_tells_its_story() {
    assert_eq!(
        replay("headset.script", "../tests/bench/quirks"),
        [
            "Bench Headset on /dev/hidraw0",
            "added 047f:c056 Bench Headset quirk Some(\"bench+plantronics\")",
            "HookSwitch(true)",
            "MutePressed",
            "QuickDisconnect { open: true, verified: true }",
            "QuickDisconnect { open: false, verified: true }",
            "HookSwitch(false)",
        ]
    );
}

#[test]
fn without_the_benchs_quirk_file_the_vendors_message_means_nothing() {
    assert_eq!(
        replay("headset.script", "tests/umockdev"),
        [
            "Bench Headset on /dev/hidraw0",
            "added 047f:c056 Bench Headset quirk Some(\"plantronics\")",
            "HookSwitch(true)",
            "MutePressed",
            "HookSwitch(false)",
        ]
    );
}

/// The recording goes on, to a press of the hook switch, only once exactly these bytes were written.
#[test]
fn the_lights_are_written_as_the_descriptor_wants_them() {
    let said = play("lights.script", "show_leds", &["off_hook", "mute"]);
    assert!(
        said.contains(&"Control(HookSwitch(true))".to_owned()),
        "{said:?}"
    );
}

#[test]
fn other_lights_are_other_bytes() {
    let output = std::panic::catch_unwind(|| play("lights.script", "show_leds", &["ring"]));
    let pressed = "Control(HookSwitch(true))".to_owned();
    assert!(output.is_err() || !output.unwrap().contains(&pressed));
}
