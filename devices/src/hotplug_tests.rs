//! Coming and going, on a sysfs laid out in a directory: the device nodes of these headsets are never
//! there, so they can be seen and not read. What is read comes through umockdev, in
//! `tests/hid_umockdev.rs`.

use super::*;
use crate::event::HeadsetEventKind;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use tempfile::TempDir;

/// Headset with a hook switch.
const HEADSET: &[u8] = &[
    0x05, 0x0b, 0x09, 5, 0xa1, 1, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0x20, 0x81, 2, 0xc0,
];
/// Consumer keys in an interface of their own.
const KEYS: &[u8] = &[
    0x05, 0x0c, 0x09, 1, 0xa1, 1, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0xe9, 0x81, 2, 0xc0,
];
const KEYBOARD: &[u8] = &[
    0x05, 1, 0x09, 6, 0xa1, 1, 0x05, 7, 0x09, 4, 0x75, 1, 0x95, 1, 0x81, 2, 0xc0,
];

struct Bench {
    sys: TempDir,
    plugs: Plugs,
    events: Receiver<HeadsetEvent>,
}

impl Bench {
    fn new() -> Self {
        let sys = TempDir::new().unwrap();
        let (sender, events) = mpsc::channel();
        let mut plugs = Plugs::new(Arc::new(QuirkBook::built_in()), sender);
        plugs.roots = Roots {
            sysfs: sys.path().to_owned(),
            dev: sys.path().join("dev"),
        };
        fs::create_dir_all(sys.path().join("class/hidraw")).unwrap();
        Self { sys, plugs, events }
    }

    fn interface(&self, port: &str, number: usize, descriptor: &[u8]) -> PathBuf {
        let usb = self.sys.path().join("devices/usb1").join(port);
        let hid = usb.join(format!("{port}:1.{number}/0003:0B0E:0422.{number:04}"));
        let node = hid.join(format!("hidraw/hidraw{number}"));
        fs::create_dir_all(&node).unwrap();
        fs::write(hid.join("report_descriptor"), descriptor).unwrap();
        symlink("../..", node.join("device")).unwrap();
        for (name, text) in [
            ("idVendor", "0b0e"),
            ("idProduct", "0422"),
            ("product", port),
        ] {
            fs::write(usb.join(name), text).unwrap();
        }
        symlink(&node, self.class(number)).unwrap();
        fs::canonicalize(node).unwrap()
    }

    fn class(&self, number: usize) -> PathBuf {
        self.sys.path().join(format!("class/hidraw/hidraw{number}"))
    }

    fn unplug(&self, port: &str, numbers: &[usize]) {
        numbers
            .iter()
            .for_each(|&number| fs::remove_file(self.class(number)).unwrap());
        fs::remove_dir_all(self.sys.path().join("devices/usb1").join(port)).unwrap();
    }

    /// The next event; a reader tells after its second failure, half a second in.
    fn next(&self) -> HeadsetEventKind {
        self.events
            .recv_timeout(Duration::from_secs(20))
            .unwrap()
            .kind
    }

    fn is_told_nothing(&self) -> bool {
        self.events
            .recv_timeout(Duration::from_millis(1500))
            .is_err()
    }

    fn reading(&self) -> Vec<usize> {
        self.plugs
            .by_usb
            .values()
            .map(|plug| plug.reading.len())
            .collect()
    }
}

#[test]
fn interfaces_of_one_plug_are_one_headset_in_whatever_order_they_come() {
    for order in [[(0, HEADSET), (1, KEYS)], [(0, KEYS), (1, HEADSET)]] {
        let mut bench = Bench::new();
        for (number, descriptor) in order {
            let path = bench.interface("1-1", number, descriptor);
            bench.plugs.add(&path);
        }
        assert_eq!(bench.reading(), [2]);
        let HeadsetEventKind::Unreadable { reason } = bench.next() else {
            panic!("not told")
        };
        assert!(reason.starts_with("1-1 cannot be read: "), "{reason}");
        assert!(bench.is_told_nothing(), "one sentence for both interfaces");
        bench.unplug("1-1", &[0, 1]);
        bench.plugs.look();
        assert_eq!(bench.next(), HeadsetEventKind::Removed);
        assert!(bench.plugs.by_usb.is_empty());
    }
}

#[test]
fn keyboards_and_lone_keys_are_never_read() {
    let mut bench = Bench::new();
    bench.interface("1-1", 0, KEYBOARD);
    bench.interface("1-2", 1, KEYS);
    bench.plugs.look();
    assert_eq!(
        bench.reading(),
        [0],
        "the keys wait for a headset, the keyboard is not even known"
    );
    bench.unplug("1-2", &[1]);
    bench.plugs.look();
    assert!(bench.plugs.by_usb.is_empty());
    assert!(bench.is_told_nothing());
}

#[test]
fn a_broken_descriptor_is_told_and_the_next_headset_is_read() {
    let mut bench = Bench::new();
    bench.interface("1-1", 0, &HEADSET[..18]);
    bench.interface("1-2", 1, HEADSET);
    bench.plugs.look();
    let HeadsetEventKind::Unreadable { reason } = bench.next() else {
        panic!("not told")
    };
    assert!(
        reason.starts_with("1-1 cannot be read: report descriptor refused at byte 18: "),
        "{reason}"
    );
    assert!(reason.contains("; update its firmware"), "{reason}");
    assert_eq!(bench.reading(), [1, 1]);
    bench.plugs.end();
}

#[test]
fn a_replug_between_two_looks_is_a_removal_and_a_new_headset() {
    let mut bench = Bench::new();
    bench.interface("1-1", 0, HEADSET);
    bench.plugs.look();
    assert!(matches!(bench.next(), HeadsetEventKind::Unreadable { .. }));
    bench.unplug("1-1", &[0]);
    let node = bench.interface("1-1", 1, HEADSET);
    bench.plugs.look();
    assert_eq!(bench.next(), HeadsetEventKind::Removed);
    assert!(bench.plugs.by_usb.values().all(|plug| plug.knows(&node)));
    bench.plugs.end();
}

#[test]
fn the_monitor_starts_and_stops_on_any_system() {
    let (sender, events) = mpsc::channel();
    let monitor = HeadsetMonitor::start(MonitorOptions::default(), sender).unwrap();
    monitor.stop();
    assert!(
        events
            .iter()
            .all(|event| event.kind != HeadsetEventKind::Removed)
    );
}
