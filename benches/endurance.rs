//! A day of calls through the real daemon, faster than the clock: does it keep more memory, descriptors or threads?
//!
//! Real parts: the built daemon, a headset with HID (umockdev) and sound card (null sinks of a private PulseAudio), a
//! softphone, a private mosquitto. The daemon lives on the wall clock, so not the hours are shortened but the pauses: 24 h
//! of an agent with twelve calls an hour are 288 calls, each with hook, mute, button and quick disconnect (which raises and
//! clears an alert), and each *hour* (twelve calls) a setting over MQTT, the sound card pulled out and back, and every
//! third the broker killed.
//!
//! ```sh
//! make endurance            # 288 calls, some ten minutes; CALLS=N for others
//! ```
//!
//! Looks at an idle daemon before, and after each quarter, each time when nothing settles any longer ([`SETTLED`]); fails if
//! it has more descriptors or threads at the end than after the first quarter, or over [`MOST_GROWTH_KIB`] more memory of
//! its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../tests/support/broker.rs"]
mod broker;
#[path = "../tests/support/daemon.rs"]
mod daemon;
#[path = "../tests/support/poll.rs"]
mod poll;
#[allow(dead_code)]
#[path = "../devices/tests/support/softphone.rs"]
mod softphone;
#[allow(dead_code)]
#[path = "../devices/tests/support/sound_server.rs"]
mod sound_server;
#[path = "../tests/support/testbed.rs"]
mod testbed;

use broker::{Broker, PERSISTENT, Watcher};
use daemon::{Daemon, Desk, PROGRAM};
use poll::until;
use sidetone_devices::headset::UsbPath;
use softphone::Softphone;
use sound_server::{FakeHeadset, Kind, SoundServer};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use testbed::{CARD, HidHeadset, MUTE_DOWN, OFF_HOOK, ON_HOOK, USB, mute, quick_disconnect};

/// An agent's calls in an hour.
const AN_HOUR: u32 = 12;

/// Before the first look: what is allocated once is allocated.
const WARM_UP: u32 = 6;

/// What the allocator may make of the same work, KiB.
const MOST_GROWTH_KIB: u64 = 256;

/// Before each look. The outbox keeps what was acknowledged for 60 s, and as long again after each broken connection. In a
/// day broken connections are hours apart; here they come every half minute, so that without this pause nothing ever
/// leaves it, and what a look finds grows with the calls up to the outbox' bounds.
const SETTLED: Duration = Duration::from_secs(65);

/// Between two reports: as long as the daemon may take to read one.
const BETWEEN: Duration = Duration::from_millis(60);

/// What the daemon holds.
#[derive(Clone, Copy)]
struct Holds {
    resident_kib: u64,
    own_kib: u64,
    descriptors: usize,
    threads: usize,
}

impl Holds {
    fn of(daemon: &Daemon) -> Self {
        let pid = daemon.process_id();
        let entries = |what: &str| {
            std::fs::read_dir(format!("/proc/{pid}/{what}"))
                .unwrap()
                .count()
        };
        Self {
            resident_kib: daemon.resident_kib(),
            own_kib: daemon.own_memory_kib(),
            descriptors: entries("fd"),
            threads: entries("task"),
        }
    }

    fn print(self, when: &str) {
        println!(
            "| {when} | {} | {} | {} | {} |",
            self.resident_kib, self.own_kib, self.descriptors, self.threads
        );
    }
}

/// The agent's desk and all around it.
struct Day {
    broker: Broker,
    watcher: Watcher,
    server: SoundServer,
    hid: HidHeadset,
    card: FakeHeadset,
    calls: u32,
}

impl Day {
    fn report(&self, report: &[u8]) {
        self.hid.send_at_once(report);
        std::thread::sleep(BETWEEN);
    }

