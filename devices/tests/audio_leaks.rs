//! Calls come and go: no descriptor, thread or stream stays behind. Alone in its process, because it counts
//! what the process has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on may panic.

mod support;

use sidetone_devices::audio::api::StreamSide;
use support::listener::Listener;
use support::softphone::Softphone;
use support::sound_server::{Kind, SoundServer};
use support::until;

/// Calls per server; `SIDETONE_LEAK_CYCLES=200` for the long run.
fn cycles() -> usize {
    let variable = std::env::var("SIDETONE_LEAK_CYCLES").ok();
    variable.map_or(25, |text| text.parse().expect("a number of cycles"))
}

fn held() -> (usize, usize) {
    let count = |path| std::fs::read_dir(path).unwrap().count();
    (count("/proc/self/fd"), count("/proc/self/task"))
}

fn memory_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn nothing_stays_behind() {
    for kind in [Kind::PulseAudio, Kind::PipeWire] {
        let server = SoundServer::start(kind);
        let headset = server.plug_in("1-1");
        let _phone = Softphone::call(&server, &headset, 440);
        let before_all = held();
        let mut listener = Listener::start(server.options());
        listener.until_card(&headset.usb);
        let mut call = |cycle: usize| {
            listener.open_both(&headset.usb);
            listener.listen(StreamSide::Agent, 0.05);
            listener.close(&headset.usb);
            listener.until_closed(StreamSide::Customer);
            if cycle.is_multiple_of(10) {
                until("no stream of ours", || {
                    (server.recorded_by_us() == 0).then_some(())
                });
            }
            listener.history.clear();
        };
        call(0);
        let rest = || {
            // A worker needs a moment to end.
            let mut last = held();
            for _ in 0..50 {
                std::thread::sleep(std::time::Duration::from_millis(20));
                last = last.min(held());
            }
            last
        };
        let before = (rest(), memory_kib());
        for cycle in 1..=cycles() {
            call(cycle);
        }
        let after = (rest(), memory_kib());
        println!(
            "{kind:?}: descriptors and threads, KiB: {before:?}, after {} calls {after:?}",
            cycles()
        );
        assert_eq!(before.0, after.0, "descriptors and threads");
        assert!(after.1 < before.1 + 2048, "memory: {before:?} {after:?}");
        drop(listener);
        assert_eq!(held(), before_all, "after the end");
    }
}
