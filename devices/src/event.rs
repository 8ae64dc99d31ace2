//! What devices say. Times are monotonic ([`std::time::Instant`]), taken where the thing was read.

use crate::headset::{HeadsetIdentity, UsbPath};
use std::time::Instant;

/// Something a headset's HID side did.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadsetEvent {
    /// When the report was read, or the device came or went.
    pub at: Instant,
    /// Which plug.
    pub usb: UsbPath,
    /// What.
    pub kind: HeadsetEventKind,
}

/// The kinds of [`HeadsetEvent`].
#[derive(Debug, Clone, PartialEq)]
pub enum HeadsetEventKind {
    /// A headset's HID interface is there and being read.
    Added {
        /// What it is.
        identity: HeadsetIdentity,
        /// Name of the quirk file that applies, if any.
        quirk: Option<String>,
    },
    /// Its HID interface is gone.
    Removed,
    /// It can be seen but not read (permission, broken descriptor); one sentence that says what to do.
    Unreadable {
        /// The sentence.
        reason: String,
    },
    /// A control moved.
    Control(ControlEvent),
}

/// A control, by usage (USB HID Usage Tables) or by a quirk rule.
#[derive(Debug, Clone, PartialEq)]
pub enum ControlEvent {
    /// Telephony 0B:20. `true` = off hook.
    HookSwitch(bool),
    /// Telephony 0B:2F pressed: a request to toggle, not a state.
    MutePressed,
    /// A vendor's mute *state*, where a quirk knows one.
    MuteState {
        /// Muted.
        muted: bool,
        /// The rule was seen on real hardware.
        verified: bool,
    },
    /// Quick disconnect, where a quirk knows it.
    QuickDisconnect {
        /// `true` = pulled apart.
        open: bool,
        /// The rule was seen on real hardware.
        verified: bool,
    },
    /// Telephony 0B:21.
    Flash,
    /// Telephony 0B:26, or the reject button (09:07).
    Drop,
    /// Telephony 0B:23 pressed.
    Hold,
    /// Telephony 0B:97: the device says it is in a call.
    LineBusy(bool),
    /// Consumer 0C:E9 (+1) or 0C:EA (−1).
    Volume(i8),
    /// The radio or the headset part is out of reach, where a quirk knows it.
    LinkLost(bool),
    /// Battery charge in percent, where the device says it.
    Battery(u8),
    /// Any other telephony button, by its usage name.
    Button(&'static str),
}
