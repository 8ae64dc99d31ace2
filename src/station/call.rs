//! When is a call? (CONTRACT §3.)
//!
//! The hook switch or the line-busy bit decides. Where they were never seen to follow a call,
//! a foreign application's stream on the headset does. Own streams never count: they are not told here.
//!
//! *Known weakness*: an application that keeps its stream open between calls, on a headset without
//! hook switch, makes one long call.

use crate::alerts::{Confidence, How, IdMint, Now};
use std::time::Duration;
use uuid::Uuid;

/// A stream must last this long to begin a call: settings pages and permission prompts open the
/// microphone for a moment.
const STREAM_STARTS: Duration = Duration::from_millis(300);

/// A stream must be away this long to end a call: softphones reopen it when they change codec or
/// come back from hold. (Our own capture is closed at once all the same.)
const STREAM_ENDS: Duration = Duration::from_millis(1_500);

/// The hook switch must rest this long to end a call; the contact of a cradle bounces.
const HOOK_ENDS: Duration = Duration::from_millis(200);

/// A headset that left, or whose quick disconnect is pulled, may be plugged in again while the
/// customer waits.
const GONE_PATIENCE: Duration = Duration::from_secs(30);

/// A softphone needs this long to find a headset, or a sound server, that came back.
const RETURN_PATIENCE: Duration = Duration::from_secs(10);

/// How sure a call is that only an application's stream tells of.
const STREAM_CONFIDENCE: Confidence = Confidence::new(0.8);

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndReason {
    HookOn,
    LineIdle,
    StreamClosed,
    HeadsetGone,
    Suspend,
    Stopped,
}

impl EndReason {
    /// As published.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::HookOn => "hook_on",
            Self::LineIdle => "line_idle",
            Self::StreamClosed => "stream_closed",
            Self::HeadsetGone => "headset_gone",
            Self::Suspend => "suspend",
            Self::Stopped => "stopped",
        }
    }
}

/// A call that runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Call {
    pub(super) id: Uuid,
    pub(super) since: Duration,
    pub(super) how: How,
}

/// What the tracker decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    Started(Call),
    Ended(Call, EndReason),
}

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
}

/// The call on one headset: none or one.
#[derive(Debug, Default)]
pub(super) struct CallTracker {
    hook: Indicator,
    line_busy: Indicator,
    capturing: bool,
    /// Since when an application captures, or does not.
    capture_since: Duration,
    gone: bool,
    /// Until when missing evidence does not end the call.
    patience: Option<Duration>,
    call: Option<Call>,
}

impl CallTracker {
    pub(super) fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    pub(super) fn capturing(&self) -> bool {
        self.capturing
    }

    pub(super) fn hook(&mut self, now: Now, off_hook: bool) {
        self.hook.set(now, off_hook);
    }

    pub(super) fn line_busy(&mut self, now: Now, busy: bool) {
        self.line_busy.set(now, busy);
    }

    /// Nobody reads the device's controls any more; only streams can tell.
    pub(super) fn controls_lost(&mut self) {
        self.hook = Indicator::default();
        self.line_busy = Indicator::default();
    }

    pub(super) fn capture(&mut self, now: Now, capturing: bool) {
        if capturing != self.capturing {
            self.capturing = capturing;
            self.capture_since = now.monotonic;
        }
    }

    /// The sound server went: nobody knows for a while who captures.
    pub(super) fn server_lost(&mut self, now: Now) {
        let lately = now.monotonic < self.capture_since + STREAM_ENDS;
        if self.capturing || lately {
            self.capture(now, false);
            self.be_patient(now.monotonic + RETURN_PATIENCE);
        }
    }

    /// The sound card left, and the stream with it; the customer is still on the line.
    pub(super) fn card_gone(&mut self, now: Now) {
        if self.capturing {
            self.capture(now, false);
            self.be_patient(now.monotonic + GONE_PATIENCE);
        }
    }

    pub(super) fn gone(&mut self, now: Now) {
        self.gone = true;
        self.controls_lost();
        self.capture(now, false);
        self.be_patient(now.monotonic + GONE_PATIENCE);
    }

