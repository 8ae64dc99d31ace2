//! Endpoint 0: what the kernel asks of the device itself, of its audio controls and of its HID interface.
//!
//! Promises: answers what `usbcore`, `snd-usb-audio` and the HID drivers need and stalls on the rest, as real
//! headsets do. Every output or feature report that a host program writes is counted.
//! Never: acts on an LED. The bench only counts, because Sidetone must not write any.

use crate::descriptors::{self, HID_INTERFACE, Identity, MICROPHONE_UNIT, SPEAKER_UNIT};
use crate::report::{REPORT_DESCRIPTOR, TELEPHONY_REPORT, Telephony, VENDOR_REPORT, vendor};

/// The endpoint answers with a STALL handshake: not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stalled;

/// A SETUP packet (USB 2.0 §9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Direction, type and recipient.
    pub request_type: u8,
    /// Which request.
    pub request: u8,
    /// wValue.
    pub value: u16,
    /// wIndex.
    pub index: u16,
    /// wLength: the most the host will take.
    pub length: u16,
}

impl Setup {
    /// Reads the eight bytes.
    #[must_use]
    pub fn new([t, r, v0, v1, i0, i1, l0, l1]: [u8; 8]) -> Self {
        Self {
            request_type: t,
            request: r,
            value: u16::from_le_bytes([v0, v1]),
            index: u16::from_le_bytes([i0, i1]),
            length: u16::from_le_bytes([l0, l1]),
        }
    }

    fn value_high(self) -> u8 {
        self.value.to_le_bytes()[1]
    }

    fn value_low(self) -> u8 {
        self.value.to_le_bytes()[0]
    }

    /// The interface, or for audio controls the entity in the high byte.
    fn entity(self) -> u8 {
        self.index.to_le_bytes()[1]
    }

    fn interface(self) -> u8 {
        self.index.to_le_bytes()[0]
    }
}

/// A UAC 1.0 feature unit's master channel (§4.3.2.5): what the mixer moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeatureUnit {
    /// Switched off.
    pub muted: bool,
    /// In 1/256 dB, −45 dB to 0 dB.
    pub volume: i16,
}

impl FeatureUnit {
    const MINIMUM: i16 = -45 * 256;
    const MAXIMUM: i16 = 0;
    const STEP: i16 = 256;

    /// What the unit multiplies samples with.
    #[must_use]
    pub fn gain(self) -> f32 {
        if self.muted {
            0.0
        } else {
            10f32.powf(f32::from(self.volume) / 256.0 / 20.0)
        }
    }

    fn get(self, request: u8, selector: u8) -> Result<Vec<u8>, Stalled> {
        let volume = |v: i16| Ok(v.to_le_bytes().to_vec());
        match (request, selector) {
            (0x81, 1) => Ok(vec![u8::from(self.muted)]),
            (0x81, 2) => volume(self.volume),
            (0x82, 2) => volume(Self::MINIMUM),
            (0x83, 2) => volume(Self::MAXIMUM),
            (0x84, 2) => volume(Self::STEP),
            _ => Err(Stalled),
        }
    }

    fn set(&mut self, selector: u8, data: &[u8]) -> Result<(), Stalled> {
        match (selector, data) {
            (1, [switch, ..]) => self.muted = *switch != 0,
            (2, [low, high, ..]) => self.volume = i16::from_le_bytes([*low, *high]),
            _ => return Err(Stalled),
        }
        Ok(())
    }
}

/// Everything behind endpoint 0.
#[derive(Debug)]
pub struct Control {
    identity: Identity,
    /// The speaker's feature unit.
    pub speaker: FeatureUnit,
    /// The microphone's feature unit.
    pub microphone: FeatureUnit,
    /// What GET_REPORT of the telephony report gives.
    pub telephony: Telephony,
    /// Output and feature reports the host wrote.
    pub reports_written: u64,
}

