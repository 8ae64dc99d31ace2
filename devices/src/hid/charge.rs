//! The charge of a headset whose battery the kernel reads (`power_supply` below its HID device).
//!
//! *Promises*: told when it is first known and when it changes; looked up once a minute on a thread of its own, because
//! the kernel may ask the device for it and wait for the answer, and no report must wait meanwhile. After
//! [`ChargeWatch`] is dropped nothing more is told.
//!
//! *Fails* by telling nothing: most headsets have no such battery, and one that is not known is none.
//!
//! *Never* writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// A charge moves by a percent in minutes.
const EVERY: Duration = Duration::from_secs(60);

/// Watches one HID device's battery until dropped.
#[derive(Debug)]
pub(crate) struct ChargeWatch {
    over: Arc<Mutex<bool>>,
    thread: Thread,
}

impl ChargeWatch {
    /// Starts if the kernel has a battery for this HID device (its directory in sysfs); `tell` gets percent.
    pub(crate) fn start(device: PathBuf, tell: impl Fn(u8) + Send + 'static) -> Option<Self> {
        if !supplies(&device).exists() {
            return None;
        }
        let over = Arc::new(Mutex::new(false));
        let ended = Arc::clone(&over);
        let thread = thread::Builder::new()
            .name("charge".to_owned())
            .spawn(move || watch(&device, &ended, tell))
            .map_err(|error| tracing::warn!(%error, "a headset's battery cannot be watched"))
            .ok()?;
        Some(Self {
            over,
            thread: thread.thread().clone(),
        })
    }
}

impl Drop for ChargeWatch {
    fn drop(&mut self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.thread.unpark();
    }
}

fn watch(device: &Path, over: &Mutex<bool>, tell: impl Fn(u8)) {
    let mut known = None;
    loop {
        let charge = charge(device);
        {
            // Held while telling, so that whoever ends it knows that nothing follows.
            let over = over.lock().unwrap_or_else(PoisonError::into_inner);
            if *over {
                return;
            }
            if let Some(percent) = charge
                && known.replace(percent) != Some(percent)
            {
                tell(percent);
            }
        }
        thread::park_timeout(EVERY);
    }
}

fn supplies(device: &Path) -> PathBuf {
    device.join("power_supply")
}

/// Percent, if the kernel knows it.
fn charge(device: &Path) -> Option<u8> {
    fs::read_dir(supplies(device)).ok()?.find_map(|entry| {
        let supply = entry.ok()?.path();
        let read = |name| fs::read_to_string(supply.join(name)).ok();
        // Before the first report the kernel says 0 % and `Unknown`.
        if read("status")?.trim() == "Unknown" {
            return None;
        }
        let percent = read("capacity")?.trim().parse().ok()?;
        (percent <= 100).then_some(percent)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tempfile::TempDir;

    fn device(files: &[(&str, &str)]) -> TempDir {
        let device = TempDir::new().unwrap();
        let supply = supplies(device.path()).join("hid-0003:047F:AF01.0001-battery");
        fs::create_dir_all(&supply).unwrap();
        for (name, text) in files {
            fs::write(supply.join(name), text).unwrap();
        }
        device
    }

    #[test]
    fn only_a_charge_that_the_kernel_knows_is_one() {
        for (status, capacity, expected) in [
            ("Discharging\n", "42\n", Some(42)),
            ("Full\n", "100\n", Some(100)),
            ("Unknown\n", "0\n", None),
            ("Discharging\n", "101\n", None),
            ("Discharging\n", "\n", None),
        ] {
            let device = device(&[("status", status), ("capacity", capacity)]);
            assert_eq!(charge(device.path()), expected, "{status}{capacity}");
        }
        assert_eq!(charge(device(&[]).path()), None);
        assert_eq!(charge(TempDir::new().unwrap().path()), None);
    }

    #[test]
    fn the_charge_is_told_at_the_start_and_nothing_after_the_end() {
        let device = device(&[("status", "Discharging"), ("capacity", "14")]);
        let (sender, told) = mpsc::channel();
        let tell = move |percent| sender.send(percent).unwrap();
        let watch = ChargeWatch::start(device.path().to_owned(), tell).unwrap();
        assert_eq!(told.recv(), Ok(14));
        drop(watch);
        // The thread goes, and with it the sender.
        assert!(told.recv().is_err());
    }

    #[test]
    fn without_a_battery_nothing_is_watched() {
        let device = TempDir::new().unwrap();
        assert!(ChargeWatch::start(device.path().to_owned(), |_| ()).is_none());
    }
}
