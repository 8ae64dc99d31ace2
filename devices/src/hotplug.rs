//! Headsets come and go: which are there, and a reader for each of their HID interfaces.
//!
//! *Promises*: [`HeadsetEventKind::Added`] once the first interface of a headset is read,
//! [`HeadsetEventKind::Removed`] once the last is gone, and no control event of it outside the two. All
//! interfaces below one USB device are one headset.
//!
//! *Fails* softly: without udev's messages it looks every two seconds; a message that was lost is made
//! up for within ten.
//!
//! *Never* opens a keyboard, a mouse, or anything else that is not a headset.
//!
//! [`HeadsetEventKind::Added`]: crate::event::HeadsetEventKind::Added
//! [`HeadsetEventKind::Removed`]: crate::event::HeadsetEventKind::Removed

use crate::event::HeadsetEvent;
use crate::headset::{HeadsetIdentity, UsbPath};
use crate::hid::controls::Controls;
use crate::hid::node::{HidNode, Role, Roots};
use crate::hid::quirks::QuirkBook;
use crate::hid::reader::{Reader, Shared, unreadable_descriptor};
use crate::pairing;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fd::OwnedFd;
use rustix::time::Timespec;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};

#[cfg(feature = "simulated")]
mod simulated;

/// How often everything is looked through in case a message was lost (the kernel drops them when the
/// socket's buffer is full).
const RESCAN: Timespec = Timespec {
    tv_sec: 10,
    tv_nsec: 0,
};
/// How often it is looked through if there are no messages at all.
const RESCAN_UNTOLD: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};

/// What to watch with.
#[derive(Debug, Clone)]
pub struct MonitorOptions {
    /// What is known about single models.
    pub quirks: Arc<QuirkBook>,
}

impl Default for MonitorOptions {
    /// The built-in quirk files.
    fn default() -> Self {
        Self {
            quirks: Arc::new(QuirkBook::built_in()),
        }
    }
}

/// The monitor cannot start.
#[derive(Debug, thiserror::Error)]
#[error("headsets cannot be watched: {0}; the system is short of threads or file descriptors")]
pub struct MonitorError(#[from] io::Error);

/// Watches for headsets and reads them, until dropped or [stopped](HeadsetMonitor::stop).
#[derive(Debug)]
pub struct HeadsetMonitor {
    wake: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl HeadsetMonitor {
    /// Starts watching. The headsets that are there already are told first, as if just plugged in.
    ///
    /// # Errors
    /// [`MonitorError`] if the system has no thread or file descriptor left.
    pub fn start(
        options: MonitorOptions,
        events: Sender<HeadsetEvent>,
    ) -> Result<Self, MonitorError> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC).map_err(io::Error::from)?);
        let woken = Arc::clone(&wake);
        // Listens before the first look, so that nothing is missed in between.
        let messages = Messages::listen();
        let plugs = Plugs::new(options.quirks, events);
        let thread = thread::Builder::new()
            .name("headsets".to_owned())
            .spawn(move || watch(messages.as_ref(), &woken, plugs))?;
        Ok(Self {
            wake,
            thread: Some(thread),
        })
    }

    /// Ends all reading; after it nothing more is told (and no `Removed` either: nothing was removed).
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            let woken = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
            if woken.is_ok() && thread.join().is_err() {
                tracing::error!("the headset monitor ended by a panic");
            }
        }
    }
}

impl Drop for HeadsetMonitor {
    fn drop(&mut self) {
        self.end();
    }
}

/// udev's messages about hidraw nodes.
struct Messages(udev::MonitorSocket);

impl Messages {
    fn listen() -> Option<Self> {
        // With udevd, its own messages have to be used: they come after the permissions are set. Without
        // it (containers, the initramfs of a test bench) nobody sends those, and the kernel's own do.
        let with_udevd = Path::new("/run/udev/control").exists();
        let builder = if with_udevd {
            udev::MonitorBuilder::new()
        } else {
            udev::MonitorBuilder::new_kernel()
        };
        builder
            .and_then(|builder| builder.match_subsystem("hidraw")?.listen())
            .inspect_err(|error| {
                tracing::warn!(%error, "no messages from udev: looking every two seconds instead");
            })
            .ok()
            .map(Self)
    }
}

fn watch(messages: Option<&Messages>, wake: &OwnedFd, mut plugs: Plugs) {
    plugs.look();
    loop {
        let pause = if messages.is_some() {
            RESCAN
        } else {
            RESCAN_UNTOLD
        };
        let stop = PollFd::new(wake, PollFlags::IN);
        let result = match messages {
            Some(Messages(socket)) => {
                let mut both = [stop, PollFd::new(socket, PollFlags::IN)];
                poll(&mut both, Some(&pause)).map(|_| both[0].revents())
            }
            None => {
                let mut one = [stop];
                poll(&mut one, Some(&pause)).map(|_| one[0].revents())
            }
        };
        match result {
            Ok(stopped) if !stopped.is_empty() => return plugs.end(),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tracing::error!(%error, "headsets are no longer watched");
                return plugs.end();
            }
        }
        let told = messages.is_some_and(|Messages(socket)| plugs.take(socket));
        if !told {
            plugs.look();
        }
    }
}

