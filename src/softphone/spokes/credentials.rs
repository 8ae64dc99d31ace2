//! The certificate the browser trusts, and its key, as `sidetone spokes install` left them.
//!
//! *Fails* with one sentence that says whether to install, to renew or to join a group.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ServerConfig};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The certificate's file in the directory.
pub const CERTIFICATE: &str = "certificate.pem";
/// The key's file in the directory.
pub const KEY: &str = "key.pem";

/// Why there is no usable certificate.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Not installed.
    #[error("{0} is missing; run `sudo sidetone spokes install`")]
    Missing(PathBuf),
    /// The key is another group's.
    #[error(
        "{0} is not for this user to read; run `sudo sidetone spokes install --group GROUP` with a group \
         this user is a member of"
    )]
    Forbidden(PathBuf),
    /// Neither a certificate nor a key.
    #[error("{path} cannot be used ({reason}); run `sudo sidetone spokes install` again")]
    Broken {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Both.
#[derive(Debug)]
pub(super) struct Credentials {
    dir: PathBuf,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Credentials {
    /// Reads both from this directory.
    pub(super) fn load(dir: &Path) -> Result<Self, CredentialsError> {
        Ok(Self {
            certificate: read(dir.join(CERTIFICATE))?,
            key: read(dir.join(KEY))?,
            dir: dir.to_owned(),
        })
    }

    /// For the server. HTTP/1.1 over TLS 1.3.
    pub(super) fn acceptor(self) -> Result<TlsAcceptor, CredentialsError> {
        let broken = |error: rustls::Error| CredentialsError::Broken {
            path: self.dir.join(KEY),
            reason: error.to_string(),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(broken)?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], self.key)
            .map_err(broken)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// When the certificate in this directory ends, in seconds since 1970.
///
/// # Errors
/// [`CredentialsError`], if there is none, or its key cannot be used.
pub fn valid_until(dir: &Path) -> Result<i64, CredentialsError> {
    let path = dir.join(CERTIFICATE);
    let credentials = Credentials::load(dir)?;
    let (_, certificate) =
        X509Certificate::from_der(&credentials.certificate).map_err(|error| {
            CredentialsError::Broken {
                path,
                reason: error.to_string(),
            }
        })?;
    Ok(certificate.validity().not_after.timestamp())
}

fn read<T: PemObject>(path: PathBuf) -> Result<T, CredentialsError> {
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) => {
            return Err(match error.kind() {
                io::ErrorKind::NotFound => CredentialsError::Missing(path),
                io::ErrorKind::PermissionDenied => CredentialsError::Forbidden(path),
                _ => CredentialsError::Broken {
                    reason: error.to_string(),
                    path,
                },
            });
        }
    };
    T::from_pem_slice(&text).map_err(|error| CredentialsError::Broken {
        reason: error.to_string(),
        path,
    })
}
