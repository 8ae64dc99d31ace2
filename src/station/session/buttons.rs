//! The headset's own buttons, carried to a softphone whose one call-control client Sidetone is: the
//! browser page behind `spokes` (DESIGN §3). Other softphones read the headset themselves, or nobody does.
//!
//! *Never* answers or hangs up because of the lamp it set itself: a call that is answered is not answered
//! again, and one that is over is not ended again.

use super::Session;
use crate::softphone::{Action, Adapter, Order, Phase};
use crate::station::call::LegKey;
use crate::station::voice::Voice;

impl Session {
    /// The hook switch moved: takes the call that rings, or ends the one in front.
    pub(super) fn hook_for_softphone(&self, voice: &mut Voice<'_>, off_hook: bool) {
        if off_hook {
            let rings = self.call.ringing().filter(|key| is_page(key)).cloned();
            self.order(voice, rings, Action::Answer);
        } else {
            let in_front = self.call.front_leg().map(|(key, _)| key.clone());
            self.order(voice, in_front.filter(is_page), Action::HangUp);
        }
    }

    /// The mute button was pressed.
    pub(in crate::station) fn mute_for_softphone(&self, voice: &mut Voice<'_>) {
        if let Some((key, leg)) = self.call.front_leg().filter(|(key, _)| is_page(key)) {
            let muted = leg.muted.unwrap_or(false);
            self.order(voice, Some(key.clone()), Action::Mute(!muted));
        }
    }

    /// The flash or hold button was pressed.
    pub(in crate::station) fn flash_for_softphone(&self, voice: &mut Voice<'_>) {
        if let Some((key, leg)) = self.call.front_leg().filter(|(key, _)| is_page(key)) {
            let action = if leg.phase == Phase::Held {
                Action::Resume
            } else {
                Action::Hold
            };
            self.order(voice, Some(key.clone()), action);
        }
    }

    fn order(&self, voice: &mut Voice<'_>, key: Option<LegKey>, action: Action) {
        let Some(key) = key else { return };
        // A call that rings has no id of ours yet; the page knows it by its own.
        let call = self.call.call().map(|call| call.id).unwrap_or_default();
        let number = voice.adapters.number();
        voice.order(Order {
            adapter: key.adapter,
            number,
            leg: Some(key.id),
            call,
            action,
        });
    }
}

fn is_page(key: &LegKey) -> bool {
    key.adapter == Adapter::Spokes
}