/// All USB devices with HID interfaces that are, or may be part of, a headset.
struct Plugs {
    roots: Roots,
    quirks: Arc<QuirkBook>,
    events: Sender<HeadsetEvent>,
    by_usb: BTreeMap<UsbPath, Plug>,
}

/// One USB device.
#[derive(Default)]
struct Plug {
    /// Set once one of its interfaces makes it a headset.
    headset: Option<Arc<Shared>>,
    /// Interfaces that are not read (yet).
    waiting: BTreeMap<PathBuf, HidNode>,
    /// Interfaces that are; `None` for one that cannot be.
    reading: BTreeMap<PathBuf, Option<Reader>>,
}

impl Plugs {
    fn new(quirks: Arc<QuirkBook>, events: Sender<HeadsetEvent>) -> Self {
        Self {
            roots: Roots::default(),
            quirks,
            events,
            by_usb: BTreeMap::new(),
        }
    }

    /// Takes what udev says; `false` if it said nothing.
    fn take(&mut self, socket: &udev::MonitorSocket) -> bool {
        let mut told = false;
        for event in socket.iter() {
            told = true;
            match event.event_type() {
                udev::EventType::Remove => self.remove(event.syspath()),
                _ => self.add(event.syspath()),
            }
        }
        told
    }

    /// Compares what is there with what is known.
    fn look(&mut self) {
        let nodes = self.roots.nodes();
        let known = self.by_usb.values().flat_map(Plug::paths);
        let gone: Vec<PathBuf> = known
            .filter(|path| nodes.iter().all(|node| node.sysfs != **path))
            .cloned()
            .collect();
        for path in gone {
            self.remove(&path);
        }
        for node in nodes {
            self.consider(node);
        }
    }

    fn add(&mut self, sysfs: &Path) {
        if let Some(node) = self.roots.node(sysfs) {
            self.consider(node);
        }
    }

    fn consider(&mut self, node: HidNode) {
        if self
            .by_usb
            .get(&node.usb)
            .is_some_and(|plug| plug.knows(&node.sysfs))
        {
            return;
        }
        if let Some(identity) = pairing::usb_identity(&node.usb) {
            self.admit(node, identity);
        }
    }

    /// Takes in an interface that was not known.
    fn admit(&mut self, node: HidNode, identity: HeadsetIdentity) {
        let quirk = self.quirks.find(identity.vendor, identity.product);
        let role = node.role(quirk.as_ref());
        if role == Role::Stranger {
            return;
        }
        let usb = node.usb.clone();
        let plug = self.by_usb.entry(usb.clone()).or_default();
        plug.waiting.insert(node.sysfs.clone(), node);
        if role == Role::Headset && plug.headset.is_none() {
            plug.headset = Some(Arc::new(Shared::new(
                usb,
                identity,
                quirk,
                self.events.clone(),
            )));
        }
        plug.read_waiting();
    }

    fn remove(&mut self, sysfs: &Path) {
        let known = self.by_usb.iter_mut().find(|(_, plug)| plug.knows(sysfs));
        let Some((usb, plug)) = known else { return };
        plug.waiting.remove(sysfs);
        if let Some(Some(reader)) = plug.reading.remove(sysfs) {
            reader.stop();
            reader.join();
        }
        if plug.reading.is_empty() && plug.waiting.is_empty() {
            if let Some(headset) = &plug.headset {
                headset.removed();
            }
            let usb = usb.clone();
            self.by_usb.remove(&usb);
        }
    }

    /// Stops all readers at once, then waits for each.
    fn end(self) {
        let readers: Vec<Reader> = self
            .by_usb
            .into_values()
            .flat_map(|plug| plug.reading.into_values())
            .flatten()
            .collect();
        readers.iter().for_each(Reader::stop);
        readers.into_iter().for_each(Reader::join);
    }
}

impl Plug {
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.waiting.keys().chain(self.reading.keys())
    }

    fn knows(&self, sysfs: &Path) -> bool {
        self.waiting.contains_key(sysfs) || self.reading.contains_key(sysfs)
    }

    /// Starts a reader for every interface, if this is a headset.
    fn read_waiting(&mut self) {
        let Some(headset) = &self.headset else { return };
        for (path, mut node) in std::mem::take(&mut self.waiting) {
            let reader = start(&mut node, headset)
                .inspect_err(|reason| headset.unreadable(reason.clone()))
                .ok();
            self.reading.insert(path, reader);
        }
    }
}

fn start(node: &mut HidNode, headset: &Arc<Shared>) -> Result<Reader, String> {
    let descriptor = node
        .descriptor
        .clone()
        .map_err(|reason| unreadable_descriptor(headset.name(), &reason))?;
    let controls = Controls::new(descriptor, headset.quirk.as_ref());
    Reader::start(node.clone(), controls, Arc::clone(headset)).map_err(|error| {
        format!(
            "{} cannot be read: no thread for it ({error}); see `ulimit -u`",
            headset.name()
        )
    })
}

#[cfg(test)]
#[path = "hotplug_tests.rs"]
mod tests;
