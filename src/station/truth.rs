//! What a session knows besides its trackers' states: whether mute is what it seems
//! ([`super::mute_truth`]), and how the network carries the call.

use super::mute::MuteTracker;
use super::mute_truth::LiveUnderMute;
use super::session::Session;
use super::voice::Voice;
use crate::alerts::{HeadsetFact, HeadsetId, Now};
use crate::softphone::{Adapter, LegId, LineFigures};
use sidetone_devices::headset::UsbPath;
use sidetone_dsp::second::SecondSummary;
use std::collections::BTreeMap;
use std::time::Duration;

/// Figures of the network older than this are no longer those of now; softphones report every five
/// seconds, and one report may be lost.
const FIGURES_LAST: Duration = Duration::from_secs(8);

/// One headset's.
#[derive(Debug, Default)]
pub(super) struct Truth {
    live: LiveUnderMute,
    line: Option<(Duration, LineFigures)>,
    told_drift: bool,
    told_live: Option<bool>,
}

impl Truth {
    /// Begins with what was learned of this headset before.
    pub(super) fn knowing(live_under_mute: Option<bool>) -> Self {
        Self {
            live: live_under_mute
                .map(LiveUnderMute::knowing)
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether the microphone is heard under mute, once that is known.
    pub(super) fn live_under_mute(&self) -> Option<bool> {
        self.live.of_headset()
    }

    /// Headset and softphone disagree about mute, as it was last told.
    pub(super) fn drifts(&self) -> bool {
        self.told_drift
    }

    /// A second of the call's sound.
    pub(super) fn second(&mut self, now: Now, mute: &MuteTracker, second: &SecondSummary) {
        let muted = match mute.state().is_on() {
            None => return,
            Some(false) => None,
            Some(true) => mute
                .muted_by()
                .map(|(by, since)| (by, now.monotonic.saturating_sub(since))),
        };
        self.live.second(&second.agent, muted);
    }

    /// The softphone told how the network carries the call.
    pub(super) fn line(&mut self, now: Now, figures: LineFigures) {
        self.line = Some((now.monotonic, figures));
    }

    /// How the network carries the call now, if that is known.
    pub(super) fn line_now(&self, now: Now) -> Option<LineFigures> {
        let (at, figures) = self.line?;
        (now.monotonic.saturating_sub(at) <= FIGURES_LAST).then_some(figures)
    }

    /// A call begins, or has ended.
    pub(super) fn other_call(&mut self) {
        self.line = None;
        self.live.call_started();
    }

    /// Nobody remembers what was told: the alert rules begin anew.
    pub(super) fn untold(&mut self) {
        self.told_drift = false;
        self.told_live = None;
    }

    /// What is different from what was told before.
    pub(super) fn changes(&mut self, now: Now, mute: &mut MuteTracker) -> [Option<HeadsetFact>; 2] {
        let drifts = mute.drifts(now);
        let live = match mute.muted_by() {
            Some((by, _)) => self.live.of(by),
            None => self.live.of_headset(),
        };
        let drift = (drifts != self.told_drift).then_some(HeadsetFact::MuteDrift(drifts));
        let live_fact = (live != self.told_live).then_some(HeadsetFact::LiveUnderMute(live));
        self.told_drift = drifts;
        self.told_live = live;
        [drift, live_fact]
    }
}

/// Keeps what the sessions have learned, for when a headset leaves and comes back.
pub(super) fn remember(
    sessions: &BTreeMap<UsbPath, Session>,
    learned: &mut BTreeMap<HeadsetId, bool>,
) {
    for session in sessions.values() {
        if let Some(live) = session.truth.live_under_mute()
            && learned.get(&session.headset.id) != Some(&live)
        {
            learned.insert(session.headset.id.clone(), live);
        }
    }
}

impl Session {
    /// What headset and softphone disagree about, and what was learned of the microphone.
    pub(super) fn tell_truth(&mut self, voice: &mut Voice<'_>) {
        for fact in self
            .truth
            .changes(voice.now, &mut self.mute)
            .into_iter()
            .flatten()
        {
            voice.fact(&self.headset.id, fact);
        }
        let live = self.truth.live_under_mute();
        if live != self.headset.live_under_mute && !self.has_left() {
            self.headset.live_under_mute = live;
            voice.message(self.headset.inventory());
        }
    }

    /// How the network carries one of the softphone's calls.
    pub(super) fn line(
        &mut self,
        voice: &mut Voice<'_>,
        adapter: Adapter,
        leg: &LegId,
        figures: LineFigures,
    ) {
        let in_front = self
            .call
            .front_leg()
            .is_some_and(|(key, _)| key.adapter == adapter && key.id == *leg);
        if in_front {
            self.truth.line(voice.now, figures);
            voice.fact(&self.headset.id, HeadsetFact::Line(figures));
        }
    }
}
