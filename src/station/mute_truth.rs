//! Two things that only a comparison shows of a mute: whether headset and softphone agree about it,
//! and whether the microphone is still heard while it is on.
//!
//! *Drift*: the headset or the mixer says one thing, the softphone another, for longer than a moment.
//! The agent then believes something wrong about who hears them.
//!
//! *Live under mute*: some headsets mute in the microphone (the stream turns to zeros or to its
//! electronic floor), others only tell the softphone and go on sending the room. It is learned of
//! each headset from the sound of muted seconds against that of the room before, and said only
//! after enough of it. A softphone's own mute never touches the captured stream; it is learned
//! apart, and counts for a headset of which no mute of its own was ever seen.
//!
//! *Known weakness*: a gated microphone sends zeros whenever the agent listens, so that only speech
//! under mute tells anything of it.

use sidetone_dsp::second::SideSecond;
use std::collections::VecDeque;
use std::time::Duration;

/// Softphones follow a press within this time; what differs longer, differs.
const FOLLOWS: Duration = Duration::from_secs(2);

/// Compares what headset and softphone say.
#[derive(Debug, Default)]
pub(super) struct Drift {
    since: Option<Duration>,
    drifts: bool,
}

impl Drift {
    /// What both say now; `None` = says nothing. Without both there is nothing to compare.
    pub(super) fn compare(
        &mut self,
        now: Duration,
        headset: Option<bool>,
        softphone: Option<bool>,
    ) {
        match (headset, softphone) {
            (Some(one), Some(other)) if one != other => {
                let since = *self.since.get_or_insert(now);
                self.drifts |= now.saturating_sub(since) > FOLLOWS;
            }
            _ => *self = Self::default(),
        }
    }

    /// They have differed for longer than a moment.
    pub(super) fn drifts(&self) -> bool {
        self.drifts
    }

    /// When [`Drift::compare`] has something to decide.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.since
            .filter(|_| !self.drifts)
            .map(|since| since + FOLLOWS + Duration::from_millis(1))
    }
}

/// Which mute is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MutedBy {
    /// The headset or the mixer.
    Headset,
    /// The softphone alone.
    Softphone,
}

/// After a mute came on, the next second still holds sound from before, and the switch's click.
const SETTLES: Duration = Duration::from_secs(2);

/// Unmuted seconds remembered; their quietest is the room.
const ROOM_S: usize = 20;

/// The least of them before anything is compared.
const ROOM_LEAST_S: usize = 5;

/// A muted second is alive if it is no more than this many dB below the room,
const ALIVE_DB: f32 = 6.0;

/// and dead if it is so many dB below it,
const DEAD_DB: f32 = 20.0;

/// or below this level in dBov,
const FLOOR_DBOV: f32 = -85.0;

/// or if so many of its frames are digital zeros.
const ALL_ZEROS: f32 = 0.99;

/// A muted second with this share of speech is alive whatever its level.
const SPEECH: f32 = 0.3;

/// Seconds that must speak for a verdict more than against it.
const ENOUGH: i8 = 5;

/// The weight of the past is bounded, so that a headset set up otherwise is learned anew.
const MOST: i8 = 10;

/// What the muted seconds of one kind of mute said.
#[derive(Debug, Default, Clone, Copy)]
struct Evidence {
    sum: i8,
    verdict: Option<bool>,
}

impl Evidence {
    fn add(&mut self, live: bool) {
        let step = if live { 1 } else { -1 };
        self.sum = (self.sum + step).clamp(-MOST, MOST);
        if self.sum >= ENOUGH {
            self.verdict = Some(true);
        } else if self.sum <= -ENOUGH {
            self.verdict = Some(false);
        }
    }
}

/// Learns of one headset whether its microphone is heard under mute.
#[derive(Debug, Default)]
pub(super) struct LiveUnderMute {
    headset: Evidence,
    softphone: Evidence,
    /// Levels of the latest unmuted, living seconds in dBov.
    room: VecDeque<f32>,
}

impl LiveUnderMute {
    /// Begins with what was learned of this headset before.
    pub(super) fn knowing(verdict: bool) -> Self {
        let sum = if verdict { ENOUGH } else { -ENOUGH };
        Self {
            headset: Evidence {
                sum,
                verdict: Some(verdict),
            },
            ..Self::default()
        }
    }

    /// As published of the headset: of its own mute, else of the softphone's.
    pub(super) fn of_headset(&self) -> Option<bool> {
        self.headset.verdict.or(self.softphone.verdict)
    }

    /// Of the mute that is on; where it speaks against what is published, nothing is said.
    pub(super) fn of(&self, by: MutedBy) -> Option<bool> {
        let own = match by {
            MutedBy::Headset => self.headset.verdict,
            MutedBy::Softphone => self.softphone.verdict,
        };
        own.filter(|_| own == self.of_headset())
    }

    /// Takes in a second of an open microphone. `muted`: by what, and for how long; `None` if it is
    /// known not to be muted.
    pub(super) fn second(&mut self, agent: &SideSecond, muted: Option<(MutedBy, Duration)>) {
        let zeros = agent.digital_silence_ratio >= ALL_ZEROS;
        let level = agent.level.0;
        let Some((by, lasting)) = muted else {
            if !zeros && level.is_finite() {
                self.room.push_back(level);
                if self.room.len() > ROOM_S {
                    self.room.pop_front();
                }
            }
            return;
        };
        if lasting < SETTLES || !level.is_finite() {
            return;
        }
        let room = self.room.iter().copied().fold(f32::INFINITY, f32::min);
        let comparable = self.room.len() >= ROOM_LEAST_S;
        let live =
            !zeros && (agent.speech_ratio >= SPEECH || (comparable && level >= room - ALIVE_DB));
        let floor = level <= FLOOR_DBOV || (comparable && level <= room - DEAD_DB);
        let dead = !agent.noise_gated && (zeros || (floor && agent.speech_ratio < SPEECH));
        let evidence = match by {
            MutedBy::Headset => &mut self.headset,
            MutedBy::Softphone => &mut self.softphone,
        };
        match (live, dead) {
            (true, _) => evidence.add(true),
            (false, true) => evidence.add(false),
            (false, false) => {}
        }
    }

