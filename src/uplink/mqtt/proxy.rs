//! The way through an HTTP proxy: CONNECT (RFC 9110 §9.3.6), with user name and password if it wants them (RFC 7617).

use crate::uplink::config::Proxy;
use data_encoding::BASE64;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest head of an answer, in bytes.
const HEAD_MAX: usize = 8192;

/// Why the proxy does not let the connection through.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyError {
    /// It is not there.
    #[error("it is not reached: {0}")]
    NotReached(io::Error),
    /// It wants to know who asks.
    #[error(
        "it wants a user name and password (407): check broker.proxy_username and broker.proxy_password_file"
    )]
    Unknown,
    /// It says no.
    #[error("it refuses the way to {to}: {status}")]
    Refused {
        /// Host and port.
        to: String,
        /// The first line of its answer, without the version.
        status: String,
    },
    /// It is something else.
    #[error("it does not answer as an HTTP proxy does")]
    NoProxy,
    /// The password is not there.
    #[error("{0}")]
    Password(String),
}

/// A connection to this host and port, through the proxy.
pub(super) async fn connect(proxy: &Proxy, host: &str, port: u16) -> io::Result<TcpStream> {
    tunnel(proxy, host, port).await.map_err(io::Error::other)
}

async fn tunnel(proxy: &Proxy, host: &str, port: u16) -> Result<TcpStream, ProxyError> {
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let to = format!("{host}:{port}");
    let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n");
    if let Some(credentials) = &proxy.credentials {
        let password = credentials
            .password("broker.proxy_password_file")
            .map_err(|fault| ProxyError::Password(fault.to_string()))?;
        let pair = [credentials.username.as_bytes(), b":", &password].concat();
        request += &format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(&pair));
    }
    request += "\r\n";
    let address = (proxy.url.host.as_str(), proxy.url.port);
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(ProxyError::NotReached)?;
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(ProxyError::NotReached)?;
    let head = head(&mut stream).await?;
    let line = head.lines().next().unwrap_or_default();
    let Some((version, status)) = line.split_once(' ') else {
        return Err(ProxyError::NoProxy);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(ProxyError::NoProxy);
    }
    match status.as_bytes() {
        [b'2', ..] => Ok(stream),
        [b'4', b'0', b'7', ..] => Err(ProxyError::Unknown),
        _ => Err(ProxyError::Refused {
            to,
            status: status.chars().take(80).collect(),
        }),
    }
}

/// The head of the answer, and no byte of what follows it: that is the broker's.
async fn head(stream: &mut TcpStream) -> Result<String, ProxyError> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.map_err(|_| ProxyError::NoProxy)?;
        head.push(byte);
        if head.len() > HEAD_MAX {
            return Err(ProxyError::NoProxy);
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