    pub(super) fn back(&mut self, now: Now) {
        self.gone = false;
        self.be_patient(now.monotonic + RETURN_PATIENCE);
    }

    fn be_patient(&mut self, until: Duration) {
        if self.call.is_some() {
            self.patience = Some(self.patience.map_or(until, |p| p.max(until)));
        }
    }

    /// Forgets what the device said; a call, if any, must have been ended before.
    pub(super) fn forget(&mut self, now: Now) {
        *self = Self {
            capturing: self.capturing,
            capture_since: now.monotonic,
            ..Self::default()
        };
    }

    /// Ends the call for a reason from outside.
    pub(super) fn end(&mut self, reason: EndReason) -> Option<Change> {
        self.patience = None;
        self.call.take().map(|call| Change::Ended(call, reason))
    }

    /// When [`CallTracker::decide`] may decide otherwise without anything happening.
    pub(super) fn deadline(&self) -> Option<Duration> {
        if self.call.is_none() {
            return self.capturing.then(|| self.capture_since + STREAM_STARTS);
        }
        let reported = self.call.is_some_and(|call| call.how == How::Reported);
        let ends = if reported || self.hook.follows_calls || self.line_busy.follows_calls {
            self.hook.off_since.max(self.line_busy.off_since) + HOOK_ENDS
        } else {
            self.capture_since + STREAM_ENDS
        };
        (!self.any_on() && !self.capturing).then(|| self.patience.map_or(ends, |p| p.max(ends)))
    }

    fn any_on(&self) -> bool {
        self.hook.on || self.line_busy.on
    }

    /// Weighs what is known now.
    pub(super) fn decide(&mut self, now: Now, ids: &mut IdMint) -> Option<Change> {
        if self.capturing {
            self.hook.follows_calls |= self.hook.on;
            self.line_busy.follows_calls |= self.line_busy.on;
        }
        if self.call.is_some() {
            let reason = self.over(now)?;
            return self.end(reason);
        }
        let how = if self.any_on() {
            How::Reported
        } else if self.capturing
            && !self.hook.follows_calls
            && !self.line_busy.follows_calls
            && now.monotonic >= self.capture_since + STREAM_STARTS
        {
            How::Inferred(STREAM_CONFIDENCE)
        } else {
            return None;
        };
        let call = Call {
            id: ids.mint(now.utc_ms),
            since: now.monotonic,
            how,
        };
        self.call = Some(call);
        Some(Change::Started(call))
    }

    fn over(&mut self, now: Now) -> Option<EndReason> {
        if self.any_on() {
            self.patience = None;
            return None;
        }
        let rested = |indicator: &Indicator| now.monotonic >= indicator.off_since + HOOK_ENDS;
        if self.hook.follows_calls || self.line_busy.follows_calls {
            // The device knows when a call is over, whatever stream an application keeps.
            return (rested(&self.hook) && rested(&self.line_busy)).then_some(
                if self.hook.off_since >= self.line_busy.off_since {
                    EndReason::HookOn
                } else {
                    EndReason::LineIdle
                },
            );
        }
        if self.capturing {
            self.patience = None;
            return None;
        }
        if self.patience.is_some_and(|until| now.monotonic < until) {
            return None;
        }
        let streamless = now.monotonic >= self.capture_since + STREAM_ENDS;
        let reported = self.call.is_some_and(|call| call.how == How::Reported);
        if self.patience.is_some() {
            Some(EndReason::HeadsetGone)
                .filter(|_| self.gone)
                .or(Some(EndReason::StreamClosed))
        } else if reported {
            // That no stream was ever there says nothing: the device told of the call, and tells its end.
            (rested(&self.hook) && rested(&self.line_busy)).then_some(
                if self.hook.off_since >= self.line_busy.off_since {
                    EndReason::HookOn
                } else {
                    EndReason::LineIdle
                },
            )
        } else {
            streamless.then_some(EndReason::StreamClosed)
        }
    }
}
