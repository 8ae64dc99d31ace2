//! The reports of one headset as they are, from all of its HID interfaces: for `sidetone learn`.
//!
//! *Promises*: reads beside the daemon and the softphone (hidraw gives every opener its own copy); an
//! interface that leaves is told, and read again once it is back at the same plug.
//!
//! *Fails* with [`Blocked`] if no interface can be opened, saying why and what to do.
//!
//! *Never* writes a report, and never opens a keyboard or a mouse, also not one that is part of the headset.

use super::node::{HidNode, Role, Roots};
use super::quirks::QuirkBook;
use super::reader;
use crate::headset::{HeadsetIdentity, UsbPath};
use crate::pairing;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a read waits before it looks whether to stop.
const READ_TIMEOUT_MS: i32 = 100;
/// How often an interface that has left is looked for.
const RETRY: Duration = Duration::from_millis(200);
/// Longest report that is kept, in bytes: more than a full-speed interrupt transfer with a report id.
const LONGEST: usize = 512;

/// A USB device that is, or may be, a headset.
#[derive(Debug, Clone)]
pub struct RawHeadset {
    /// Which plug.
    pub usb: UsbPath,
    /// What it is.
    pub identity: HeadsetIdentity,
    /// Known to be a headset; otherwise it merely has media or vendor keys.
    pub is_headset: bool,
    /// Its HID interfaces, in their order.
    pub interfaces: Vec<RawInterface>,
}

/// One HID interface.
#[derive(Debug, Clone)]
pub struct RawInterface {
    /// Its device node at the moment, e.g. `/dev/hidraw0`.
    pub device: PathBuf,
    /// Its report descriptor.
    pub descriptor: Vec<u8>,
    /// The directory of the USB interface below its device, e.g. `1-4:1.3`: the same after a replug.
    place: PathBuf,
}

/// Something that came from an interface, by its number in [`RawHeadset::interfaces`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawEvent {
    /// An input report, as hidraw delivered it.
    Report {
        /// When it was read.
        at: Instant,
        /// From which interface.
        interface: usize,
        /// The report, its id first if the device uses ids.
        bytes: Vec<u8>,
    },
    /// The interface is gone.
    Gone {
        /// When that was seen.
        at: Instant,
        /// Which.
        interface: usize,
    },
    /// The interface is there again.
    Back {
        /// When it was opened.
        at: Instant,
        /// Which.
        interface: usize,
    },
}

/// Why a headset cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum Blocked {
    /// None of its interfaces opens; the first one's sentence.
    #[error("{0}")]
    Unreadable(String),
    /// It has no interface that could be read.
    #[error("{0} has no HID interface with controls: there is nothing to learn from it")]
    NoInterface(String),
    /// No thread.
    #[error("the headset cannot be read: no thread for it ({0}); see `ulimit -u`")]
    Thread(#[from] io::Error),
}

/// All USB devices with controls that are plugged in now: headsets first.
#[must_use]
pub fn headsets(quirks: &QuirkBook) -> Vec<RawHeadset> {
    let mut by_usb: BTreeMap<UsbPath, Vec<HidNode>> = BTreeMap::new();
    for node in Roots::default().nodes() {
        by_usb.entry(node.usb.clone()).or_default().push(node);
    }
    let mut found: Vec<RawHeadset> = by_usb
        .into_iter()
        .filter_map(|(usb, nodes)| headset(usb, nodes, quirks))
        .collect();
    found.sort_by_key(|headset| !headset.is_headset);
    found
}

fn headset(usb: UsbPath, nodes: Vec<HidNode>, quirks: &QuirkBook) -> Option<RawHeadset> {
    let identity = pairing::usb_identity(&usb)?;
    let quirk = quirks.find(identity.vendor, identity.product);
    let roles: Vec<_> = nodes.iter().map(|node| node.role(quirk.as_ref())).collect();
    let of_interest = roles
        .iter()
        .zip(nodes)
        .filter(|(role, _)| **role != Role::Stranger);
    let mut interfaces: Vec<RawInterface> = of_interest
        .filter_map(|(_, node)| {
            Some(RawInterface {
                place: place(&usb, &node.sysfs)?,
                device: node.device,
                descriptor: node.descriptor_bytes,
            })
        })
        .collect();
    interfaces.sort_by(|a, b| a.place.cmp(&b.place));
    (!interfaces.is_empty()).then(|| RawHeadset {
        is_headset: roles.contains(&Role::Headset),
        usb,
        identity,
        interfaces,
    })
}

