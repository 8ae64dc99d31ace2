//! How the station is: `ready`, or `degraded` with the one reason that matters most; nothing (so `starting`
//! stands, which the uplink says) until the sound system has answered for the first time.

use super::session::Session;
use sidetone_devices::headset::UsbPath;
use sidetone_wire::vocabulary::NodeState;
use std::collections::BTreeSet;

/// What the sound system has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sound {
    /// Nothing yet: which way to sound is still being decided.
    Awaited,
    /// It works, or none is to be opened.
    #[default]
    Works,
    /// There is none.
    Down,
}

/// What was last said, and what only this knows.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) sound: Sound,
    pub(super) unreadable: BTreeSet<UsbPath>,
    said: Option<(NodeState, Option<String>)>,
}

impl Condition {
    /// Nothing said yet.
    pub(super) fn new(awaits_sound: bool) -> Self {
        let sound = if awaits_sound {
            Sound::Awaited
        } else {
            Sound::Works
        };
        Self {
            sound,
            ..Self::default()
        }
    }

    /// The state to publish, if it differs from what was said.
    pub(super) fn changed<'a>(
        &self,
        mut sessions: impl Iterator<Item = &'a Session> + Clone,
    ) -> Option<(NodeState, Option<&'static str>)> {
        if self.sound == Sound::Awaited {
            return None;
        }
        let reason = if self.sound == Sound::Down {
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
