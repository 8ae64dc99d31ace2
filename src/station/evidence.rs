//! What this workstation itself tells of a call: the hook switch, the line-busy bit, an application's
//! stream, the far end's sound. A softphone that an adapter reads outweighs all of it
//! (`docs/call-state.md`).
//!
//! *Fails* towards one long call: what says neither that a call began nor that it ended changes nothing.

use super::call::EndReason;
use crate::alerts::{Confidence, How, Now};
use std::time::Duration;

/// A stream must last this long to begin a call: settings pages and permission prompts open the
/// microphone for a moment.
const STREAM_STARTS: Duration = Duration::from_millis(300);

/// A stream must be away this long to end a call: softphones reopen it at once when they change codec.
/// Chromium's are gone 39 ms after hanging up; what reopens later than this is a new call. (Our own
/// capture is closed at once all the same.)
const STREAM_ENDS: Duration = Duration::from_millis(400);

/// The hook switch must rest this long to end a call; the contact of a cradle bounces.
const HOOK_ENDS: Duration = Duration::from_millis(200);

/// The controls and the sound card of a headset that is pulled leave within this time of each other.
const PARTS_LEAVE: Duration = Duration::from_secs(2);

/// A headset that left, or whose quick disconnect is pulled, may be plugged in again while the
/// customer waits.
const GONE_PATIENCE: Duration = Duration::from_secs(30);

/// A softphone needs this long to find a headset, or a sound server, that came back; and an adapter to
/// find a softphone again.
const RETURN_PATIENCE: Duration = Duration::from_secs(10);

/// An application that keeps its microphone open but has played nothing for so long is between calls:
/// no softphone closes its playback for longer while a customer waits.
const PLAYBACK_ENDS: Duration = Duration::from_secs(10);

/// … or that has played nothing but digital zeros: a held call without music may be as still, and two
/// minutes of it are rare.
const ZEROS_END: Duration = Duration::from_secs(120);

/// A second with this share of digital zeros holds nothing else.
const ALL_ZEROS: f32 = 0.99;

/// How sure a call is that only an application's stream tells of.
pub(super) const STREAM_CONFIDENCE: Confidence = Confidence::new(0.8);

/// A bit of the device that may tell of calls.
#[derive(Debug, Default, Clone, Copy)]
struct Indicator {
    on: bool,
    /// Since when it is off.
    off_since: Duration,
    /// It was on while an application captured: it follows this workstation's calls, so that its
    /// being off means something. A button pressed once by accident does not make it so.
    follows_calls: bool,
}

impl Indicator {
    fn set(&mut self, now: Now, on: bool) {
        if self.on && !on {
            self.off_since = now.monotonic;
        }
        self.on = on;
    }

    fn rested(&self, now: Now) -> bool {
        now.monotonic >= self.off_since + HOOK_ENDS
    }
}

/// Whether the capturing application plays anything.
#[derive(Debug, Default, Clone, Copy)]
struct FarEndWatch {
    /// It plays somewhere.
    playing: bool,
    /// It has played since it captures.
    has_played: bool,
    /// Since when it plays nothing, after it did.
    silent_since: Option<Duration>,
    /// Since when it plays digital zeros.
    zeros_since: Option<Duration>,
}

/// What is known on one headset.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    hook: Indicator,
    line_busy: Indicator,
    /// An application captures whose calls no adapter tells.
    capturing: bool,
    /// Since when it does, or does not.
    capture_since: Duration,
    far_end: FarEndWatch,
    /// An adapter would know of a call: the hook switch alone is none.
    adapter_knows: bool,
    /// When the controls went while a bit that had just gone off had not rested yet, and which end it told of.
    hanging_up: Option<(Duration, EndReason)>,
    gone: bool,
    /// Until when missing evidence does not end the call.
    patience: Option<Duration>,
    /// What is on now belonged to a call that is over, and must go off before it tells of another.
    spent: bool,
    /// The application keeps its microphone open between calls; its next sound begins one.
    between_calls: bool,
}

impl Evidence {
    pub(super) fn hook(&mut self, now: Now, off_hook: bool) {
        self.hook.set(now, off_hook);
    }

    pub(super) fn line_busy(&mut self, now: Now, busy: bool) {
        self.line_busy.set(now, busy);
    }

