//! The HID side: the report descriptor, the input reports the headset sends, and what it was told to light.
//!
//! Report 1 is volume (consumer page), report 2 telephony, report 3 a vendor page of 63 bytes; the LEDs are
//! output bits of report 2. Usages: HID Usage Tables 1.4, pages 08, 0B, 0C.

/// Report id of the volume buttons.
pub const VOLUME_REPORT: u8 = 1;
/// Report id of the telephony bits, in and out.
pub const TELEPHONY_REPORT: u8 = 2;
/// Report id of the vendor page.
pub const VENDOR_REPORT: u8 = 3;
/// Bytes of a vendor report without its id.
pub const VENDOR_BYTES: usize = 63;
/// First vendor byte of "quick disconnect": the second is 1 while it is open.
pub const VENDOR_QUICK_DISCONNECT: u8 = 0x51;
/// First vendor byte of "mute state": the second is 1 while muted.
pub const VENDOR_MUTE_STATE: u8 = 0x9c;

/// The report descriptor (HID 1.11 §6.2.2).
pub const REPORT_DESCRIPTOR: &[u8] = &[
    0x05,
    0x0c,
    0x09,
    0x01,
    0xa1,
    0x01, // Consumer / Consumer Control / application
    0x85,
    VOLUME_REPORT, //
    0x15,
    0x00,
    0x25,
    0x01,
    0x75,
    0x01,
    0x95,
    0x02, // two bits
    0x09,
    0xe9,
    0x09,
    0xea,
    0x81,
    0x02, //   volume up, down: data, variable, absolute
    0x95,
    0x06,
    0x81,
    0x03, //   padding
    0xc0, //
    0x05,
    0x0b,
    0x09,
    0x05,
    0xa1,
    0x01, // Telephony / Headset / application
    0x85,
    TELEPHONY_REPORT, //
    0x15,
    0x00,
    0x25,
    0x01,
    0x75,
    0x01,
    0x95,
    0x01, // single bits
    0x09,
    0x20,
    0x81,
    0x22, //   bit 0 hook switch: absolute, no preferred state
    0x09,
    0x2f,
    0x81,
    0x06, //   bit 1 phone mute: relative, a press
    0x09,
    0x21,
    0x81,
    0x06, //   bit 2 flash: relative
    0x09,
    0x97,
    0x81,
    0x22, //   bit 3 line busy: absolute
    0x95,
    0x04,
    0x81,
    0x03, //   padding
    0x05,
    0x08,
    0x95,
    0x01, // LED page
    0x09,
    0x17,
    0x91,
    0x22, //   bit 0 off-hook
    0x09,
    0x09,
    0x91,
    0x22, //   bit 1 mute
    0x09,
    0x18,
    0x91,
    0x22, //   bit 2 ring
    0x09,
    0x20,
    0x91,
    0x22, //   bit 3 hold
    0x95,
    0x04,
    0x91,
    0x03, //   padding
    0xc0, //
    0x06,
    0xa0,
    0xff,
    0x09,
    0x01,
    0xa1,
    0x01, // vendor page FFA0 / 01 / application
    0x85,
    VENDOR_REPORT, //
    0x15,
    0x00,
    0x26,
    0xff,
    0x00,
    0x75,
    0x08,
    0x95,
    VENDOR_BYTES as u8, //
    0x09,
    0x01,
    0x81,
    0x02, //   63 bytes in
    0xc0,
];

/// The telephony bits that stay as they are until changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Telephony {
    /// Off the hook.
    pub off_hook: bool,
    /// The device says it is in a call.
    pub line_busy: bool,
}

/// A telephony button that is pressed and let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Phone mute.
    Mute,
    /// Flash.
    Flash,
}

impl Telephony {
    /// The report as it stands with nothing pressed.
    #[must_use]
    pub fn report(self) -> Vec<u8> {
        vec![TELEPHONY_REPORT, self.bits()]
    }

    /// The two reports of a press: down and up.
    #[must_use]
    pub fn press(self, button: Press) -> [Vec<u8>; 2] {
        let bit = match button {
            Press::Mute => 1 << 1,
            Press::Flash => 1 << 2,
        };
        [vec![TELEPHONY_REPORT, self.bits() | bit], self.report()]
    }

    fn bits(self) -> u8 {
        u8::from(self.off_hook) | u8::from(self.line_busy) << 3
    }
}

/// The two reports of a volume button: down and up.
#[must_use]
pub fn volume(up: bool) -> [Vec<u8>; 2] {
    let bit = if up { 1 } else { 2 };
    [vec![VOLUME_REPORT, bit], vec![VOLUME_REPORT, 0]]
}

/// A vendor report that begins with `bytes`; the rest is zeros, and what is too long is cut.
#[must_use]
pub fn vendor(bytes: &[u8]) -> Vec<u8> {
    let mut report = vec![VENDOR_REPORT];
    report.extend(bytes.iter().take(VENDOR_BYTES));
    report.resize(1 + VENDOR_BYTES, 0);
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presses_go_down_and_come_up_without_moving_the_other_bits() {
        let state = Telephony {
            off_hook: true,
            line_busy: true,
        };
        assert_eq!(state.report(), [2, 0b1001]);
        assert_eq!(state.press(Press::Mute), [[2, 0b1011], [2, 0b1001]]);
        assert_eq!(state.press(Press::Flash)[0], [2, 0b1101]);
    }

    #[test]
    fn vendor_reports_have_one_length() {
        assert_eq!(vendor(&[0x51, 1])[..3], [3, 0x51, 1]);
        assert_eq!(vendor(&[0x51, 1]).len(), 64);
        assert_eq!(vendor(&[7; 100]).len(), 64);
    }

    #[test]
    fn the_descriptor_is_made_of_whole_items_and_closed_collections() {
        let (mut at, mut depth) = (0, 0);
        while at < REPORT_DESCRIPTOR.len() {
            let prefix = REPORT_DESCRIPTOR[at];
            match prefix & 0xfc {
                0xa0 => depth += 1,
                0xc0 => depth -= 1,
                _ => {}
            }
            at += 1 + [0, 1, 2, 4][(prefix & 3) as usize];
        }
        assert_eq!((at, depth), (REPORT_DESCRIPTOR.len(), 0));
    }
}
