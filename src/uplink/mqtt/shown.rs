//! The certificate that the broker showed when a connection was made: its last second.

use rumqttc::tokio_rustls::rustls::pki_types::CertificateDer;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What was shown last; every clone sees the same.
#[derive(Debug, Clone, Default)]
pub(in crate::uplink) struct Shown(Arc<Mutex<Option<Seen>>>);

/// A certificate, and when it was seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    until: i64,
    at: Instant,
}

impl Shown {
    /// A connection was made; without TLS nothing is shown.
    pub(super) fn note(&self, certificate: Option<&CertificateDer<'_>>) {
        let seen = certificate.and_then(|der| {
            let (_, certificate) = X509Certificate::from_der(der).ok()?;
            let until = certificate.validity().not_after.timestamp();
            let at = Instant::now();
            Some(Seen { until, at })
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// It was looked at again, and nothing else was seen.
    pub(super) fn still(&self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.as_mut() {
            seen.at = Instant::now();
        }
    }

    /// Its last second (since 1970 UTC).
    pub(in crate::uplink) fn until(&self) -> Option<i64> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map(|seen| seen.until)
    }

    /// Whether it was seen so long ago that the broker may have another one by now: connections outlive certificates.
    pub(in crate::uplink) fn is_old(&self, age: Duration) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_some_and(|seen| seen.at.elapsed() >= age)
    }
}
