//! Certificates that are about to end, and files that were renewed.
//!
//! *Promises*: new files are called fit only if everything in them is whole, certificate and key belong together, and
//! the certificate is in its time; a file that is half written is not. *Never* asks the broker.

use super::connect::Route;
use super::fault::BrokerFault;
use super::shown::Shown;
use super::tls::{CA_FILE, CLIENT_CERT, read, unusable};
use crate::uplink::config::BrokerConfig;
use rumqttc::tokio_rustls::rustls::pki_types::CertificateDer;
use rumqttc::tokio_rustls::rustls::pki_types::pem::PemObject;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use x509_parser::prelude::{FromDer, Validity, X509Certificate};

/// Tells whether the files of certificates and keys have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::uplink) struct Print(u64);

impl Print {
    /// Of the files as they are now; one that cannot be read counts as empty.
    pub(in crate::uplink) fn of(broker: &BrokerConfig) -> Self {
        let own = broker
            .client
            .iter()
            .flat_map(|c| [&c.cert_file, &c.key_file]);
        let mut hasher = DefaultHasher::new();
        for path in broker.ca_file.iter().chain(&broker.crl_file).chain(own) {
            std::fs::read(path).unwrap_or_default().hash(&mut hasher);
        }
        Self(hasher.finish())
    }
}

/// The last second of a file's certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::uplink) struct LastSecond {
    /// The file.
    pub(in crate::uplink) path: PathBuf,
    /// Seconds since 1970 UTC.
    pub(in crate::uplink) until: i64,
}

/// What ends first: this node's certificate, or the last authority of `broker.ca_file` (the system's own list is the
/// system's care). `None` if there is neither, or none can be read.
pub(in crate::uplink) fn ends_first(broker: &BrokerConfig) -> Option<LastSecond> {
    let last = |path: &Path, validities: Vec<Validity>| {
        let until = validities.iter().map(|v| v.not_after.timestamp()).max()?;
        let path = path.to_owned();
        Some(LastSecond { path, until })
    };
    let own = broker.client.iter().filter_map(|client| {
        let mut chain = validities(&client.cert_file, CLIENT_CERT).ok()?;
        // Those above it are renewed with it.
        chain.truncate(1);
        last(&client.cert_file, chain)
    });
    let authorities = broker
        .ca_file
        .iter()
        .filter_map(|path| last(path, validities(path, CA_FILE).ok()?));
    own.chain(authorities).min_by_key(|end| end.until)
}

/// The last second of this node's certificate; `None` if it has none, or it cannot be read.
pub(in crate::uplink) fn own_until(broker: &BrokerConfig) -> Option<i64> {
    let path = &broker.client.as_ref()?.cert_file;
    let own = validities(path, CLIENT_CERT).ok()?.into_iter().next()?;
    Some(own.not_after.timestamp())
}

/// Whether a connection can be made with the files as they are now, at this time (seconds since 1970 UTC).
///
/// # Errors
/// [`BrokerFault::Unreadable`]: which of them is not fit, and why.
pub(in crate::uplink) fn are_fit(broker: &BrokerConfig, now: i64) -> Result<(), BrokerFault> {
    if let Some(path) = &broker.ca_file {
        validities(path, CA_FILE)?;
    }
    if let Some(client) = &broker.client {
        let path = &client.cert_file;
        let own = validities(path, CLIENT_CERT)?.into_iter().next();
        let own = own.ok_or_else(|| unusable(path, CLIENT_CERT, "it is empty".to_owned()))?;
        if own.not_after.timestamp() <= now || own.not_before.timestamp() > now {
            let why = format!("it is valid from {} to {}", own.not_before, own.not_after);
            return Err(unusable(path, CLIENT_CERT, why));
        }
    }
    Route::new(broker, &Shown::default()).map(drop)
}

/// From when to when each certificate of a PEM file is valid; an error if one of them is not whole.
fn validities(path: &Path, key: &'static str) -> Result<Vec<Validity>, BrokerFault> {
    let pem = read(path, key)?;
    CertificateDer::pem_slice_iter(&pem)
        .map(|der| {
            let der = der.map_err(|error| unusable(path, key, error.to_string()))?;
            let parsed = X509Certificate::from_der(&der);
            let (_, certificate) =
                parsed.map_err(|error| unusable(path, key, error.to_string()))?;
            Ok(certificate.validity().clone())
        })
        .collect()
}
