//! hidraw nodes as sysfs shows them, and which of them belong to a headset.
//!
//! *Promises*: needs no permission on the device: the report descriptor is read from sysfs, where
//! everybody may.
//!
//! *Fails* with `None` for what is not behind USB or has just gone.
//!
//! *Never* takes a keyboard or a mouse for a headset: what a person types is nobody's business here.

use super::descriptor::{Direction, ReportDescriptor, limits};
use super::quirks::Quirk;
use super::usage;
use crate::headset::UsbPath;
use crate::pairing;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One hidraw node: one HID interface of a USB device.
#[derive(Debug, Clone)]
pub(crate) struct HidNode {
    /// Its directory in sysfs. Holds a number that is never used twice while the system runs, which
    /// `/dev/hidraw0` is not.
    pub(crate) sysfs: PathBuf,
    /// Its device node.
    pub(crate) device: PathBuf,
    /// The USB device it belongs to.
    pub(crate) usb: UsbPath,
    /// What it declares, or one sentence why that cannot be read.
    pub(crate) descriptor: Result<ReportDescriptor, String>,
    /// What a simulated headset's reports are read from, instead of the device node.
    #[cfg(feature = "simulated")]
    pub(crate) wire: Option<crate::simulated::Wire>,
    /// The bytes of the descriptor, as far as they could be read.
    pub(crate) descriptor_bytes: Vec<u8>,
}

/// What a node is to a headset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It makes its USB device a headset.
    Headset,
    /// It has something to say if another node makes its USB device a headset.
    Companion,
    /// Nothing.
    Stranger,
}

/// The parts of the system that are looked at; others only in tests.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    pub(crate) sysfs: PathBuf,
    pub(crate) dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            sysfs: PathBuf::from("/sys"),
            dev: PathBuf::from("/dev"),
        }
    }
}

impl Roots {
    /// All hidraw nodes behind USB, in the order of their names.
    pub(crate) fn nodes(&self) -> Vec<HidNode> {
        let Ok(entries) = fs::read_dir(self.sysfs.join("class/hidraw")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.sort();
        paths.iter().filter_map(|path| self.node(path)).collect()
    }

    /// The node at this place in sysfs.
    pub(crate) fn node(&self, path: &Path) -> Option<HidNode> {
        let usb = pairing::usb_parent_below(&self.sysfs, path)?;
        let sysfs = fs::canonicalize(path).ok()?;
        let device = self.dev.join(sysfs.file_name()?);
        let mut descriptor_bytes = Vec::new();
        let descriptor = read_descriptor(&sysfs, &mut descriptor_bytes);
        Some(HidNode {
            sysfs,
            device,
            usb,
            descriptor,
            #[cfg(feature = "simulated")]
            wire: None,
            descriptor_bytes,
        })
    }
}

/// The HIDIOCGRDESC ioctl would need the device opened; this file is world-readable.
fn read_descriptor(sysfs: &Path, bytes: &mut Vec<u8>) -> Result<ReportDescriptor, String> {
    fs::File::open(sysfs.join("device/report_descriptor"))
        .and_then(|file| {
            file.take(limits::DESCRIPTOR_BYTES as u64 + 1)
                .read_to_end(bytes)
        })
        .map_err(|error| format!("its report descriptor cannot be read from sysfs: {error}"))?;
    ReportDescriptor::parse(bytes).map_err(|error| error.to_string())
}

impl HidNode {
    /// Whether it is still the interface that was found. The name in /dev may by now be another device's;
    /// the place in sysfs is ours alone.
    pub(crate) fn is_there(&self) -> bool {
        #[cfg(feature = "simulated")]
        if self.wire.is_some() {
            return true;
        }
        self.sysfs.exists()
    }

