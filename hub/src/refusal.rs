//! Why a message was not taken.

use std::collections::BTreeMap;

/// Why a message was not taken. Anyone with access to the broker can write anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The topic is none of the contract.
    Topic,
    /// The topic is of another organisation.
    Organisation,
    /// The payload is no payload of this class.
    Payload,
    /// The payload names another node than the topic.
    ForeignNode,
    /// Type, kind, subject or item in payload and topic differ.
    Mismatch,
    /// The message must carry `seq` and does not.
    NoSequence,
    /// There are more alerts or inventory items of one node than a node has.
    TooMany,
    /// A node that is not known yet, when there are [`NODES_MAX`](crate::NODES_MAX) already and none of them is silent.
    TooManyNodes,
}

impl Refusal {
    /// In snake case, for logs and figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Organisation => "organisation",
            Self::Payload => "payload",
            Self::ForeignNode => "foreign_node",
            Self::Mismatch => "mismatch",
            Self::NoSequence => "no_sequence",
            Self::TooMany => "too_many",
            Self::TooManyNodes => "too_many_nodes",
        }
    }
}

/// How often each reason occurred.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusalCounts(BTreeMap<Refusal, u64>);

impl RefusalCounts {
    pub(crate) fn count(&mut self, refusal: Refusal) {
        *self.0.entry(refusal).or_default() += 1;
    }

    /// How often this reason occurred.
    #[must_use]
    pub fn of(&self, refusal: Refusal) -> u64 {
        self.0.get(&refusal).copied().unwrap_or(0)
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
