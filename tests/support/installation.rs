//! What lets a cloud softphone's page through to this workstation: the certificate and the browser policy of
//! `sidetone spokes install`, and the page's script with the real library.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::support::{Run, sidetone};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const POLICY: &str = "/etc/chromium/policies/managed/sidetone.json";

/// What `sidetone spokes install` made on this machine; removed when dropped.
pub(crate) struct Installation {
    config: PathBuf,
    /// Where certificate and key are.
    pub(crate) dir: PathBuf,
}

impl Installation {
    /// At a place that outlives a killed test, so that the next one finds what to remove.
    pub(crate) fn new(site: &str) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "browser policies are root's: run this as root"
        );
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installation");
        let dir = place.join("certificate");
        fs::create_dir_all(&place).unwrap();
        let config = place.join("sidetone.toml");
        let text = format!(
            "[spokes]\norigins = [\"{site}\"]\ndir = \"{}\"\n",
            dir.display()
        );
        fs::write(&config, text).unwrap();
        let this = Self { config, dir };
        let run = this.run(&["install", "--group", "root"]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        assert!(run.out.contains(POLICY), "{}", run.out);
        this
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let config = self.config.to_str().unwrap();
        sidetone(["spokes"].iter().chain(arguments).chain(&["-c", config]))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let run = self.run(&["uninstall"]);
        if !std::thread::panicking() {
            assert_eq!((run.status, run.err.as_str()), (0, ""));
            assert!(!Path::new(POLICY).exists());
        }
    }
}

/// The library and the page's script in one file.
pub(crate) fn bundle() -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spokes");
    assert!(
        place.join("node_modules").exists(),
        "the library is missing: run `npm ci` in tests/spokes"
    );
    let output = Command::new("npm")
        .args(["run", "--silent", "bundle"])
        .current_dir(place)
        .output()
        .expect("npm is missing: scripts/install-deps calls installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
