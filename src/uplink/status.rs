//! What the node's `status` says: the station's word, the outbox' trouble, the certificates' end; the gravest counts.

use super::engine::Engine;
use super::outgoing::Unsendable;
use sidetone_wire::vocabulary::NodeState;

impl Engine {
    /// Publishes the status as it is now.
    pub(super) fn say_state(&mut self) -> Result<(), Unsendable> {
        let (state, reason) = &self.node;
        let trouble = self.outbox.stats().trouble;
        let warning = self.certificates.warning();
        let (state, reason) = match (state, trouble, warning) {
            (NodeState::Ready, Some(trouble), _) => {
                (NodeState::Degraded, Some(trouble.reason().to_owned()))
            }
            (NodeState::Ready, None, Some(warning)) if warning.is_over() => {
                (NodeState::Degraded, Some(warning.reason().to_owned()))
            }
            // Everything works still: a reason that the station has is of more use now.
            (NodeState::Ready, None, Some(warning)) if reason.is_none() => {
                (NodeState::Ready, Some(warning.reason().to_owned()))
            }
            _ => (*state, reason.clone()),
        };
        let message = self.sender.status(state, reason)?;
        self.retained.set(message);
        Ok(())
    }
}
