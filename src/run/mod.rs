//! The daemon: every part joined in one process. This folder owns the threads and the order of
//! starting and stopping; it decides nothing about calls, alerts or messages.
//!
//! ```text
//! hidraw, udev ─ HeadsetMonitor ─ forwarder ─┐
//! sound server ─ AudioSupervisor ─ forwarder ┼─▶ one tokio thread: Station ─▶ Disclosure ─▶ Uplink ─▶ broker
//!                     └ taps ─▶ SoundThread ─┘
//! ```
//!
//! *Stops* in the opposite order of starting: the station says goodbye, the uplink sends it, then the
//! threads end and every tap is zeroed.

mod announce;
mod channel;
mod clock;
mod disclosure;
mod health;
mod logging;
mod parts;
mod privacy;
mod selection;
mod settings;
mod sound;
mod troubles;
mod watchdog;

use crate::config::Loaded;
use crate::uplink::{Uplink, UplinkError};
use parts::{Heard, Parts};
use sidetone_devices::hotplug::MonitorError;
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

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
    runtime.block_on(daemon(loaded))
}

async fn daemon(loaded: &Loaded) -> Result<(), RunError> {
    let config = &loaded.config;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let (say, said) = mpsc::channel(settings::MESSAGES_WAITING);
    let (uplink_config, name_headset) = settings::uplink(config)?;
    let uplink = Uplink::start(uplink_config, said)?;
    let (tell, mut hear) = mpsc::channel(settings::FINDINGS_WAITING);
    let mut parts = Parts::start(config, name_headset, tell, say, uplink.outbox())?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        boot = uplink.boot(),
        "started"
    );
    parts.announce(config).await;

    loop {
        let tick = tokio::time::sleep_until(parts.next_tick().into());
        let heard = tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            heard = hear.recv() => heard.unwrap_or(Heard::Tick),
            () = tick => Heard::Tick,
        };
        parts.take_in(heard).await;
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    parts.say_goodbye(announce::STOPPED_BY_SIGNAL).await;
    uplink
        .stop(Some(announce::STOPPED_BY_SIGNAL.to_owned()))
        .await;
    drop(parts);
    tracing::info!("stopped");
    Ok(())
}
