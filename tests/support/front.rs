//! What stands before an old broker and knows nothing of MQTT: a server that ends TLS and wants a certificate, or one
//! that ends WebSocket. What it carries goes on in plain TCP.

use async_tungstenite::bytes::{ByteReader, ByteWriter};
use async_tungstenite::tokio::accept_hdr_async;
use async_tungstenite::tungstenite::handshake::server::{Request, Response};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional, join};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

/// Ends TLS with this certificate and key, lets in only who shows one of this authority (all PEM), and carries the
/// bytes to this port. The port it listens on.
pub(crate) async fn tls(to: u16, authority: &str, certificate: &str, key: &str) -> u16 {
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(der(authority)).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![der(certificate)], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    listen(move |node| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(node) = acceptor.accept(node).await {
                carry(node, to).await;
            }
        }
    })
    .await
}

/// Ends WebSocket, and carries what is in its messages to this port. The port it listens on.
pub(crate) async fn web_socket(to: u16) -> u16 {
    listen(move |node| async move {
        // The error's size is that of the library's answer.
        #[allow(clippy::result_large_err)]
        let named = |request: &Request, mut answer: Response| {
            let name = "Sec-WebSocket-Protocol";
            let asked = request.headers().get(name).cloned();
            answer.headers_mut().extend(asked.map(|asked| {
                let name = name.parse().unwrap();
                (Some(name), asked)
            }));
            Ok(answer)
        };
        if let Ok(node) = accept_hdr_async(node, named).await {
            let (sender, receiver) = node.split();
            carry(join(ByteReader::new(receiver), ByteWriter::new(sender)), to).await;
        }
    })
    .await
}

async fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((node, _)) = listener.accept().await {
            tokio::spawn(serve(node));
        }
    });
    port
}

async fn carry(mut node: impl AsyncRead + AsyncWrite + Unpin, to: u16) {
    if let Ok(mut broker) = TcpStream::connect(("127.0.0.1", to)).await {
        let _ = copy_bidirectional(&mut node, &mut broker).await;
    }
}
