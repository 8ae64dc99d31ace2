//! The local service that softphones in the browser speak: the Spokes REST interface of Plantronics'
//! software for other systems, which cloud softphones call at `https://127.0.0.1:32018/Spokes/…`.
//!
//! ```text
//! page ─ TLS ─▶ server ─▶ gate ─▶ request ─▶ task ─ Desk ─ Signal ─▶ station
//! page ◀──────────────── envelope ◀───────── task ◀────── Order ──── station
//! ```
//!
//! *Promises*: pages of the configured sites, in a browser of the same user, tell their calls here and are
//! told what to do; an event reaches a page that waits in milliseconds (a poll is held up to 4.5 s).
//!
//! *Fails* at the start with one sentence that says what to do: no certificate, port taken. Then the
//! daemon runs without it.
//!
//! *Never* listens beyond loopback, answers another site, another user or another name, or says anything
//! about agent, customer, sound or serial numbers.

mod calls;
mod credentials;
mod desk;
mod effects;
mod envelope;
mod gate;
pub mod install;
mod orders;
mod peer;
mod polls;
pub mod request;
mod server;
mod task;

pub use credentials::{CERTIFICATE, CredentialsError, KEY, valid_until};
pub use envelope::HeadsetFacts;

use super::Port;
use crate::config::{SpokesConfig, WebOrigin};
use credentials::Credentials;
use server::Shared;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// Where pages look for the service.
pub const HTTPS_PORT: u16 = 32018;
/// Where programs without TLS look for it.
pub const HTTP_PORT: u16 = 32017;
/// Requests that wait for the task: more than there are connections.
const ASKS: usize = 64;

/// What is served, and where.
#[derive(Debug, Clone)]
pub struct Service {
    /// The port with TLS; 0 takes a free one.
    pub https_port: u16,
    /// The port without, if any.
    pub http_port: Option<u16>,
    /// The sites that are answered.
    pub sites: Vec<WebOrigin>,
    /// Where certificate and key are.
    pub dir: PathBuf,
}

/// Where it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// With TLS.
    pub https: SocketAddr,
    /// Without.
    pub http: Option<SocketAddr>,
}

/// Why it cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum SpokesError {
    /// Certificate or key.
    #[error("softphones in the browser cannot be served: {0}")]
    Credentials(#[from] CredentialsError),
    /// The port.
    #[error(
        "softphones in the browser cannot be served: port {port} of 127.0.0.1 cannot be had ({source}); \
         another user's Sidetone may have it (`ss -ltnp sport = :{port}`)"
    )]
    Listen {
        /// Which.
        port: u16,
        /// Why.
        source: io::Error,
    },
}

/// Starts the service as configured; without configured sites it does nothing, and drops the port. Within a
/// tokio runtime. `headset` is what pages are told of the headset.
///
/// # Errors
/// [`SpokesError`].
pub fn start(
    config: &SpokesConfig,
    port: Port,
    headset: watch::Receiver<Option<HeadsetFacts>>,
) -> Result<(), SpokesError> {
    if config.origins.is_empty() {
        return Ok(());
    }
    let service = Service {
        https_port: HTTPS_PORT,
        http_port: config.plain_http.then_some(HTTP_PORT),
        sites: config.origins.clone(),
        dir: config.dir.clone(),
    };
    service.start(port, headset).map(|_| ())
}

impl Service {
    /// Starts it, within a tokio runtime; ends when the orders of `port` are closed.
    ///
    /// # Errors
    /// [`SpokesError`].
    pub fn start(
        &self,
        port: Port,
        headset: watch::Receiver<Option<HeadsetFacts>>,
    ) -> Result<Served, SpokesError> {
        let tls = Credentials::load(&self.dir)?.acceptor()?;
        let (https, https_at) = listen(self.https_port)?;
        let http = self.http_port.map(listen).transpose()?;
        let served = Served {
            https: https_at,
            http: http.as_ref().map(|(_, at)| *at),
        };
        let (asks, asked) = mpsc::channel(ASKS);
        let shared = Arc::new(Shared {
            sites: self.sites.clone(),
            asks,
            user: rustix::process::geteuid().as_raw(),
            said: AtomicBool::new(false),
        });
        tokio::spawn(task::run(port, asked, headset));
        if let Some((http, _)) = http {
            tokio::spawn(server::serve(http, None, Arc::clone(&shared)));
        }
        tokio::spawn(server::serve(https, Some(tls), shared));
        Ok(served)
    }
}

fn listen(port: u16) -> Result<(TcpListener, SocketAddr), SpokesError> {
    let bound = || {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let at = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, at))
    };
    bound().map_err(|source| SpokesError::Listen { port, source })
}
