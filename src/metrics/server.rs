//! Where the figures are asked for: HTTP on a Unix socket or a loopback port.
//!
//! *Promises*: at most [`CONNECTIONS`] at once, one request each, bounded in size and time. A socket that a killed
//! daemon left is replaced, a living one's is not.
//!
//! *Never* reads a body, and answers no page of the web: a request to a port must name this machine.

use crate::config::MetricsAddress;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::fs::Mode;
use std::convert::Infallible;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Scrapers at once.
const CONNECTIONS: usize = 4;

/// For the head of a request, and for the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// After the listener failed (no descriptors left, usually).
const BREATH: Duration = Duration::from_millis(200);

/// Most bytes of a request's head; the least that hyper takes.
const HEAD_BYTES: usize = 8 * 1024;

/// The format that [`super::render`] writes.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Somebody asks for the figures; the answer is the text.
pub type Ask = oneshot::Sender<String>;

/// Why nobody can ask.
#[derive(Debug, thiserror::Error)]
#[error(
    "metrics.listen: {address} cannot be listened on ({error}); without it there are no metrics"
)]
pub struct ListenError {
    address: MetricsAddress,
    error: io::Error,
}

/// Listens, and hands each question on. Must be called on a tokio runtime with I/O and time. Ends when the questions
/// are no longer taken.
///
/// # Errors
/// [`ListenError`]; the daemon can go on without.
pub fn listen(address: &MetricsAddress) -> Result<mpsc::Receiver<Ask>, ListenError> {
    let failed = |error| ListenError {
        address: address.clone(),
        error,
    };
    let listener = match address {
        MetricsAddress::Unix(path) => bind(path).map(|listener| Listener::Unix {
            listener,
            _socket: Socket(path.clone()),
        }),
        MetricsAddress::Loopback(address) => {
            let bound = std::net::TcpListener::bind(address.get()).and_then(|listener| {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            });
            bound.map(Listener::Port)
        }
    };
    let listener = listener.map_err(failed)?;
    let (asks, asked) = mpsc::channel(CONNECTIONS);
    let door = Door {
        places: Arc::new(Semaphore::new(CONNECTIONS)),
        by_port: matches!(listener, Listener::Port(_)),
        asks,
    };
    tokio::spawn(door.keep(listener));
    Ok(asked)
}

/// What is listened on.
enum Listener {
    Unix {
        listener: UnixListener,
        /// Removed when it is no longer listened on.
        _socket: Socket,
    },
    Port(TcpListener),
}

/// A socket's name, which goes with it.
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// For this user and this group. Only a socket that nobody serves is replaced.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let is_socket =
        std::fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket());
    if is_socket {
        match std::os::unix::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            _ => return Err(io::ErrorKind::AddrInUse.into()),
        }
    }
    let listener = UnixListener::bind(path)?;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode.bits()))?;
    Ok(listener)
}

/// Lets scrapers in.
struct Door {
    places: Arc<Semaphore>,
    by_port: bool,
    asks: mpsc::Sender<Ask>,
}

impl Door {
    async fn keep(self, listener: Listener) {
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&listener) => accepted,
                () = self.asks.closed() => return,
            };
            if accepted.is_err() {
                tokio::time::sleep(BREATH).await;
            }
        }
    }

    async fn accept(&self, listener: &Listener) -> io::Result<()> {
        match listener {
            Listener::Unix { listener, .. } => self.admit(listener.accept().await?.0),
            Listener::Port(listener) => self.admit(listener.accept().await?.0),
        }
        Ok(())
    }

    /// One conversation, if there is a place for it.
    fn admit<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return;
        };
        let (asks, by_port) = (self.asks.clone(), self.by_port);
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(move |request| {
                let asks = asks.clone();
                async move { Ok::<_, Infallible>(answer(&request, by_port, &asks).await) }
            });
            let conversation = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .max_buf_size(HEAD_BYTES)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(2 * PATIENCE, conversation).await;
        });
    }
}

async fn answer(
    request: &Request<Incoming>,
    by_port: bool,
    asks: &mpsc::Sender<Ask>,
) -> Response<Full<Bytes>> {
    if by_port && !names_this_machine(request) {
        return empty(StatusCode::FORBIDDEN);
    }
    if request.uri().path() != "/metrics" {
        return empty(StatusCode::NOT_FOUND);
    }
    if request.method() != Method::GET {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let (tell, hear) = oneshot::channel();
    if asks.try_send(tell).is_err() {
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    }
    let Ok(Ok(text)) = tokio::time::timeout(PATIENCE, hear).await else {
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    response.headers_mut().insert(header::CONTENT_TYPE, FORMAT);
    response
}

/// A page of the web whose name was made to lead here says its own name.
fn names_this_machine(request: &Request<Incoming>) -> bool {
    let host = request.headers().get(header::HOST);
    let Some(host) = host.and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
