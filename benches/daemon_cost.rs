//! What the daemon costs: time to ready, and processor and memory, idle and in a call of real speech.
//!
//! A headset with HID (umockdev) and sound card (null sinks of a private PulseAudio), a softphone, a
//! private mosquitto. Processor time is the scheduler's own count of all threads
//! (`/proc/PID/task/*/schedstat`), memory is the resident set (`/proc/PID/status`).
//!
//! ```sh
//! make test-data && cargo bench --bench daemon_cost
//! ```

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
#[path = "../tests/support/speech.rs"]
mod speech;
#[path = "../tests/support/testbed.rs"]
mod testbed;

use broker::{Broker, PATIENCE};
use daemon::{Daemon, Desk, PROGRAM};
use poll::until;
use sidetone_devices::headset::UsbPath;
use softphone::Softphone;
use sound_server::{Kind, SoundServer};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};
use testbed::{CARD, HidHeadset, USB};

/// How long is looked.
const WINDOW: Duration = Duration::from_secs(20);

/// Until everything that only happens at a start has happened.
const SETTLE: Duration = Duration::from_secs(5);

/// Processor time of all its threads.
fn processor_time(pid: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let each = tasks.map(|task| {
        let text = fs::read_to_string(task.unwrap().path().join("schedstat"));
        let text = text.unwrap_or_default();
        let nanoseconds = text.split_ascii_whitespace().next();
        nanoseconds.map_or(0, |n| n.parse::<u64>().unwrap())
    });
    Duration::from_nanos(each.sum())
}

fn look(what: &str, daemon: &Daemon) {
    std::thread::sleep(SETTLE);
    let pid = daemon.process_id();
    let (before, since) = (processor_time(pid), Instant::now());
    std::thread::sleep(WINDOW);
    let used = processor_time(pid).saturating_sub(before);
    let share = 100.0 * used.as_secs_f64() / since.elapsed().as_secs_f64();
    println!(
        "{what:<12} {share:>7.3} % of a core   {:>6.1} MiB resident",
        daemon.resident_kib() as f64 / 1024.0
    );
}

/// From the program's start to `READY=1`, as systemd sees it.
fn ready(desk: &Desk) -> Duration {
    let path = desk.path().join("notify");
    let _ = fs::remove_file(&path);
    let notices = UnixDatagram::bind(&path).unwrap();
    notices.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = Command::new(PROGRAM);
    command.env("NOTIFY_SOCKET", &path);
    let start = Instant::now();
    let mut daemon = desk.run(command);
    let mut notice = [0; 256];
    while {
        let length = notices.recv(&mut notice).expect("READY=1");
        !notice[..length].starts_with(b"READY=1")
    } {}
    let took = start.elapsed();
    assert!(daemon.terminate().success());
    took
}

fn main() {
    let broker = Broker::start("");
    let silent = Desk::new(broker.port, "[audio]\nbackend = \"off\"");
    let size = fs::metadata(PROGRAM).unwrap().len() as f64 / 1e6;
    let stripped = silent.path().join("stripped");
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&stripped).arg(PROGRAM);
    assert!(strip.status().unwrap().success());
    let bare = fs::metadata(&stripped).unwrap().len() as f64 / 1e6;
    println!("binary       {size:.1} MB, without debug sections {bare:.1} MB");
    let mut times: Vec<Duration> = (0..10).map(|_| ready(&silent)).collect();
    times.sort_unstable();
    println!(
        "ready        {:.0} ms (median of 10), {:.0} ms at most",
        times[5].as_secs_f64() * 1e3,
        times[9].as_secs_f64() * 1e3
    );

    let server = SoundServer::start(Kind::PulseAudio);
    let hid = HidHeadset::new();
    let desk = Desk::new(broker.port, "[audio]\nbackend = \"pulse\"");
    let card = server.plug_in_card("card1", CARD, UsbPath::new(USB.into()));
    let files = [
        ("en_US_f_Allison", "agent.wav"),
        ("it_IT_m_Carlo", "customer.wav"),
    ];
    let [agent, customer] = files.map(|(voice, name)| {
        let file = desk.path().join(name);
        speech::write(voice, 60, &file);
        file
    });
    let mut daemon = desk.run(hid.seen_by(server.command("umockdev-run"), PROGRAM));
    daemon.until("its start", |log| {
        log.iter()
            .any(|line| line.contains("connected to the broker"))
    });
    look("idle", &daemon);

    let mut talk = server.command("paplay");
    talk.arg(format!("--device={}", card.feed)).arg(&agent);
    let mut talk = talk.spawn().unwrap();
    let customer = customer.to_str().unwrap();
    let phone = Softphone::start(
        &server,
        &[
            "--source",
            &card.microphone,
            "--sink",
            &card.speaker,
            "--recording",
            customer,
        ],
    );
    until("a call", || (server.recorded_by_us() == 2).then_some(()));
    look("in a call", &daemon);
    drop(phone);
    let _ = talk.kill();
    let _ = talk.wait();
    look("after it", &daemon);
    assert!(daemon.terminate().success());
}