    /// Nothing of the room is known: another call, perhaps another place.
    pub(super) fn call_started(&mut self) {
        self.room.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::tests::scenario::{clean, zeros};
    use proptest::prelude::*;
    use sidetone_dsp::units::Dbov;

    const LONG: Duration = Duration::from_secs(10);

    fn at(level: f32) -> SideSecond {
        SideSecond {
            level: Dbov(level),
            speech_ratio: 0.0,
            ..clean()
        }
    }

    fn in_a_room() -> LiveUnderMute {
        let mut live = LiveUnderMute::default();
        for level in [-30.0, -55.0, -58.0, -32.0, -57.0, -29.0] {
            live.second(&at(level), None);
        }
        live
    }

    fn muted(mut live: LiveUnderMute, by: MutedBy, seconds: &[SideSecond]) -> LiveUnderMute {
        for second in seconds {
            live.second(second, Some((by, LONG)));
        }
        live
    }

    #[test]
    fn zeros_and_the_floor_are_dead_and_the_room_is_live() {
        let told =
            |second: SideSecond| muted(in_a_room(), MutedBy::Headset, &[second; 5]).of_headset();
        assert_eq!(told(zeros()), Some(false));
        assert_eq!(told(at(-88.0)), Some(false));
        assert_eq!(told(at(-57.0)), Some(true));
        // Between the two nobody can say.
        assert_eq!(told(at(-70.0)), None);
    }

    #[test]
    fn a_few_seconds_decide_nothing_and_a_change_is_learned_anew() {
        let live = muted(in_a_room(), MutedBy::Headset, &[zeros(); 4]);
        assert_eq!(live.of_headset(), None);
        let live = muted(live, MutedBy::Headset, &[zeros(); 20]);
        assert_eq!(live.of_headset(), Some(false));
        let live = muted(live, MutedBy::Headset, &[at(-56.0); 14]);
        assert_eq!(live.of_headset(), Some(false));
        let live = muted(live, MutedBy::Headset, &[at(-56.0); 1]);
        assert_eq!(live.of_headset(), Some(true));
    }

    #[test]
    fn the_first_seconds_of_a_mute_say_nothing() {
        let mut live = in_a_room();
        for _ in 0..20 {
            live.second(&at(-40.0), Some((MutedBy::Headset, Duration::from_secs(1))));
        }
        assert_eq!(live.of_headset(), None);
    }

    #[test]
    fn a_gate_is_no_mute_and_speech_under_it_is_heard() {
        let gated = SideSecond {
            noise_gated: true,
            ..zeros()
        };
        let live = muted(in_a_room(), MutedBy::Headset, &[gated; 20]);
        assert_eq!(live.of_headset(), None);
        let speech = SideSecond {
            noise_gated: true,
            speech_ratio: 0.6,
            ..at(-30.0)
        };
        let live = muted(live, MutedBy::Headset, &[speech; 5]);
        assert_eq!(live.of_headset(), Some(true));
    }

    #[test]
    fn a_softphones_mute_counts_only_where_the_headset_has_shown_none() {
        let live = muted(in_a_room(), MutedBy::Softphone, &[at(-56.0); 5]);
        assert_eq!(live.of_headset(), Some(true));
        assert_eq!(live.of(MutedBy::Headset), None);
        let live = muted(live, MutedBy::Headset, &[zeros(); 5]);
        assert_eq!(live.of_headset(), Some(false));
        assert_eq!(live.of(MutedBy::Softphone), None);
    }

    #[test]
    fn what_differs_for_a_moment_is_no_drift() {
        let mut drift = Drift::default();
        let s = Duration::from_secs;
        drift.compare(s(10), Some(true), Some(false));
        assert_eq!(drift.deadline(), Some(Duration::from_millis(12_001)));
        drift.compare(s(12), Some(true), Some(false));
        assert!(!drift.drifts());
        drift.compare(Duration::from_millis(12_001), Some(true), Some(false));
        assert!(drift.drifts());
        drift.compare(s(13), Some(true), Some(true));
        assert!(!drift.drifts() && drift.deadline().is_none());
        drift.compare(s(14), None, Some(true));
        drift.compare(s(30), None, Some(true));
        assert!(!drift.drifts());
    }

    proptest! {
        /// Whatever comes, a verdict needs five seconds more for it than against it.
        #[test]
        fn no_verdict_without_enough_evidence(seconds in proptest::collection::vec(0..3_u8, 0..60)) {
            let mut live = in_a_room();
            let mut sum = 0_i32;
            let mut most = (0_i32, 0_i32);
            for kind in seconds {
                let (second, step) = match kind {
                    0 => (zeros(), -1),
                    1 => (at(-56.0), 1),
                    _ => (at(-70.0), 0),
                };
                live.second(&second, Some((MutedBy::Headset, LONG)));
                sum = (sum + step).clamp(-10, 10);
                most = (most.0.min(sum), most.1.max(sum));
                match live.of_headset() {
                    Some(true) => prop_assert!(most.1 >= 5),
                    Some(false) => prop_assert!(most.0 <= -5),
                    None => prop_assert!(most.0 > -5 && most.1 < 5),
                }
            }
        }
    }
}
