//! Headsets as they are listed: as JSON (`sidetone.devices/1`) and as text.

use crate::config::DevicesConfig;
use crate::sound_card::SoundCard;
use serde::Serialize;
use sidetone_devices::headset::UsbPath;
use sidetone_devices::hid::descriptor::Direction;
use sidetone_devices::hid::{Listing, NodeListing, ReportListing};
use sidetone_devices::pairing::usb_identity;
use std::fmt::Write;

/// Everything listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DevicesView {
    /// `sidetone.devices/1`.
    pub schema: &'static str,
    /// Headsets with controls, and USB sound cards with a microphone but without.
    pub headsets: Vec<HeadsetView>,
}

/// One plug. Unknown is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadsetView {
    /// Product name as the device says it.
    pub name: String,
    /// How the configuration names it: `vid:pid`.
    pub selector: String,
    /// Serial number as the device says it; it never leaves the workstation as it is.
    pub serial: Option<String>,
    /// Release number of the device.
    pub firmware: Option<String>,
    /// Where it is plugged in, in sysfs.
    pub usb: String,
    /// The configuration wants it watched.
    pub watched: bool,
    /// Quirk files that apply.
    pub quirk: Option<String>,
    /// HID interfaces with controls.
    pub interfaces: Vec<InterfaceView>,
    /// Its sound card.
    pub sound_card: Option<SoundCard>,
}

/// One HID interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InterfaceView {
    /// Device node.
    pub device: String,
    /// Why it cannot be read, and what to do.
    pub unreadable: Option<String>,
    /// What its reports carry.
    pub reports: Vec<ReportView>,
}

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportView {
    /// `input`, `output` or `feature`.
    pub direction: &'static str,
    /// Its id, if the device uses ids.
    pub id: Option<u8>,
    /// What it carries.
    pub usages: Vec<UsageView>,
}

/// One usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageView {
    /// Page and id in hexadecimal, e.g. `0b:2f`.
    pub usage: String,
    /// Its name in the HID Usage Tables; of vendor usages the numbers.
    pub name: String,
}

impl DevicesView {
    /// Joins what was listed at each plug.
    #[must_use]
    pub fn new(
        listings: Vec<Listing>,
        mut cards: Vec<(UsbPath, SoundCard)>,
        config: &DevicesConfig,
    ) -> Self {
        let mut headsets = Vec::new();
        for listing in listings {
            let at = cards.iter().position(|(usb, _)| *usb == listing.usb);
            let card = at.map(|at| cards.remove(at).1);
            headsets.push(HeadsetView::new(listing, card, config));
        }
        for (usb, card) in cards.into_iter().filter(|(_, card)| card.capture) {
            let Some(identity) = usb_identity(&usb) else {
                continue;
            };
            let without_controls = Listing {
                usb,
                identity,
                quirk: None,
                nodes: Vec::new(),
            };
            headsets.push(HeadsetView::new(without_controls, Some(card), config));
        }
        Self {
            schema: "sidetone.devices/1",
            headsets,
        }
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        if self.headsets.is_empty() {
            return "No USB headset is plugged in.\n".to_owned();
        }
        let texts: Vec<String> = self.headsets.iter().map(HeadsetView::text).collect();
        texts.join("\n")
    }
}

