//! The headset's lights, which follow the calls of a browser's page: Sidetone is that softphone's one
//! call-control client (DESIGN §3). Other softphones switch the lights themselves, or nobody does.

use super::Session;
use crate::softphone::{Adapter, Phase};
use crate::station::io::Output;
use crate::station::voice::Voice;
use sidetone_devices::hid::leds::Leds;

impl Session {
    /// Lets the lights show the page's calls. While no page is registered nothing is ever written, but
    /// for the one report that puts out what a page left on.
    pub(super) fn tell_lights(&mut self, voice: &mut Voice<'_>) {
        let registered = voice.adapters.is_up(Adapter::Spokes) && !self.has_left();
        let shown = registered.then(|| self.lights());
        if shown == self.told.lights {
            return;
        }
        let before = std::mem::replace(&mut self.told.lights, shown);
        let dark = Leds::default();
        let next = shown.unwrap_or(dark);
        // A page that registers outside a call changes nothing.
        if next != before.unwrap_or(dark) && !self.has_left() {
            voice.out.push(Output::Lights(self.usb.clone(), next));
        }
    }

    fn lights(&self) -> Leds {
        let in_front = self
            .call
            .front_leg()
            .filter(|(key, _)| key.adapter == Adapter::Spokes);
        let ring = self
            .call
            .ringing()
            .is_some_and(|key| key.adapter == Adapter::Spokes);
        Leds {
            off_hook: in_front.is_some(),
            ring,
            mute: in_front.is_some_and(|(_, leg)| leg.muted == Some(true)),
            hold: in_front.is_some_and(|(_, leg)| leg.phase == Phase::Held),
        }
    }
}
