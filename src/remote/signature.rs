//! Signatures of documents: Ed25519 (RFC 8032) over the topic and the document's canonical text.
//!
//! ```text
//! sidetone-config-v1 LF topic LF canonical JSON of the document without `signature`
//! ```
//!
//! The topic is in it so that a document for one group cannot be published as one for the fleet.

use super::canonical::canonical;
use crate::config::SigningKey;
use data_encoding::BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file.
    #[error("the private key {path} cannot be read ({why}); name the file that `sidetone fleet keygen` wrote", path = path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The key.
    #[error("{path} holds no private Ed25519 key (PKCS#8 in PEM); `sidetone fleet keygen` makes one", path = .0.display())]
    NoKey(PathBuf),
    /// The system's random numbers.
    #[error("the system gives no random numbers, so no key can be made")]
    NoRandomness,
}

/// What stands before the 32 bytes of a private Ed25519 key in PKCS#8 (RFC 8410 §7). ring would write version 2
/// with the public key behind it, which OpenSSL does not read.
const PKCS8_V1: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// A private key.
pub struct Signer(Ed25519KeyPair);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    /// A new key, and the text of its file (PKCS#8 in PEM).
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn generate() -> Result<(Self, String), KeyError> {
        let mut seed = [0; 32];
        let filled = SystemRandom::new().fill(&mut seed);
        filled.map_err(|_| KeyError::NoRandomness)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        let pair = pair.map_err(|_| KeyError::NoRandomness)?;
        // Its 48 bytes are one line of PEM.
        let line = BASE64.encode(&[&PKCS8_V1[..], &seed[..]].concat());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n");
        Ok((Self(pair), pem))
    }

    /// The key of a file; also one of `openssl genpkey -algorithm ed25519`.
    ///
    /// # Errors
    /// If it cannot be read or holds none.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = std::fs::read(path).map_err(|error| KeyError::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        let none = || KeyError::NoKey(path.to_owned());
        let der = PrivatePkcs8KeyDer::from_pem_slice(&bytes).map_err(|_| none())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(Self).map_err(|_| none())
    }

    /// What nodes need to check its signatures.
    ///
    /// # Errors
    /// Never: a public Ed25519 key has 32 bytes.
    pub fn public(&self) -> Result<SigningKey, KeyError> {
        let bytes = self.0.public_key().as_ref().try_into();
        bytes
            .map(SigningKey::of)
            .map_err(|_| KeyError::NoRandomness)
    }

    /// The signature of a document for this topic, in base64.
    #[must_use]
    pub fn sign(&self, topic: &str, document: &Value) -> String {
        BASE64.encode(self.0.sign(signed(topic, document).as_bytes()).as_ref())
    }
}

/// Whether `signature` is this key's for the document at this topic.
#[must_use]
pub fn is_signed(key: &SigningKey, topic: &str, document: &Value, signature: &str) -> bool {
    let Ok(signature) = BASE64.decode(signature.as_bytes()) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key.bytes())
        .verify(signed(topic, document).as_bytes(), &signature)
        .is_ok()
}

fn signed(topic: &str, document: &Value) -> String {
    let mut document = document.clone();
    if let Some(keys) = document.as_object_mut() {
        keys.remove("signature");
    }
    format!("sidetone-config-v1\n{topic}\n{}", canonical(&document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_signature_holds_for_its_topic_and_document_only() {
        let (signer, pem) = Signer::generate().unwrap();
        let key = signer.public().unwrap();
        let document = json!({"v": 1, "version": 2, "issued_ms": 3, "set": {"a": 5.0}});
        let signature = signer.sign("t", &document);
        let reordered: Value = serde_json::from_str(
            r#"{"set":{"a":5},"version":2,"issued_ms":3,"v":1,"signature":"x"}"#,
        )
        .unwrap();
        assert!(is_signed(&key, "t", &document, &signature));
        assert!(is_signed(&key, "t", &reordered, &signature));
        assert!(!is_signed(&key, "u", &document, &signature));
        assert!(!is_signed(&key, "t", &json!({"v": 1}), &signature));
        assert!(!is_signed(&key, "t", &document, "not base64"));
        assert!(!is_signed(
            &SigningKey::of([7; 32]),
            "t",
            &document,
            &signature
        ));

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        std::fs::write(&path, pem).unwrap();
        assert_eq!(Signer::read(&path).unwrap().public().unwrap(), key);
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(Signer::read(&path), Err(KeyError::NoKey(_))));
    }
}
