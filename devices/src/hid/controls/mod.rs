//! From reports to [`ControlEvent`]s: change detection and debounce.
//!
//! *Promises*: a state is told when it is first known and when it changes; a press once, when it
//! begins. Nothing is allocated per report.
//!
//! *Fails* quietly on what the descriptor does not declare: the outcome of
//! [`feed`](Controls::feed) says it, no event does.
//!
//! *Never* guesses whether the microphone is muted: 0B:2F is a press, and only a quirk rule makes a
//! state of something. The one state counted from presses is a hook switch that only toggles (HID Usage
//! Tables 1.12 §3.4.1.2): it begins on the hook.

mod binding;
mod control;

use self::binding::{Binding, Site, masked};
use self::control::{Control, Form, Press, State};
use super::descriptor::{Field, ReportDescriptor};
use super::quirks::{DEFAULT_DEBOUNCE, Quirk};
use super::report::{InputReport, Length, NotAReport, Reading};
use super::usage::Usage;
use crate::event::ControlEvent;
use std::time::{Duration, Instant};

/// The controls of one HID interface, and what is known of each.
#[derive(Debug)]
pub struct Controls {
    descriptor: ReportDescriptor,
    bindings: Vec<Binding>,
    known: Known,
}

/// What the device has said so far.
#[derive(Debug)]
struct Known {
    debounce: Duration,
    states: [Option<bool>; State::COUNT],
    battery: Option<u8>,
    /// The last press and when; buttons are pressed one after the other, so one place is enough to
    /// recognise a double, and a few allow for another key in between.
    presses: [Option<(Press, Instant)>; 4],
}

impl Controls {
    /// The controls that the descriptor declares, as the quirk (if any) sees them.
    #[must_use]
    pub fn new(descriptor: ReportDescriptor, quirk: Option<&Quirk>) -> Self {
        let bindings = binding::bindings(&descriptor, quirk);
        let debounce = quirk.map_or(DEFAULT_DEBOUNCE, |quirk| quirk.debounce);
        let known = Known {
            debounce,
            states: [None; _],
            battery: None,
            presses: [None; _],
        };
        Self {
            descriptor,
            bindings,
            known,
        }
    }

    /// Whether an element of `field` with this usage has a meaning by the published tables, without any
    /// quirk file.
    #[must_use]
    pub fn is_standard(field: &Field, usage: Usage) -> bool {
        control::standard(field, usage).is_some()
    }

    /// Whether any control can ever be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// The descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &ReportDescriptor {
        &self.descriptor
    }

    /// Takes one report as hidraw delivered it at `at`, and tells what it changes.
    ///
    /// # Errors
    /// [`NotAReport`] if the bytes are no report of this device. Rules on bytes apply even then, as some
    /// vendors send reports that they do not declare.
    pub fn feed(
        &mut self,
        at: Instant,
        bytes: &[u8],
        mut emit: impl FnMut(ControlEvent),
    ) -> Result<Length, NotAReport> {
        let Self {
            descriptor,
            bindings,
            known,
        } = self;
        let report = InputReport::new(descriptor, bytes);
        for binding in bindings.iter_mut() {
            if let Some(value) = value(descriptor, report.as_ref().ok(), bytes, &binding.site) {
                known.take(binding, at, value, &mut emit);
            }
        }
        report.map(|report| report.length())
    }
}

/// What a report says at `site`; `None` if it is another report, or has no value there.
fn value(
    descriptor: &ReportDescriptor,
    report: Option<&InputReport<'_>>,
    bytes: &[u8],
    site: &Site,
) -> Option<i64> {
    let in_report = |number: usize| -> Option<&Field> {
        let id = report?.id();
        descriptor
            .fields()
            .get(number)
            .filter(|field| field.report == id)
    };
    match site {
        Site::Variable { field, index } => report?.value(in_report(*field)?, *index),
        Site::Selectable { field, usage } => {
            let report = report?;
            let field = in_report(*field)?;
            // An array that is cut off says nothing about what it does not name.
            report.has_all_of(field).then(|| {
                let asserted = Reading::Asserted { usage: *usage };
                i64::from(
                    report
                        .elements(field)
                        .any(|element| element.reading == asserted),
                )
            })
        }
        Site::Bytes {
            report,
            when,
            byte,
            mask,
        } => {
            let data = match report {
                Some(id) => bytes.strip_prefix(&[id.get()])?,
                None if descriptor.uses_report_ids() => return None,
                None => bytes,
            };
            masked(data, when, *byte, *mask)
        }
    }
}

impl Known {
    fn take(
        &mut self,
        binding: &mut Binding,
        at: Instant,
        value: i64,
        emit: &mut impl FnMut(ControlEvent),
    ) {
        let asserted = binding.sense.asserts(value);
        let before = std::mem::replace(&mut binding.asserted, asserted);
        let began = asserted && !before;
        match (binding.control, binding.form) {
            (Control::State(state), Form::Held) => self.set(state, asserted, emit),
            (Control::State(state), Form::OnOff) if value != 0 => self.set(state, value > 0, emit),
            (Control::State(state), Form::Toggle) if began => {
                let before = self.states[state.slot()].unwrap_or(false);
                self.set(state, !before, emit);
            }
            (Control::Press(press), Form::Each) if asserted => self.press(press, at, emit),
            (Control::Press(press), _) if began => self.press(press, at, emit),
            (Control::Battery, _) => self.charge(value, binding.extent, emit),
            _ => {}
        }
    }

    fn set(&mut self, state: State, on: bool, emit: &mut impl FnMut(ControlEvent)) {
        let known = &mut self.states[state.slot()];
        if known.replace(on) != Some(on) {
            emit(state.event(on));
        }
    }

    fn press(&mut self, press: Press, at: Instant, emit: &mut impl FnMut(ControlEvent)) {
        let double = self.presses.iter().flatten().any(|(earlier, when)| {
            *earlier == press && at.saturating_duration_since(*when) < self.debounce
        });
        if !double {
            self.presses.rotate_right(1);
            self.presses[0] = Some((press, at));
            emit(press.event());
        }
    }

    /// Percent of the logical extent; what lies outside says nothing.
    fn charge(&mut self, value: i64, (low, high): (i64, i64), emit: &mut impl FnMut(ControlEvent)) {
        if value < low || value > high || low == high {
            return;
        }
        let percent = u8::try_from((value - low) * 100 / (high - low)).unwrap_or(100);
        if self.battery.replace(percent) != Some(percent) {
            emit(ControlEvent::Battery(percent));
        }
    }
}

#[cfg(test)]
mod tests;
