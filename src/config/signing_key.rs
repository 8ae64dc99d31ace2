//! The key that remote documents must be signed with.

use super::names::text_type;
use data_encoding::BASE64;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A public Ed25519 key (RFC 8032): 32 bytes, written in base64 (RFC 4648 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SigningKey([u8; 32]);

/// A text that is not a [`SigningKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a public Ed25519 key has 44 characters of base64; `sidetone fleet keygen` makes one and prints it"
)]
pub struct InvalidSigningKey;

impl SigningKey {
    /// The key's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key of these bytes; whether they are a point of the curve shows when a signature is checked.
    #[must_use]
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for SigningKey {
    type Err = InvalidSigningKey;

    fn from_str(text: &str) -> Result<Self, InvalidSigningKey> {
        let bytes = BASE64.decode(text.as_bytes());
        let bytes = bytes.map_err(|_| InvalidSigningKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidSigningKey)
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

text_type!(SigningKey, InvalidSigningKey, "ed25519-key");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_thirty_two_bytes_of_base64() {
        let written = "MCowBQYDK2VwAyEAMCowBQYDK2VwAyEAMCowBQYDK2U=";
        let key: SigningKey = written.parse().unwrap();
        assert_eq!(key.to_string(), written);
        for bad in [
            "",
            "MCow",
            "MCowBQYDK2VwAyEAMCowBQYDK2VwAyEAMCowBQYDK2U",
            "?",
        ] {
            assert_eq!(bad.parse::<SigningKey>(), Err(InvalidSigningKey), "{bad}");
        }
    }
}
