//! How the station is: `ready`, or `degraded` with the one reason that matters most.

use super::session::Session;
use sidetone_devices::headset::UsbPath;
use sidetone_wire::vocabulary::NodeState;
use std::collections::BTreeSet;

/// What was last said, and what only this knows.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) server_down: bool,
    pub(super) unreadable: BTreeSet<UsbPath>,
    said: Option<(NodeState, Option<String>)>,
}

impl Condition {
    /// The state to publish, if it differs from what was said.
    pub(super) fn changed<'a>(
        &self,
        mut sessions: impl Iterator<Item = &'a Session> + Clone,
    ) -> Option<(NodeState, Option<&'static str>)> {
        let reason = if self.server_down {
            Some("no_sound_server")
        } else if let Some(trouble) = sessions.clone().find_map(|session| session.trouble) {
            Some(trouble)
        } else if !self.unreadable.is_empty() {
            Some("headset_unreadable")
        } else if sessions.any(Session::call_elsewhere) {
            Some("call_not_on_headset")
        } else {
            None
        };
        let state = match reason {
            Some(_) => NodeState::Degraded,
            None => NodeState::Ready,
        };
        let same = self
            .said
            .as_ref()
            .is_some_and(|(s, r)| *s == state && r.as_deref() == reason);
        (!same).then_some((state, reason))
    }

    /// What was last said.
    pub(super) fn current(&self) -> Option<(NodeState, Option<&str>)> {
        self.said
            .as_ref()
            .map(|(state, reason)| (*state, reason.as_deref()))
    }

    /// Remembers what was said.
    pub(super) fn said(&mut self, state: NodeState, reason: Option<&str>) {
        self.said = Some((state, reason.map(str::to_owned)));
    }
}
