//! Why a document is not taken.

use super::layer::Layer;
use sidetone_wire::config::ConfigFault;

/// Most faults that are told of a document; after a few dozen a person begins anew anyway.
const FAULTS: usize = 20;

/// Longest message and key, in characters: a document may hold anything.
const LONGEST: usize = 300;

/// The kind of reason, as `event/config.refused` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is no document of this version.
    Malformed,
    /// An unsigned or wrongly signed one, where `config.signing_key` asks for a signature.
    Signature,
    /// It is older than the one in force, or has its version with other content.
    OldVersion,
    /// A key that does not exist, may not be set from elsewhere, or cannot have this value.
    Keys,
    /// It does not go together with the other layers.
    Conflict,
    /// It was taken back because the broker was away after it.
    RolledBack,
}

impl Reason {
    /// In snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::OldVersion => "old_version",
            Self::Keys => "keys",
            Self::Conflict => "conflict",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// Why a document is not taken: the kind, and each fault for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind.
    pub reason: Reason,
    /// Version of the document, if it has one.
    pub version: Option<u64>,
    /// Key and message of each fault.
    faults: Vec<(Option<String>, String)>,
}

impl Refusal {
    /// One that is about no key.
    pub(super) fn whole(reason: Reason, version: Option<u64>, message: impl Into<String>) -> Self {
        Self::new(reason, version, [(String::new(), message.into())])
    }

    /// One with these faults; an empty key is none.
    pub(super) fn new(
        reason: Reason,
        version: Option<u64>,
        faults: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let short = |text: String| text.chars().take(LONGEST).collect::<String>();
        let fault = |(key, message): (String, String)| {
            ((!key.is_empty()).then(|| short(key)), short(message))
        };
        Self {
            reason,
            version,
            faults: faults.into_iter().map(fault).take(FAULTS).collect(),
        }
    }

    /// As `config/reported` tells it.
    pub(super) fn reported(&self, layer: &Layer) -> impl Iterator<Item = ConfigFault> {
        let layer = layer.to_string();
        self.faults.iter().map(move |(key, message)| ConfigFault {
            layer: layer.clone(),
            key: key.clone(),
            message: message.clone(),
        })
    }

    /// Each fault as a sentence.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(|(_, message)| message.as_str())
    }
}
