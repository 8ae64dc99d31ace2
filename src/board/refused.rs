//! What the board refused, as lines of the log: whoever may publish must not be able to fill it.

use crate::uplink::log_limit::LogLimit;
use sidetone_hub::NODES_MAX;
use sidetone_hub::board::Counts;
use std::time::Instant;

/// One line at once and one a minute, of each kind, with how many there were since the last one.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// As it was told last.
    nodes: u64,
    messages: u64,
    forgotten: u64,
    of_nodes: LogLimit,
    of_messages: LogLimit,
    of_forgotten: LogLimit,
}

impl Refused {
    /// The board has refused so many since its start.
    pub(super) fn follow(&mut self, counts: Counts, now: Instant) {
        let nodes = counts.refused_nodes;
        let messages = counts.refused_messages.saturating_sub(nodes);
        let more_nodes = nodes.saturating_sub(std::mem::replace(&mut self.nodes, nodes));
        let more = messages.saturating_sub(std::mem::replace(&mut self.messages, messages));
        if let Some(times) = self.of_nodes.happened_times(more_nodes, now) {
            tracing::warn!(
                times,
                "the board shows {NODES_MAX} nodes, all heard in the last three minutes, and takes no further ones: let each node write its own topics only (docs/broker.md), and remove the retained messages of those that are none"
            );
        }
        let forgotten = counts.forgotten_nodes;
        let more_forgotten =
            forgotten.saturating_sub(std::mem::replace(&mut self.forgotten, forgotten));
        if let Some(times) = self.of_forgotten.happened_times(more_forgotten, now) {
            tracing::warn!(
                times,
                "the board shows {NODES_MAX} nodes: those that were silent longest have made room for new ones; if so many are invented, let each node write its own topics only (docs/broker.md)"
            );
        }
        if let Some(times) = self.of_messages.happened_times(more, now) {
            tracing::warn!(
                times,
                "messages that follow no contract, or are more than a node may have, are left out of the board: let each node write its own topics only (docs/broker.md)"
            );
        }
    }
}
