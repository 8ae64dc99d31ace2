//! A headset as it stands now.

use super::Session;
use crate::station::telemetry;
use crate::station::view::{CallView, HeadsetView, QuickDisconnect};

impl Session {
    /// As it stands now, for who looks on.
    pub(in crate::station) fn view(&self) -> HeadsetView<'_> {
        let call = self.call.call().map(|call| CallView {
            id: call.id,
            since: call.since,
            how: call.how,
            held: call.held,
            far_end: self.far_end,
            heard: self.open,
            overtalk: self.overtalk.map(|(_, parties)| parties),
            figures: self.latest.as_ref().map(|second| {
                let about = telemetry::About {
                    headset: &self.headset.id,
                    call: call.id,
                    far_end: self.far_end,
                    muted: self.mute.state().is_on(),
                    mute_drift: self.truth.drifts(),
                    line: None,
                };
                telemetry::figures(&about, second)
            }),
        });
        HeadsetView {
            usb: &self.usb,
            id: &self.headset.id,
            identity: &self.headset.identity,
            quirk: self.headset.quirk.as_deref(),
            controls: self.headset.hid,
            sound_card: self.headset.card,
            trouble: self.trouble,
            off_hook: self.told.hook_off,
            mute: self.mute.state(),
            quick_disconnect: match (self.qd.open(), self.qd.closed()) {
                (Some(how), _) => QuickDisconnect::Open(how),
                (None, Some(how)) => QuickDisconnect::Closed(how),
                (None, None) => QuickDisconnect::Unknown,
            },
            volume: self.volume.resting(),
            battery: self.battery,
            call,
        }
    }
}
