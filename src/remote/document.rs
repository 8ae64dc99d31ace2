//! One document: read, its signature checked, its keys checked.

use super::refusal::{Reason, Refusal};
use super::signature::{Signer, is_signed};
use crate::config::{SigningKey, check_remote};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sidetone_wire::config::ConfigDesired;

/// A document that may be taken, as far as it can be judged alone. It is kept as it came, with what this version
/// does not know, so that its signature holds after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Value);

impl Document {
    /// Reads what came at `topic`.
    ///
    /// # Errors
    /// [`Refusal`], with everything that is wrong in it.
    pub fn read(topic: &str, payload: &[u8], key: Option<&SigningKey>) -> Result<Self, Refusal> {
        let read = ConfigDesired::from_json(payload);
        let read = read.map_err(|error| {
            let message = format!("this is no document of the configuration: {error}");
            Refusal::whole(Reason::Malformed, None, message)
        })?;
        // The same bytes were JSON a moment ago.
        let raw = serde_json::from_slice(payload).unwrap_or_default();
        let version = Some(read.version);
        if let Some(key) = key {
            let message = match &read.signature {
                None => {
                    "it is not signed, and config.signing_key is set on this workstation; publish it with `sidetone fleet set --key FILE`"
                }
                Some(signature) if !is_signed(key, topic, &raw, signature) => {
                    "its signature is not that of config.signing_key on this workstation, or it was made for another topic; sign it with the right key"
                }
                Some(_) => "",
            };
            if !message.is_empty() {
                return Err(Refusal::whole(Reason::Signature, version, message));
            }
        }
        let faults = check_remote(&Value::Object(read.set));
        if faults.is_empty() {
            return Ok(Self(raw));
        }
        let faults = faults.into_iter().map(|fault| (fault.key, fault.message));
        Err(Refusal::new(Reason::Keys, version, faults))
    }

    /// Reads one that was kept.
    ///
    /// # Errors
    /// [`Refusal`], as for one that comes.
    pub(super) fn reread(self, topic: &str, key: Option<&SigningKey>) -> Result<Self, Refusal> {
        Self::read(topic, self.0.to_string().as_bytes(), key)
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0["version"].as_u64().unwrap_or_default()
    }

    /// What it sets.
    #[must_use]
    pub fn set(&self) -> &Value {
        &self.0["set"]
    }
}

/// A document as JSON, signed for its topic if there is a key.
///
/// # Errors
/// Never: it consists of JSON values.
pub fn sign(
    mut document: ConfigDesired,
    topic: &str,
    signer: Option<&Signer>,
) -> Result<Value, serde_json::Error> {
    document.signature = None;
    let mut value = serde_json::to_value(&document)?;
    if let Some(signer) = signer {
        value["signature"] = signer.sign(topic, &value).into();
    }
    Ok(value)
}
