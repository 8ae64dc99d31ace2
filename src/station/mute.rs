//! Is the agent muted?
//!
//! `unknown` until the mixer's switch, a vendor's state bit or digital silence decides; from then a
//! press of the momentary mute button toggles it (CONTRACT §3). Three things can mute: the mixer, the
//! device and the softphone, and any of them is enough. Every state carries how it is known.
//!
//! What was counted or concluded in a call ends with it: softphones un-mute the headset when they hang
//! up, and a mute that did not end would call the agent muted at the start of the next call.
//!
//! A press that the desktop or the softphone answers is theirs and not counted.
//!
//! *Known weakness*: presses are counted, so a softphone that mutes from its own window is not seen
//! where no adapter tells its mute.

use super::mute_truth::{Drift, MutedBy};
use crate::alerts::{Confidence, How, Mute, Now};
use sidetone_dsp::second::SecondSummary;
use std::time::Duration;

/// A press and a switch this close together are one act: desktops answer the mute key by
/// switching the mixer.
const SAME_ACT: Duration = Duration::from_millis(500);

/// How sure a counted press is.
const PRESSED: Confidence = Confidence::new(0.9);

/// How sure a vendor bit is whose rule nobody has seen on real hardware.
const UNVERIFIED: Confidence = Confidence::new(0.8);

/// How sure digital silence is: a pulled quick disconnect or a broken microphone look alike.
const SILENT: Confidence = Confidence::new(0.7);

/// Seconds of digital zeros that decide (CONTRACT §3, `muted_at_call_start`).
const SILENT_S: u32 = 5;

/// Seconds the customer must have spoken meanwhile.
const SPOKEN_S: f32 = 1.0;

/// A second with this share of digital zeros holds nothing else.
const ALL_ZEROS: f32 = 0.99;

/// A second with less than this share of digital zeros is alive.
const ALIVE: f32 = 0.5;

/// What the device itself does, as far as known.
#[derive(Debug, Clone, Copy, PartialEq)]
struct DeviceMute {
    muted: bool,
    how: How,
    source: Source,
    since: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    VendorState { verified: bool },
    Press,
    Silence,
}

/// The mute of one headset.
#[derive(Debug, Default)]
pub(super) struct MuteTracker {
    mixer: Option<(bool, Duration)>,
    /// When the mixer last changed under our eyes; its first sight answers no press.
    mixer_changed: Option<Duration>,
    mixer_before_sleep: Option<bool>,
    device: Option<DeviceMute>,
    /// What the softphone says of its own mute, and since when.
    softphone: Option<(bool, Duration)>,
    /// When the softphone last changed under our eyes; its first word answers no press.
    softphone_changed: Option<Duration>,
    drift: Drift,
    /// What the device was before the last press, and when that was.
    before_press: Option<(Option<DeviceMute>, Duration)>,
    zeros_s: u32,
    spoken_s: f32,
}

impl MuteTracker {
    /// As it is known now.
    pub(super) fn state(&self) -> Mute {
        if let Some((true, since)) = self.mixer {
            return Mute::On {
                how: How::Mixer,
                since,
            };
        }
        match (self.device, self.mixer) {
            (
                Some(DeviceMute {
                    muted: true,
                    how,
                    since,
                    ..
                }),
                _,
            ) => Mute::On { how, since },
            _ if self.softphone.is_some_and(|(muted, _)| muted) => Mute::On {
                how: How::Softphone,
                since: self.softphone.map_or(Duration::ZERO, |(_, since)| since),
            },
            (Some(DeviceMute { how, .. }), _) => Mute::Off { how },
            (None, Some(_)) => Mute::Off { how: How::Mixer },
            (None, None) if self.softphone.is_some() => Mute::Off {
                how: How::Softphone,
            },
            (None, None) => Mute::Unknown,
        }
    }

    /// What headset and mixer say, the softphone left out; a mixer that is on says nothing of a
    /// headset whose own mute nobody knows.
    fn at_the_headset(&self) -> Option<bool> {
        let mixer = self.mixer.is_some_and(|(muted, _)| muted);
        match self.device {
            Some(device) => Some(device.muted || mixer),
            None => mixer.then_some(true),
        }
    }

    /// Which mute is on, and since when.
    pub(super) fn muted_by(&self) -> Option<(MutedBy, Duration)> {
        let Mute::On { since, .. } = self.state() else {
            return None;
        };
        Some(match self.at_the_headset() {
            Some(true) => (MutedBy::Headset, since),
            _ => (MutedBy::Softphone, since),
        })
    }

    /// Headset and softphone have said different things for longer than a moment.
    pub(super) fn drifts(&mut self, now: Now) -> bool {
        let softphone = self.softphone.map(|(muted, _)| muted);
        self.drift
            .compare(now.monotonic, self.at_the_headset(), softphone);
        self.drift.drifts()
    }

