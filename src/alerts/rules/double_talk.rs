//! Agent and customer talk at the same time: one long overtalk, or many short ones.
//!
//! Overtalk is counted in audio frames; the rule keeps it in monotonic time, by the last second of
//! audio it was shown. Once cleared, the share is counted anew, so that an old minute cannot raise
//! it again.

use super::{Finding, Measure, Rule, Slot, SubjectKind, View, span};
use crate::alerts::fact::HeadsetFact;
use sidetone_dsp::measurement::OvertalkEvent;
use sidetone_dsp::units::FRAMES_PER_SECOND;
use sidetone_wire::vocabulary::{AlertKind, Side};
use std::collections::VecDeque;
use std::time::Duration;

/// An overtalk is decided at the earliest when it has lasted this long (CONTRACT §4), so without
/// any second of audio yet it began this long ago.
const SHORTEST: Duration = Duration::from_millis(500);

/// An overtalk is decided at the latest this long after it began: a back-channel may take 1.0 s
/// (CONTRACT §4), both need 0.5 s more, and the frames come a little late.
const DECIDED_WITHIN: Duration = Duration::from_secs(2);

/// Without a second of audio for this long, nothing is heard any more.
const STALLED: Duration = Duration::from_secs(3);

/// Overtalks kept: each takes at least half a second, and the window at most an hour.
const MOST: usize = 7_200;

/// Remembers the overtalks of the window.
#[derive(Debug, Default)]
pub(super) struct DoubleTalk {
    /// Frames heard so far, and when that was.
    heard: Option<(u64, Duration)>,
    /// Start of the overtalk that goes on.
    running: Option<Duration>,
    /// Those that ended, as start and end.
    past: VecDeque<(Duration, Duration)>,
    /// From when the share is counted.
    counting_since: Option<Duration>,
    raised: Option<Raised>,
}

#[derive(Debug, Clone, Copy)]
struct Raised {
    since: Duration,
    /// Over which the share was taken.
    window: Duration,
    measure: Measure,
}

impl DoubleTalk {
    fn take_in(&mut self, now: Duration, fact: Option<&HeadsetFact>) {
        match fact {
            Some(HeadsetFact::Second(second)) => {
                let frames = (second.second + 1) * FRAMES_PER_SECOND as u64;
                self.heard = Some((frames, now));
            }
            Some(HeadsetFact::Overtalk(OvertalkEvent::Started { start_frame, .. })) => {
                let ago = self.heard.map_or(SHORTEST, |(frames, at)| {
                    let heard_by_now = frames_long(frames) + now.saturating_sub(at);
                    heard_by_now.saturating_sub(frames_long(*start_frame))
                });
                self.running = Some(now.saturating_sub(ago.clamp(SHORTEST, DECIDED_WITHIN)));
            }
            Some(HeadsetFact::Overtalk(OvertalkEvent::Ended {
                start_frame,
                end_frame,
                ..
            })) => {
                let length = frames_long(end_frame.saturating_sub(*start_frame));
                if let Some(start) = self.running.take() {
                    self.keep(start, start + length);
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, start: Duration, end: Duration) {
        self.past.push_back((start, end));
        if self.past.len() > MOST {
            self.past.pop_front();
        }
    }

    /// An overtalk whose end nobody will tell: the agent is muted now, or no sound arrives.
    fn give_up(&mut self, now: Duration, muted: bool) {
        let heard = self.heard.map(|(_, at)| at);
        let stalled =
            |start: Duration| now.saturating_sub(heard.unwrap_or(start).max(start)) >= STALLED;
        if let Some(start) = self.running
            && (muted || stalled(start))
        {
            self.running = None;
            self.keep(
                start,
                if muted {
                    now
                } else {
                    heard.unwrap_or(start).max(start)
                },
            );
        }
    }

    /// Seconds of overtalk between `from` and now.
    fn seconds_since(&self, from: Duration, now: Duration) -> f64 {
        self.past
            .iter()
            .copied()
            .chain(self.running.map(|start| (start, now)))
            .map(|(start, end)| end.saturating_sub(start.max(from)).as_secs_f64())
            .sum()
    }
}

impl Rule for DoubleTalk {
    fn slot(&self) -> Slot {
        Slot {
            kind: AlertKind::DoubleTalk,
            subject: SubjectKind::Call,
            side: Some(Side::Both),
        }
    }

    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding> {
        let config = &view.config.double_talk;
        let now = view.now.monotonic;
        self.take_in(now, fact);
        self.give_up(now, view.state.mute.is_on() == Some(true));
        let window = span(config.window_s);
        let counting_since = *self.counting_since.get_or_insert(now);
        let from = now.saturating_sub(window).max(counting_since);
        while self.past.front().is_some_and(|(_, end)| *end < from) && self.past.len() > 1 {
            self.past.pop_front();
        }

        let last = self.past.back().copied();
        let newest = self.running.map(|start| (start, now)).or(last);
        // What would be cleared at once is not raised either: the share of a minute may cross its
        // limit long after they stopped, as the call's first half minute ends.
        let quiet = newest.is_none_or(|(_, end)| {
            self.running.is_none() && now.saturating_sub(end) >= span(config.keep_for_s)
        });
        if let Some(raised) = self.raised {
            if quiet {
                self.raised = None;
                self.past.clear();
                self.counting_since = Some(now);
                return None;
            }
            return Some(finding(raised, config.severity));
        }

        let (start, end) = newest.filter(|_| !quiet)?;
        let longest = end.saturating_sub(start).as_secs_f64();
        let elapsed = now.saturating_sub(from).as_secs_f64();
        let seconds = self.seconds_since(from, now);
        let counted = now.saturating_sub(counting_since) >= span(config.ratio_after_s);
        let raised = if longest >= config.overtalk_s {
            Raised {
                since: start,
                window,
                measure: Measure {
                    value: longest,
                    threshold: config.overtalk_s,
                    unit: "s",
                },
            }
        } else if counted && elapsed > 0.0 && seconds / elapsed > config.ratio {
            Raised {
                window: now.saturating_sub(from),
                since: self.past.front().map_or(start, |(first, _)| *first),
                measure: Measure {
                    value: (seconds / elapsed).min(1.0),
                    threshold: config.ratio,
                    unit: "ratio",
                },
            }
        } else {
            return None;
        };
        self.raised = Some(raised);
        Some(finding(raised, config.severity))
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

fn finding(raised: Raised, severity: sidetone_wire::vocabulary::Severity) -> Finding {
    Finding {
        measure: Some(raised.measure),
        window: raised.window,
        ..Finding::new(raised.since, severity)
    }
}

fn frames_long(frames: u64) -> Duration {
    Duration::from_millis(frames.saturating_mul(1_000 / FRAMES_PER_SECOND as u64))
}
