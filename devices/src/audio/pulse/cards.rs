//! Which sinks, sources and cards of a server are one USB headset.

use super::listing::{Device, Listing, Properties};
use crate::headset::{HeadsetIdentity, ProductId, UsbPath, VendorId};
use crate::pairing::{usb_identity, usb_parent_below};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a server has of one plug.
#[derive(Debug, Clone)]
pub(crate) struct HeadsetCard {
    pub(crate) identity: HeadsetIdentity,
    /// The microphone.
    pub(crate) source: Option<Device>,
    /// The speaker.
    pub(crate) sink: Option<Device>,
}

impl HeadsetCard {
    /// Sources through which an application hears this microphone: itself, and filters on top of it.
    pub(crate) fn sources(&self, listing: &Listing) -> Vec<u32> {
        with_filters(self.source.as_ref(), &listing.sources)
    }

    /// Sinks through which an application reaches this speaker.
    pub(crate) fn sinks(&self, listing: &Listing) -> Vec<u32> {
        with_filters(self.sink.as_ref(), &listing.sinks)
    }
}

fn with_filters(device: Option<&Device>, all: &[Device]) -> Vec<u32> {
    let Some(device) = device else {
        return Vec::new();
    };
    let filters = all
        .iter()
        .filter(|other| other.properties.get("device.master_device") == Some(&device.name));
    std::iter::once(device.index)
        .chain(filters.map(|filter| filter.index))
        .collect()
}

/// All USB sound cards on the server, by plug. Of several sinks or sources of one card the first counts.
pub(crate) fn headset_cards(listing: &Listing, sysfs: &Path) -> BTreeMap<UsbPath, HeadsetCard> {
    let mut cards = BTreeMap::new();
    let mut card_of = |properties: &Properties| -> Option<UsbPath> {
        let usb = usb_of(properties, sysfs)?;
        cards.entry(usb.clone()).or_insert_with(|| HeadsetCard {
            identity: usb_identity(&usb).unwrap_or_else(|| identity(properties)),
            source: None,
            sink: None,
        });
        Some(usb)
    };
    for card in &listing.cards {
        card_of(&card.properties);
    }
    // A monitor is not a microphone: it has a sink as its counterpart.
    let microphones = listing.sources.iter().filter(|s| s.counterpart.is_none());
    let sources: Vec<_> = microphones
        .filter_map(|source| Some((card_of(&source.properties)?, source)))
        .collect();
    let sinks: Vec<_> = listing
        .sinks
        .iter()
        .filter_map(|sink| Some((card_of(&sink.properties)?, sink)))
        .collect();
    for (usb, source) in sources {
        if let Some(card) = cards.get_mut(&usb) {
            card.source.get_or_insert_with(|| source.clone());
        }
    }
    for (usb, sink) in sinks {
        if let Some(card) = cards.get_mut(&usb) {
            card.sink.get_or_insert_with(|| sink.clone());
        }
    }
    cards
}

/// The plug a device's properties lead to: by its sysfs path, else its ALSA card number, else its USB ids
/// if only one such device is plugged in.
fn usb_of(properties: &Properties, sysfs: &Path) -> Option<UsbPath> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| properties.get(key));
    let by_path = first(&["sysfs.path", "device.sysfs.path"])
        .and_then(|path| usb_parent_below(sysfs, &below(sysfs, path)));
    let by_card = || {
        let number: u32 = first(&["alsa.card", "api.alsa.card", "api.alsa.pcm.card"])?
            .parse()
            .ok()?;
        usb_parent_below(sysfs, &sysfs.join(format!("class/sound/card{number}")))
    };
    by_path
        .or_else(by_card)
        .or_else(|| by_ids(properties, sysfs))
}

/// PulseAudio leaves `/sys` off a sysfs path, PipeWire does not.
fn below(sysfs: &Path, path: &str) -> PathBuf {
    let path = path.strip_prefix("/sys/").unwrap_or(path);
    sysfs.join(path.trim_start_matches('/'))
}

fn by_ids(properties: &Properties, sysfs: &Path) -> Option<UsbPath> {
    let wanted = identity(properties);
    if wanted.vendor.0 == 0 {
        return None;
    }
    let devices = std::fs::read_dir(sysfs.join("bus/usb/devices")).ok()?;
    let mut matching = devices.flatten().filter_map(|entry| {
        let usb = usb_parent_below(sysfs, &entry.path())?;
        let found = usb_identity(&usb)?;
        let same = (found.vendor, found.product) == (wanted.vendor, wanted.product)
            && (wanted.serial.is_none() || found.serial.is_none() || found.serial == wanted.serial);
        same.then_some(usb)
    });
    let first = matching.next()?;
    // An interface leads to its device too; another device would make it ambiguous.
    matching.all(|other| other == first).then_some(first)
}

