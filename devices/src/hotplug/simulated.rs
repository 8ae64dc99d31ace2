//! The same watch over a simulated desk: its port rings a bell where udev would send a message.

use super::{HeadsetMonitor, MonitorError, MonitorOptions, Plugs};
use crate::event::HeadsetEvent;
use crate::simulated::Desk;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fd::OwnedFd;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

impl HeadsetMonitor {
    /// Watches `desk` instead of this machine.
    ///
    /// # Errors
    /// [`MonitorError`] if the system has no thread or file descriptor left.
    pub(crate) fn of_desk(
        desk: Desk,
        options: MonitorOptions,
        events: Sender<HeadsetEvent>,
    ) -> Result<Self, MonitorError> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC).map_err(io::Error::from)?);
        let woken = Arc::clone(&wake);
        let plugs = Plugs::new(options.quirks, events);
        let thread = thread::Builder::new()
            .name("headsets".to_owned())
            .spawn(move || watch(&desk, &woken, plugs))?;
        Ok(Self {
            wake,
            thread: Some(thread),
        })
    }
}

fn watch(desk: &Desk, wake: &OwnedFd, mut plugs: Plugs) {
    let mut known: Option<PathBuf> = None;
    loop {
        desk.port().answer();
        let node = desk.port().node();
        if node.as_ref().map(|node| &node.sysfs) != known.as_ref() {
            if let Some(gone) = known.take() {
                plugs.remove(&gone);
            }
            if let Some(node) = node {
                known = Some(node.sysfs.clone());
                plugs.admit(node, desk.identity().clone());
            }
        }
        let bell = desk.port().bell();
        let mut both = [
            PollFd::new(wake, PollFlags::IN),
            PollFd::new(&bell, PollFlags::IN),
        ];
        match poll(&mut both, None) {
            Ok(_) if !both[0].revents().is_empty() => return plugs.end(),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tracing::error!(%error, "the simulated headset is no longer watched");
                return plugs.end();
            }
        }
    }
}