    /// Nobody reads the device's controls any more; only streams can tell.
    pub(super) fn controls_lost(&mut self, now: Now) {
        let bit_moved = |bit: &Indicator| bit.off_since > Duration::ZERO && !bit.rested(now);
        if !self.any_on() && (bit_moved(&self.hook) || bit_moved(&self.line_busy)) {
            self.hanging_up = Some((now.monotonic, self.by_device()));
        }
        self.hook = Indicator::default();
        self.line_busy = Indicator::default();
    }

    /// Whether an application captures whose calls no adapter tells.
    pub(super) fn capture(&mut self, now: Now, capturing: bool) {
        if capturing != self.capturing {
            self.capturing = capturing;
            self.capture_since = now.monotonic;
            self.far_end = FarEndWatch {
                playing: self.far_end.playing,
                has_played: self.far_end.playing,
                ..FarEndWatch::default()
            };
            self.between_calls = false;
        }
    }

    /// Whether an adapter would tell of a call.
    pub(super) fn adapter_knows(&mut self, knows: bool) {
        self.adapter_knows = knows;
    }

    /// Whether the capturing application plays anything, anywhere.
    pub(super) fn plays(&mut self, now: Now, playing: bool) {
        let far_end = &mut self.far_end;
        if playing == far_end.playing {
            return;
        }
        far_end.playing = playing;
        far_end.has_played |= playing;
        far_end.silent_since = (!playing).then_some(now.monotonic);
        far_end.zeros_since = None;
        if playing {
            self.between_calls = false;
        }
    }

    /// A second of the far end: its share of digital zeros, 0..1.
    pub(super) fn far_end_second(&mut self, now: Now, zeros: f32) {
        if zeros < ALL_ZEROS {
            self.far_end.zeros_since = None;
            self.between_calls &= !self.far_end.playing;
        } else {
            self.far_end.zeros_since.get_or_insert(now.monotonic);
        }
    }

    /// An application keeps its microphone open although no call runs: its sound may begin the next.
    pub(super) fn between_calls(&self) -> bool {
        self.between_calls && self.capturing
    }

    /// The sound server went: nobody knows for a while who captures.
    pub(super) fn server_lost(&mut self, now: Now) {
        if self.captured_lately(now) {
            self.capture(now, false);
            self.be_patient(now.monotonic + RETURN_PATIENCE);
        }
    }

    /// A server that goes, or a card, takes its streams along, and may tell of them first.
    fn captured_lately(&self, now: Now) -> bool {
        self.capturing || now.monotonic < self.capture_since + STREAM_ENDS
    }

    /// The sound card left, and the stream with it; the customer is still on the line.
    pub(super) fn card_gone(&mut self, now: Now) {
        if self.captured_lately(now) {
            self.capture(now, false);
            self.be_patient(now.monotonic + GONE_PATIENCE);
        }
    }

    pub(super) fn gone(&mut self, now: Now) {
        self.gone = true;
        self.controls_lost(now);
        // Laid down and then pulled ends the call; controls that went long before the rest of it tell nothing.
        self.hanging_up
            .take_if(|(at, _)| now.monotonic > *at + PARTS_LEAVE);
        self.capture(now, false);
        self.be_patient(now.monotonic + GONE_PATIENCE);
    }

    pub(super) fn back(&mut self, now: Now) {
        self.gone = false;
        self.hanging_up = None;
        self.be_patient(now.monotonic + RETURN_PATIENCE);
    }

    /// The adapter that told of the call lost its softphone.
    pub(super) fn adapter_lost(&mut self, now: Now) {
        self.be_patient(now.monotonic + RETURN_PATIENCE);
    }

    fn be_patient(&mut self, until: Duration) {
        self.patience = Some(self.patience.map_or(until, |p| p.max(until)));
    }

    /// A call begins or is over; what was waited for in it is not waited for any more.
    pub(super) fn settle_patience(&mut self) {
        self.patience = None;
        self.hanging_up = None;
    }

    /// A call is over that something better than this told of: what is on now says nothing new.
    pub(super) fn spend(&mut self) {
        self.spent = self.any_on() || self.capturing;
    }

    /// Forgets what the device said.
    pub(super) fn forget(&mut self, now: Now) {
        *self = Self {
            capturing: self.capturing,
            capture_since: now.monotonic,
            adapter_knows: self.adapter_knows,
            far_end: FarEndWatch {
                playing: self.far_end.playing,
                has_played: self.far_end.playing,
                ..FarEndWatch::default()
            },
            ..Self::default()
        };
    }

