//! The models: descriptors that the tests check too, and the bytes that each gesture sends.

use super::Pose;
use crate::headset::{HeadsetIdentity, ProductId, VendorId};

/// What a person does with the headset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// The hook switch; `true` = off hook.
    Hook(bool),
    /// The mute button; the microphone gives digital zeros while `true`.
    Mute(bool),
    /// A volume button.
    Volume {
        /// Louder, otherwise softer.
        up: bool,
    },
    /// The quick disconnect; `true` = pulled apart.
    QuickDisconnect(bool),
    /// The headset says its charge, in percent.
    Battery(u8),
}

/// How the computer notices that the quick disconnect is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuickDisconnect {
    /// The headset has none.
    None,
    /// A report says it; the microphone falls to the floor of an open input.
    Reported {
        /// Sent when it is pulled.
        open: &'static [u8],
        /// Sent when it is joined.
        closed: &'static [u8],
    },
    /// The sound card leaves, the controls stay.
    SoundCard,
    /// Nothing says it, but the microphone falls to the floor of an open input.
    Microphone,
}

/// A model of headset.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// Name as the device says it; says that it is simulated.
    pub name: &'static str,
    /// USB vendor id.
    pub vendor: VendorId,
    /// USB product id.
    pub product: ProductId,
    /// How its quick disconnect is noticed.
    pub quick_disconnect: QuickDisconnect,
    /// Its report descriptor, in hexadecimal with remarks.
    pub(super) descriptor: &'static str,
    telephony: Telephony,
    volume: Option<Keys>,
    mute_state: Option<[&'static [u8]; 2]>,
    battery: Option<&'static [u8]>,
    /// It sends each telephony report twice.
    twice: bool,
}

/// The report with the telephony bits.
#[derive(Debug, Clone, Copy)]
struct Telephony {
    report: u8,
    hook: u8,
    mute: u8,
    line_busy: u8,
}

/// Two bits of one report.
#[derive(Debug, Clone, Copy)]
struct Keys {
    report: u8,
    up: u8,
    down: u8,
}

const VOLUME: Option<Keys> = Some(Keys {
    report: 1,
    up: 1,
    down: 2,
});

const PLAIN: Telephony = Telephony {
    report: 2,
    hook: 1,
    mute: 2,
    line_busy: 0,
};

macro_rules! descriptor {
    ($name:literal) => {
        include_str!(concat!("../../tests/descriptors/", $name, ".hex"))
    };
}

impl Model {
    /// All of them: six makes and shapes.
    pub const ALL: [Self; 6] = [
        Self {
            name: "Plantronics DA45 (simulated)",
            vendor: VendorId(0x047f),
            product: ProductId(0xda45),
            quick_disconnect: QuickDisconnect::Reported {
                open: &[4, 0],
                closed: &[4, 1],
            },
            descriptor: descriptor!("plantronics-da45"),
            telephony: PLAIN,
            volume: None,
            mute_state: None,
            battery: None,
            twice: false,
        },
        Self {
            name: "Jabra Link 380 (simulated)",
            vendor: VendorId(0x0b0e),
            product: ProductId(0x24c7),
            quick_disconnect: QuickDisconnect::None,
            descriptor: descriptor!("jabra-link-380"),
            telephony: Telephony {
                report: 2,
                hook: 1,
                mute: 4,
                line_busy: 2,
            },
            volume: None,
            mute_state: None,
            battery: Some(&[5, 8, 0, 0, 0x0a, 0x12, 2]),
            twice: false,
        },
        Self {
            name: "EPOS USB-ED CC 01 (simulated)",
            vendor: VendorId(0x1395),
            product: ProductId(0x0058),
            quick_disconnect: QuickDisconnect::Microphone,
            descriptor: descriptor!("epos-usb-ed-cc01"),
            telephony: Telephony { report: 1, ..PLAIN },
            volume: Some(Keys {
                report: 2,
                up: 1,
                down: 2,
            }),
            mute_state: None,
            battery: None,
            twice: false,
        },
        Self {
            name: "Yealink UH (simulated)",
            vendor: VendorId(0x6993),
            product: ProductId(0xb001),
            quick_disconnect: QuickDisconnect::SoundCard,
            descriptor: descriptor!("yealink-uh"),
            telephony: Telephony {
                report: 4,
                mute: 4,
                ..PLAIN
            },
            volume: None,
            mute_state: None,
            battery: None,
            twice: false,
        },
        Self {
            name: "Logitech H650e (simulated)",
            vendor: VendorId(0x046d),
            product: ProductId(0x0a46),
            quick_disconnect: QuickDisconnect::None,
            descriptor: descriptor!("logitech-h650e"),
            telephony: PLAIN,
            volume: VOLUME,
            mute_state: None,
            battery: None,
            twice: true,
        },
        Self {
            name: "Plantronics corded set (simulated)",
            vendor: VendorId(0x047f),
            product: ProductId(0xc00e),
            quick_disconnect: QuickDisconnect::None,
            descriptor: descriptor!("plantronics-ffa0"),
            telephony: PLAIN,
            volume: VOLUME,
            mute_state: Some([&[4, 0, 0], &[4, 0, 1]]),
            battery: None,
            twice: false,
        },
    ];

    /// What the one with this number says it is.
    pub(super) fn identity(&self, number: u16) -> HeadsetIdentity {
        HeadsetIdentity {
            vendor: self.vendor,
            product: self.product,
            serial: Some(format!("SIMULATED-{number:04}")),
            name: self.name.to_owned(),
            firmware: Some("1.00".to_owned()),
        }
    }

    /// The bytes of its report descriptor.
    pub(super) fn descriptor_bytes(&self) -> Vec<u8> {
        self.descriptor
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .flat_map(str::split_whitespace)
            .filter_map(|byte| u8::from_str_radix(byte, 16).ok())
            .collect()
    }

    /// The reports of a gesture, in order.
    pub(super) fn reports(&self, gesture: Gesture, was: Pose, now: Pose) -> Vec<Vec<u8>> {
        match gesture {
            Gesture::Hook(_) => self.telephony_reports(&[self.bits(now)]),
            Gesture::Mute(muted) if was.muted == muted => Vec::new(),
            Gesture::Mute(muted) => {
                let rest = self.bits(now);
                let mut reports = self.telephony_reports(&[rest | self.telephony.mute, rest]);
                if let Some(states) = self.mute_state {
                    reports.push(states[usize::from(muted)].to_vec());
                }
                reports
            }
            Gesture::Volume { up } => match self.volume {
                Some(keys) => vec![
                    vec![keys.report, if up { keys.up } else { keys.down }],
                    vec![keys.report, 0],
                ],
                None => Vec::new(),
            },
            Gesture::QuickDisconnect(apart) => match self.quick_disconnect {
                QuickDisconnect::Reported { open, closed } => {
                    vec![if apart { open } else { closed }.to_vec()]
                }
                _ => Vec::new(),
            },
            Gesture::Battery(percent) => match self.battery {
                Some(start) => vec![[start, &[percent]].concat()],
                None => Vec::new(),
            },
        }
    }

    fn bits(&self, pose: Pose) -> u8 {
        if pose.off_hook {
            self.telephony.hook | self.telephony.line_busy
        } else {
            0
        }
    }

    fn telephony_reports(&self, bits: &[u8]) -> Vec<Vec<u8>> {
        let times = if self.twice { 2 } else { 1 };
        let one = |bits: &u8| std::iter::repeat_n(vec![self.telephony.report, *bits], times);
        bits.iter().flat_map(one).collect()
    }
}
