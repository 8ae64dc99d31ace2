//! The narrow boundary between station and uplink (DESIGN §2): what the station says, before the
//! uplink stamps it with node, agent, boot and seq.

use crate::alert::Alert;
use crate::event::Event;
use crate::hold::HoldRequest;
use crate::vocabulary::NodeState;
use serde::{Deserialize, Serialize};

/// One thing the station says.
///
/// Not boxed: a few dozen wait at most, and every sender would pay with an allocation.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StationMessage {
    /// Never to be lost.
    Event(Event),
    /// A raise, change or clear of an alert's retained state. (Refreshes are the uplink's own work.)
    Alert(Alert),
    /// Live figures; never stored.
    Telemetry(crate::telemetry::Telemetry),
    /// A retained inventory item; `None` removes it.
    Inventory {
        /// `host`, `daemon`, `softphone` or `headset-<id>`.
        item: String,
        /// Flat facts.
        facts: Option<serde_json::Map<String, serde_json::Value>>,
    },
    /// A hold asked of the gateway beside the PBX; `order` comes back with its answer.
    Hold {
        /// When it was asked, ms since 1970 UTC.
        ts: u64,
        /// The station's number of the order.
        order: u64,
        /// What is asked.
        request: HoldRequest,
    },
    /// The node's state changed.
    State {
        /// The new state.
        state: NodeState,
        /// Why, in snake case (`degraded`: e.g. `audio_busy`, `call_not_on_headset`).
        reason: Option<String>,
    },
}
