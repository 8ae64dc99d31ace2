//! The certificate a broker presents, and what is wrong with it.
//!
//! *Promises*: what the daemon's own connection would make of the certificate, with the reason as a type
//! instead of a text. *Never* sends anything but the handshake: whether the certificate is good or bad,
//! the connection is closed after it.

use super::fault::BrokerFault;
use super::options;
use crate::uplink::config::BrokerConfig;
use rumqttc::tokio_rustls::TlsConnector;
use rumqttc::tokio_rustls::rustls;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;

/// What the broker presented.
#[derive(Debug, Clone)]
pub struct Presented {
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Why it is not believed; `None` if it is.
    pub fault: Option<Error>,
}

/// Shakes hands with the broker as the daemon does and closes. `None` if there was no certificate to
/// judge: the server is away or speaks no TLS. Must be called on a tokio runtime with time and I/O.
///
/// # Errors
/// [`BrokerFault`], if the authorities' certificates cannot be read.
pub async fn handshake(
    broker: &BrokerConfig,
    patience: Duration,
) -> Result<Option<Presented>, BrokerFault> {
    let unusable = |why: String| BrokerFault::Unreadable {
        path: broker.ca_file.clone().unwrap_or_default(),
        key: "broker.ca_file",
        why,
    };
    let mut roots = RootCertStore::empty();
    let pem = options::authorities(broker)?;
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| unusable(error.to_string()))?;
    let witness = Arc::new(Witness {
        verifier,
        seen: Mutex::new(None),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let _ = tokio::time::timeout(patience, shake(broker, config)).await;
    let seen = witness.seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(seen.clone())
}

async fn shake(broker: &BrokerConfig, config: ClientConfig) -> io::Result<()> {
    let (host, port) = (broker.url.host.as_str(), broker.url.port);
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TcpStream::connect((host, port)).await?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    Ok(())
}

/// Judges as usual and remembers what it judged.
#[derive(Debug)]
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Presented>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict =
            self.verifier
                .verify_server_cert(certificate, intermediates, server, ocsp, now);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Presented {
            certificate: certificate.to_vec(),
            fault: verdict.as_ref().err().cloned(),
        });
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
