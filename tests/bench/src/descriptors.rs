//! The USB descriptors of the emulated headset: one configuration with a USB Audio Class 1.0 speaker
//! (stereo) and microphone (mono) at 48 kHz, and a HID interface, as USB headsets of many makes have it.
//!
//! Standards: USB 2.0 chapter 9; UAC 1.0 §4; HID 1.11 §6.2.1.

use crate::report::REPORT_DESCRIPTOR;

/// Endpoint that takes the sound for the earpiece (isochronous, adaptive).
pub const SPEAKER_ENDPOINT: u8 = 1;
/// Endpoint that gives the microphone's sound (isochronous, synchronous).
pub const MICROPHONE_ENDPOINT: u8 = 2;
/// Endpoint that gives input reports (interrupt).
pub const HID_ENDPOINT: u8 = 3;
/// Number of the HID interface.
pub const HID_INTERFACE: u8 = 3;
/// Feature unit of the speaker.
pub const SPEAKER_UNIT: u8 = 2;
/// Feature unit of the microphone.
pub const MICROPHONE_UNIT: u8 = 5;
/// Bytes of one stereo 16-bit sample.
pub const SPEAKER_SAMPLE_BYTES: usize = 4;
/// Bytes of one mono 16-bit sample.
pub const MICROPHONE_SAMPLE_BYTES: usize = 2;

const IN: u8 = 0x80;
const CS_INTERFACE: u8 = 0x24;
const CS_ENDPOINT: u8 = 0x25;
const RATE_48K: [u8; 3] = [0x80, 0xbb, 0x00];

/// Who the headset says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// USB vendor id.
    pub vendor: u16,
    /// USB product id.
    pub product: u16,
}

/// The device descriptor (USB 2.0 §9.6.1): USB 2.0, class per interface, release 1.10.
#[must_use]
pub fn device(identity: Identity) -> Vec<u8> {
    let [v0, v1] = identity.vendor.to_le_bytes();
    let [p0, p1] = identity.product.to_le_bytes();
    vec![
        18, 1, 0x00, 0x02, 0, 0, 0, 64, v0, v1, p0, p1, 0x10, 0x01, 1, 2, 3, 1,
    ]
}

/// The configuration descriptor with everything under it.
#[must_use]
pub fn configuration() -> Vec<u8> {
    let mut all = vec![9, 2, 0, 0, 4, 1, 0, 0x80, 50];
    all.extend(audio_control());
    all.extend(audio_stream(StreamDescriptor {
        interface: 1,
        terminal: 1,
        channels: 2,
        endpoint: SPEAKER_ENDPOINT,
        attributes: 0x09, // isochronous, adaptive
        packet: 192,
    }));
    all.extend(audio_stream(StreamDescriptor {
        interface: 2,
        terminal: 6,
        channels: 1,
        endpoint: IN | MICROPHONE_ENDPOINT,
        attributes: 0x0d, // isochronous, synchronous
        packet: 96,
    }));
    all.extend([9, 4, HID_INTERFACE, 0, 1, 3, 0, 0, 0]);
    all.extend(hid());
    all.extend([7, 5, IN | HID_ENDPOINT, 3, 64, 0, 1]);
    let [low, high] = (all.len() as u16).to_le_bytes();
    all[2] = low;
    all[3] = high;
    all
}

/// The HID descriptor (HID 1.11 §6.2.1).
#[must_use]
pub fn hid() -> Vec<u8> {
    let [low, high] = (REPORT_DESCRIPTOR.len() as u16).to_le_bytes();
    vec![9, 0x21, 0x11, 0x01, 0, 1, 0x22, low, high]
}

/// String descriptor `index` (0 = languages), or `None` if there is none.
#[must_use]
pub fn string(index: u8, identity: Identity) -> Option<Vec<u8>> {
    let text = match index {
        0 => return Some(vec![4, 3, 0x09, 0x04]),
        1 => "Sidetone".to_owned(),
        2 => format!("Bench Headset {:04X}", identity.product),
        3 => format!("BENCH-{:04x}-0001", identity.product),
        _ => return None,
    };
    let mut bytes = vec![(2 + 2 * text.len()) as u8, 3];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    Some(bytes)
}

