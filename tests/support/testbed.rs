//! A USB headset for a real program: umockdev lays out the recorded sysfs, and a pseudo-terminal is its
//! hidraw node, so that a test sends each report when it wants to and sees whatever is written back.

use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How long a report may stay unread.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the recorded headset is plugged in.
#[allow(dead_code)]
pub(crate) const USB: &str = "/sys/devices/platform/vhci_hcd.0/usb1/1-1";
/// Its sound card, below `/sys` (`tests/umockdev/card.umockdev`).
#[allow(dead_code)]
pub(crate) const CARD: &str = "devices/platform/vhci_hcd.0/usb1/1-1/1-1:1.0/sound/card1";

/// Off hook, with mute not pressed; on hook. (Report 2 of the recorded descriptor.)
#[allow(dead_code)]
pub(crate) const OFF_HOOK: &[u8] = &[2, 0b01];
/// The mute button goes down during a call; [`OFF_HOOK`] releases it.
#[allow(dead_code)]
pub(crate) const MUTE_DOWN: &[u8] = &[2, 0b11];
/// On hook.
#[allow(dead_code)]
pub(crate) const ON_HOOK: &[u8] = &[2, 0];

/// A vendor message as `tests/bench/quirks` defines it.
#[allow(dead_code)]
pub(crate) fn vendor(message: u8, value: u8) -> [u8; 64] {
    let mut report = [0; 64];
    report[..3].copy_from_slice(&[3, message, value]);
    report
}

/// The quick disconnect, pulled or not.
#[allow(dead_code)]
pub(crate) fn quick_disconnect(open: bool) -> [u8; 64] {
    vendor(0x51, open.into())
}

/// The headset's own mute, on or off.
#[allow(dead_code)]
pub(crate) fn mute(on: bool) -> [u8; 64] {
    vendor(0x9c, on.into())
}

/// The plugged-in headset.
pub(crate) struct HidHeadset {
    reports: OwnedFd,
    /// The other end. Kept open, so that the line does not hang up when the program under test ends.
    node: OwnedFd,
    name: String,
    /// The recording, if it is not the one of the tree.
    recording: Option<NamedTempFile>,
}

impl HidHeadset {
    /// Plugs it in.
    pub(crate) fn new() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let reports = openpt(flags).unwrap();
        grantpt(&reports).unwrap();
        unlockpt(&reports).unwrap();
        let node = ioctl_tiocgptpeer(&reports, flags).unwrap();
        let mut line = tcgetattr(&node).unwrap();
        line.make_raw();
        tcsetattr(&node, OptionalActions::Now, &line).unwrap();
        let name = ptsname(&reports, Vec::new()).unwrap();
        Self {
            reports,
            node,
            name: name.into_string().unwrap(),
            recording: None,
        }
    }

    /// The same with this serial number.
    #[allow(dead_code)]
    pub(crate) fn with_serial(serial: &str) -> Self {
        let recorded = recordings().join("headset.umockdev");
        let recorded = std::fs::read_to_string(recorded).unwrap();
        let attribute = "A: bcdDevice=";
        assert_eq!(recorded.matches(attribute).count(), 1);
        let changed = recorded.replace(attribute, &format!("A: serial={serial}\\n\n{attribute}"));
        let file = NamedTempFile::with_suffix(".umockdev").unwrap();
        std::fs::write(file.path(), changed).unwrap();
        Self {
            recording: Some(file),
            ..Self::new()
        }
    }

    /// The program to be run where this headset is plugged in, by `umockdev_run` (`umockdev-run`, with
    /// whatever environment the program needs). It ends with whoever runs it.
    pub(crate) fn seen_by(&self, mut umockdev_run: Command, program: impl AsRef<OsStr>) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let ioctl = recordings().join("headset.ioctl");
        let recording = match &self.recording {
            Some(file) => file.path().to_owned(),
            None => recordings().join("headset.umockdev"),
        };
        umockdev_run
            .args([Path::new("-d"), &recording])
            .args([Path::new("-d"), &root.join("tests/umockdev/card.umockdev")])
            .args(["-i", &format!("/dev/hidraw0={}", ioctl.display())])
            .args(["--", "setpriv", "--pdeathsig", "KILL", "--", "sh", "-c"])
            .arg("ln -sf \"$1\" \"$UMOCKDEV_DIR/dev/hidraw0\" && shift && exec \"$@\"")
            .args(["sh", &self.name])
            .arg(program);
        umockdev_run
    }

    /// The headset sends an input report, and waits until it has been read: unlike hidraw, a line has
    /// no borders between reports.
    #[allow(dead_code)]
    pub(crate) fn send(&self, report: &[u8]) {
        self.send_at_once(report);
        let until = Instant::now() + PATIENCE;
        loop {
            // Bytes take a moment from one end to the other, in which neither end shows them.
            std::thread::sleep(Duration::from_millis(50));
            if rustix::io::ioctl_fionread(&self.node).unwrap() == 0 {
                return;
            }
            assert!(Instant::now() < until, "nobody reads the headset");
        }
    }

    /// The same, for who makes sure that each report has been read before the next.
    pub(crate) fn send_at_once(&self, report: &[u8]) {
        assert_eq!(rustix::io::write(&self.reports, report), Ok(report.len()));
    }

    /// How many bytes the program wrote to the headset.
    #[allow(dead_code)]
    pub(crate) fn written_to(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.reports).unwrap()
    }

    /// Those bytes, which are then not to be had again.
    #[allow(dead_code)]
    pub(crate) fn take_written(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.written_to() as usize];
        let length = match bytes.len() {
            0 => 0,
            _ => rustix::io::read(&self.reports, &mut bytes).unwrap(),
        };
        bytes.truncate(length);
        bytes
    }
}

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("devices/tests/umockdev")
}

/// The quirk files that define what the recorded headset's vendor messages mean.
pub(crate) fn quirks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/quirks")
}
