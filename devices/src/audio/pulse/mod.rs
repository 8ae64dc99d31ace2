//! PulseAudio and PipeWire, spoken to in PulseAudio's own protocol over our own socket.
//!
//! *Promises*: no call waits longer than it is told; a record stream is pinned to its source and gives
//! not one sample after the server said that the source is gone, moved or replaced.
//!
//! *Fails* with a [`ServerError`] per connection; whoever holds the connection drops it and makes a new one.
//!
//! *Never* changes anything on the server but its own record streams.

pub(crate) mod applications;
pub(crate) mod cards;
pub(crate) mod connection;
pub(crate) mod listing;
mod look;
pub(crate) mod session;
pub(crate) mod streams;
pub(crate) mod watcher;

pub use connection::{ServerAddress, ServerError};
pub use look::{HeadsetUse, Recorder, ServerLook, Switch, look};

use super::backend::{Backend, CaptureReport, WatchEnd, WatchReport, WishBox};
use super::workers::Worker;
use std::path::PathBuf;

/// PulseAudio or PipeWire.
#[derive(Debug)]
pub(crate) struct SoundServer {
    pub(crate) address: ServerAddress,
    pub(crate) sysfs: PathBuf,
}

impl Backend for SoundServer {
    fn watch(&self, worker: &Worker, report: &mut dyn FnMut(WatchReport)) -> WatchEnd {
        match watcher::run(&self.address, &self.sysfs, worker, report) {
            Ok(()) => WatchEnd::Stopped,
            Err(error @ ServerError::NotRunning) => WatchEnd::NotThere(error.to_string()),
            Err(error) => WatchEnd::Lost(error.to_string()),
        }
    }

    fn capture(
        &self,
        worker: &Worker,
        wish: &WishBox,
        report: &mut dyn FnMut(CaptureReport),
    ) -> Result<(), String> {
        session::run(&self.address, worker, wish, report).map_err(|error| error.to_string())
    }
}
