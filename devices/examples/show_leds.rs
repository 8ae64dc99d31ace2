//! Shows lights on every headset of this computer, then prints what the headsets do, until nothing has happened
//! for two seconds.
//!
//! ```text
//! cargo run -p sidetone-devices --example show_leds -- off_hook ring mute hold
//! ```

use sidetone_devices::hid::leds::{LedWorker, Leds};
use sidetone_devices::hid::list;
use sidetone_devices::hid::quirks::QuirkBook;
use sidetone_devices::hotplug::{HeadsetMonitor, MonitorOptions};
use std::sync::mpsc;
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lights: Vec<String> = std::env::args().skip(1).collect();
    let on = |light: &str| lights.iter().any(|other| other == light);
    let leds = Leds {
        off_hook: on("off_hook"),
        ring: on("ring"),
        mute: on("mute"),
        hold: on("hold"),
    };
    let (sender, events) = mpsc::channel();
    let monitor = HeadsetMonitor::start(MonitorOptions::default(), sender)?;
    let worker = LedWorker::start()?;
    for headset in list(&QuirkBook::built_in()) {
        println!("{}", headset.identity.name);
        worker.show(&headset.usb, leds);
    }
    while let Ok(event) = events.recv_timeout(Duration::from_secs(2)) {
        println!("{:?}", event.kind);
    }
    monitor.stop();
    Ok(())
}
