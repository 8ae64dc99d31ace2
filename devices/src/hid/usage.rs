//! Usages: what a control *is*, as a page and an id (HID 1.11 §5.5, HID Usage Tables 1.5).
//!
//! *Promises*: one spelling everywhere, `0b:2f`, in quirk files, lists and tests; names come from the
//! published tables (crate `hut`).
//!
//! *Fails* when text is not two hexadecimal numbers of at most 16 bits.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A 32-bit usage: page in the upper, id in the lower half (HID 1.11 §6.2.2.8, "extended usage").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Usage(pub u32);

impl Usage {
    /// The usage `id` on `page`.
    #[must_use]
    pub const fn new(page: u16, id: u16) -> Self {
        Self((page as u32) << 16 | id as u32)
    }

    /// The usage page.
    #[must_use]
    pub const fn page(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The id on its page.
    #[must_use]
    pub const fn id(self) -> u16 {
        self.0 as u16
    }

    /// On a page that the tables leave to vendors (HID Usage Tables 1.5 §3, pages FF00 to FFFF).
    #[must_use]
    pub const fn is_vendor(self) -> bool {
        self.page() >= 0xff00
    }

    /// Page and name as the tables print them, or the numbers where they have none.
    #[must_use]
    pub fn name(self) -> String {
        match hut::Usage::try_from(self.0) {
            Ok(usage) if !self.is_vendor() => usage.name(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}", self.page(), self.id())
    }
}

/// Text that is not a usage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a usage: write page and id in hexadecimal with a colon between, such as `0b:2f`"
)]
pub struct NotAUsage(String);

impl FromStr for Usage {
    type Err = NotAUsage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain
                .then(|| u16::from_str_radix(digits, 16).ok())
                .flatten()
        };
        text.split_once(':')
            .and_then(|(page, id)| Some(Self::new(hex(page)?, hex(id)?)))
            .ok_or_else(|| NotAUsage(text.chars().take(32).collect()))
    }
}

/// Generic Desktop page.
pub const GENERIC_DESKTOP: u16 = 0x01;
/// Keyboard/Keypad page.
pub const KEYBOARD: u16 = 0x07;
/// LED page.
pub const LED: u16 = 0x08;
/// Button page.
pub const BUTTON: u16 = 0x09;
/// Telephony Device page.
pub const TELEPHONY: u16 = 0x0b;
/// Consumer page.
pub const CONSUMER: u16 = 0x0c;

/// Battery strength (Generic Device Controls).
pub const BATTERY_STRENGTH: Usage = Usage::new(0x06, 0x20);
/// The seventh button, which headsets for Teams and Skype use as *reject*.
pub const BUTTON_REJECT: Usage = Usage::new(BUTTON, 0x07);
/// The light that says: muted.
pub const LED_MUTE: Usage = Usage::new(LED, 0x09);
/// The light that says: off the hook.
pub const LED_OFF_HOOK: Usage = Usage::new(LED, 0x17);
/// The light that says: it rings.
pub const LED_RING: Usage = Usage::new(LED, 0x18);
/// The light that says: on hold.
pub const LED_HOLD: Usage = Usage::new(LED, 0x20);
/// Off or on the hook.
pub const HOOK_SWITCH: Usage = Usage::new(TELEPHONY, 0x20);
/// Flash.
pub const FLASH: Usage = Usage::new(TELEPHONY, 0x21);
/// Hold.
pub const HOLD: Usage = Usage::new(TELEPHONY, 0x23);
/// Drop the call.
pub const DROP: Usage = Usage::new(TELEPHONY, 0x26);
/// Phone mute: the microphone.
pub const PHONE_MUTE: Usage = Usage::new(TELEPHONY, 0x2f);
/// Line busy tone, by which headsets say that they are in a call.
pub const LINE_BUSY: Usage = Usage::new(TELEPHONY, 0x97);
/// Consumer mute: the *loudspeaker*.
pub const CONSUMER_MUTE: Usage = Usage::new(CONSUMER, 0xe2);
/// Louder.
pub const VOLUME_UP: Usage = Usage::new(CONSUMER, 0xe9);
/// Softer.
pub const VOLUME_DOWN: Usage = Usage::new(CONSUMER, 0xea);
/// Relative state of charge (Battery System).
pub const RELATIVE_STATE_OF_CHARGE: Usage = Usage::new(0x85, 0x64);
/// Absolute state of charge (Battery System).
pub const ABSOLUTE_STATE_OF_CHARGE: Usage = Usage::new(0x85, 0x65);

/// The highest id on the telephony page that a button may have: behind it are phone *kinds*.
const LAST_TELEPHONY_ID: u16 = 0x14b;

/// The published name of a telephony usage, alive as long as the program, so that an event can carry
/// it without allocating. `None` off the page, and for ids the tables do not define.
#[must_use]
pub fn telephony_name(usage: Usage) -> Option<&'static str> {
    static NAMES: LazyLock<Vec<Option<String>>> = LazyLock::new(|| {
        (0..=LAST_TELEPHONY_ID)
            .map(|id| {
                hut::Usage::new_from_page_and_id(TELEPHONY, id)
                    .ok()
                    .map(|usage| usage.name())
            })
            .collect()
    });
    if usage.page() != TELEPHONY {
        return None;
    }
    NAMES.get(usize::from(usage.id()))?.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_both_ways() {
        for text in ["0b:2f", "ffa0:9c", "0c:e9", "01:06"] {
            assert_eq!(text.parse::<Usage>().unwrap().to_string(), text);
        }
        for text in ["", "0b", "0b:", "0b:2g", "10000:1", "+b:20", "0b:2f:1"] {
            assert!(text.parse::<Usage>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_the_published_ones() {
        assert_eq!(telephony_name(PHONE_MUTE), Some("Phone Mute"));
        assert_eq!(telephony_name(Usage::new(TELEPHONY, 0x24)), Some("Redial"));
        assert_eq!(
            telephony_name(Usage::new(TELEPHONY, 0xb5)),
            Some("Phone Key 5")
        );
        assert_eq!(telephony_name(Usage::new(TELEPHONY, 0xff)), None);
        assert_eq!(telephony_name(VOLUME_UP), None);
        assert_eq!(Usage::new(0xffa0, 0x9c).name(), "ffa0:9c");
        assert_eq!(VOLUME_UP.name(), "Volume Increment");
    }
}