/// The first directory below the USB device on the way to the node.
fn place(usb: &UsbPath, sysfs: &Path) -> Option<PathBuf> {
    let below = sysfs.strip_prefix(usb.as_path()).ok()?;
    below
        .components()
        .next()
        .map(|first| first.as_os_str().into())
}

/// Whether a sound card hangs at this plug now.
#[must_use]
pub fn has_sound_card(usb: &UsbPath) -> bool {
    let Ok(entries) = fs::read_dir("/sys/class/sound") else {
        return false;
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("card"))
        })
        .any(|path| pairing::usb_parent(&path).as_ref() == Some(usb))
}

/// Reads all interfaces of one headset, until dropped.
#[derive(Debug)]
pub struct RawReader {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl RawReader {
    /// Starts reading.
    ///
    /// # Errors
    /// [`Blocked`] if no interface can be opened.
    pub fn start(headset: &RawHeadset, events: &Sender<RawEvent>) -> Result<Self, Blocked> {
        let name = &headset.identity.name;
        let refusals: Vec<String> = headset
            .interfaces
            .iter()
            .filter_map(|interface| reader::cannot_open(&interface.device, name))
            .collect();
        if headset.interfaces.is_empty() {
            return Err(Blocked::NoInterface(name.clone()));
        }
        if refusals.len() == headset.interfaces.len() {
            return Err(Blocked::Unreadable(
                refusals.into_iter().next().unwrap_or_default(),
            ));
        }
        let mut reader = Self {
            stop: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
        };
        for (number, interface) in headset.interfaces.iter().enumerate() {
            let (usb, interface) = (headset.usb.clone(), interface.clone());
            let (stop, events) = (Arc::clone(&reader.stop), events.clone());
            let thread = thread::Builder::new()
                .name(format!("learn-{number}"))
                .spawn(move || run(&usb, interface, number, &events, &stop))?;
            reader.threads.push(thread);
        }
        Ok(reader)
    }
}

impl Drop for RawReader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a headset reader ended by a panic");
            }
        }
    }
}

fn run(
    usb: &UsbPath,
    interface: RawInterface,
    number: usize,
    events: &Sender<RawEvent>,
    stop: &AtomicBool,
) {
    let mut device = Some(interface.device);
    let mut lost = false;
    while !stop.load(Ordering::Acquire) {
        let opened = device.as_deref().and_then(|path| reader::open(path).ok());
        if let Some(opened) = opened {
            let interface = number;
            if lost {
                let at = Instant::now();
                let _ = events.send(RawEvent::Back { at, interface });
            }
            let mut buffer = [0_u8; LONGEST];
            while !stop.load(Ordering::Acquire) {
                match opened.read_timeout(&mut buffer, READ_TIMEOUT_MS) {
                    Ok(0) => {}
                    Ok(length) => {
                        let at = Instant::now();
                        let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                        let _ = events.send(RawEvent::Report {
                            at,
                            interface,
                            bytes,
                        });
                    }
                    Err(_) => {
                        let at = Instant::now();
                        let _ = events.send(RawEvent::Gone { at, interface });
                        lost = true;
                        break;
                    }
                }
            }
        }
        if stop.load(Ordering::Acquire) {
            return;
        }
        thread::sleep(RETRY);
        // The name in /dev may by now be another device's; the place at the plug is this interface's.
        device = Roots::default()
            .nodes()
            .into_iter()
            .find(|node| {
                node.usb == *usb && place(usb, &node.sysfs).as_ref() == Some(&interface.place)
            })
            .map(|node| node.device);
    }
}
