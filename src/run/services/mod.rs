//! The daemon as two services: `uplink` (identity, keys, outbox, broker; a system service) and `station` (headset,
//! sound, call; in the user's session), joined by a Unix socket. What they say is in `crate::services`.
//!
//! ```text
//! station: Parts ─ StationMessage ─▶ Line (keeps what is not taken) ═ socket ═▶ Door ─▶ House ─▶ Uplink ─▶ broker
//! ```

mod door;
mod house;
mod line;
mod room;
mod session;
mod station;
mod telling;
mod uplink;
mod watch;

use super::{RunError, footprint, privacy};
use crate::config::Loaded;
use crate::run::{logging, told_to_end};
use std::future::Future;
use std::io;
use std::path::PathBuf;

/// Why one of the services does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The socket cannot be made.
    #[error(
        "the socket {path} cannot be served ({error}): its directory must exist and this user must be able to write there; see uplink.socket"
    )]
    Socket {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another process serves it.
    #[error("another sidetone uplink serves {0}; stop it first, or set uplink.socket")]
    Taken(PathBuf),
    /// The two halves do not understand each other.
    #[error(
        "this is sidetone {own}, but the uplink is {uplink} and speaks another protocol; start the station again with the installed program (systemd does so at once)"
    )]
    Outdated {
        /// This program's version.
        own: &'static str,
        /// The uplink's.
        uplink: String,
    },
}

/// `sidetone uplink`: until SIGINT or SIGTERM.
///
/// # Errors
/// [`RunError`], before anything was sent.
pub fn uplink(loaded: &Loaded) -> Result<(), RunError> {
    until_told(loaded, |end| uplink::uplink(&loaded.config, end))
}

/// `sidetone station`: until SIGINT or SIGTERM.
///
/// # Errors
/// [`RunError`]; an uplink that is not there is none.
pub fn station(loaded: &Loaded) -> Result<(), RunError> {
    until_told(loaded, |end| station::station(&loaded.config, end))
}

type End = std::pin::Pin<Box<dyn Future<Output = ()>>>;

fn until_told<F: Future<Output = Result<(), RunError>>>(
    loaded: &Loaded,
    run: impl FnOnce(End) -> F,
) -> Result<(), RunError> {
    logging::start(loaded.config.log.level.as_str());
    privacy::forbid_dumps().map_err(RunError::Dumps)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let end = told_to_end()?;
        tokio::spawn(footprint::shrink_after_start());
        run(Box::pin(end)).await
    })
}