    /// What it is to a headset, given what the quirk files say about its product.
    pub(crate) fn role(&self, quirk: Option<&Quirk>) -> Role {
        let Ok(descriptor) = &self.descriptor else {
            // Of a make we know, a broken headset is worth a word; of another, it is not ours.
            return if quirk.is_some() {
                Role::Headset
            } else {
                Role::Stranger
            };
        };
        let applications = descriptor.applications();
        let telephony = applications
            .iter()
            .any(|usage| usage.page() == usage::TELEPHONY)
            || input_on(descriptor, |page| page == usage::TELEPHONY);
        if telephony {
            return Role::Headset;
        }
        // Pointer, mouse, keyboard, key pad (Generic Desktop 01, 02, 06, 07) and typed keys.
        let typing = applications.iter().any(|usage| {
            usage.page() == usage::GENERIC_DESKTOP && matches!(usage.id(), 1 | 2 | 6 | 7)
        }) || input_on(descriptor, |page| page == usage::KEYBOARD);
        let own_keys = input_on(descriptor, |page| page == usage::CONSUMER || page >= 0xff00);
        match (
            typing,
            own_keys,
            quirk.is_some_and(|quirk| quirk.names_product),
        ) {
            (false, true, true) => Role::Headset,
            (false, true, false) => Role::Companion,
            _ => Role::Stranger,
        }
    }
}

fn input_on(descriptor: &ReportDescriptor, page: impl Fn(u16) -> bool) -> bool {
    descriptor
        .fields()
        .iter()
        .filter(|field| field.direction == Direction::Input)
        .any(|field| descriptor.pages(field).any(&page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headset::{ProductId, VendorId};
    use crate::hid::quirks::QuirkBook;

    /// One input bit on a page, in an application collection.
    fn node(application: [u8; 2], page: u16) -> HidNode {
        let [low, high] = page.to_le_bytes();
        let bytes = [
            0x05,
            application[0],
            0x09,
            application[1],
            0xa1,
            1,
            0x06,
            low,
            high,
            0x09,
            0x20,
            0x15,
            0,
            0x25,
            1,
            0x75,
            1,
            0x95,
            1,
            0x81,
            2,
            0xc0,
        ];
        HidNode {
            sysfs: PathBuf::new(),
            device: PathBuf::new(),
            usb: UsbPath::new(PathBuf::new()),
            descriptor: ReportDescriptor::parse(&bytes).map_err(|error| error.to_string()),
            #[cfg(feature = "simulated")]
            wire: None,
            descriptor_bytes: bytes.to_vec(),
        }
    }

    fn quirk(vendor: u16, product: u16) -> Option<Quirk> {
        QuirkBook::built_in().find(VendorId(vendor), ProductId(product))
    }

    #[test]
    fn telephony_makes_a_headset_of_any_make() {
        assert_eq!(node([0x0b, 5], 0x0b).role(None), Role::Headset);
        assert_eq!(node([0x0c, 1], 0x0b).role(None), Role::Headset);
    }

    #[test]
    fn consumer_and_vendor_keys_make_one_only_of_a_named_product() {
        assert_eq!(
            node([0x0c, 1], 0x0c).role(quirk(0x047f, 0xda60).as_ref()),
            Role::Headset
        );
        assert_eq!(
            node([0x0c, 1], 0x0c).role(quirk(0x047f, 0xc056).as_ref()),
            Role::Companion
        );
        assert_eq!(node([0x0c, 1], 0xffa0).role(None), Role::Companion);
    }

    #[test]
    fn keyboards_and_mice_are_strangers_whatever_their_make() {
        let plantronics = quirk(0x047f, 0xda60);
        for (application, page) in [([1, 6], 7), ([1, 2], 9), ([1, 6], 0xff00), ([0x0c, 1], 7)] {
            assert_eq!(
                node(application, page).role(plantronics.as_ref()),
                Role::Stranger
            );
        }
        assert_eq!(node([1, 4], 9).role(plantronics.as_ref()), Role::Stranger);
    }

    #[test]
    fn a_broken_descriptor_matters_only_of_a_make_we_know() {
        let broken = HidNode {
            descriptor: Err(String::new()),
            ..node([0x0b, 5], 0x0b)
        };
        assert_eq!(broken.role(None), Role::Stranger);
        assert_eq!(broken.role(quirk(0x0b0e, 1).as_ref()), Role::Headset);
    }
}
