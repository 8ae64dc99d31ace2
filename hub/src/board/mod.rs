//! The supervisors' board: serves an organisation's messages as a live page. Who subscribes to them is the program
//! (`sidetone::board`), which knows the ways to the broker.
//!
//! ```text
//! messages ─▶ publisher (FleetState, pictures) ─ watch: the newest publication ─▶ one stream a browser
//! ```
//!
//! *Promises*: memory is bounded by the fleet and the number of browsers; the page comes back by itself
//! after a broken link to the broker or to the browser, and says so meanwhile. *Listens on loopback
//! only*: it knows no accounts; whoever wants it on a network puts a reverse proxy with a login before
//! it. *Never* publishes to the broker, writes a file, or puts text from MQTT anywhere but into text.

mod guard;
mod heard;
mod picture;
mod publisher;
mod server;
mod stream;
mod words;

pub use heard::{BrokerLink, Heard};
pub use publisher::Counts;

use publisher::{Publication, Publisher};
use sidetone_wire::OrgName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Messages that may wait for the board; then the broker waits.
pub const WAITING: usize = 256;

/// Why the board cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// Not a loopback address.
    #[error(
        "the board knows no accounts and listens on this machine only: {0} is not a loopback address; \
         use 127.0.0.1, and a reverse proxy with a login to show it to others"
    )]
    NotLoopback(SocketAddr),
    /// Somebody else listens there.
    #[error("port {port} of {ip} is taken by another program; choose another one, or 0 for a free one", port = .0.port(), ip = .0.ip())]
    Taken(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server ended.
    #[error("the board's server ended: {0}; start it again")]
    Ended(#[source] io::Error),
}

/// A board that has its address and waits to be run.
#[derive(Debug)]
pub struct Board {
    listener: TcpListener,
    address: SocketAddr,
}

impl Board {
    /// Takes an address on loopback; port 0 takes a free one.
    ///
    /// # Errors
    /// [`BoardError`], if it is no loopback address or cannot be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, BoardError> {
        if !address.ip().is_loopback() {
            return Err(BoardError::NotLoopback(address));
        }
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BoardError::Taken(address),
            _ => BoardError::Listen { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Where the page is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves what is heard of this organisation from the broker that is `shown` on the page (without secrets). Ends
    /// when [`RunningBoard`] is dropped. Must be called on a tokio runtime with time and I/O.
    #[must_use]
    pub fn start(self, org: OrgName, shown: &str, heard: mpsc::Receiver<Heard>) -> RunningBoard {
        let (publisher, published) = Publisher::new(org, shown);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            publisher.run(heard).await;
            Ok(())
        });
        let app = server::router(published.clone());
        tasks.spawn(async move { axum::serve(self.listener, app).await });
        RunningBoard { published, tasks }
    }
}

/// A board that is served. Dropping it ends it.
#[derive(Debug)]
pub struct RunningBoard {
    published: watch::Receiver<Arc<Publication>>,
    tasks: JoinSet<io::Result<()>>,
}

impl RunningBoard {
    /// How the fleet stands, as the page shows it now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.published.borrow().header.counts
    }

    /// How the fleet stands, once the page shows something else. May be given up and asked again.
    ///
    /// # Errors
    /// If the board ends, which it does not by itself.
    pub async fn next(&mut self) -> Result<Counts, BoardError> {
        tokio::select! {
            Ok(()) = self.published.changed() => Ok(self.published.borrow_and_update().header.counts),
            fault = ended(&mut self.tasks) => Err(fault),
        }
    }

    /// Waits until the board ends, which it does not by itself.
    pub async fn failed(&mut self) -> BoardError {
        ended(&mut self.tasks).await
    }
}

async fn ended(tasks: &mut JoinSet<io::Result<()>>) -> BoardError {
    let source = match tasks.join_next().await {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => io::Error::other(error),
        Some(Ok(Ok(()))) | None => io::Error::other("one of its tasks is over"),
    };
    BoardError::Ended(source)
}
