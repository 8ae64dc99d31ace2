//! One thread per hidraw node: opens it, reads reports, tells what they change.
//!
//! *Promises*: reads beside whatever softphone has the device open too (hidraw gives every opener its
//! own copy); a node that cannot be opened, or fails while it is read, is tried again until it goes.
//!
//! *Fails* into one [`HeadsetEventKind::Unreadable`] per headset and spell, with what to do.
//!
//! *Never* writes: there is no call here that sends an output or feature report.

use super::charge::ChargeWatch;
use super::controls::Controls;
use super::node::HidNode;
use super::quirks::Quirk;
use crate::event::{ControlEvent, HeadsetEvent, HeadsetEventKind};
use crate::headset::{HeadsetIdentity, UsbPath};
use hidapi::{HidApi, HidDevice};
use std::ffi::CString;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a read waits before it looks whether to stop.
const READ_TIMEOUT_MS: i32 = 250;
/// The first retry comes soon: without udevd's order of things, the node may be seen before its
/// permissions are set.
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// Permissions may also be given later, when a person sits down at the seat; no event tells that.
const RETRY: Duration = Duration::from_secs(2);

/// A headset as far as its readers share it: they tell together that it is there.
#[derive(Debug)]
pub(crate) struct Shared {
    usb: UsbPath,
    identity: HeadsetIdentity,
    pub(crate) quirk: Option<Quirk>,
    events: Sender<HeadsetEvent>,
    told: Mutex<Told>,
}

/// What has been told about a headset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Unreadable,
    Added,
}

impl Shared {
    pub(crate) fn new(
        usb: UsbPath,
        identity: HeadsetIdentity,
        quirk: Option<Quirk>,
        events: Sender<HeadsetEvent>,
    ) -> Self {
        Self {
            usb,
            identity,
            quirk,
            events,
            told: Mutex::new(Told::Nothing),
        }
    }

    /// The product's name, as sentences say it.
    pub(crate) fn name(&self) -> &str {
        &self.identity.name
    }

    fn tell(&self, at: Instant, kind: HeadsetEventKind) {
        // Nobody listens any more only while everything is being taken down.
        let _ = self.events.send(HeadsetEvent {
            at,
            usb: self.usb.clone(),
            kind,
        });
    }

    fn readable(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != Told::Added {
            *told = Told::Added;
            let quirk = self.quirk.as_ref().map(|quirk| quirk.name.clone());
            let identity = self.identity.clone();
            self.tell(Instant::now(), HeadsetEventKind::Added { identity, quirk });
        }
    }

    /// Tells it unless another interface of the same headset can be read, or it was told before.
    pub(crate) fn unreadable(&self, reason: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == Told::Nothing {
            *told = Told::Unreadable;
            self.tell(Instant::now(), HeadsetEventKind::Unreadable { reason });
        }
    }

    /// The headset is gone; told only if anything was told of it.
    pub(crate) fn removed(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != Told::Nothing {
            *told = Told::Nothing;
            self.tell(Instant::now(), HeadsetEventKind::Removed);
        }
    }
}

/// A running reader.
#[derive(Debug)]
pub(crate) struct Reader {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Reader {
    /// Starts reading `node`, whose controls are `controls`.
    pub(crate) fn start(
        node: HidNode,
        controls: Controls,
        headset: Arc<Shared>,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let name = node
            .device
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let thread = thread::Builder::new()
            .name(name.unwrap_or_else(|| "hidraw".to_owned()))
            .spawn(move || run(&node, controls, &headset, &stopped))?;
        Ok(Self { stop, thread })
    }

    /// Asks it to end; it does so within [`READ_TIMEOUT_MS`].
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// Waits until it has ended, after which it tells nothing more.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a headset reader ended by a panic");
        }
    }
}

fn run(node: &HidNode, mut controls: Controls, headset: &Arc<Shared>, stop: &AtomicBool) {
    let mut failures = 0_u32;
    while !stop.load(Ordering::Acquire) {
        if node.is_there() {
            match OpenNode::of(node) {
                Ok(device) => {
                    failures = 0;
                    headset.readable();
                    let _charge = watch_charge(node, headset);
                    read(&device, &mut controls, headset, stop);
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    if failures == 2 {
                        headset.unreadable(why_not(&node.device, &headset.identity.name, &error));
                    }
                }
            }
        }
        if !stop.load(Ordering::Acquire) {
            thread::park_timeout(if failures < 2 { FIRST_RETRY } else { RETRY });
        }
    }
}