/// What the properties say where sysfs says nothing.
fn identity(properties: &Properties) -> HeadsetIdentity {
    let id = |key| {
        let text = properties.get(key).unwrap_or("0");
        u16::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(0)
    };
    HeadsetIdentity {
        vendor: VendorId(id("device.vendor.id")),
        product: ProductId(id("device.product.id")),
        serial: properties.get("device.serial").map(str::to_owned),
        name: ["device.product.name", "device.description"]
            .iter()
            .find_map(|key| properties.get(key))
            .unwrap_or("USB headset")
            .to_owned(),
        firmware: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::pulse::listing::Entry;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Two plugs with a sound card each, and the links the kernel makes.
    fn sysfs() -> tempfile::TempDir {
        let sys = tempfile::TempDir::new().unwrap();
        for (plug, card, product) in [("1-1", 1, "c056"), ("1-2", 2, "0422")] {
            let usb = sys.path().join("devices/usb1").join(plug);
            let sound = usb.join(format!("{plug}:1.0/sound/card{card}"));
            fs::create_dir_all(&sound).unwrap();
            fs::write(usb.join("idVendor"), "047f").unwrap();
            fs::write(usb.join("idProduct"), product).unwrap();
            for (class, name, target) in [
                ("bus/usb/devices", plug.to_owned(), &usb),
                ("class/sound", format!("card{card}"), &sound),
            ] {
                fs::create_dir_all(sys.path().join(class)).unwrap();
                symlink(target, sys.path().join(class).join(name)).unwrap();
            }
        }
        sys
    }

    #[test]
    fn every_server_s_way_to_name_a_card_leads_to_its_plug() {
        let sys = sysfs();
        let plug = |properties: Properties| {
            usb_of(&properties, sys.path()).map(|usb| usb.as_path().file_name().unwrap().to_owned())
        };
        let path = "devices/usb1/1-1/1-1:1.0/sound/card1";
        for (properties, expected) in [
            (
                Properties::from([("sysfs.path", &*format!("/{path}"))]),
                "1-1",
            ),
            (
                Properties::from([("device.sysfs.path", &*format!("/sys/{path}"))]),
                "1-1",
            ),
            (Properties::from([("alsa.card", "2")]), "1-2"),
            (
                Properties::from([("api.alsa.card", "1"), ("sysfs.path", "/gone")]),
                "1-1",
            ),
            (
                Properties::from([
                    ("device.vendor.id", "0x047f"),
                    ("device.product.id", "0x0422"),
                ]),
                "1-2",
            ),
        ] {
            assert_eq!(
                plug(properties.clone()).unwrap(),
                expected,
                "{properties:?}"
            );
        }
        assert_eq!(plug(Properties::from([("device.class", "sound")])), None);
        assert_eq!(plug(Properties::from([("alsa.card", "0")])), None);
    }

    #[test]
    fn two_devices_of_one_kind_are_not_told_apart_by_their_ids() {
        let sys = sysfs();
        fs::write(sys.path().join("devices/usb1/1-2/idProduct"), "c056").unwrap();
        let ids = Properties::from([("device.vendor.id", "047f"), ("device.product.id", "c056")]);
        assert_eq!(usb_of(&ids, sys.path()), None);
    }

    #[test]
    fn a_monitor_is_no_microphone_and_a_card_without_profile_is_still_there() {
        let sys = sysfs();
        let on = |card: &str| Properties::from([("alsa.card", card)]);
        let listing = Listing {
            cards: vec![Entry {
                index: 0,
                properties: on("2"),
            }],
            sinks: vec![Device {
                index: 4,
                counterpart: Some(7),
                properties: on("1"),
                ..Device::default()
            }],
            sources: vec![Device {
                index: 7,
                counterpart: Some(4),
                properties: on("1"),
                ..Device::default()
            }],
            ..Listing::default()
        };
        let cards = headset_cards(&listing, sys.path());
        let found: Vec<_> = cards
            .values()
            .map(|card| (card.source.is_some(), card.sink.is_some()))
            .collect();
        assert_eq!(found, [(false, true), (false, false)]);
    }
}
