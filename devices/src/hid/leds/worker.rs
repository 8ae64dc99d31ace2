//! Writing the lights, on a thread of its own.

use super::report::{LedReports, Leds};
use crate::headset::UsbPath;
use crate::hid::node::{HidNode, Role, Roots};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// What is to be shown, the newest of each headset only.
#[derive(Debug, Default)]
struct Wanted {
    leds: BTreeMap<UsbPath, Leds>,
    ended: bool,
}

/// Shows lights on headsets. Dropping it lets what was wanted be shown, without waiting for it.
#[derive(Debug)]
pub struct LedWorker {
    wanted: Arc<(Mutex<Wanted>, Condvar)>,
}

impl LedWorker {
    /// Starts the thread.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start() -> io::Result<Self> {
        let wanted = Arc::new((Mutex::default(), Condvar::new()));
        let theirs = Arc::clone(&wanted);
        thread::Builder::new()
            .name("leds".to_owned())
            .spawn(move || run(&theirs))?;
        Ok(Self { wanted })
    }

    /// Lets this headset show this, as soon as it takes it. What it was to show before and has not yet,
    /// is forgotten.
    pub fn show(&self, usb: &UsbPath, leds: Leds) {
        self.change(|wanted| {
            wanted.leds.insert(usb.clone(), leds);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Wanted)) {
        let (wanted, changed) = &*self.wanted;
        change(&mut wanted.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_one();
    }
}

impl Drop for LedWorker {
    fn drop(&mut self) {
        self.change(|wanted| wanted.ended = true);
    }
}

fn run((wanted, changed): &(Mutex<Wanted>, Condvar)) {
    let mut said = BTreeSet::new();
    loop {
        let next = {
            let lock = wanted.lock().unwrap_or_else(PoisonError::into_inner);
            let mut lock = changed
                .wait_while(lock, |wanted| wanted.leds.is_empty() && !wanted.ended)
                .unwrap_or_else(PoisonError::into_inner);
            lock.leds.pop_first()
        };
        let Some((usb, leds)) = next else {
            return;
        };
        for node in Roots::default().nodes() {
            if node.usb == usb
                && let Err(error) = show(&node, leds)
                && said.insert(node.sysfs)
            {
                tracing::warn!(%usb, %error, "the headset's lights cannot be switched");
            }
        }
    }
}

fn show(node: &HidNode, leds: Leds) -> io::Result<()> {
    let Ok(descriptor) = &node.descriptor else {
        return Ok(());
    };
    let reports = LedReports::find(descriptor);
    if reports.is_empty() || node.role(None) != Role::Headset {
        return Ok(());
    }
    write(&node.device, &reports.report(leds))
}

/// Writes output reports to a hidraw node, which is open only meanwhile. May take seconds.
///
/// # Errors
/// What the system says: no permission, no such device, the device does not take it.
pub fn write(node: &Path, reports: &[Vec<u8>]) -> io::Result<()> {
    let mut device = OpenOptions::new().write(true).open(node)?;
    for report in reports {
        device.write_all(report)?;
    }
    Ok(())
}
