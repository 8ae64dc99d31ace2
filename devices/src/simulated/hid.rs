//! The USB port of a desk: a packet socket whose far end a reader reads as it reads a device node.

use super::Model;
use crate::headset::UsbPath;
use crate::hid::descriptor::ReportDescriptor;
use crate::hid::node::HidNode;
use hidapi::HidError;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send};
use rustix::time::Timespec;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The end of a plugged-in headset's socket from which its reports are read.
#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<OwnedFd>);

impl Wire {
    /// Reads one report; 0 if none came in time.
    pub(crate) fn read_timeout(
        &self,
        buffer: &mut [u8],
        timeout_ms: i32,
    ) -> Result<usize, HidError> {
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(timeout_ms) * 1_000_000,
        };
        let mut readable = [PollFd::new(&*self.0, PollFlags::IN)];
        match poll(&mut readable, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(0),
            Ok(_) => {}
            Err(error) => return Err(failed(error.into())),
        }
        match recv(&*self.0, buffer, RecvFlags::DONTWAIT) {
            Ok((0, _)) => Err(failed(io::ErrorKind::UnexpectedEof.into())),
            Ok((length, _)) => Ok(length),
            Err(error) => Err(failed(error.into())),
        }
    }
}

fn failed(error: io::Error) -> HidError {
    HidError::IoError { error }
}

/// A port with at most one headset in it.
#[derive(Debug)]
pub(crate) struct Port {
    usb: UsbPath,
    descriptor: Result<ReportDescriptor, String>,
    /// Rings at each change.
    bell: OwnedFd,
    plugged: Mutex<Plugged>,
}

#[derive(Debug, Default)]
struct Plugged {
    /// How often something was plugged in.
    times: u64,
    now: Option<Ends>,
}

#[derive(Debug)]
struct Ends {
    device: OwnedFd,
    wire: Wire,
}

impl Port {
    pub(crate) fn new(model: &Model, usb: &UsbPath) -> io::Result<Self> {
        let descriptor = ReportDescriptor::parse(&model.descriptor_bytes());
        Ok(Self {
            usb: usb.clone(),
            descriptor: descriptor.map_err(|error| error.to_string()),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            plugged: Mutex::default(),
        })
    }

    pub(crate) fn plug(&self) -> io::Result<()> {
        let (device, wire) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let mut plugged = self.plugged();
        plugged.times += 1;
        plugged.now = Some(Ends {
            device,
            wire: Wire(Arc::new(wire)),
        });
        drop(plugged);
        self.ring();
        Ok(())
    }

    pub(crate) fn unplug(&self) {
        self.plugged().now = None;
        self.ring();
    }

    pub(crate) fn send(&self, report: &[u8]) {
        // An empty packet would be read as the end.
        if let Some(ends) = &self.plugged().now
            && !report.is_empty()
        {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            if let Err(error) = send(&ends.device, report, flags) {
                tracing::debug!(usb = %self.usb, %error, "nobody reads the simulated headset");
            }
        }
    }

    /// The HID interface that is plugged in now.
    pub(crate) fn node(&self) -> Option<HidNode> {
        let plugged = self.plugged();
        let ends = plugged.now.as_ref()?;
        let node = format!("1.3/hidraw/hidraw{}", plugged.times);
        let sysfs = self.usb.as_path().join(node);
        Some(HidNode {
            device: PathBuf::from("/dev/simulated"),
            sysfs,
            usb: self.usb.clone(),
            descriptor: self.descriptor.clone(),
            // Only `learn` asks for it, and it looks at what sysfs shows alone.
            descriptor_bytes: Vec::new(),
            wire: Some(ends.wire.clone()),
        })
    }

    /// Becomes readable when something was plugged in or out.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Makes the bell silent again.
    pub(crate) fn answer(&self) {
        // Nothing to read: it did not ring.
        let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
    }

    fn ring(&self) {
        // Fails only when it rings already.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn plugged(&self) -> std::sync::MutexGuard<'_, Plugged> {
        self.plugged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
