//! What makes a TLS connection to the broker: whom it believes, and with what certificate it shows itself. The files
//! are read each time.

use super::fault::BrokerFault;
use crate::uplink::config::{BrokerConfig, ClientCertificate};
use rumqttc::tokio_rustls::rustls;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where distributions keep the authorities' certificates (Debian, Red Hat, SUSE).
const SYSTEM_CA_FILES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// The settings that name files.
pub(super) const CA_FILE: &str = "broker.ca_file";
const CRL_FILE: &str = "broker.crl_file";
pub(super) const CLIENT_CERT: &str = "broker.client_cert";
const CLIENT_KEY: &str = "broker.client_key";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Judges the broker's certificate: signed by an authority that is believed, of the right name, in its time, and not
/// on the list of the revoked if there is one.
pub(super) fn verifier(broker: &BrokerConfig) -> Result<Arc<WebPkiServerVerifier>, BrokerFault> {
    let (path, pem) = authorities(broker)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    if let Some(crl) = &broker.crl_file {
        let pem = read_pem(crl, CRL_FILE, "X509 CRL")?;
        let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&pem).collect();
        let lists = lists.map_err(|error| unusable(crl, CRL_FILE, error.to_string()))?;
        // Of the broker's own certificate: an authority above it rarely publishes a list. One that has run out proves
        // nothing any more.
        builder = builder
            .with_crls(lists)
            .only_check_end_entity_revocation()
            .enforce_revocation_expiration();
    }
    builder.build().map_err(|error| match error {
        rustls::client::VerifierBuilderError::InvalidCrl(why) => unusable(
            broker.crl_file.as_deref().unwrap_or(&path),
            CRL_FILE,
            rustls::Error::from(why).to_string(),
        ),
        other => unusable(&path, CA_FILE, other.to_string()),
    })
}

/// Everything for a connection whose broker this verifier judges.
pub(super) fn client(
    broker: &BrokerConfig,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, BrokerFault> {
    let other = |error: rustls::Error| BrokerFault::Tls {
        url: broker.url.to_string(),
        why: error.to_string(),
    };
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(other)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(client) = &broker.client else {
        return Ok(config.with_no_client_auth());
    };
    let (chain, key) = own(client)?;
    config
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(&client.key_file, CLIENT_KEY, error.to_string()))
}

/// This node's certificate, with those above it, and its key.
pub(super) fn own(
    client: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BrokerFault> {
    let (cert, key) = (&client.cert_file, &client.key_file);
    let pem = read_pem(cert, CLIENT_CERT, "CERTIFICATE")?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| unusable(cert, CLIENT_CERT, error.to_string()))?;
    let pem = read_pem(key, CLIENT_KEY, "PRIVATE KEY")?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|error| unusable(key, CLIENT_KEY, error.to_string()))?;
    Ok((chain, key))
}

/// The file of the authorities that are believed, and what it holds (PEM).
fn authorities(broker: &BrokerConfig) -> Result<(PathBuf, Vec<u8>), BrokerFault> {
    let file = match &broker.ca_file {
        Some(path) => path.clone(),
        None => SYSTEM_CA_FILES
            .map(PathBuf::from)
            .into_iter()
            .find(|p| p.exists())
            .ok_or_else(|| {
                let why = "this system has no list of authorities".to_owned();
                unusable(Path::new(SYSTEM_CA_FILES[0]), CA_FILE, why)
            })?,
    };
    let pem = read_pem(&file, CA_FILE, "CERTIFICATE")?;
    Ok((file, pem))
}

/// A PEM file that holds at least one block of the wanted kind (RFC 7468).
fn read_pem(path: &Path, key: &'static str, label: &str) -> Result<Vec<u8>, BrokerFault> {
    let bytes = read(path, key)?;
    let wanted = format!("{label}-----");
    if bytes.windows(wanted.len()).any(|w| w == wanted.as_bytes()) {
        return Ok(bytes);
    }
    let why = format!("it holds no PEM block {label:?}");
    Err(unusable(path, key, why))
}

/// A file that a setting names.
pub(super) fn read(path: &Path, key: &'static str) -> Result<Vec<u8>, BrokerFault> {
    std::fs::read(path).map_err(|error| unusable(path, key, error.to_string()))
}

/// Says that it cannot be used, and why.
pub(super) fn unusable(path: &Path, key: &'static str, why: String) -> BrokerFault {
    BrokerFault::Unreadable {
        path: path.to_owned(),
        key,
        why,
    }
}