    /// When [`MuteTracker::drifts`] has something to decide.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.drift.deadline()
    }

    /// What the softphone says of its own mute; `None` when it says nothing (any more).
    pub(super) fn softphone(&mut self, now: Now, muted: Option<bool>) {
        // A softphone answers a press within this time, as adapters that ask it every second see it.
        const ANSWERS: Duration = Duration::from_millis(1_500);
        let Some(muted) = muted else {
            self.softphone = None;
            self.softphone_changed = None;
            return;
        };
        let known = self.softphone.map(|(known, _)| known);
        if known == Some(muted) {
            return;
        }
        self.softphone = Some((muted, now.monotonic));
        self.softphone_changed = known.map(|_| now.monotonic);
        if known.is_some() {
            self.answered(now, ANSWERS);
        }
    }

    /// Something else answered the press just now: it was not the device's own.
    fn answered(&mut self, now: Now, within: Duration) {
        if let Some((before, at)) = self.before_press
            && now.monotonic.saturating_sub(at) <= within
            && self
                .device
                .is_some_and(|device| device.source == Source::Press)
        {
            self.device = before;
        }
    }

    /// When the button was last pressed.
    pub(super) fn pressed(&self) -> Option<Duration> {
        self.before_press.map(|(_, at)| at)
    }

    /// The mixer's microphone switch.
    pub(super) fn mixer(&mut self, now: Now, muted: bool) {
        let known = self.mixer.map(|(known, _)| known);
        if known == Some(muted) {
            return;
        }
        self.mixer = Some((muted, now.monotonic));
        self.mixer_changed = known.map(|_| now.monotonic);
        // The desktop answered the key: the press was the mixer's, not the device's own.
        if known.is_some() {
            self.answered(now, SAME_ACT);
        }
    }

    /// The sound server went; its switches are unknown.
    pub(super) fn mixer_lost(&mut self) {
        self.mixer = None;
        self.mixer_before_sleep = None;
    }

    /// Nobody reads the device's controls any more.
    pub(super) fn controls_lost(&mut self) {
        self.device = None;
        self.before_press = None;
    }

    /// A vendor's mute state.
    pub(super) fn vendor_state(&mut self, now: Now, muted: bool, verified: bool) {
        let since = match self.device {
            Some(device) if device.muted == muted => device.since,
            _ => now.monotonic,
        };
        self.device = Some(DeviceMute {
            muted,
            how: if verified {
                How::Reported
            } else {
                How::Inferred(UNVERIFIED)
            },
            source: Source::VendorState { verified },
            since,
        });
    }

    /// The momentary mute button was pressed.
    pub(super) fn press(&mut self, now: Now) {
        let recent = |at: Duration| now.monotonic.saturating_sub(at) <= SAME_ACT;
        let already_told = match self.device {
            // A device that tells its state needs no counting.
            Some(DeviceMute {
                source: Source::VendorState { verified },
                since,
                ..
            }) => verified || recent(since),
            _ => false,
        };
        let answered =
            self.mixer_changed.is_some_and(recent) || self.softphone_changed.is_some_and(recent);
        let muted = self.state().is_on();
        if already_told || answered || muted.is_none() {
            self.before_press = Some((self.device, now.monotonic));
            return;
        }
        self.before_press = Some((self.device, now.monotonic));
        let by_mixer_alone = self.device.is_none() && muted == Some(true);
        let was = self.device.is_some_and(|device| device.muted);
        self.device = Some(DeviceMute {
            muted: !was && !by_mixer_alone,
            how: How::Inferred(PRESSED),
            source: Source::Press,
            since: now.monotonic,
        });
    }

    /// A second of the call's sound.
    pub(super) fn second(&mut self, now: Now, second: &SecondSummary) {
        let zeros = second.agent.digital_silence_ratio;
        if zeros < ALL_ZEROS || second.agent.noise_gated {
            self.zeros_s = 0;
            self.spoken_s = 0.0;
            if zeros < ALIVE
                && let Some(device) = &mut self.device
                && device.source == Source::Silence
                && device.muted
            {
                device.muted = false;
                device.since = now.monotonic;
            }
            return;
        }
        self.zeros_s += 1;
        self.spoken_s += second
            .customer
            .map_or(0.0, |customer| customer.speech_ratio);
        let undecided = match self.device {
            None => self.mixer.is_none(),
            Some(device) => device.source == Source::Silence && !device.muted,
        };
        if undecided && self.zeros_s >= SILENT_S && self.spoken_s >= SPOKEN_S {
            let lasting = Duration::from_secs(u64::from(self.zeros_s));
            self.device = Some(DeviceMute {
                muted: true,
                how: How::Inferred(SILENT),
                source: Source::Silence,
                since: now.monotonic.saturating_sub(lasting),
            });
        }
    }

    /// A new call's sound begins.
    pub(super) fn call_started(&mut self) {
        self.zeros_s = 0;
        self.spoken_s = 0.0;
    }

    /// The call is over, and with it what presses and silence told. A device that tells its state
    /// itself, and the mixer, stand.
    pub(super) fn call_ended(&mut self) {
        self.device = self
            .device
            .filter(|device| matches!(device.source, Source::VendorState { .. }));
        self.before_press = None;
        self.softphone = None;
        self.softphone_changed = None;
    }

    /// All is unknown again: the device left.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// All is unknown while the computer sleeps and just after.
    pub(super) fn asleep(&mut self) {
        let mixer = self
            .mixer
            .map(|(muted, _)| muted)
            .or(self.mixer_before_sleep);
        *self = Self {
            mixer_before_sleep: mixer,
            ..Self::default()
        };
    }

    /// The mixer is a live figure of a server that tells every change; what it said still stands.
    pub(super) fn awake(&mut self, now: Now) {
        if let (None, Some(muted)) = (self.mixer, self.mixer_before_sleep.take()) {
            self.mixer(now, muted);
        }
    }
}