    fn any_on(&self) -> bool {
        self.hook.on || self.line_busy.on
    }

    fn follows_calls(&self) -> bool {
        self.hook.follows_calls || self.line_busy.follows_calls
    }

    fn note_followers(&mut self) {
        if self.capturing {
            self.hook.follows_calls |= self.hook.on;
            self.line_busy.follows_calls |= self.line_busy.on;
        }
    }

    /// Whether a call begins, and how that is known. Asked while there is none.
    pub(super) fn begins(&mut self, now: Now) -> Option<How> {
        self.note_followers();
        if self.spent {
            self.spent = self.any_on() || self.capturing;
        }
        if self.spent || self.between_calls {
            return None;
        }
        if self.any_on() && (!self.adapter_knows || self.capturing) {
            Some(How::Reported)
        } else if self.capturing
            && !self.follows_calls()
            && now.monotonic >= self.capture_since + STREAM_STARTS
        {
            Some(How::Inferred(STREAM_CONFIDENCE))
        } else {
            None
        }
    }

    /// Why the call is over, if it is; `how` it was known. Asked while no adapter tells of it.
    pub(super) fn over(&mut self, now: Now, how: How) -> Option<EndReason> {
        self.note_followers();
        if self.any_on() {
            self.patience = None;
            return None;
        }
        if self.gone
            && let Some((_, by_device)) = self.hanging_up
        {
            return Some(by_device);
        }
        let hung_up = self.hook.rested(now) && self.line_busy.rested(now);
        let by_device = self.by_device();
        if self.follows_calls() {
            // The device knows when a call is over, whatever stream an application keeps.
            return hung_up.then_some(by_device);
        }
        if self.capturing {
            self.patience = None;
            if let Some(reason) = self.far_end_over(now, how) {
                self.between_calls = true;
                return Some(reason);
            }
            return None;
        }
        if self.patience.is_some_and(|until| now.monotonic < until) {
            return None;
        }
        let streamless = now.monotonic >= self.capture_since + STREAM_ENDS;
        if self.patience.is_some() {
            Some(if self.gone {
                EndReason::HeadsetGone
            } else {
                EndReason::StreamClosed
            })
        } else if how == How::Reported {
            // That no stream was ever there says nothing: the device told of the call, and tells its end.
            hung_up.then_some(by_device)
        } else {
            streamless.then_some(EndReason::StreamClosed)
        }
    }

    /// Which bit of the device told last that the call is over.
    fn by_device(&self) -> EndReason {
        if self.hook.off_since >= self.line_busy.off_since {
            EndReason::HookOn
        } else {
            EndReason::LineIdle
        }
    }

    /// The application keeps its microphone, but nobody is to be heard any more.
    fn far_end_over(&self, now: Now, how: How) -> Option<EndReason> {
        let inferred = matches!(how, How::Inferred(_));
        let since = |at: Option<Duration>, limit| at.is_some_and(|at| now.monotonic >= at + limit);
        let far_end = &self.far_end;
        if !inferred || !far_end.has_played {
            None
        } else if since(far_end.silent_since, PLAYBACK_ENDS) {
            Some(EndReason::PlaybackClosed)
        } else if far_end.playing && since(far_end.zeros_since, ZEROS_END) {
            Some(EndReason::FarEndSilent)
        } else {
            None
        }
    }

    /// When [`Evidence::begins`] (without a call) or [`Evidence::over`] (with one) may decide
    /// otherwise without anything happening.
    pub(super) fn deadline(&self, call: Option<How>) -> Option<Duration> {
        let Some(how) = call else {
            return self.capturing.then(|| self.capture_since + STREAM_STARTS);
        };
        if self.any_on() {
            return None;
        }
        if self.capturing {
            let playback = self.far_end.silent_since.map(|at| at + PLAYBACK_ENDS);
            let zeros = self.far_end.zeros_since.map(|at| at + ZEROS_END);
            return playback.into_iter().chain(zeros).min();
        }
        let ends = if how == How::Reported || self.follows_calls() {
            self.hook.off_since.max(self.line_busy.off_since) + HOOK_ENDS
        } else {
            self.capture_since + STREAM_ENDS
        };
        Some(self.patience.map_or(ends, |p| p.max(ends)))
    }
}
