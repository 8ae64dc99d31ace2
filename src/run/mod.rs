//! The daemon: every part joined in one process. This folder owns the threads and the order of
//! starting and stopping; it decides nothing about calls, alerts or messages.
//!
//! ```text
//! hidraw, udev ─ HeadsetMonitor ─ forwarder ─┐
//! sound server ─ AudioSupervisor ─ forwarder ┼─▶ one tokio thread: Station ─▶ Disclosure ─▶ Uplink ─▶ broker
//!                     └ taps ─▶ SoundThread ─┘                ├─ while somebody looks ─▶ Window
//!                                                             └─ when somebody asks ─▶ Scrape
//! ```
//!
//! Devices come through `doors::Doors`: this machine's, or those of a simulated desk.
//!
//! *Stops* in the opposite order of starting: the station says goodbye, the uplink sends it, then the
//! threads end and every tap is zeroed.

mod announce;
mod apply;
mod calls;
mod channel;
mod clock;
mod daemon;
mod disclosure;
mod doors;
mod footprint;
mod half;
mod health;
mod identify;
mod in_force;
mod logging;
mod meter;
mod parts;
mod privacy;
mod provision;
mod scrape;
mod selection;
mod services;
mod settings;
mod sight;
mod sound;
mod troubles;
mod verdicts;
mod view;
mod watchdog;
mod window;

use crate::config::Loaded;
use crate::uplink::UplinkError;
use doors::ThisMachine;
use sidetone_devices::hotplug::MonitorError;
use std::future::Future;
use std::io;
use tokio::signal::unix::{SignalKind, signal};

#[cfg(feature = "demo")]
pub(crate) use daemon::daemon;
#[cfg(feature = "demo")]
pub(crate) use doors::Doors;
pub use in_force::{InForce, NotKnown, Taken};
#[cfg(feature = "demo")]
pub(crate) use logging::start as start_log;
pub use services::{ServiceError, station, uplink};
pub use settings::SettingsError;

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something in the configuration, or of this machine, that only shows at the start.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The uplink.
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    /// The headset monitor.
    #[error(transparent)]
    Headsets(#[from] MonitorError),
    /// One of the two services.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Core dumps cannot be switched off.
    #[error(
        "core dumps cannot be switched off ({0}); Sidetone does not run where a crash could write the call's sound to disk"
    )]
    Dumps(rustix::io::Errno),
    /// A thread, a signal handler or the runtime.
    #[error("the system has no room for another thread or signal handler: {0}; see `ulimit -u`")]
    System(#[from] io::Error),
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// [`RunError`], before anything was opened or sent.
pub fn run(loaded: &Loaded) -> Result<(), RunError> {
    logging::start(loaded.config.log.level.as_str());
    privacy::forbid_dumps().map_err(RunError::Dumps)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let end = told_to_end()?;
        tokio::spawn(footprint::shrink_after_start());
        daemon::daemon(&loaded.config, login(), &ThisMachine, end).await
    })
}

/// Who is logged in here.
fn login() -> Option<String> {
    std::env::var("USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .ok()
}

/// Comes with the first SIGINT or SIGTERM.
///
/// # Errors
/// If the system takes no handler for them.
pub(crate) fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
