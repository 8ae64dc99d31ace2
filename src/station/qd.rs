//! Is the quick disconnect pulled?
//!
//! *Reported*: a verified vendor bit (debounced 30 ms), or the sound card gone while the HID
//! interface stays (1.5 s). *Inferred*: a vendor bit whose rule is not verified, or the microphone's
//! step to nothing ([`MicStep`]). Card and HID both gone is a headset that left, never a quick
//! disconnect; whoever owns this tracker says so with [`QdTracker::forget`].

use super::mic_step::MicStep;
use crate::alerts::{Confidence, How, Now};
use sidetone_dsp::second::SecondSummary;
use std::time::Duration;

/// A bit must rest this long (CONTRACT §6).
const BIT_RESTS: Duration = Duration::from_millis(30);

/// A sound card must be away this long: an unplug takes the HID interface along within that time,
/// and some devices re-enumerate (CONTRACT §6).
const CARD_AWAY: Duration = Duration::from_millis(1_500);

/// How sure a vendor bit is whose rule nobody has seen on real hardware; below the 0.95 that may act.
const UNVERIFIED: Confidence = Confidence::new(0.8);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bit {
    open: bool,
    verified: bool,
}

/// The quick disconnect of one headset.
#[derive(Debug, Default)]
pub(super) struct QdTracker {
    bit: Option<Bit>,
    /// A bit that has not rested long enough.
    moving: Option<(Bit, Duration)>,
    card_away_since: Option<Duration>,
    card_open: bool,
    /// When what is open now was first reported, before it had rested.
    reported: Option<Duration>,
    mic: MicStep,
}

impl QdTracker {
    /// When the device first reported what it last rested in.
    pub(super) fn reported(&self) -> Option<Duration> {
        self.reported
    }

    /// How it is known to be open; `None` when closed (or never told).
    pub(super) fn open(&self) -> Option<How> {
        if self.card_open {
            return Some(How::Reported);
        }
        match self.bit {
            Some(Bit {
                open: true,
                verified,
            }) => Some(if verified {
                How::Reported
            } else {
                How::Inferred(UNVERIFIED)
            }),
            // A device that tells it needs no guess.
            Some(_) => None,
            None => self.mic.open().map(How::Inferred),
        }
    }

    /// How it is known to be closed; `None` when open, or where nothing tells.
    pub(super) fn closed(&self) -> Option<How> {
        let bit = self.bit.filter(|bit| !bit.open && !self.card_open)?;
        Some(if bit.verified {
            How::Reported
        } else {
            How::Inferred(UNVERIFIED)
        })
    }

    /// A vendor bit moved.
    pub(super) fn bit(&mut self, now: Now, open: bool, verified: bool) {
        let bit = Bit { open, verified };
        if self.bit == Some(bit) {
            self.moving = None;
        } else if self.moving.is_none_or(|(moving, _)| moving != bit) {
            self.moving = Some((bit, now.monotonic));
        }
    }

    /// Nobody reads the device's controls any more.
    pub(super) fn controls_lost(&mut self) {
        self.bit = None;
        self.moving = None;
    }

    /// The sound card went while the HID interface stays (so far).
    pub(super) fn card_gone(&mut self, now: Now) {
        self.card_away_since.get_or_insert(now.monotonic);
    }

    /// The sound card is there, or nobody can say (no sound server).
    pub(super) fn card_not_gone(&mut self) {
        self.card_away_since = None;
        self.card_open = false;
    }

    /// A second of the call's sound; `explained` if a mute explains silence.
    pub(super) fn second(&mut self, second: &SecondSummary, explained: bool) {
        self.mic.second(&second.agent, explained);
    }

    /// The call is over: what the microphone told is over too.
    pub(super) fn call_ended(&mut self) {
        self.mic = MicStep::default();
    }

    /// Lets debounce times run out.
    pub(super) fn tick(&mut self, now: Now) {
        if let Some((bit, since)) = self.moving
            && now.monotonic.saturating_sub(since) >= BIT_RESTS
        {
            self.bit = Some(bit);
            self.moving = None;
            self.reported = Some(since);
        }
        if let Some(since) = self.card_away_since
            && now.monotonic.saturating_sub(since) >= CARD_AWAY
            && !self.card_open
        {
            self.card_open = true;
            self.reported = Some(since);
        }
    }

    /// When [`QdTracker::tick`] has something to decide.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let bit = self.moving.map(|(_, since)| since + BIT_RESTS);
        let card = self
            .card_away_since
            .filter(|_| !self.card_open)
            .map(|since| since + CARD_AWAY);
        bit.into_iter().chain(card).min()
    }

    /// All is unknown again: the device left, or the computer slept.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
