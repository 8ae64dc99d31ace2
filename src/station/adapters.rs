//! What the adapters told last, and on which headset each of their calls is.

use crate::softphone::{Abilities, Adapter, Leg, LegId};
use sidetone_devices::headset::UsbPath;
use std::collections::BTreeMap;
use std::time::Duration;

/// With several headsets, a call waits this long for its application's stream to show on which it is.
const STREAM_SHOWS: Duration = Duration::from_millis(500);

/// One adapter.
#[derive(Debug, Default)]
struct Known {
    /// Told by `Up`; in force once the calls are told too.
    abilities: Abilities,
    /// The calls as told last; `None` until they are told after `Up`.
    legs: Option<Vec<Leg>>,
}

/// What a headset offers a call that looks for its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) usb: &'a UsbPath,
    /// It has not left.
    pub(super) here: bool,
    /// The application that captures from it.
    pub(super) application: Option<&'a str>,
    /// Its hook switch or line is in use.
    pub(super) off_hook: bool,
}

/// All adapters.
#[derive(Debug, Default)]
pub(super) struct Adapters {
    up: BTreeMap<Adapter, Known>,
    /// The headset of each call.
    places: BTreeMap<(Adapter, LegId), UsbPath>,
    /// Calls without a headset, and since when.
    waiting: BTreeMap<(Adapter, LegId), Duration>,
    last_number: u64,
}

impl Adapters {
    /// A softphone answers.
    pub(super) fn up(&mut self, adapter: Adapter, abilities: Abilities) {
        let known = self.up.entry(adapter).or_default();
        known.abilities = abilities;
        known.legs = None;
    }

    /// It answers no more. Whether it was up.
    pub(super) fn down(&mut self, adapter: Adapter) -> bool {
        self.places.retain(|(owner, _), _| *owner != adapter);
        self.waiting.retain(|(owner, _), _| *owner != adapter);
        self.up.remove(&adapter).is_some()
    }

    /// All its calls. Whether they are the first after it came up.
    pub(super) fn legs(&mut self, adapter: Adapter, legs: Vec<Leg>) -> bool {
        let gone = |id: &LegId| !legs.iter().any(|leg| leg.id == *id);
        self.places
            .retain(|(owner, id), _| *owner != adapter || !gone(id));
        self.waiting
            .retain(|(owner, id), _| *owner != adapter || !gone(id));
        let known = self.up.entry(adapter).or_default();
        known.legs.replace(legs).is_none()
    }

    /// Whether it answers and has told its calls (a gateway has none to tell).
    pub(super) fn is_up(&self, adapter: Adapter) -> bool {
        self.up
            .get(&adapter)
            .is_some_and(|known| known.legs.is_some() || adapter == Adapter::Mqtt)
    }

    /// Whether it can hold now.
    pub(super) fn can_hold(&self, adapter: Adapter) -> bool {
        self.is_up(adapter)
            && self
                .up
                .get(&adapter)
                .is_some_and(|known| known.abilities.hold)
    }

    /// Those that tell calls.
    fn telling(&self) -> impl Iterator<Item = (Adapter, &Known)> {
        self.up
            .iter()
            .filter(|(adapter, known)| **adapter != Adapter::Mqtt && known.legs.is_some())
            .map(|(adapter, known)| (*adapter, known))
    }

    /// Whether some adapter would know of a call.
    pub(super) fn knows_calls(&self) -> bool {
        self.telling().next().is_some()
    }

    /// Whether an adapter tells all calls of this application.
    pub(super) fn covers(&self, application: &str) -> bool {
        self.telling()
            .any(|(_, known)| covers(&known.abilities, application))
    }

    /// A number for the next order.
    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Finds a headset for each call that has none. Whether a place changed.
    pub(super) fn place(&mut self, now: Duration, headsets: &[Candidate<'_>]) -> bool {
        let mut changed = false;
        for (adapter, known) in &self.up {
            for leg in known.legs.iter().flatten() {
                let key = (*adapter, leg.id.clone());
                let by_stream = headsets.iter().find(|headset| {
                    headset
                        .application
                        .is_some_and(|name| covers_by_name(&known.abilities, name))
                });
                let placed = self
                    .places
                    .get(&key)
                    .and_then(|place| headsets.iter().find(|headset| *headset.usb == *place));
                // A headset that left keeps its call, unless the softphone goes on with another.
                if let Some(headset) = placed
                    && (headset.here || by_stream.is_none())
                {
                    continue;
                }
                let since = *self.waiting.entry(key.clone()).or_insert(now);
                let here = || headsets.iter().filter(|headset| headset.here);
                let patient = here().count() > 1 && now < since + STREAM_SHOWS;
                let found = by_stream.or_else(|| {
                    let captured = here().find(|headset| headset.application.is_some());
                    let off_hook = here().find(|headset| headset.off_hook);
                    captured.or(off_hook).or(here().next()).filter(|_| !patient)
                });
                if let Some(headset) = found {
                    self.waiting.remove(&key);
                    self.places.insert(key, headset.usb.clone());
                    changed = true;
                }
            }
        }
        changed
    }

    /// The calls of `adapter` on this headset.
    pub(super) fn on<'a>(
        &'a self,
        adapter: Adapter,
        usb: &'a UsbPath,
    ) -> impl Iterator<Item = Leg> {
        let legs = self
            .up
            .get(&adapter)
            .and_then(|known| known.legs.as_deref())
            .unwrap_or_default();
        legs.iter()
            .filter(move |leg| {
                self.places
                    .get(&(adapter, leg.id.clone()))
                    .is_some_and(|place| place == usb)
            })
            .cloned()
    }

    /// A headset moved to another plug.
    pub(super) fn moved(&mut self, from: &UsbPath, to: &UsbPath) {
        for place in self.places.values_mut() {
            if place == from {
                *place = to.clone();
            }
        }
    }

    /// When [`Adapters::place`] may decide otherwise without anything happening.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.waiting
            .values()
            .map(|since| *since + STREAM_SHOWS)
            .min()
    }
}

fn covers(abilities: &Abilities, application: &str) -> bool {
    abilities.applications.is_empty() || covers_by_name(abilities, application)
}

fn covers_by_name(abilities: &Abilities, application: &str) -> bool {
    let name = application.to_lowercase();
    abilities
        .applications
        .iter()
        .any(|start| name.starts_with(start.as_str()))
}
