//! Which headsets count (`devices.include`, `devices.exclude`): what is left out never reaches the
//! station, so no call is found on it and none of its streams is opened.

use crate::config::DevicesConfig;
use crate::config::HeadsetSelector;
use crate::station::AudioInput;
use sidetone_devices::event::{HeadsetEvent, HeadsetEventKind};
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use std::collections::BTreeSet;

/// The lists in force, and the plugs they leave out. HID and sound card of one plug are told apart,
/// as each names itself when it comes.
#[derive(Debug)]
pub(super) struct Selection {
    include: Vec<HeadsetSelector>,
    exclude: Vec<HeadsetSelector>,
    hid_left_out: BTreeSet<UsbPath>,
    cards_left_out: BTreeSet<UsbPath>,
}

impl Selection {
    pub(super) fn new(devices: &DevicesConfig) -> Self {
        Self {
            include: devices.include.clone(),
            exclude: devices.exclude.clone(),
            hid_left_out: BTreeSet::new(),
            cards_left_out: BTreeSet::new(),
        }
    }

    /// Whether the station may hear of this.
    pub(super) fn admits(&mut self, event: &HeadsetEvent) -> bool {
        if let HeadsetEventKind::Added { identity, .. } = &event.kind {
            let wanted = self.wants(identity);
            note(&mut self.hid_left_out, &event.usb, wanted);
        }
        let left_out = self.hid_left_out.contains(&event.usb);
        if matches!(event.kind, HeadsetEventKind::Removed) {
            self.hid_left_out.remove(&event.usb);
        }
        !left_out
    }

    /// Whether the station may hear of this.
    pub(super) fn admits_sound(&mut self, told: &AudioInput) -> bool {
        use AudioInput as A;
        let usb = match told {
            A::ServerUp { .. } | A::ServerDown { .. } => return true,
            A::CardAdded { usb, identity } => {
                let wanted = self.wants(identity);
                note(&mut self.cards_left_out, usb, wanted);
                usb
            }
            A::CardRemoved { usb }
            | A::Applications { usb, .. }
            | A::Busy { usb, .. }
            | A::Mixer { usb, .. }
            | A::Opened { usb, .. }
            | A::Closed { usb, .. }
            | A::Gap { usb, .. } => usb,
        };
        let left_out = self.cards_left_out.contains(usb);
        if matches!(told, A::CardRemoved { .. }) {
            self.cards_left_out.remove(usb);
        }
        !left_out
    }

    fn wants(&self, headset: &HeadsetIdentity) -> bool {
        let named = |list: &[HeadsetSelector]| list.iter().any(|one| one.matches(headset));
        (self.include.is_empty() || named(&self.include)) && !named(&self.exclude)
    }
}

fn note(left_out: &mut BTreeSet<UsbPath>, usb: &UsbPath, wanted: bool) {
    if wanted {
        left_out.remove(usb);
    } else {
        left_out.insert(usb.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use crate::config::DevicesConfig;
    use crate::station::AudioInput;
    use sidetone_devices::event::{ControlEvent, HeadsetEvent, HeadsetEventKind};
    use sidetone_devices::headset::{HeadsetIdentity, ProductId, UsbPath, VendorId};
    use std::time::Instant;

    fn identity(product: u16) -> HeadsetIdentity {
        HeadsetIdentity {
            vendor: VendorId(0x047F),
            product: ProductId(product),
            serial: None,
            name: "Headset".to_owned(),
            firmware: None,
        }
    }

    fn event(usb: &UsbPath, kind: HeadsetEventKind) -> HeadsetEvent {
        HeadsetEvent {
            at: Instant::now(),
            usb: usb.clone(),
            kind,
        }
    }

    #[test]
    fn an_excluded_headset_is_never_heard_of_until_another_takes_its_port() {
        let devices: DevicesConfig =
            toml::from_str("include = []\nexclude = ['047f:0001']").unwrap();
        let mut selection = Selection::new(&devices);
        let usb = UsbPath::new("/sys/devices/usb1/1-1".into());
        let added = |product| HeadsetEventKind::Added {
            identity: identity(product),
            quirk: None,
        };
        let pressed = HeadsetEventKind::Control(ControlEvent::MutePressed);
        assert!(!selection.admits(&event(&usb, added(1))));
        assert!(!selection.admits(&event(&usb, pressed.clone())));
        assert!(!selection.admits(&event(&usb, HeadsetEventKind::Removed)));
        assert!(selection.admits(&event(&usb, added(2))));
        assert!(selection.admits(&event(&usb, pressed)));

        let card = AudioInput::CardAdded {
            usb: usb.clone(),
            identity: identity(1),
        };
        assert!(!selection.admits_sound(&card));
        assert!(!selection.admits_sound(&AudioInput::CardRemoved { usb: usb.clone() }));
        let card = AudioInput::CardAdded {
            usb: usb.clone(),
            identity: identity(2),
        };
        assert!(selection.admits_sound(&card));
    }

    #[test]
    fn with_an_include_list_only_those() {
        let devices: DevicesConfig =
            toml::from_str("include = ['047f:0002']\nexclude = []").unwrap();
        let mut selection = Selection::new(&devices);
        for (product, wanted) in [(1, false), (2, true)] {
            let usb = UsbPath::new(format!("/sys/devices/usb1/1-{product}").into());
            let added = HeadsetEventKind::Added {
                identity: identity(product),
                quirk: None,
            };
            assert_eq!(selection.admits(&event(&usb, added)), wanted, "{product}");
        }
    }
}
