//! Connections, TLS and HTTP: who is let in, how much they may send, and what they are answered.
//!
//! *Promises*: another user's process is refused before it can say anything; at most [`CONNECTIONS`]
//! at once, each bounded in what it may send and in time. Who is not admitted gets an empty 403.
//!
//! *Never* reads a body.

use super::gate::{self, Admitted};
use super::peer;
use super::request::Asked;
use super::task::Ask;
use crate::config::WebOrigin;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_rustls::TlsAcceptor;

/// Most connections at once: five pages that use all a browser opens to one host.
const CONNECTIONS: usize = 32;
/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// For the head of a request; also how long an idle connection is kept.
const HEAD: Duration = Duration::from_secs(30);
/// Most headers of a request.
const HEADERS: usize = 64;
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// After the listener failed (no descriptors left, usually).
const BREATH: Duration = Duration::from_millis(200);

/// With every answer that has a body.
const ANSWERED: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    // A page that isolates itself may load only what says that it may be loaded.
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    ),
];

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sites: Vec<WebOrigin>,
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) user: u32,
    /// It has been said that another user's process was refused: once is enough, for that user could fill the log.
    pub(super) said: AtomicBool,
}

/// Serves until the task that answers is gone.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.asks.closed() => return,
        };
        let Ok((stream, client)) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        // One look at the kernel's table at a time: a flood of connections waits, not the daemon.
        let Some(server) = mine(&stream, client, &shared).await else {
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::debug!("spokes: too many connections");
            continue;
        };
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let _place = place;
            match tls {
                None => converse(stream, server.port(), shared).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => converse(stream, server.port(), shared).await,
                    Ok(Err(error)) => tracing::debug!(%error, "spokes: no TLS"),
                    Err(_) => tracing::debug!("spokes: no TLS in time"),
                },
            }
        });
    }
}

/// The server's end of the connection, if the other one is a process of this user.
async fn mine(stream: &TcpStream, client: SocketAddr, shared: &Shared) -> Option<SocketAddr> {
    let server = stream.local_addr().ok()?;
    let found = tokio::task::spawn_blocking(move || peer::user(client, server)).await;
    match found {
        Ok(Ok(Some(peer))) if peer == shared.user => Some(server),
        Ok(Ok(peer)) => {
            if !shared.said.swap(true, Ordering::Relaxed) {
                tracing::warn!(?peer, "spokes: another user's process was refused");
            }
            None
        }
        Ok(Err(error)) => {
            if !shared.said.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "spokes: refused, for /proc/self/net/tcp cannot be read");
            }
            None
        }
        Err(_) => None,
    }
}

/// Requests and answers, until the other end closes or is too slow.
async fn converse<S>(stream: S, port: u16, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&request, port, &shared).await) }
    });
    let ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "spokes: a connection ended");
    }
}

async fn answer(request: &Request<Incoming>, port: u16, shared: &Shared) -> Response<Full<Bytes>> {
    let admitted = match gate::admit(request, port, &shared.sites) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            tracing::debug!(%refusal, "spokes: a request was refused");
            return refused();
        }
    };
    let target = request.uri().path_and_query().map_or("", |t| t.as_str());
    let Ok(asked) = Asked::parse(target) else {
        tracing::debug!("spokes: a request that is not served");
        return refused();
    };
    let (reply, replied) = oneshot::channel();
    let ask = Ask {
        site: admitted.site.clone(),
        request: asked.request,
        reply,
    };
    if shared.asks.send(ask).await.is_err() {
        return refused();
    }
    let Ok(reply) = replied.await else {
        return refused();
    };
    let (kind, body) = reply.render(asked.callback.as_ref());
    answered(&admitted, kind, body)
}

fn answered(admitted: &Admitted, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in ANSWERED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if admitted.named
        && let Ok(site) = HeaderValue::from_str(admitted.site.as_str())
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, site);
    }
    response
}

fn refused() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
