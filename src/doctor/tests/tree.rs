//! A workstation laid out in a directory.

use super::super::{Desk, Finding, Person, Roots, Status, checks};
use crate::config::Source;
use rustix::io::Errno;
use sidetone_devices::audio::pulse::ServerAddress;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// Telephony: hook switch and mute.
const DESCRIPTOR: &[u8] = &[
    0x05, 0x0b, 0x09, 0x05, 0xa1, 1, 0x85, 2, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 2, 0x09, 0x20, 0x09,
    0x2f, 0x81, 2, 0xc0,
];
pub(super) const HID: &str = "sys/devices/usb1/1-4/1-4:1.3/0003:047F:C056.0001";
const CARD: &str = "sys/devices/usb1/1-4/1-4:1.0/sound/card1";
const AT_DESK: &str = "UID=1000\nSEAT=seat0\nACTIVE=1\nREMOTE=0\n";

/// A workstation in a directory, at which anna (1000) sits.
pub(super) struct Tree {
    pub(super) root: TempDir,
    opens: fn(&Path) -> Result<(), Errno>,
}

impl Tree {
    /// Nothing plugged in.
    pub(super) fn bare() -> Self {
        let tree = Self {
            root: TempDir::new().unwrap(),
            opens: |_| Err(Errno::ACCESS),
        };
        tree.file(
            "etc/passwd",
            "root:x:0:0::/:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n",
        )
        .file("sidetone.toml", "")
        .file("run/systemd/sessions/2", AT_DESK)
    }

    /// A headset with controls and sound card.
    pub(super) fn headset() -> Self {
        Self::bare().hid().card()
    }

    pub(super) fn hid(self) -> Self {
        let tree = self.usb();
        let hid = tree.root.path().join(HID);
        fs::create_dir_all(hid.join("hidraw/hidraw0")).unwrap();
        fs::write(hid.join("report_descriptor"), DESCRIPTOR).unwrap();
        fs::write(hid.join("hidraw/hidraw0/dev"), "246:0\n").unwrap();
        symlink("../..", hid.join("hidraw/hidraw0/device")).unwrap();
        tree.class("hidraw", &hid.join("hidraw/hidraw0"))
    }

    pub(super) fn card(self) -> Self {
        let tree = self.usb().file(&format!("{CARD}/id"), "C3220\n");
        let card = tree.root.path().join(CARD);
        for pcm in ["pcmC1D0c", "pcmC1D0p"] {
            fs::create_dir_all(card.join(pcm)).unwrap();
        }
        tree.class("sound", &card)
    }

    fn usb(self) -> Self {
        self.file("sys/devices/usb1/1-4/idVendor", "047f\n")
            .file("sys/devices/usb1/1-4/idProduct", "c056\n")
            .file("sys/devices/usb1/1-4/product", "Blackwire 3220\n")
    }

    fn class(self, class: &str, device: &Path) -> Self {
        let directory = self.root.path().join("sys/class").join(class);
        fs::create_dir_all(&directory).unwrap();
        symlink(device, directory.join(device.file_name().unwrap())).unwrap();
        self
    }

    pub(super) fn file(self, path: &str, text: &str) -> Self {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(super) fn without(self, path: &str) -> Self {
        fs::remove_file(self.root.path().join(path)).unwrap();
        self
    }

    pub(super) fn opens(mut self, opens: fn(&Path) -> Result<(), Errno>) -> Self {
        self.opens = opens;
        self
    }

    /// A socket that nobody serves any more.
    pub(super) fn socket(self, path: &str) -> Self {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
        self
    }

    /// A running process of this user, with its program file.
    pub(super) fn process_of(self, user: u32, id: u32, command: &[&str], exe: &str) -> Self {
        self.process(id, command, exe).file(
            &format!("proc/{id}/status"),
            &format!("Name:\tsidetone\nTgid:\t{id}\nUid:\t{user}\t{user}\t{user}\t{user}\n"),
        )
    }

    /// A running process, with its program file.
    pub(super) fn process(self, id: u32, command: &[&str], exe: &str) -> Self {
        let name = command[0].rsplit('/').next().unwrap();
        let directory = format!("proc/{id}");
        let tree = self
            .file(&format!("{directory}/comm"), &format!("{name}\n"))
            .file(&format!("{directory}/cmdline"), &command.join("\0"))
            .file(
                &format!("{directory}/limits"),
                "Max locked memory  65536  65536  bytes\n",
            );
        symlink(exe, tree.root.path().join(directory).join("exe")).unwrap();
        tree
    }

    /// A foreign stream on the headset's microphone.
    pub(super) fn stream(self, owner: u32) -> Self {
        self.file(
            "proc/asound/card1/pcm0c/sub0/status",
            &format!("state: RUNNING\nowner_pid   : {owner}\n"),
        )
    }

    pub(super) fn config(self, text: &str) -> Self {
        self.file("sidetone.toml", text)
    }

    pub(super) fn run(&self, id: &str) -> Vec<Finding> {
        let root = self.root.path();
        let mut desk = Desk::new(
            Roots::below(root),
            Source::File(&root.join("sidetone.toml")),
        );
        desk.person = Person {
            id: 1000,
            name: Some("anna".to_owned()),
            groups: vec![1000],
        };
        desk.sound = ServerAddress {
            socket: Some(root.join("no/socket")),
            cookie: None,
        };
        desk.try_open = self.opens;
        let check = checks().iter().find(|check| check.id == id).unwrap();
        (check.run)(&desk)
    }

    /// The worst finding of the check has this status; its sentence and what to do hold these words.
    pub(super) fn says(&self, id: &str, status: Status, sentence: &str, action: &str) {
        let mut findings = self.run(id);
        findings.sort_by_key(|finding| finding.status);
        let worst = &findings[0];
        assert_eq!(worst.status, status, "{id}, {sentence:?}: {findings:#?}");
        assert!(
            worst.summary.contains(sentence),
            "{id}: {worst:#?} lacks {sentence:?}"
        );
        let todo = worst.action.as_deref().unwrap_or_default();
        assert!(todo.contains(action), "{id}: {worst:#?} lacks {action:?}");
        assert_eq!(
            worst.action.is_some(),
            matches!(status, Status::Problem | Status::Warning),
            "{worst:#?}"
        );
        assert!(worst.summary.ends_with('.'), "{worst:#?}");
    }
}