    /// A call with everything a headset can say in it.
    fn call(&mut self) {
        let phone = Softphone::call(&self.server, &self.card, 300 + self.calls % 7 * 100);
        self.report(OFF_HOOK);
        until("a call that is heard", || {
            (self.server.recorded_by_us() == 2).then_some(())
        });
        for report in [&mute(true)[..], &mute(false), MUTE_DOWN, OFF_HOOK] {
            self.report(report);
        }
        self.report(&quick_disconnect(true));
        self.report(&quick_disconnect(false));
        std::thread::sleep(Duration::from_millis(200));
        self.report(ON_HOOK);
        drop(phone);
        self.calls += 1;
        until("the call's end", || {
            let ended = self.watcher.on("/event/call.ended").len();
            (ended >= self.calls as usize).then_some(())
        });
        until("closed streams", || {
            (self.server.recorded_by_us() == 0).then_some(())
        });
    }

    /// What happens once in an hour.
    fn hour(&mut self) {
        let number = self.calls / AN_HOUR;
        let severity = ["minor", "major"][number as usize % 2];
        let document = format!(
            r#"{{"v":1,"version":{number},"issued_ms":1,"set":{{"alerts":{{"qd_open_in_call":{{"severity":"{severity}"}}}}}}}}"#
        );
        let port = self.broker.port.to_string();
        let topic = "sidetone/v1/acme/node/ws-1/config/desired";
        let said = Command::new("mosquitto_pub")
            .args([
                "-V",
                "5",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-q",
                "1",
                "-r",
                "-t",
                topic,
            ])
            .args(["-m", &document])
            .status();
        assert!(said.unwrap().success());
        until("the setting", || {
            let reported = self.watcher.on("/config/reported");
            let version = reported.last()?.json()["node_version"].as_u64();
            (version == Some(number.into())).then_some(())
        });
        self.server.pull_out(&self.card);
        std::thread::sleep(Duration::from_millis(500));
        self.card = plug(&self.server);
        if number.is_multiple_of(3) {
            self.broker.kill();
            self.broker.restart();
        }
    }
}

fn plug(server: &SoundServer) -> FakeHeadset {
    server.plug_in_card("card1", CARD, UsbPath::new(USB.into()))
}

fn main() -> ExitCode {
    let told = std::env::args().find_map(|a| a.strip_prefix("calls=").map(str::to_owned));
    let Some(calls) = told.and_then(|calls| calls.parse::<u32>().ok()) else {
        println!("endurance: run it with `make endurance`");
        return ExitCode::SUCCESS;
    };
    let broker = Broker::start(PERSISTENT);
    let watcher = Watcher::start(broker.port);
    let server = SoundServer::start(Kind::PulseAudio);
    let hid = HidHeadset::new();
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"pulse\"");
    let card = plug(&server);
    let mut daemon = desk.run(hid.seen_by(server.command("umockdev-run"), PROGRAM));
    let mut day = Day {
        broker,
        watcher,
        server,
        hid,
        card,
        calls: 0,
    };
    until("the headset", || {
        let known = day.watcher.all();
        known
            .iter()
            .any(|s| s.topic.contains("/inventory/headset-") && s.json()["sound_card"] == true)
            .then_some(())
    });
    let began = Instant::now();
    (0..WARM_UP).for_each(|_| day.call());
    println!(
        "| calls | resident, KiB | of its own, KiB | descriptors | threads |\n| --- | --- | --- | --- | --- |"
    );
    let mut looks = Vec::new();
    for quarter in 0..=4 {
        while day.calls < WARM_UP + calls * quarter / 4 {
            day.call();
            if (day.calls - WARM_UP).is_multiple_of(AN_HOUR) {
                day.hour();
            }
        }
        std::thread::sleep(SETTLED);
        let holds = Holds::of(&daemon);
        holds.print(&format!("{} ({} %)", calls * quarter / 4, 25 * quarter));
        looks.push(holds);
    }
    let (first, last) = (looks[1], looks[4]);
    let growth = last.own_kib.saturating_sub(first.own_kib);
    println!(
        "{calls} calls in {:.0} s; after the first quarter {:+} KiB, {:+} descriptors, {:+} threads",
        began.elapsed().as_secs_f64(),
        last.own_kib as i64 - first.own_kib as i64,
        last.descriptors as i64 - first.descriptors as i64,
        last.threads as i64 - first.threads as i64
    );
    assert!(daemon.terminate().success());
    let flat = growth <= MOST_GROWTH_KIB
        && last.descriptors <= first.descriptors
        && last.threads <= first.threads;
    ExitCode::from(u8::from(!flat))
}
