//! Which control a usage or a quirk rule is.

use crate::event::ControlEvent;
use crate::hid::descriptor::Field;
use crate::hid::quirks::{Meaning, Rule};
use crate::hid::usage::{self, Usage};

/// What a bound element of a report stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// Something that is so or not so.
    State(State),
    /// Something that is pressed.
    Press(Press),
    /// Battery charge.
    Battery,
}

/// States; each is one of the device, however many reports carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Hook,
    LineBusy,
    Mute { verified: bool },
    QuickDisconnect { verified: bool },
    Link,
}

impl State {
    /// How many there are, and the place of each in a table of them.
    pub(super) const COUNT: usize = 5;

    pub(super) const fn slot(self) -> usize {
        match self {
            Self::Hook => 0,
            Self::LineBusy => 1,
            Self::Mute { .. } => 2,
            Self::QuickDisconnect { .. } => 3,
            Self::Link => 4,
        }
    }

    pub(super) const fn event(self, on: bool) -> ControlEvent {
        match self {
            Self::Hook => ControlEvent::HookSwitch(on),
            Self::LineBusy => ControlEvent::LineBusy(on),
            Self::Mute { verified } => ControlEvent::MuteState {
                muted: on,
                verified,
            },
            Self::QuickDisconnect { verified } => {
                ControlEvent::QuickDisconnect { open: on, verified }
            }
            Self::Link => ControlEvent::LinkLost(on),
        }
    }
}

/// Presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Mute,
    Flash,
    Drop,
    Hold,
    Louder,
    Softer,
    Button(&'static str),
}

impl Press {
    pub(super) const fn event(self) -> ControlEvent {
        match self {
            Self::Mute => ControlEvent::MutePressed,
            Self::Flash => ControlEvent::Flash,
            Self::Drop => ControlEvent::Drop,
            Self::Hold => ControlEvent::Hold,
            Self::Louder => ControlEvent::Volume(1),
            Self::Softer => ControlEvent::Volume(-1),
            Self::Button(name) => ControlEvent::Button(name),
        }
    }
}

/// How the values of an element are to be taken (HID Usage Tables 1.12 §3.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The value is the state (§3.4.1.2, a switch that stays), or the button is down while it is not 0.
    Held,
    /// Every report that asserts it is a press; none tells the release.
    Each,
    /// Every change from 0 turns the state over (§3.4.1.2, a button that toggles).
    Toggle,
    /// +1 turns it on, −1 off, 0 changes nothing (§3.4.1.2, two buttons).
    OnOff,
}

/// The control that `usage` is by the published tables, for an element of `field`.
pub(super) fn standard(field: &Field, usage: Usage) -> Option<Control> {
    let on_telephony = |usage: Usage| usage.page() == usage::TELEPHONY;
    Some(match usage {
        usage::HOOK_SWITCH => Control::State(State::Hook),
        usage::LINE_BUSY => Control::State(State::LineBusy),
        usage::PHONE_MUTE => Control::Press(Press::Mute),
        usage::FLASH => Control::Press(Press::Flash),
        usage::DROP => Control::Press(Press::Drop),
        usage::HOLD => Control::Press(Press::Hold),
        usage::VOLUME_UP => Control::Press(Press::Louder),
        usage::VOLUME_DOWN => Control::Press(Press::Softer),
        // The loudspeaker's mute, not the microphone's: a button like others, unless a quirk knows better.
        usage::CONSUMER_MUTE => Control::Press(Press::Button("Speaker Mute")),
        // Numbered buttons mean *reject* only on a telephone.
        usage::BUTTON_REJECT if field.application.is_some_and(on_telephony) => {
            Control::Press(Press::Drop)
        }
        usage::BATTERY_STRENGTH
        | usage::RELATIVE_STATE_OF_CHARGE
        | usage::ABSOLUTE_STATE_OF_CHARGE => Control::Battery,
        other => Control::Press(Press::Button(usage::telephony_name(other)?)),
    })
}

/// The form of a standard control, from its field's flags and extent.
pub(super) fn standard_form(field: &Field, control: Control) -> Form {
    match control {
        Control::State(_) if field.flags.is_relative() && field.is_signed() => Form::OnOff,
        Control::State(State::Hook) if field.flags.is_relative() => Form::Toggle,
        _ => Form::Held,
    }
}

/// The form of a control that a rule makes.
pub(super) const fn rule_form(rule: &Rule) -> Form {
    if rule.each { Form::Each } else { Form::Held }
}

/// The control that a rule makes of its place; `None` for `ignore`.
pub(super) fn by_rule(rule: &Rule) -> Option<Control> {
    let verified = rule.verified;
    Some(match rule.meaning {
        Meaning::QdOpen => Control::State(State::QuickDisconnect { verified }),
        Meaning::MuteState => Control::State(State::Mute { verified }),
        Meaning::LinkLost => Control::State(State::Link),
        Meaning::Hook => Control::State(State::Hook),
        Meaning::LineBusy => Control::State(State::LineBusy),
        Meaning::MutePress => Control::Press(Press::Mute),
        Meaning::Flash => Control::Press(Press::Flash),
        Meaning::Drop => Control::Press(Press::Drop),
        Meaning::Hold => Control::Press(Press::Hold),
        Meaning::VolumeUp => Control::Press(Press::Louder),
        Meaning::VolumeDown => Control::Press(Press::Softer),
        Meaning::Battery => Control::Battery,
        Meaning::Ignore => return None,
    })
}
