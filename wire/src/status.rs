//! `node/{node}/status`: birth, state and last will, retained.
//!
//! The will is written before it is known when it will be sent: it has no `ts` and no `seq`, and
//! says only that the node of this boot is lost.

use crate::name::NodeName;
use crate::stamp::Stamp;
use crate::vocabulary::{MqttVersion, NodeState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a status says besides the common keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusBody {
    /// The node's state.
    pub state: NodeState,
    /// Why, in snake case, with `degraded` and `stopped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The program's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which MQTT this session speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<MqttVersion>,
    /// Whether the kernel says that the clock is synchronised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_synced: Option<bool>,
}

/// The last will: `{v,node,boot,state:"lost"}`.
#[must_use]
pub fn last_will(node: NodeName, boot: u64) -> crate::stamp::Stamped<StatusBody> {
    crate::stamp::Stamped {
        stamp: Stamp::new(node, boot),
        body: StatusBody {
            state: NodeState::Lost,
            reason: None,
            version: None,
            mqtt: None,
            clock_synced: None,
        },
    }
}