impl Control {
    /// As after power-on.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            speaker: FeatureUnit::default(),
            microphone: FeatureUnit::default(),
            telephony: Telephony::default(),
            reports_written: 0,
        }
    }

    /// Carries out one control transfer: what the host reads (cut to what it asked for), or nothing.
    ///
    /// # Errors
    /// [`Stalled`] for what this device does not do.
    pub fn transfer(&mut self, setup: Setup, data: &[u8]) -> Result<Vec<u8>, Stalled> {
        let mut answer = self.answer(setup, data)?;
        answer.truncate(usize::from(setup.length));
        Ok(answer)
    }

    fn answer(&mut self, setup: Setup, data: &[u8]) -> Result<Vec<u8>, Stalled> {
        const NOTHING: Vec<u8> = Vec::new();
        match (setup.request_type, setup.request) {
            // Standard requests (USB 2.0 §9.4).
            (0x80, 6) => self.descriptor(setup),
            (0x81, 6) if setup.interface() == HID_INTERFACE => match setup.value_high() {
                0x21 => Ok(descriptors::hid()),
                0x22 => Ok(REPORT_DESCRIPTOR.to_vec()),
                _ => Err(Stalled),
            },
            (0x80, 8) => Ok(vec![1]),
            (0x80..=0x82, 0) => Ok(vec![0, 0]),
            (0x81, 10) => Ok(vec![0]),
            (0x00, 1 | 3 | 9) | (0x01, 11) | (0x02, 1) => Ok(NOTHING),
            // HID 1.11 §7.2: GET_REPORT, SET_REPORT, SET_IDLE, SET_PROTOCOL.
            (0xa1, 1) if setup.interface() == HID_INTERFACE => self.input_report(setup),
            (0x21, 9) if setup.interface() == HID_INTERFACE => {
                self.reports_written += 1;
                Ok(NOTHING)
            }
            (0x21, 10 | 11) if setup.interface() == HID_INTERFACE => Ok(NOTHING),
            // UAC 1.0 §5.2.2: the feature units; the sampling rate (§5.2.3.2.3.1) is fixed, so it is not there.
            (0xa1, request) if setup.interface() == 0 => {
                self.unit(setup)?.get(request, setup.value_high())
            }
            (0x21, 1) if setup.interface() == 0 => {
                let selector = setup.value_high();
                self.unit(setup)?.set(selector, data).map(|()| NOTHING)
            }
            _ => Err(Stalled),
        }
    }

    fn descriptor(&self, setup: Setup) -> Result<Vec<u8>, Stalled> {
        match setup.value_high() {
            1 => Ok(descriptors::device(self.identity)),
            2 => Ok(descriptors::configuration()),
            3 => descriptors::string(setup.value_low(), self.identity).ok_or(Stalled),
            _ => Err(Stalled),
        }
    }

    fn input_report(&self, setup: Setup) -> Result<Vec<u8>, Stalled> {
        match setup.value_low() {
            TELEPHONY_REPORT => Ok(self.telephony.report()),
            VENDOR_REPORT => Ok(vendor(&[])),
            _ => Err(Stalled),
        }
    }

    fn unit(&mut self, setup: Setup) -> Result<&mut FeatureUnit, Stalled> {
        match setup.entity() {
            SPEAKER_UNIT => Ok(&mut self.speaker),
            MICROPHONE_UNIT => Ok(&mut self.microphone),
            _ => Err(Stalled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control() -> Control {
        Control::new(Identity {
            vendor: 0x0b0e,
            product: 0x0422,
        })
    }

    fn ask(control: &mut Control, setup: [u8; 8], data: &[u8]) -> Result<Vec<u8>, Stalled> {
        control.transfer(Setup::new(setup), data)
    }

    #[test]
    fn answers_are_cut_to_what_the_host_asked_for() {
        let mut c = control();
        let device = ask(&mut c, [0x80, 6, 0, 1, 0, 0, 8, 0], &[]).unwrap();
        assert_eq!(device.len(), 8);
        let whole = ask(&mut c, [0x80, 6, 0, 1, 0, 0, 255, 0], &[]).unwrap();
        assert_eq!(whole[8..12], [0x0e, 0x0b, 0x22, 0x04]);
    }

    #[test]
    fn the_mixer_moves_one_unit_and_only_that() {
        let mut c = control();
        let minus_20_db = (-20i16 * 256).to_le_bytes();
        ask(
            &mut c,
            [0x21, 1, 0, 2, 0, MICROPHONE_UNIT, 2, 0],
            &minus_20_db,
        )
        .unwrap();
        assert!((c.microphone.gain() - 0.1).abs() < 1e-6);
        assert_eq!(c.speaker.gain(), 1.0);
        ask(&mut c, [0x21, 1, 0, 1, 0, MICROPHONE_UNIT, 1, 0], &[1]).unwrap();
        assert_eq!(c.microphone.gain(), 0.0);
    }

    #[test]
    fn written_reports_are_counted_and_set_idle_is_not_one() {
        let mut c = control();
        ask(&mut c, [0x21, 10, 0, 0, HID_INTERFACE, 0, 0, 0], &[]).unwrap();
        assert_eq!(c.reports_written, 0);
        ask(&mut c, [0x21, 9, 2, 2, HID_INTERFACE, 0, 2, 0], &[2, 1]).unwrap();
        assert_eq!(c.reports_written, 1);
    }

    #[test]
    fn what_it_does_not_do_stalls() {
        let mut c = control();
        assert_eq!(
            ask(&mut c, [0x80, 6, 0, 0x0f, 0, 0, 5, 0], &[]),
            Err(Stalled)
        );
        assert_eq!(
            ask(&mut c, [0x21, 1, 0, 2, 0, 9, 2, 0], &[0, 0]),
            Err(Stalled)
        );
    }
}
