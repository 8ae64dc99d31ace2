//! The certificate a broker presents, and what is wrong with it.
//!
//! *Promises*: what the daemon's own connection would make of the certificate, with the reason as a type
//! instead of a text. *Never* sends anything but the handshake: whether the certificate is good or bad,
//! the connection is closed after it.

use super::fault::BrokerFault;
use super::{connect, tls};
use crate::uplink::config::BrokerConfig;
use rumqttc::tokio_rustls::TlsConnector;
use rumqttc::tokio_rustls::rustls;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    let verifier = tls::verifier(broker)?;
    let witness = Arc::new(Witness {
        verifier,
        seen: Mutex::new(None),
    });
    // Whatever this node's own certificate is like, the broker's can be looked at.
    let bare = BrokerConfig {
        client: None,
        ..broker.clone()
    };
    let judge = Arc::clone(&witness) as Arc<dyn ServerCertVerifier>;
    let config = tls::client(&bare, judge)?;
    let _ = tokio::time::timeout(patience, shake(broker, config)).await;
    let seen = witness.seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(seen.clone())
}

async fn shake(broker: &BrokerConfig, config: ClientConfig) -> io::Result<()> {
    let name = ServerName::try_from(broker.url.host.clone()).map_err(io::Error::other)?;
    let stream = connect::to_port(&broker.url, broker.proxy.as_ref()).await?;
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
