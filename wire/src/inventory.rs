//! `node/{node}/inventory/{item}`: flat facts about the host, the daemon, a softphone, a headset.
//!
//! The keys are open (each device knows its own), the shape is not: what is no scalar, empty or
//! would hide a common key is left out when it is written.

use crate::name::Item;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Common keys that a fact may not take.
const RESERVED: [&str; 9] = [
    "v", "ts", "boot", "seq", "node", "agent", "team", "site", "item",
];

/// What an inventory item says besides the common keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InventoryBody {
    /// Which item; the same as in the topic.
    pub item: Item,
    /// Facts: top-level scalars, names as in CONTRACT §2.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

impl InventoryBody {
    /// The facts that may stand beside the common keys.
    #[must_use]
    pub fn new(item: Item, mut facts: Map<String, Value>) -> Self {
        facts.retain(|key, _| !RESERVED.contains(&key.as_str()));
        Self { item, facts }
    }
}
