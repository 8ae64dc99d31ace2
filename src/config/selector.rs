//! How the configuration names a headset.

use super::names::text_type;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sidetone_devices::headset::{HeadsetIdentity, ProductId, VendorId};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// `vid:pid` or `vid:pid:serial`, with the USB ids as four hexadecimal digits; `*` as the product
/// stands for every product of that vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeadsetSelector {
    /// USB vendor id.
    pub vendor: VendorId,
    /// USB product id; `None` = every one.
    pub product: Option<ProductId>,
    /// Serial number as the device says it; `None` = every one.
    pub serial: Option<String>,
}

/// A text that is not a [`HeadsetSelector`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "name a headset as vid:pid, vid:* or vid:pid:serial with four hexadecimal digits each, e.g. 047f:c056 (`sidetone devices` lists them)"
)]
pub struct InvalidSelector;

impl HeadsetSelector {
    /// Whether this headset is meant.
    #[must_use]
    pub fn matches(&self, headset: &HeadsetIdentity) -> bool {
        self.vendor == headset.vendor
            && self
                .product
                .is_none_or(|product| product == headset.product)
            && (self.serial.is_none() || self.serial == headset.serial)
    }
}

impl FromStr for HeadsetSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let mut parts = text.splitn(3, ':');
        let vendor = VendorId(hex_id(parts.next())?);
        let product = match parts.next() {
            Some("*") => None,
            id => Some(ProductId(hex_id(id)?)),
        };
        let serial = parts.next().map(str::to_owned);
        if serial.as_deref() == Some("") || (serial.is_some() && product.is_none()) {
            return Err(InvalidSelector);
        }
        Ok(Self {
            vendor,
            product,
            serial,
        })
    }
}

/// Four hexadecimal digits, no sign.
fn hex_id(text: Option<&str>) -> Result<u16, InvalidSelector> {
    match text {
        Some(text) if text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u16::from_str_radix(text, 16).map_err(|_| InvalidSelector)
        }
        _ => Err(InvalidSelector),
    }
}

impl fmt::Display for HeadsetSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:", self.vendor.0)?;
        match self.product {
            Some(product) => write!(f, "{:04x}", product.0)?,
            None => f.write_str("*")?,
        }
        match &self.serial {
            Some(serial) => write!(f, ":{serial}"),
            None => Ok(()),
        }
    }
}

text_type!(HeadsetSelector, InvalidSelector, "headset");

#[cfg(test)]
mod tests {
    use super::*;

    fn headset(vendor: u16, product: u16, serial: Option<&str>) -> HeadsetIdentity {
        HeadsetIdentity {
            vendor: VendorId(vendor),
            product: ProductId(product),
            serial: serial.map(str::to_owned),
            name: String::new(),
            firmware: None,
        }
    }

    #[test]
    fn it_matches_by_what_it_names() {
        let any: HeadsetSelector = "047f:*".parse().unwrap();
        let model: HeadsetSelector = "047F:c056".parse().unwrap();
        let one: HeadsetSelector = "047f:c056:A:1".parse().unwrap();
        let mine = headset(0x047f, 0xc056, Some("A:1"));
        let other = headset(0x047f, 0xc057, None);
        assert!(any.matches(&mine) && any.matches(&other));
        assert!(model.matches(&mine) && !model.matches(&other));
        assert!(one.matches(&mine));
        assert!(!one.matches(&headset(0x047f, 0xc056, None)));
        assert_eq!(model.to_string(), "047f:c056");
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "047f",
            "47f:c056",
            "047f:+123",
            "047f:c056:",
            "*:c056",
            "047f:*:1",
            "ä47f:c056",
        ] {
            assert!(bad.parse::<HeadsetSelector>().is_err(), "{bad}");
        }
    }
}
