//! Prints what the headsets of this computer do, one event per line, until nothing has happened for the
//! given number of seconds.
//!
//! ```text
//! cargo run -p sidetone-devices --example watch_hid -- 60 [DIRECTORY-WITH-QUIRK-FILES]
//! ```

use sidetone_devices::event::HeadsetEventKind;
use sidetone_devices::hid::quirks::QuirkBook;
use sidetone_devices::hotplug::{HeadsetMonitor, MonitorOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let quiet = Duration::from_secs(arguments.next().as_deref().unwrap_or("60").parse()?);
    let mut quirks = QuirkBook::built_in();
    if let Some(directory) = arguments.next() {
        for error in quirks.add_directory(Path::new(&directory)) {
            eprintln!("{error}");
        }
    }
    for headset in sidetone_devices::hid::list(&quirks) {
        for node in headset.nodes {
            println!("{} on {}", headset.identity.name, node.device.display());
        }
    }
    let (sender, events) = mpsc::channel();
    let monitor = HeadsetMonitor::start(
        MonitorOptions {
            quirks: Arc::new(quirks),
        },
        sender,
    )?;
    while let Ok(event) = events.recv_timeout(quiet) {
        match event.kind {
            HeadsetEventKind::Added { identity, quirk } => {
                let (vendor, product) = (identity.vendor.0, identity.product.0);
                println!(
                    "added {vendor:04x}:{product:04x} {} quirk {quirk:?}",
                    identity.name
                );
            }
            HeadsetEventKind::Removed => println!("removed"),
            HeadsetEventKind::Unreadable { reason } => println!("unreadable: {reason}"),
            HeadsetEventKind::Control(control) => println!("{control:?}"),
        }
    }
    monitor.stop();
    Ok(())
}
