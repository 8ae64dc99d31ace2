//! What is plugged in: a headset is a HID interface and a sound card with one USB device above them.

use crate::alerts::HeadsetId;
use serde_json::{Map, Value};
use sidetone_devices::headset::HeadsetIdentity;
use sidetone_wire::message::StationMessage;

/// Whether a part of a headset is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Not seen yet, or nobody can say (no sound server).
    Unknown,
    /// There.
    Present,
    /// Was there and left.
    Gone,
}

/// A headset's parts and what they say.
#[derive(Debug)]
pub(super) struct Headset {
    pub(super) id: HeadsetId,
    pub(super) identity: HeadsetIdentity,
    pub(super) quirk: Option<String>,
    pub(super) hid: Part,
    pub(super) card: Part,
    /// Its microphone is still heard while it is muted, once that is learned.
    pub(super) live_under_mute: Option<bool>,
}

impl Headset {
    pub(super) fn new(id: HeadsetId, identity: HeadsetIdentity) -> Self {
        Self {
            id,
            identity,
            quirk: None,
            hid: Part::Unknown,
            card: Part::Unknown,
            live_under_mute: None,
        }
    }

    /// Nothing of it is there any more.
    pub(super) fn is_gone(&self) -> bool {
        self.hid != Part::Present
            && self.card != Part::Present
            && (self.hid == Part::Gone || self.card == Part::Gone)
    }

    fn item(&self) -> String {
        format!("headset-{}", self.id)
    }

    /// Its place in the inventory. What is unknown is absent.
    pub(super) fn inventory(&self) -> StationMessage {
        let mut facts = Map::new();
        let mut put = |key: &str, value: Value| facts.insert(key.to_owned(), value);
        let hex = |id: u16| Value::from(format!("{id:04x}"));
        put("headset", Value::from(self.id.as_str()));
        put("vendor_id", hex(self.identity.vendor.0));
        put("product_id", hex(self.identity.product.0));
        if !self.identity.name.is_empty() {
            put("name", Value::from(self.identity.name.as_str()));
        }
        if let Some(firmware) = self.identity.firmware.as_deref().filter(|f| !f.is_empty()) {
            put("firmware", Value::from(firmware));
        }
        if let Some(quirk) = self.quirk.as_deref().filter(|q| !q.is_empty()) {
            put("quirk", Value::from(quirk));
        }
        put("hid", Value::from(self.hid == Part::Present));
        if self.card != Part::Unknown {
            put("sound_card", Value::from(self.card == Part::Present));
        }
        if let Some(live) = self.live_under_mute {
            put("live_under_mute", Value::from(live));
        }
        StationMessage::Inventory {
            item: self.item(),
            facts: Some(facts),
        }
    }

    /// It leaves the inventory.
    pub(super) fn inventory_removed(&self) -> StationMessage {
        StationMessage::Inventory {
            item: self.item(),
            facts: None,
        }
    }
}
