//! One HTTP/1.1 request and its answer, both bounded.

use crate::config::HttpUrl;
use crate::softphone::driver::Fault;
use crate::softphone::told;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// Makes requests.
pub(super) struct Client {
    token_file: Option<PathBuf>,
    tls: Option<Arc<ClientConfig>>,
    kept: Option<SendRequest<Full<Bytes>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("token_file", &self.token_file)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(token_file: Option<PathBuf>) -> Self {
        Self {
            token_file,
            tls: None,
            kept: None,
        }
    }

    /// Drops the kept connection, and what was read of the system's authorities.
    pub(super) fn forget(&mut self) {
        self.kept = None;
        self.tls = None;
    }

    /// A request without a body over the connection of the last one, if that is still good.
    pub(super) async fn again(&mut self, method: Method, url: &HttpUrl) -> Result<Response, Fault> {
        let kept = match self.kept.take() {
            Some(mut kept) => kept.ready().await.is_ok().then_some(kept),
            None => None,
        };
        let mut connection = match kept {
            Some(kept) => kept,
            None => {
                if url.tls && self.tls.is_none() {
                    self.tls = Some(trust()?);
                }
                connect(url, self.tls.clone()).await?
            }
        };
        let request = self.request(method, url, String::new())?;
        let response = exchange(&mut connection, url, request).await?;
        self.kept = Some(connection);
        Ok(response)
    }

    /// A request over a connection of its own.
    pub(super) async fn once(
        &self,
        method: Method,
        url: &HttpUrl,
        body: String,
    ) -> Result<Response, Fault> {
        let tls = match &self.tls {
            None if url.tls => Some(trust()?),
            tls => tls.clone(),
        };
        let mut connection = connect(url, tls).await?;
        let request = self.request(method, url, body)?;
        exchange(&mut connection, url, request).await
    }

    fn request(
        &self,
        method: Method,
        url: &HttpUrl,
        body: String,
    ) -> Result<Request<Full<Bytes>>, Fault> {
        let mut request = Request::builder()
            .method(method)
            .uri(url.path.as_str())
            .header(HOST, url.authority())
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(file) = &self.token_file {
            let unusable = |why: &dyn fmt::Display| {
                Fault::Unusable(format!(
                    "adapters.http.token_file {}: {why}",
                    file.display()
                ))
            };
            let text = std::fs::read_to_string(file).map_err(|error| unusable(&error))?;
            let token = text.lines().next().unwrap_or_default().trim();
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| unusable(&"its first line is no token"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request
            .body(Full::from(body))
            .map_err(|error| Fault::Unusable(format!("{url}: {error}")))
    }
}

/// What this system's authorities are.
fn trust() -> Result<Arc<ClientConfig>, Fault> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        return Err(Fault::Unusable(
            "this system has no list of authorities; install ca-certificates".to_owned(),
        ));
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

async fn connect(
    url: &HttpUrl,
    tls: Option<Arc<ClientConfig>>,
) -> Result<SendRequest<Full<Bytes>>, Fault> {
    let unreachable = |error: std::io::Error| Fault::NotThere(format!("{url}: {error}"));
    let stream = TcpStream::connect((url.host.as_str(), url.port))
        .await
        .map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    match tls.filter(|_| url.tls) {
        None => speak(url, stream).await,
        Some(tls) => {
            let name = ServerName::try_from(url.host.clone())
                .map_err(|error| Fault::Unusable(format!("{url}: {error}")))?;
            let stream = TlsConnector::from(tls)
                .connect(name, stream)
                .await
                .map_err(unreachable)?;
            speak(url, stream).await
        }
    }
}

async fn speak<S>(url: &HttpUrl, stream: S) -> Result<SendRequest<Full<Bytes>>, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Fault::NotThere(format!("{url}: {error}")))?;
    // Ends with the sender.
    tokio::spawn(connection);
    Ok(sender)
}

async fn exchange(
    connection: &mut SendRequest<Full<Bytes>>,
    url: &HttpUrl,
    request: Request<Full<Bytes>>,
) -> Result<Response, Fault> {
    let response = connection
        .send_request(request)
        .await
        .map_err(|error| Fault::NotThere(format!("{url}: {error}")))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), told::LONGEST)
        .collect()
        .await
        .map_err(|error| Fault::Nonsense(format!("{url}: {error}")))?;
    Ok(Response {
        status,
        body: body.to_bytes(),
    })
}
