//! What the supervisor knows of each headset, and what it tells when that changes.

use super::api::{Application, AudioEventKind, FarEnd, StreamSide};
use super::backend::{Mixer, Sighting, Target, Wish, WishBox};
use super::retry::Retry;
use super::supervisor::Events;
use super::workers::WorkerId;
use crate::headset::UsbPath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One headset.
pub(super) struct Headset {
    pub(super) usb: UsbPath,
    /// To be open.
    pub(super) open: bool,
    /// The card as last seen; `None` once it is gone.
    sighting: Option<Sighting>,
    /// It was seen since the server came up.
    seen: bool,
    /// It was in the last report.
    present: bool,
    /// The worker that records it.
    pub(super) capture: Option<(WorkerId, Arc<WishBox>)>,
    pub(super) retry: Retry,
    /// A playback stream that cannot be listened to by itself.
    pub(super) unbindable: Option<Target>,
    sides_open: [bool; 2],
    told_applications: Option<(Option<Application>, FarEnd)>,
    told_mixer: Option<Mixer>,
}

impl Headset {
    fn new(usb: UsbPath) -> Self {
        Self {
            usb,
            open: false,
            sighting: None,
            seen: false,
            present: false,
            capture: None,
            retry: Retry::default(),
            unbindable: None,
            sides_open: [false; 2],
            told_applications: None,
            told_mixer: None,
        }
    }

    /// Whether a side is open changes; returns what it was.
    pub(super) fn set_side(&mut self, side: StreamSide, open: bool) -> bool {
        let place = match side {
            StreamSide::Agent => 0,
            StreamSide::Customer => 1,
        };
        std::mem::replace(&mut self.sides_open[place], open)
    }

    /// It is to be open, and there is something to record.
    pub(super) fn wants_capture(&self) -> bool {
        let wish = self.wish();
        wish.agent.is_some() || wish.customer.is_some()
    }

    fn wish(&self) -> Wish {
        let Some(sighting) = self.sighting.as_ref().filter(|_| self.open && self.present) else {
            return Wish::default();
        };
        if self.mixed_only(sighting) {
            return Wish {
                agent: sighting.agent.clone(),
                customer: sighting.mix.clone(),
                customer_playing: false,
            };
        }
        Wish {
            agent: sighting.agent.clone(),
            customer: sighting.customer.clone(),
            customer_playing: sighting.customer_playing,
        }
    }

    /// The application's stream is there, but cannot be listened to by itself.
    fn mixed_only(&self, sighting: &Sighting) -> bool {
        sighting.customer.is_some() && sighting.customer == self.unbindable
    }

    /// Tells the worker what to record now.
    pub(super) fn tell_wish(&self) {
        if let Some((_, wish)) = &self.capture {
            wish.set(self.wish());
        }
    }

    /// Tells how the headset is used, if that has changed.
    pub(super) fn tell_applications(&mut self, events: &Events) {
        let Some(sighting) = &self.sighting else {
            return;
        };
        let far_end = if self.mixed_only(sighting) {
            FarEnd::Mix
        } else {
            sighting.far_end
        };
        let now = (sighting.capture.clone(), far_end);
        if self.told_applications.as_ref() != Some(&now) {
            self.told_applications = Some(now.clone());
            events.tell(AudioEventKind::Applications {
                usb: self.usb.clone(),
                capture: now.0,
                far_end: now.1,
            });
        }
    }

    fn see(&mut self, sighting: Sighting, events: &Events) {
        let usb = self.usb.clone();
        self.seen = true;
        self.present = true;
        if self.sighting.is_none() {
            let identity = sighting.identity.clone();
            events.tell(AudioEventKind::CardAdded {
                usb: usb.clone(),
                identity,
            });
        }
        if let Some(mixer) = sighting.mixer
            && self.told_mixer != Some(mixer)
        {
            self.told_mixer = Some(mixer);
            events.tell(AudioEventKind::Mixer {
                usb: usb.clone(),
                microphone_muted: mixer.microphone_muted,
                speaker_muted: mixer.speaker_muted,
                speaker_volume: mixer.speaker_volume,
            });
        }
        self.sighting = Some(sighting);
        self.tell_applications(events);
        self.tell_wish();
    }

    /// The card is gone.
    fn lose(&mut self, events: &Events) {
        self.seen = false;
        self.sighting = None;
        self.told_applications = None;
        self.told_mixer = None;
        let usb = self.usb.clone();
        events.tell(AudioEventKind::CardRemoved { usb });
    }
}

/// All headsets seen or asked for.
#[derive(Default)]
pub(super) struct Headsets(BTreeMap<UsbPath, Headset>);

impl Headsets {
    pub(super) fn entry(&mut self, usb: UsbPath) -> &mut Headset {
        self.0
            .entry(usb)
            .or_insert_with_key(|usb| Headset::new(usb.clone()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Headset> {
        self.0.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Headset> {
        self.0.values_mut()
    }

    pub(super) fn captured_by(&mut self, id: WorkerId) -> Option<&mut Headset> {
        let by = |headset: &&mut Headset| headset.capture.as_ref().map(|c| c.0) == Some(id);
        self.0.values_mut().find(by)
    }

    /// A server has come up: it may take a while until it has found its cards.
    pub(super) fn forget_seen(&mut self) {
        for headset in self.0.values_mut() {
            headset.seen = false;
        }
    }

    /// Takes over what a watch saw, and tells the changes.
    pub(super) fn update(&mut self, sightings: Vec<Sighting>, events: &Events) {
        for headset in self.0.values_mut() {
            headset.present = sightings.iter().any(|s| s.usb == headset.usb);
            headset.tell_wish();
        }
        for sighting in sightings {
            self.entry(sighting.usb.clone()).see(sighting, events);
        }
    }

    /// Headsets that are gone now, and were not before: told, and returned. Before the server has
    /// `settled`, one that it has not found yet may still come.
    pub(super) fn remove_missing(&mut self, settled: bool, events: &Events) -> Vec<UsbPath> {
        let gone = |h: &&mut Headset| h.sighting.is_some() && !h.present && (h.seen || settled);
        self.0
            .values_mut()
            .filter(gone)
            .map(|headset| {
                headset.lose(events);
                headset.usb.clone()
            })
            .collect()
    }
}