impl HeadsetView {
    fn new(listing: Listing, sound_card: Option<SoundCard>, config: &DevicesConfig) -> Self {
        let Listing {
            usb,
            identity,
            quirk,
            nodes,
        } = listing;
        let named = |list: &[crate::config::HeadsetSelector]| {
            list.iter().any(|selector| selector.matches(&identity))
        };
        let included = config.include.is_empty() || named(&config.include);
        Self {
            watched: included && !named(&config.exclude) && !nodes.is_empty(),
            selector: format!("{:04x}:{:04x}", identity.vendor.0, identity.product.0),
            name: identity.name,
            serial: identity.serial,
            firmware: identity.firmware,
            usb: usb.to_string(),
            quirk,
            interfaces: nodes.into_iter().map(InterfaceView::new).collect(),
            sound_card,
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self {
            name,
            selector,
            usb,
            ..
        } = self;
        writeln!(out, "{name}  [{selector}]")?;
        let serial = self.serial.as_deref().unwrap_or("none");
        let firmware = self.firmware.as_deref().unwrap_or("unknown");
        writeln!(out, "  serial {serial}, firmware {firmware}, {usb}")?;
        let watched = if self.watched { "yes" } else { "no" };
        let quirk = self
            .quirk
            .as_deref()
            .unwrap_or("none, standard usages only");
        writeln!(out, "  watched: {watched}; quirk file: {quirk}")?;
        match &self.sound_card {
            Some(card) => writeln!(out, "  sound card: {}", card_text(card))?,
            None => writeln!(out, "  sound card: none")?,
        }
        if self.interfaces.is_empty() {
            writeln!(out, "  controls: none")?;
        }
        for interface in &self.interfaces {
            interface.write(out)?;
        }
        Ok(())
    }
}

impl InterfaceView {
    fn new(node: NodeListing) -> Self {
        Self {
            device: node.device.display().to_string(),
            unreadable: node.unreadable,
            reports: node.reports.into_iter().map(ReportView::new).collect(),
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        match &self.unreadable {
            Some(reason) => writeln!(out, "  {}: {reason}", self.device)?,
            None => writeln!(out, "  {}:", self.device)?,
        }
        for report in &self.reports {
            let id = report.id.map(|id| format!(" {id}")).unwrap_or_default();
            let usages: Vec<&str> = report.usages.iter().map(|u| u.name.as_str()).collect();
            writeln!(out, "    {}{id}: {}", report.direction, usages.join(", "))?;
        }
        Ok(())
    }
}

impl ReportView {
    fn new(report: ReportListing) -> Self {
        let usages = report.usages.into_iter().map(|usage| UsageView {
            usage: usage.to_string(),
            name: usage.name(),
        });
        Self {
            direction: match report.direction {
                Direction::Input => "input",
                Direction::Output => "output",
                Direction::Feature => "feature",
            },
            id: report.id.map(|id| id.get()),
            usages: usages.collect(),
        }
    }
}

fn card_text(card: &SoundCard) -> String {
    let streams = match (card.capture, card.playback) {
        (true, true) => "microphone and speaker",
        (true, false) => "microphone only",
        (false, true) => "speaker only",
        (false, false) => "no stream",
    };
    format!("{} (hw:{}), {streams}", card.id, card.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidetone_devices::headset::{HeadsetIdentity, ProductId, VendorId};
    use sidetone_devices::hid::descriptor::ReportId;
    use sidetone_devices::hid::usage::Usage;
    use std::path::PathBuf;

    fn plug(path: &str) -> UsbPath {
        UsbPath::new(PathBuf::from(path))
    }

    fn listing() -> Listing {
        Listing {
            usb: plug("/sys/devices/usb1/1-4"),
            identity: HeadsetIdentity {
                vendor: VendorId(0x047f),
                product: ProductId(0xc056),
                serial: None,
                name: "Blackwire 3220".to_owned(),
                firmware: Some("2.13".to_owned()),
            },
            quirk: Some("poly".to_owned()),
            nodes: vec![NodeListing {
                device: PathBuf::from("/dev/hidraw0"),
                reports: vec![ReportListing {
                    direction: Direction::Input,
                    id: ReportId::new(8),
                    usages: vec![Usage::new(0x0b, 0x20), Usage::new(0xffa0, 0x9b)],
                }],
                unreadable: None,
            }],
        }
    }

    fn card(number: u32) -> SoundCard {
        SoundCard {
            number,
            id: "C3220".to_owned(),
            capture: true,
            playback: true,
        }
    }

    fn config() -> DevicesConfig {
        crate::config::defaults().unwrap().devices
    }

    #[test]
    fn a_headset_is_told_with_its_own_sound_card() {
        let cards = vec![
            (plug("/sys/devices/usb1/1-5"), card(1)),
            (plug("/sys/devices/usb1/1-4"), card(2)),
        ];
        let view = DevicesView::new(vec![listing()], cards, &config());
        assert_eq!(
            view.text(),
            "Blackwire 3220  [047f:c056]\n  serial none, firmware 2.13, /sys/devices/usb1/1-4\n  \
             watched: yes; quirk file: poly\n  sound card: C3220 (hw:2), microphone and speaker\n  \
             /dev/hidraw0:\n    input 8: Hook Switch, ffa0:9b\n"
        );
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["headsets"][0]["sound_card"]["number"], 2);
        assert_eq!(json["headsets"][0]["serial"], serde_json::Value::Null);
        let usage = &json["headsets"][0]["interfaces"][0]["reports"][0]["usages"][0];
        assert_eq!(usage["usage"], "0b:20");
    }

    #[test]
    fn the_configuration_decides_what_is_watched() {
        let watched = |config: DevicesConfig| {
            DevicesView::new(vec![listing()], Vec::new(), &config).headsets[0].watched
        };
        let other = vec!["047f:c057".parse().unwrap()];
        let vendor = vec!["047f:*".parse().unwrap()];
        assert!(watched(config()));
        assert!(!watched(DevicesConfig {
            include: other,
            ..config()
        }));
        assert!(watched(DevicesConfig {
            include: vendor.clone(),
            ..config()
        }));
        assert!(!watched(DevicesConfig {
            exclude: vendor,
            ..config()
        }));
    }

    #[test]
    fn no_headset_is_said_in_a_sentence() {
        let view = DevicesView::new(Vec::new(), Vec::new(), &config());
        assert_eq!(view.text(), "No USB headset is plugged in.\n");
    }
}
