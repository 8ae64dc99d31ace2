//! Which headset is meant.

use super::*;
use sidetone_devices::headset::{HeadsetIdentity, ProductId, UsbPath, VendorId};

fn headset(product: u16, is_headset: bool) -> RawHeadset {
    RawHeadset {
        usb: UsbPath::new(PathBuf::from(format!("/sys/devices/usb1/1-{product}"))),
        identity: HeadsetIdentity {
            vendor: VendorId(0x047f),
            product: ProductId(product),
            serial: Some("S3RIAL".to_owned()),
            name: "Poly X S3RIAL".to_owned(),
            firmware: None,
        },
        is_headset,
        interfaces: Vec::new(),
    }
}

fn chosen(there: &[(u16, bool)], wanted: Option<&str>) -> Result<u16, String> {
    let there = there.iter().map(|(product, sure)| headset(*product, *sure));
    choose(there.collect(), wanted)
        .map(|headset| headset.identity.product.0)
        .map_err(|error| error.to_string())
}

#[test]
fn the_only_headset_needs_no_name() {
    assert_eq!(chosen(&[(1, true)], None), Ok(1));
    assert_eq!(chosen(&[(1, true), (2, false)], None), Ok(1));
    assert_eq!(chosen(&[(1, true), (2, false)], Some("2")), Ok(2));
    assert_eq!(
        chosen(&[(1, true), (0xc056, true)], Some("047F:C056")),
        Ok(0xc056)
    );
}

#[test]
fn otherwise_the_list_is_told() {
    let said = chosen(&[], None).unwrap_err();
    assert!(said.starts_with("no USB headset is plugged in"), "{said}");
    let said = chosen(&[(1, true), (2, true)], None).unwrap_err();
    assert!(
        said.contains("`sidetone learn 1`") && said.contains("  2  Poly X"),
        "{said}"
    );
    let said = chosen(&[(1, true), (1, true)], Some("047f:0001")).unwrap_err();
    assert!(said.starts_with("2 devices could be meant"), "{said}");
    let said = chosen(&[(1, true), (2, false)], Some("3")).unwrap_err();
    assert!(
        said.starts_with("no headset `3`") && said.contains("not known as a headset"),
        "{said}"
    );
}

#[test]
fn the_capture_carries_no_serial_number_and_the_day() {
    let capture = empty(&headset(1, true), Some("Poly"));
    assert_eq!(capture.name, "Poly Poly X");
    let digits = capture.recorded.bytes().filter(u8::is_ascii_digit).count();
    assert_eq!(
        (capture.recorded.len(), digits),
        (10, 8),
        "{}",
        capture.recorded
    );
}
