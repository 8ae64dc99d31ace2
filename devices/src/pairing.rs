//! Which parts belong to one plug: the way from any sysfs node up to its USB device.
//!
//! *Promises*: a HID interface and a sound card of the same headset yield the same
//! [`UsbPath`], also through a symbolic link of `/sys/class`.
//!
//! *Fails* with `None` for everything that is not behind USB (uhid, Bluetooth, on-board sound) or is
//! already gone.
//!
//! *Never* opens a device node or asks udev: only directories and small text files of sysfs are read.

use crate::headset::{HeadsetIdentity, ProductId, UsbPath, VendorId};
use std::fs;
use std::path::Path;

/// The file that a USB *device* directory has in sysfs, and an interface's has not.
const USB_DEVICE_MARK: &str = "idVendor";

/// The USB device that `sysfs_path` (a directory or a symbolic link below `/sys`) belongs to.
///
/// ```no_run
/// use std::path::Path;
/// let hid = sidetone_devices::pairing::usb_parent(Path::new("/sys/class/hidraw/hidraw0"));
/// let card = sidetone_devices::pairing::usb_parent(Path::new("/sys/class/sound/card1"));
/// let one_headset = hid.is_some() && hid == card;
/// # let _ = one_headset;
/// ```
#[must_use]
pub fn usb_parent(sysfs_path: &Path) -> Option<UsbPath> {
    usb_parent_below(Path::new("/sys"), sysfs_path)
}

/// [`usb_parent`] in the sysfs mounted (or laid out, in a test) at `sysfs_root`; never looks outside it.
#[must_use]
pub fn usb_parent_below(sysfs_root: &Path, sysfs_path: &Path) -> Option<UsbPath> {
    let root = fs::canonicalize(sysfs_root).ok()?;
    let start = fs::canonicalize(sysfs_path).ok()?;
    start
        .ancestors()
        .take_while(|directory| directory.starts_with(&root) && *directory != root)
        .find(|directory| directory.join(USB_DEVICE_MARK).is_file())
        .map(|directory| UsbPath::new(directory.to_path_buf()))
}

/// What the USB device says it is, from its sysfs attributes.
///
/// `None` if it is gone or its ids cannot be read; strings that are missing (many headsets have no
/// serial number) are simply absent.
#[must_use]
pub fn usb_identity(usb: &UsbPath) -> Option<HeadsetIdentity> {
    let attribute = |name: &str| {
        let text = fs::read_to_string(usb.as_path().join(name)).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let hex = |name: &str| u16::from_str_radix(&attribute(name)?, 16).ok();
    let vendor = VendorId(hex(USB_DEVICE_MARK)?);
    let product = ProductId(hex("idProduct")?);
    Some(HeadsetIdentity {
        vendor,
        product,
        serial: attribute("serial"),
        name: attribute("product")
            .unwrap_or_else(|| format!("USB device {:04x}:{:04x}", vendor.0, product.0)),
        firmware: attribute("bcdDevice").map(|digits| release_number(&digits)),
    })
}

/// `bcdDevice` as sysfs shows it (four binary-coded decimal digits, USB 2.0 §9.6.1) in the usual form:
/// `0110` is `1.10`.
fn release_number(digits: &str) -> String {
    match (digits.get(..2), digits.get(2..4)) {
        (Some(major), Some(minor)) if digits.len() == 4 => {
            let major = major.trim_start_matches('0');
            format!("{}.{minor}", if major.is_empty() { "0" } else { major })
        }
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// A headset behind a hub, as the kernel lays it out: interface 0 is sound, interface 3 is HID.
    fn headset() -> TempDir {
        let sys = TempDir::new().unwrap();
        let hub = sys.path().join("devices/pci0000:00/0000:00:14.0/usb1/1-4");
        let usb = hub.join("1-4.2");
        let hid = usb.join("1-4.2:1.3/0003:047F:C056.0001/hidraw/hidraw0");
        let card = usb.join("1-4.2:1.0/sound/card1");
        for directory in [&hid, &card] {
            fs::create_dir_all(directory).unwrap();
        }
        for (directory, vendor, product) in [(&hub, "1d6b", "0002"), (&usb, "047f", "c056")] {
            fs::write(directory.join("idVendor"), format!("{vendor}\n")).unwrap();
            fs::write(directory.join("idProduct"), format!("{product}\n")).unwrap();
        }
        fs::write(usb.join("product"), "Plantronics Blackwire 3220 Series\n").unwrap();
        fs::write(usb.join("bcdDevice"), "0213\n").unwrap();
        fs::write(usb.join("serial"), "\n").unwrap();
        for (class, name, target) in [("hidraw", "hidraw0", &hid), ("sound", "card1", &card)] {
            let class = sys.path().join("class").join(class);
            fs::create_dir_all(&class).unwrap();
            symlink(target, class.join(name)).unwrap();
        }
        let on_board = sys
            .path()
            .join("devices/pci0000:00/0000:00:1f.3/sound/card0");
        fs::create_dir_all(on_board).unwrap();
        sys
    }

    #[test]
    fn hid_and_sound_card_meet_at_the_headset_not_at_the_hub() {
        let sys = headset();
        let parent = |path: &str| usb_parent_below(sys.path(), &sys.path().join(path));
        let hid = parent("class/hidraw/hidraw0").unwrap();
        assert_eq!(parent("class/sound/card1"), Some(hid.clone()));
        assert!(hid.as_path().ends_with("usb1/1-4/1-4.2"), "{hid}");
    }

    #[test]
    fn what_is_not_usb_or_not_there_has_no_parent() {
        let sys = headset();
        let parent = |path: &str| usb_parent_below(sys.path(), &sys.path().join(path));
        assert_eq!(parent("devices/pci0000:00/0000:00:1f.3/sound/card0"), None);
        assert_eq!(parent("class/hidraw/hidraw9"), None);
    }

    #[test]
    fn the_walk_never_leaves_its_sysfs() {
        let sys = headset();
        let usb1 = sys
            .path()
            .join("devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4.2");
        let inner = usb1.join("1-4.2:1.3");
        assert_eq!(
            usb_parent_below(&inner, &inner.join("0003:047F:C056.0001")),
            None
        );
        assert_eq!(usb_parent_below(&inner, &usb1), None);
    }

    #[test]
    fn identity_comes_from_the_attributes_and_lacks_what_they_lack() {
        let sys = headset();
        let usb = usb_parent_below(sys.path(), &sys.path().join("class/hidraw/hidraw0")).unwrap();
        let identity = usb_identity(&usb).unwrap();
        assert_eq!(
            (identity.vendor, identity.product),
            (VendorId(0x047f), ProductId(0xc056))
        );
        assert_eq!(identity.name, "Plantronics Blackwire 3220 Series");
        assert_eq!(identity.serial, None);
        assert_eq!(identity.firmware.as_deref(), Some("2.13"));
    }

    #[test]
    fn release_numbers_read_as_people_write_them() {
        for (digits, text) in [
            ("0110", "1.10"),
            ("0000", "0.00"),
            ("1234", "12.34"),
            ("9", "9"),
        ] {
            assert_eq!(release_number(digits), text);
        }
    }
}
