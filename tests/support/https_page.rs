//! A page and its script over TLS, on a port of its own.

#![allow(clippy::unwrap_used)]

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Softphone</title><link rel=icon href=data:,>\
    <script src=softphone.js></script>";

/// Not served yet, but its port is known.
pub(crate) struct HttpsPage {
    pub(crate) port: u16,
    listener: std::net::TcpListener,
    script: Arc<str>,
}

impl HttpsPage {
    /// Takes a port.
    pub(crate) fn bind(script: String) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            port: listener.local_addr().unwrap().port(),
            listener,
            script: script.into(),
        }
    }

    /// The browser's argument that takes this page for one of the open network.
    pub(crate) fn as_public(&self) -> String {
        let port = self.port;
        format!("--ip-address-space-overrides=127.0.0.1:{port}=public")
    }

    /// Serves it with the certificate in `dir`, as long as the runtime lives.
    pub(crate) fn serve(self: &HttpsPage, dir: &Path) {
        let certificate = CertificateDer::from_pem_file(dir.join("certificate.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(dir.join("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::from_std(self.listener.try_clone().unwrap()).unwrap();
        let script = Arc::clone(&self.script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, script) = (tls.clone(), Arc::clone(&script));
                tokio::spawn(async move {
                    // A browser opens connections it does not use.
                    let Ok(mut stream) = tls.accept(stream).await else {
                        return;
                    };
                    let mut head = vec![0; 8192];
                    let Ok(length) = stream.read(&mut head).await else {
                        return;
                    };
                    let (kind, body) = if head[..length].starts_with(b"GET /softphone.js") {
                        ("text/javascript", &*script)
                    } else {
                        ("text/html", PAGE)
                    };
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
    }
}
