//! Which elements of which reports are watched, found once when a device is opened.

use super::control::{self, Control, Form};
use crate::hid::descriptor::{Direction, Field, Layout, ReportDescriptor, ReportId};
use crate::hid::quirks::{Condition, Place, Quirk, Rule};
use crate::hid::usage::Usage;

/// At most this many elements are watched: several times what the richest key pad has.
const MOST: usize = 1024;
/// At most this many usages of one field are looked at: four times the whole consumer page.
const MOST_USAGES: usize = 4096;

/// Where a binding looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Site {
    /// Element `index` of field number `field`, a variable.
    Variable { field: usize, index: u32 },
    /// A usage that field number `field`, an array, may assert.
    Selectable { field: usize, usage: Usage },
    /// Bits of one byte.
    Bytes {
        report: Option<ReportId>,
        when: Vec<Condition>,
        byte: usize,
        mask: u8,
    },
}

/// One watched element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) site: Site,
    pub(super) control: Control,
    pub(super) form: Form,
    /// The rule's polarity and active value; plain for standard usages.
    pub(super) sense: Sense,
    /// The logical extent, for levels.
    pub(super) extent: (i64, i64),
    /// Whether it was asserted in its last report.
    pub(super) asserted: bool,
}

/// Which values assert a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sense {
    active: Option<i64>,
    inverted: bool,
}

impl Sense {
    const PLAIN: Self = Self {
        active: None,
        inverted: false,
    };

    const fn of(rule: &Rule) -> Self {
        Self {
            active: rule.active,
            inverted: rule.inverted,
        }
    }

    pub(super) fn asserts(self, value: i64) -> bool {
        self.active.map_or(value != 0, |active| value == active) != self.inverted
    }
}

/// All bindings of a device.
pub(super) fn bindings(descriptor: &ReportDescriptor, quirk: Option<&Quirk>) -> Vec<Binding> {
    let rules = quirk.map_or(&[][..], |quirk| &quirk.rules);
    let mut found = Vec::new();
    for (number, field) in descriptor.fields().iter().enumerate() {
        if field.direction == Direction::Input {
            of_field(descriptor, number, field, rules, &mut found);
        }
    }
    for (number, rule) in rules.iter().enumerate() {
        let hidden = rules
            .iter()
            .take(number)
            .any(|earlier| earlier.place == rule.place);
        if !hidden && found.len() < MOST {
            found.extend(of_bytes(rule));
        }
    }
    found
}

fn of_field(
    descriptor: &ReportDescriptor,
    number: usize,
    field: &Field,
    rules: &[Rule],
    found: &mut Vec<Binding>,
) {
    let mut last = None;
    // `usages` yields each usage of a variable once, in the order of the elements; elements beyond the
    // last usage repeat it (§6.2.2.8) and are no controls of their own.
    for (index, usage) in (0_u32..).zip(descriptor.usages(field).take(MOST_USAGES)) {
        let (control, form, sense) =
            match rules.iter().find(|rule| rule.place == Place::Usage(usage)) {
                Some(rule) => match control::by_rule(rule) {
                    Some(control) => (control, control::rule_form(rule), Sense::of(rule)),
                    None => continue,
                },
                None => match control::standard(field, usage) {
                    Some(control) => (
                        control,
                        control::standard_form(field, control),
                        Sense::PLAIN,
                    ),
                    None => continue,
                },
            };
        if found.len() >= MOST || last == Some(usage) {
            return;
        }
        last = Some(usage);
        let site = match field.layout {
            Layout::Array => Site::Selectable {
                field: number,
                usage,
            },
            Layout::Variable | Layout::Opaque => Site::Variable {
                field: number,
                index,
            },
        };
        let extent = field.logical.unwrap_or((0, 100));
        found.push(Binding {
            site,
            control,
            form,
            sense,
            extent,
            asserted: false,
        });
    }
}

fn of_bytes(rule: &Rule) -> Option<Binding> {
    let Place::Bytes {
        report,
        when,
        byte,
        mask,
    } = &rule.place
    else {
        return None;
    };
    Some(Binding {
        site: Site::Bytes {
            report: *report,
            when: when.clone(),
            byte: *byte,
            mask: *mask,
        },
        control: control::by_rule(rule)?,
        form: control::rule_form(rule),
        sense: Sense::of(rule),
        extent: (0, 100),
        asserted: false,
    })
}

/// The masked bits of a byte rule, if the report is the rule's; byte 1 is `data[0]`.
pub(super) fn masked(data: &[u8], when: &[Condition], byte: usize, mask: u8) -> Option<i64> {
    let at = |byte: usize| data.get(byte.checked_sub(1)?).copied();
    let holds = |condition: &Condition| {
        at(condition.byte).is_some_and(|value| value & condition.mask == condition.is)
    };
    let value = at(byte)? & mask;
    when.iter()
        .all(holds)
        .then(|| i64::from(value >> mask.trailing_zeros()))
}
