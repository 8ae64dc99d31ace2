//! Output reports that show the lights: which there are, and their bytes.

use crate::hid::descriptor::{Direction, Field, Layout, ReportDescriptor, ReportId};
use crate::hid::usage::{LED_HOLD, LED_MUTE, LED_OFF_HOOK, LED_RING, Usage};
use std::collections::BTreeMap;

/// What the lights are to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Leds {
    /// In a call.
    pub off_hook: bool,
    /// It rings.
    pub ring: bool,
    /// The microphone is off.
    pub mute: bool,
    /// The call is held.
    pub hold: bool,
}

impl Leds {
    /// `None` for a usage that is none of these lights.
    const fn shows(self, usage: Usage) -> Option<bool> {
        match usage {
            LED_OFF_HOOK => Some(self.off_hook),
            LED_RING => Some(self.ring),
            LED_MUTE => Some(self.mute),
            LED_HOLD => Some(self.hold),
            _ => None,
        }
    }
}

/// One output report with lights in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    id: Option<ReportId>,
    /// Without the id.
    bytes: usize,
    /// Each light's lowest bit.
    lights: Vec<(Usage, u32)>,
}

/// All output reports of an interface with lights in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedReports(Vec<Template>);

impl LedReports {
    /// Those a descriptor declares.
    #[must_use]
    pub fn find(descriptor: &ReportDescriptor) -> Self {
        let mut reports: BTreeMap<Option<ReportId>, Template> = BTreeMap::new();
        let outputs = descriptor.fields().iter();
        for field in outputs.filter(|field| field.direction == Direction::Output) {
            let report = reports.entry(field.report).or_insert_with(|| Template {
                id: field.report,
                bytes: 0,
                lights: Vec::new(),
            });
            report.bytes = report.bytes.max(field.bit_end().div_ceil(8) as usize);
            report.lights.extend(lights(descriptor, field));
        }
        let with_lights = reports.into_values().filter(|r| !r.lights.is_empty());
        Self(with_lights.collect())
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reports that show this, as hidraw takes them: the id first, 0 where the device uses none.
    #[must_use]
    pub fn report(&self, leds: Leds) -> Vec<Vec<u8>> {
        self.0.iter().map(|template| template.fill(leds)).collect()
    }
}

/// The lights of one field, each with its bit. A light is one bit, or a number of which 1 is on.
fn lights(descriptor: &ReportDescriptor, field: &Field) -> Vec<(Usage, u32)> {
    if field.layout != Layout::Variable {
        return Vec::new();
    }
    // A light is declared once; a run of elements longer than the usages repeats the last of them.
    let usages = descriptor.usages(field).zip(0..field.count);
    usages
        .filter(|(usage, _)| Leds::default().shows(*usage).is_some())
        .map(|(usage, index)| (usage, field.bit_offset + field.element_bits * index))
        .collect()
}

impl Template {
    fn fill(&self, leds: Leds) -> Vec<u8> {
        let mut report = vec![0; 1 + self.bytes];
        if let (Some(first), Some(id)) = (report.first_mut(), self.id) {
            *first = id.get();
        }
        for &(usage, bit) in &self.lights {
            if leds.shows(usage) == Some(true)
                && let Some(byte) = report.get_mut(1 + bit as usize / 8)
            {
                *byte |= 1 << (bit % 8);
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Leds = Leds {
        off_hook: true,
        ring: true,
        mute: true,
        hold: true,
    };

    fn only(light: &str) -> Leds {
        Leds {
            off_hook: light == "off_hook",
            ring: light == "ring",
            mute: light == "mute",
            hold: light == "hold",
        }
    }

    fn find(bytes: &[u8]) -> LedReports {
        LedReports::find(&ReportDescriptor::parse(bytes).unwrap())
    }

    #[test]
    fn without_ids_a_zero_leads_and_padding_counts() {
        // Three bits of padding, mute and hold, then a byte of something else.
        let reports = find(&[
            0x05, 0x08, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 3, 0x91, 1, 0x95, 2, 0x09, 0x09, 0x09,
            0x20, 0x91, 2, 0x95, 3, 0x91, 1, 0x06, 0, 0xff, 0x09, 1, 0x75, 8, 0x95, 1, 0x91, 2,
        ]);
        assert_eq!(reports.report(only("mute")), [[0, 0b0_1000, 0]]);
        assert_eq!(reports.report(ALL), [[0, 0b1_1000, 0]]);
        assert_eq!(reports.report(Leds::default()), [[0, 0, 0]]);
    }

    #[test]
    fn inputs_features_and_other_lights_are_none_of_ours() {
        for kind in [0x81, 0xb1] {
            let other = [
                0x05, 8, 0x09, 9, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, kind, 2,
            ];
            assert!(find(&other).is_empty());
        }
        let caps_lock = [
            0x05, 8, 0x09, 2, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x91, 2,
        ];
        assert!(find(&caps_lock).is_empty());
    }
}
