//! What is plugged in where: headsets arrive part by part, leave, come back at another plug, and are told apart.

use super::call::EndReason;
use super::headsets::{Headset, Part};
use super::session::Session;
use super::voice::Voice;
use super::{Output, Station, Wakefulness};
use crate::alerts::{HeadsetId, Now};
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};

impl Station {
    /// A name no other headset here has. Two of a kind may claim the same serial; then the plug
    /// tells them apart. `None` if even that does not.
    fn name(
        &mut self,
        now: Now,
        usb: &UsbPath,
        identity: &HeadsetIdentity,
        out: &mut Vec<Output>,
    ) -> Option<HeadsetId> {
        let id = (self.name_headset)(identity, usb);
        let is_twin = |session: &&mut Session, id: &HeadsetId| {
            session.usb != *usb && !session.has_left() && session.headset.id == *id
        };
        let twin = self.sessions.values_mut().find(|s| is_twin(s, &id));
        let Some(twin) = twin else {
            return Some(id);
        };
        // Half of it left already: it moved here, and the other half is not told yet.
        if twin.headset.hid == Part::Gone || twin.headset.card == Part::Gone {
            twin.headset.hid = Part::Gone;
            twin.headset.card = Part::Gone;
            let asleep = self.wakefulness != Wakefulness::Awake;
            twin.departed(voice!(self, now, out), asleep);
            return Some(id);
        }
        let nameless = HeadsetIdentity {
            serial: None,
            ..identity.clone()
        };
        let id = (self.name_headset)(&nameless, usb);
        let taken = self.sessions.values_mut().any(|s| is_twin(&s, &id));
        (!taken).then_some(id)
    }

    pub(super) fn arrive(
        &mut self,
        now: Now,
        usb: UsbPath,
        identity: HeadsetIdentity,
        out: &mut Vec<Output>,
        part: impl FnOnce(&mut Headset),
    ) {
        let Some(id) = self.name(now, &usb, &identity, out) else {
            return;
        };
        let voice = voice!(self, now, out);
        // One that left in a call and comes back, perhaps at another plug, keeps its call.
        let elsewhere = self
            .sessions
            .iter()
            .find(|(_, s)| s.has_left() && s.headset.id == id)
            .map(|(usb, _)| usb.clone());
        let returned = elsewhere.and_then(|usb| self.sessions.remove(&usb));
        if returned.is_some()
            && let Some(mut other) = self.sessions.remove(&usb)
        {
            other.replaced(voice);
        }
        // Another headset in the plug of one that left: the first is not coming back.
        if let Some(left) = self.sessions.get_mut(&usb).filter(|s| s.has_left()) {
            left.end_call(voice, EndReason::HeadsetGone);
            self.sessions.remove(&usb);
        }
        if let Some(mut session) = returned {
            voice.adapters.moved(&session.usb, &usb);
            session.usb = usb.clone();
            session.headset.hid = Part::Unknown;
            session.headset.card = Part::Unknown;
            session.headset.identity = identity.clone();
            self.sessions.insert(usb.clone(), session);
        }
        let first = !self.sessions.contains_key(&usb);
        let session = self.sessions.entry(usb).or_insert_with_key(|usb| {
            let learned = self.learned.get(&id).copied();
            Session::new(usb.clone(), Headset::new(id, identity), learned)
        });
        part(&mut session.headset);
        if session.headset.card == Part::Present {
            session.qd.card_not_gone();
        }
        session.arrived(voice, first);
    }

    pub(super) fn depart(
        &mut self,
        now: Now,
        usb: &UsbPath,
        out: &mut Vec<Output>,
        part: impl FnOnce(&mut Headset),
    ) {
        let asleep = self.wakefulness != Wakefulness::Awake;
        if let Some(session) = self.sessions.get_mut(usb) {
            part(&mut session.headset);
            session.departed(voice!(self, now, out), asleep);
        }
    }
}
