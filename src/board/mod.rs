//! `sidetone hub`: the supervisors' board of the crate `hub`, with the organisation and broker of the
//! configuration.

mod link;
mod refused;

pub use link::follow;

use crate::config::Loaded;
use crate::uplink::config::{BrokerConfig, Timing};
use refused::Refused;
use sidetone_hub::board::{Board, BoardError};
use sidetone_wire::OrgName;
use sidetone_wire::name::NameError;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

/// Why the board is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The organisation's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The page.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// A signal handler or the runtime.
    #[error("the system has no room for another signal handler: {0}; see `ulimit -n`")]
    System(#[from] io::Error),
}

/// Serves the page until SIGINT or SIGTERM; `served` hears where, once it is.
///
/// # Errors
/// [`ServeError`], if it cannot be served.
pub fn serve(
    loaded: &Loaded,
    listen: SocketAddr,
    served: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    crate::run::start_log(loaded.config.log.level.as_str());
    let org = OrgName::new(loaded.config.node.org.as_str())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut end = Box::pin(crate::run::told_to_end()?);
        let board = Board::bind(listen).await?;
        served(board.address());
        let broker = BrokerConfig::from(&loaded.config.broker);
        let heard = follow(&org, &broker, &Timing::default());
        let mut board = board.start(org, &broker.url.to_string(), heard);
        let mut refused = Refused::default();
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                counts = board.next() => refused.follow(counts?, Instant::now()),
            }
        }
    })
}