/// Interface 0 (UAC 1.0 §4.3): USB stream 1 → unit 2 → headset speaker 3, headset microphone 4 → unit 5 →
/// USB stream 6. Both units have mute and volume on the master channel.
fn audio_control() -> Vec<u8> {
    let units: [&[u8]; 6] = [
        &[12, CS_INTERFACE, 2, 1, 0x01, 0x01, 0, 2, 0x03, 0x00, 0, 0],
        &[10, CS_INTERFACE, 6, SPEAKER_UNIT, 1, 1, 0x03, 0, 0, 0],
        &[9, CS_INTERFACE, 3, 3, 0x02, 0x04, 4, SPEAKER_UNIT, 0],
        &[12, CS_INTERFACE, 2, 4, 0x02, 0x04, 3, 1, 0x00, 0x00, 0, 0],
        &[9, CS_INTERFACE, 6, MICROPHONE_UNIT, 4, 1, 0x03, 0, 0],
        &[9, CS_INTERFACE, 3, 6, 0x01, 0x01, 0, MICROPHONE_UNIT, 0],
    ];
    let body = units.concat();
    let [low, high] = (10 + body.len() as u16).to_le_bytes();
    let mut all = vec![9, 4, 0, 0, 0, 1, 1, 0, 0];
    all.extend([10, CS_INTERFACE, 1, 0x00, 0x01, low, high, 2, 1, 2]);
    all.extend(body);
    all
}

struct StreamDescriptor {
    interface: u8,
    terminal: u8,
    channels: u8,
    endpoint: u8,
    attributes: u8,
    packet: u16,
}

/// A streaming interface (UAC 1.0 §4.5): alternate 0 is silent, alternate 1 is 16-bit PCM at 48 kHz.
fn audio_stream(s: StreamDescriptor) -> Vec<u8> {
    let [low, high] = s.packet.to_le_bytes();
    let [r0, r1, r2] = RATE_48K;
    [
        &[9, 4, s.interface, 0, 0, 1, 2, 0, 0][..],
        &[9, 4, s.interface, 1, 1, 1, 2, 0, 0],
        &[7, CS_INTERFACE, 1, s.terminal, 1, 0x01, 0x00],
        &[11, CS_INTERFACE, 2, 1, s.channels, 2, 16, 1, r0, r1, r2],
        &[9, 5, s.endpoint, s.attributes, low, high, 1, 0, 0],
        &[7, CS_ENDPOINT, 1, 0, 0, 0, 0],
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_a_whole_chain_of_descriptors_with_four_interfaces() {
        let all = configuration();
        assert_eq!(u16::from_le_bytes([all[2], all[3]]) as usize, all.len());
        let (mut at, mut interfaces, mut endpoints) = (0, Vec::new(), Vec::new());
        while at < all.len() {
            let length = all[at] as usize;
            assert!(length >= 2 && at + length <= all.len(), "broken at {at}");
            match all[at + 1] {
                4 if all[at + 3] == 0 => interfaces.push(all[at + 2]),
                5 => endpoints.push(all[at + 2]),
                _ => {}
            }
            at += length;
        }
        assert_eq!(interfaces, [0, 1, 2, 3]);
        assert_eq!(endpoints, [0x01, 0x82, 0x83]);
    }

    #[test]
    fn strings_are_utf16_with_their_own_length() {
        let identity = Identity {
            vendor: 0x047f,
            product: 0xc056,
        };
        let name = string(2, identity).unwrap();
        assert_eq!(name[0] as usize, name.len());
        assert_eq!(&name[2..6], [b'B', 0, b'e', 0]);
        assert_eq!(string(9, identity), None);
    }
}