/// Tells the charge that the kernel reads, if it does, until dropped.
fn watch_charge(node: &HidNode, headset: &Arc<Shared>) -> Option<ChargeWatch> {
    let headset = Arc::clone(headset);
    ChargeWatch::start(node.sysfs.join("device"), move |percent| {
        let event = ControlEvent::Battery(percent);
        headset.tell(Instant::now(), HeadsetEventKind::Control(event));
    })
}

/// An interface whose reports can be read.
enum OpenNode {
    Hidraw(HidDevice),
    #[cfg(feature = "simulated")]
    Simulated(crate::simulated::Wire),
}

impl OpenNode {
    fn of(node: &HidNode) -> Result<Self, hidapi::HidError> {
        #[cfg(feature = "simulated")]
        if let Some(wire) = &node.wire {
            return Ok(Self::Simulated(wire.clone()));
        }
        open(&node.device).map(Self::Hidraw)
    }

    /// One report into `buffer`; 0 if none came in time.
    fn read_timeout(&self, buffer: &mut [u8], timeout_ms: i32) -> Result<usize, hidapi::HidError> {
        match self {
            Self::Hidraw(device) => device.read_timeout(buffer, timeout_ms),
            #[cfg(feature = "simulated")]
            Self::Simulated(wire) => wire.read_timeout(buffer, timeout_ms),
        }
    }
}

/// Reads until told to stop or the device fails.
fn read(device: &OpenNode, controls: &mut Controls, headset: &Shared, stop: &AtomicBool) {
    let longest = controls.descriptor().longest_input();
    // Room for more than is declared, so that a report that is too long can be told from one that fits.
    let mut buffer = vec![0_u8; longest + 64];
    while !stop.load(Ordering::Acquire) {
        match device.read_timeout(&mut buffer, READ_TIMEOUT_MS) {
            Ok(0) => {}
            Ok(length) => {
                let at = Instant::now();
                let bytes = buffer.get(..length).unwrap_or_default();
                let tell = |event| headset.tell(at, HeadsetEventKind::Control(event));
                if let Err(error) = controls.feed(at, bytes, tell) {
                    tracing::debug!(usb = %headset.usb, %error, "report not understood");
                }
            }
            Err(error) => {
                tracing::debug!(usb = %headset.usb, %error, "headset no longer readable");
                return;
            }
        }
    }
}

pub(crate) fn open(device: &Path) -> Result<HidDevice, hidapi::HidError> {
    let path =
        CString::new(device.as_os_str().as_bytes()).map_err(|_| hidapi::HidError::HidApiError {
            message: "not a device path".to_owned(),
        })?;
    HidApi::new()?.open_path(&path)
}

/// One sentence for a headset whose descriptor was refused.
pub(crate) fn unreadable_descriptor(name: &str, reason: &str) -> String {
    format!(
        "{name} cannot be read: {reason}; update its firmware, or report it to the makers of Sidetone \
         with the output of `usbhid-dump` (its sound works all the same)"
    )
}

/// One sentence that says why a node cannot be read and what to do.
fn why_not(device: &Path, name: &str, error: &hidapi::HidError) -> String {
    // hidapi opens for reading and writing and passes the cause on as text only.
    match OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .map_err(|error| error.kind())
    {
        Err(io::ErrorKind::PermissionDenied) => format!(
            "{name} cannot be read: no permission on {}; install 70-sidetone-headsets.rules in \
             /etc/udev/rules.d (the package does), run `udevadm trigger`, or plug the headset in again",
            device.display()
        ),
        Err(kind) => format!(
            "{name} cannot be read: {} ({kind}); plug it in again",
            device.display()
        ),
        Ok(_) => format!("{name} cannot be read: {error}; plug it in again"),
    }
}

/// Why a node cannot be opened, or `None` if it can.
pub(crate) fn cannot_open(device: &Path, name: &str) -> Option<String> {
    open(device)
        .err()
        .map(|error| why_not(device, name, &error))
}
