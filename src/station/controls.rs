//! What a moved control of a headset means.

use super::session::Session;
use super::voice::Voice;
use crate::alerts::HeadsetFact;
use sidetone_devices::event::ControlEvent;
use sidetone_wire::event::{EventDetail, EventType};

/// Tells the headset's trackers, and an event where it is one.
pub(super) fn moved(session: &mut Session, voice: &mut Voice<'_>, control: ControlEvent) {
    let now = voice.now;
    let button = |name: &str| EventDetail {
        button: Some(name.to_owned()),
        ..EventDetail::default()
    };
    let (kind, detail) = match control {
        ControlEvent::HookSwitch(off_hook) => return session.hook(voice, off_hook),
        ControlEvent::LineBusy(busy) => return session.call.evidence.line_busy(now, busy),
        ControlEvent::MuteState { muted, verified } => {
            return session.mute.vendor_state(now, muted, verified);
        }
        ControlEvent::QuickDisconnect { open, verified } => {
            return session.qd.bit(now, open, verified);
        }
        // No event of the contract says it, and a headset out of reach comes back by itself.
        ControlEvent::LinkLost(_) => return,
        ControlEvent::MutePressed => {
            session.mute.press(now);
            session.mute_for_softphone(voice);
            (EventType::ButtonPressed, button("phone_mute"))
        }
        ControlEvent::Flash => {
            session.flash_for_softphone(voice);
            (EventType::ButtonPressed, button("flash"))
        }
        ControlEvent::Drop => (EventType::ButtonPressed, button("drop")),
        ControlEvent::Hold => {
            session.flash_for_softphone(voice);
            (EventType::ButtonPressed, button("hold"))
        }
        ControlEvent::Button(name) => (EventType::ButtonPressed, button(name)),
        ControlEvent::Volume(step) => (
            EventType::VolumeChanged,
            EventDetail {
                step: Some(i32::from(step)),
                ..EventDetail::default()
            },
        ),
        ControlEvent::Battery(percent) => return charge(session, voice, percent),
    };
    session.event(voice, kind, detail);
}

/// The headset's own report and the kernel may both tell it; said when it changes.
fn charge(session: &mut Session, voice: &mut Voice<'_>, percent: u8) {
    let charge = f64::from(percent.min(100)) / 100.0;
    if session.battery.replace(charge) == Some(charge) {
        return;
    }
    let detail = EventDetail {
        battery: Some(charge),
        ..EventDetail::default()
    };
    session.event(voice, EventType::BatteryChanged, detail);
    voice.fact(&session.headset.id, HeadsetFact::Battery(charge));
}
