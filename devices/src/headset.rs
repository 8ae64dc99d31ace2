//! Which headset: identity, and the USB device its HID interface and sound card share.

use std::fmt;
use std::path::{Path, PathBuf};

/// USB vendor id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorId(pub u16);

/// USB product id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductId(pub u16);

/// The sysfs path of the USB device (not of one of its interfaces), e.g.
/// `/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4`: the common parent by which a HID interface and a
/// sound card are known to be one headset, and this plug's identity until it is unplugged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsbPath(PathBuf);

impl UsbPath {
    /// Wraps the sysfs path of a USB device.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The path in sysfs.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for UsbPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// What a headset is: from its USB descriptors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeadsetIdentity {
    /// USB vendor id.
    pub vendor: VendorId,
    /// USB product id.
    pub product: ProductId,
    /// Serial number as the device says it. Never leaves the workstation as it is.
    pub serial: Option<String>,
    /// Product name as the device says it.
    pub name: String,
    /// `bcdDevice`, e.g. `1.10`.
    pub firmware: Option<String>,
}
