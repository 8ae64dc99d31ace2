//! The way to the broker: TCP or a proxy, TLS, WebSocket.

use super::fault::BrokerFault;
use super::shown::Shown;
use super::{proxy, tls, websocket};
use crate::config::BrokerUrl;
use crate::uplink::config::{BrokerConfig, Proxy};
use rumqttc::tokio_rustls::TlsConnector;
use rumqttc::tokio_rustls::rustls::ClientConfig;
use rumqttc::tokio_rustls::rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection to the broker, whatever it is made of.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Line for S {}

/// How to get to a broker; its files have been read.
#[derive(Debug, Clone)]
pub(super) struct Route {
    url: BrokerUrl,
    proxy: Option<Proxy>,
    tls: Option<Arc<ClientConfig>>,
    shown: Shown,
}

impl Route {
    /// Reads the certificates. `shown` hears which one the broker has.
    pub(super) fn new(broker: &BrokerConfig, shown: &Shown) -> Result<Self, BrokerFault> {
        let tls = match broker.url.tls {
            true => Some(Arc::new(tls::client(broker, tls::verifier(broker)?)?)),
            false => None,
        };
        Ok(Self {
            tls,
            ..Self::bare(broker, shown)
        })
    }

    /// The same with what was read of the certificates before.
    pub(super) fn with(broker: &BrokerConfig, tls: Arc<ClientConfig>, shown: &Shown) -> Self {
        Self {
            tls: broker.url.tls.then_some(tls),
            ..Self::bare(broker, shown)
        }
    }

    fn bare(broker: &BrokerConfig, shown: &Shown) -> Self {
        Self {
            url: broker.url.clone(),
            proxy: broker.proxy.clone(),
            tls: None,
            shown: shown.clone(),
        }
    }

    /// What was read of the certificates; `None` without TLS.
    pub(super) fn tls(&self) -> Option<Arc<ClientConfig>> {
        self.tls.clone()
    }

    /// Goes there.
    pub(super) async fn open(self) -> io::Result<Box<dyn Line>> {
        let stream = to_port(&self.url, self.proxy.as_ref()).await?;
        match self.tls {
            Some(config) => {
                let name = ServerName::try_from(self.url.host.clone()).map_err(io::Error::other)?;
                let stream = TlsConnector::from(config).connect(name, stream).await?;
                let chain = stream.get_ref().1.peer_certificates();
                self.shown.note(chain.and_then(<[_]>::first));
                dressed(&self.url, stream).await
            }
            None => {
                self.shown.note(None);
                dressed(&self.url, stream).await
            }
        }
    }
}

/// With a WebSocket around it, if there is to be one.
async fn dressed<S: Line + 'static>(url: &BrokerUrl, stream: S) -> io::Result<Box<dyn Line>> {
    if url.websocket.is_some() {
        Ok(Box::new(websocket::open(&url.to_string(), stream).await?))
    } else {
        Ok(Box::new(stream))
    }
}

/// The broker's port, straight or through the proxy.
pub(super) async fn to_port(url: &BrokerUrl, proxy: Option<&Proxy>) -> io::Result<TcpStream> {
    let stream = match proxy {
        Some(proxy) => proxy::connect(proxy, &url.host, url.port).await?,
        None => TcpStream::connect((url.host.as_str(), url.port)).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether something listens where this broker should be. The connection is closed at once.
pub(super) async fn reach(broker: &BrokerConfig, patience: Duration) -> bool {
    let way = to_port(&broker.url, broker.proxy.as_ref());
    matches!(timeout(patience, way).await, Ok(Ok(_)))
}
