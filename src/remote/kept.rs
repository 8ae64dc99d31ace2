//! What the node keeps of documents over a restart.

use super::document::Document;
use super::layer::Layer;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that must survive, as one JSON object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The documents in force.
    pub accepted: BTreeMap<Layer, Document>,
    /// Those that last kept their broker.
    pub proven: BTreeMap<Layer, Document>,
    /// Versions that were taken back, so that they are not taken again.
    pub spoiled: BTreeMap<Layer, u64>,
}

impl Kept {
    /// Its file's name in the state directory.
    pub const FILE: &str = "remote-config.json";

    /// Reads it back. What cannot be read is nothing: the broker has the documents.
    ///
    /// # Errors
    /// If it is not what [`Kept::to_json`] wrote.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// As bytes.
    ///
    /// # Errors
    /// Never: it consists of JSON values.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}
