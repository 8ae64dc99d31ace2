//! One node, as its messages add up.

use crate::live::{Live, headsets};
use serde_json::{Map, Value};
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::delivery::ALERT_EXPIRY_S;
use sidetone_wire::vocabulary::{AlertState, NodeState};
use sidetone_wire::{Item, Stamp};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Most alerts kept of one node, cleared ones included.
pub(crate) const ALERTS_MAX: usize = 256;

/// Most characters kept of a name of any kind; the page shows fewer.
const NAME_KEPT: usize = 256;

/// How far back repetitions are recognised, in messages of one boot. A node has at most 16 messages
/// on their way, a broker's queue 1,000 (reference configuration).
const WINDOW: u64 = 4096;

/// What a node has said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeView {
    /// Its state; `None` until it has said one.
    pub state: Option<NodeState>,
    /// Why it is in this state.
    pub reason: Option<String>,
    /// Its program's version.
    pub version: Option<String>,
    /// Its team.
    pub team: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// The agent's pseudonym.
    pub agent: Option<String>,
    /// When it last said anything, by the consumer's clock, ms since 1970 UTC. A will is not said by
    /// the node.
    pub last_seen_ms: u64,
    /// Its retained inventory.
    pub inventory: BTreeMap<Item, Map<String, Value>>,
    /// What goes on there.
    pub live: Live,
    pub(crate) alerts: BTreeMap<Uuid, AlertView>,
    /// Bytes of each item of the inventory, as it came.
    pub(crate) sizes: BTreeMap<Item, usize>,
    /// Bytes of alerts and inventory together, as they were last weighed.
    pub(crate) kept: usize,
    seen: Seen,
}

/// One alert, as it was last said.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertView {
    /// What it says.
    pub detail: AlertDetail,
    /// The order in which the node said it.
    pub order: (u64, u64),
    /// When it was last said or refreshed, by the consumer's clock, ms since 1970 UTC.
    pub refreshed_ms: u64,
    /// Bytes of the message.
    pub(crate) size: usize,
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It stands.
    Active,
    /// It is over: the node said so.
    Cleared,
    /// Nobody knows: not refreshed for 180 s, or the node is lost. Shown as such, not as cleared.
    Expired,
}

impl NodeView {
    /// Its alerts with how they stand at this time.
    pub fn alerts(&self, now_ms: u64) -> impl Iterator<Item = (&AlertView, Standing)> {
        self.alerts
            .values()
            .map(move |alert| (alert, self.standing(alert, now_ms)))
    }

    /// How many headsets its inventory names.
    #[must_use]
    pub fn headsets(&self) -> usize {
        headsets(&self.inventory).count()
    }

    /// The model of the headset in use, or of the first one, if a name is known.
    #[must_use]
    pub fn headset_name(&self) -> Option<&str> {
        let used = self.live.call.as_ref().and_then(|c| c.headset.as_deref());
        headsets(&self.inventory)
            .find(|headset| used.is_none_or(|used| used == headset.id))
            .or_else(|| headsets(&self.inventory).next())
            .and_then(|headset| headset.name)
    }

    fn standing(&self, alert: &AlertView, now_ms: u64) -> Standing {
        let silence_ms = now_ms.saturating_sub(alert.refreshed_ms);
        if alert.detail.state == AlertState::Cleared {
            Standing::Cleared
        } else if self.state == Some(NodeState::Lost)
            || silence_ms > u64::from(ALERT_EXPIRY_S) * 1000
        {
            Standing::Expired
        } else {
            Standing::Active
        }
    }

    /// Notes who it is and that it lives.
    pub(crate) fn heard(&mut self, stamp: &Stamp, now_ms: u64) {
        self.last_seen_ms = self.last_seen_ms.max(now_ms);
        for (known, said) in [
            (&mut self.team, &stamp.team),
            (&mut self.site, &stamp.site),
            (&mut self.agent, &stamp.agent),
        ] {
            if let Some(said) = said {
                *known = Some(bounded(said));
            }
        }
    }

    /// Adds up what is kept of it, in bytes.
    pub(crate) fn weigh(&mut self) -> usize {
        let alerts = self.alerts.values().map(|alert| alert.size);
        self.kept = alerts.chain(self.sizes.values().copied()).sum();
        self.kept
    }

    /// Whether this message is new.
    pub(crate) fn is_new(&mut self, boot: u64, seq: u64) -> bool {
        self.seen.is_new(boot, seq)
    }
}

/// The beginning of a name: what is kept of it, however long it came.
pub(crate) fn bounded(name: &str) -> String {
    name.chars().take(NAME_KEPT).collect()
}

/// Boots of a node in which messages are told apart. What an ended process left in its outbox comes when the next
/// one has already said something.
const BOOTS: usize = 4;

/// Which messages of the node were seen.
#[derive(Debug, Clone, Default, PartialEq)]
struct Seen {
    boots: BTreeMap<u64, Sequence>,
    /// Messages of this boot and older ones are taken for repetitions.
    forgotten: u64,
}

impl Seen {
    fn is_new(&mut self, boot: u64, seq: u64) -> bool {
        if boot <= self.forgotten {
            return false;
        }
        let new = self.boots.entry(boot).or_default().is_new(seq);
        while self.boots.len() > BOOTS
            && let Some((oldest, _)) = self.boots.pop_first()
        {
            self.forgotten = oldest;
        }
        new
    }
}

/// Which messages of a boot were seen: all up to `floor`, and those in `above`.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sequence {
    floor: u64,
    above: std::collections::BTreeSet<u64>,
}

impl Sequence {
    fn is_new(&mut self, seq: u64) -> bool {
        if seq <= self.floor || !self.above.insert(seq) {
            return false;
        }
        while self.above.remove(&(self.floor + 1)) {
            self.floor += 1;
        }
        // A gap that stays (a record the outbox dropped, or a hub that joined late) is closed from
        // below, so that memory is bounded.
        let highest = self.above.last().copied().unwrap_or(self.floor);
        if highest - self.floor > WINDOW {
            self.floor = highest - WINDOW;
            self.above = self.above.split_off(&(self.floor + 1));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_sequence_number_is_new_once() {
        let mut seen = Seen::default();
        for (boot, seq, new) in [
            (3, 2, true),
            (3, 1, true),
            (3, 2, false),
            (3, 1, false),
            (3, 5, true),
            (4, 1, true),
            (3, 6, true),
            (3, 6, false),
            (4, 1, false),
            (9, 1, true),
            (8, 1, true),
            (7, 1, true),
            (3, 7, false),
            (4, 2, true),
        ] {
            assert_eq!(seen.is_new(boot, seq), new, "{boot} {seq}");
        }
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut seen = Seen::default();
        for boot in 1..=20 {
            assert!(seen.is_new(boot, 1));
        }
        assert_eq!(seen.boots.len(), BOOTS);
        let mut seen = Sequence::default();
        for seq in (2..200_000).step_by(2) {
            assert!(seen.is_new(seq));
        }
        assert!(seen.above.len() <= usize::try_from(WINDOW).unwrap());
        assert!(seen.is_new(u64::MAX) && !seen.is_new(u64::MAX));
        assert!(seen.above.len() <= 2);
    }
}
