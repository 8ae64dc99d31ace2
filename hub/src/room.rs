//! Which node makes room for another when a fleet is full.
//!
//! *Promises*: a node that was heard in the last [`SILENCE_MS`] stays, whoever comes: all that is known of a silent one
//! has run out by then, its alerts too. Of the silent ones go those first that never said a `status`, then those that
//! are silent longest. However many come, all nodes are looked through once a second at most.

use crate::node::NodeView;
use sidetone_wire::NodeName;
use sidetone_wire::delivery::ALERT_EXPIRY_S;
use std::collections::{BTreeMap, VecDeque};

/// A node that has said nothing for longer may make room, in ms: as long as an alert stands without a refresh.
const SILENCE_MS: u64 = ALERT_EXPIRY_S as u64 * 1000;

/// Time between two looks through all nodes, in ms.
const LOOK_MS: u64 = 1000;

/// The nodes that make room next.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Room {
    /// The next one first, as they were when all were looked through.
    next: VecDeque<NodeName>,
    /// When that was, by the consumer's clock, ms since 1970 UTC.
    looked_ms: Option<u64>,
}

impl Room {
    /// The node that makes room now, if there is one.
    pub(crate) fn made_by(
        &mut self,
        nodes: &BTreeMap<NodeName, NodeView>,
        now_ms: u64,
    ) -> Option<NodeName> {
        let rests = |looked: u64| now_ms >= looked && now_ms - looked < LOOK_MS;
        if self.next.is_empty() && !self.looked_ms.is_some_and(rests) {
            self.looked_ms = Some(now_ms);
            let mut silent: Vec<_> = nodes
                .iter()
                .filter(|(_, view)| is_silent(view, now_ms))
                .map(|(name, view)| (view.state.is_some(), view.last_seen_ms, name))
                .collect();
            silent.sort_unstable();
            self.next = silent
                .into_iter()
                .map(|(_, _, name)| name.clone())
                .collect();
        }
        // Since then it may have been heard, or have gone.
        loop {
            let name = self.next.pop_front()?;
            if nodes.get(&name).is_some_and(|view| is_silent(view, now_ms)) {
                return Some(name);
            }
        }
    }
}

const fn is_silent(view: &NodeView, now_ms: u64) -> bool {
    now_ms.saturating_sub(view.last_seen_ms) > SILENCE_MS
}
