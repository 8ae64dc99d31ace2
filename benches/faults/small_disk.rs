//! A disk that can really be full: a tmpfs of its own, where the right to mount exists (root).

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Room for what waits in the phases in which it is not full.
const SIZE: &str = "size=64m";

/// The mounted disk; unmounted when dropped.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    pub(crate) fn mount() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mounted = quiet(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
                .arg(disk.0.path()),
        );
        mounted.then_some(disk)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Not a byte more fits on it, or all of it again.
    pub(crate) fn fill(&self, full: bool) {
        let ballast = self.path().join("ballast");
        if !full {
            return std::fs::remove_file(ballast).unwrap();
        }
        let mut file = std::fs::File::create(ballast).unwrap();
        let block = vec![0; 4096];
        while file.write_all(&block).is_ok() {}
    }

    /// Copies a directory's content here or back.
    pub(crate) fn copy(from: &Path, to: &Path) {
        let done = quiet(Command::new("cp").arg("-a").arg(from.join(".")).arg(to));
        assert!(done, "cp");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        quiet(Command::new("umount").arg("-l").arg(self.path()));
    }
}

fn quiet(command: &mut Command) -> bool {
    let command = command.stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
