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
fn watch_hid() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let example = profile.join("examples/watch_hid");
    if !example.exists() {
        let cargo = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "-p",
                "sidetone-devices",
                "--example",
                "watch_hid",
            ])
            .status()
            .unwrap();
        assert!(cargo.success());
    }
    example
}

/// What `watch_hid` prints while the script named here is played.
fn replay(script: &str, quirks: &str) -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recorded = here.join("tests/umockdev");
    let file = |name: &str| recorded.join(name).display().to_string();
    let output = Command::new("umockdev-run")
        .args(["-d", &file("headset.umockdev")])
        .args(["-i", &format!("/dev/hidraw0={}", file("headset.ioctl"))])
        .args(["-s", &format!("/dev/hidraw0={}", file(script))])
        .arg("--")
        .arg(watch_hid())
        .args(["4", &here.join(quirks).display().to_string()])
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
