//! Where in the call a finding is best seen: a few seconds for a picture of its sound.

use super::findings::Finding;
use crate::analyze::frames::{FrameFaults, FrameRow};
use sidetone_dsp::units::FRAMES_PER_SECOND;
use sidetone_wire::vocabulary::{AlertKind, Fault, Side};

/// Length of a picture in seconds.
pub(super) const SHOWN_S: f64 = 3.0;

/// Most pictures of a page.
const MOST: usize = 10;

/// Faults are counted by the second for so long: longer calls are shown where an alert began.
const MOST_SECONDS: usize = 4 * 3_600;

/// An alert stands once a fault has occurred for a while: so long before it, in seconds, is looked for the worst of it.
const BEFORE_S: f64 = 20.0;

/// Which side of the call, and what of its sound is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    /// The finding's place among the findings.
    pub(super) finding: usize,
    pub(super) customer: bool,
    pub(super) from_s: f64,
    pub(super) to_s: f64,
    pub(super) look: Look,
}

/// What of the sound is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// All of it, quick events told apart in time.
    Wide,
    /// The lowest tones, told apart in pitch.
    Low,
}

/// How often each fault occurs in each second of the call.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    agent: Vec<Counts>,
    customer: Vec<Counts>,
}

/// One second, one side.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    clipped: u16,
    dropouts: u8,
    crackles: u8,
}

impl Counts {
    fn add(&mut self, faults: &FrameFaults) {
        let small = |count: u32| u8::try_from(count).unwrap_or(u8::MAX);
        let clipped = u16::try_from(faults.clipped_samples).unwrap_or(u16::MAX);
        self.clipped = self.clipped.saturating_add(clipped);
        self.dropouts = self.dropouts.saturating_add(small(faults.dropouts));
        self.crackles = self.crackles.saturating_add(small(faults.crackles));
    }

    fn of(self, fault: Option<Fault>) -> u16 {
        match fault {
            Some(Fault::Clipping) => self.clipped,
            Some(Fault::Dropouts) => self.dropouts.into(),
            Some(Fault::Crackle) => self.crackles.into(),
            _ => 0,
        }
    }
}

impl Places {
    pub(super) fn push(&mut self, row: &FrameRow) {
        let per_second = FRAMES_PER_SECOND as u64;
        let Ok(second) = usize::try_from(row.frame / per_second) else {
            return;
        };
        let customer = row.customer.as_ref();
        let sides = [
            (&mut self.agent, Some(&row.agent)),
            (&mut self.customer, customer),
        ];
        for (seconds, row) in sides {
            if let Some(row) = row.filter(|_| second < MOST_SECONDS) {
                if seconds.len() <= second {
                    seconds.resize(second + 1, Counts::default());
                }
                seconds[second].add(&row.faults);
            }
        }
    }

    /// The places of the findings that can be seen in the sound, in the order of the call.
    pub(super) fn windows(&self, findings: &[Finding<'_>], duration_s: f64) -> Vec<Window> {
        let of = findings.iter().enumerate();
        let mut windows: Vec<Window> = of
            .filter(|(_, finding)| is_seen(finding))
            .take(MOST)
            .map(|(number, finding)| self.window(number, finding, duration_s))
            .collect();
        windows.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        windows
    }

    fn window(&self, number: usize, finding: &Finding<'_>, duration_s: f64) -> Window {
        let first = finding.first;
        let customer = first.side == Some(Side::Customer);
        let fault = match first.kind {
            AlertKind::Clipping => Some(Fault::Clipping),
            _ => first.fault,
        };
        let seconds = if customer {
            &self.customer
        } else {
            &self.agent
        };
        let within = |start: f64, end: f64| {
            let from = (start - BEFORE_S).max(0.0) as usize;
            let to = (end.ceil().max(0.0) as usize).min(seconds.len());
            from.min(to)..to
        };
        let candidates = finding
            .alerts
            .iter()
            .flat_map(|(_, alert)| within(alert.start_s, alert.end_s));
        let worst = candidates
            .map(|second| (seconds[second].of(fault), second))
            // Of the same count, the first.
            .fold(
                (0, 0),
                |worst, one| if one.0 > worst.0 { one } else { worst },
            );
        let from_s = match worst {
            (0, _) => first.start_s,
            (_, second) => second as f64 - (SHOWN_S - 1.0) / 2.0,
        };
        let from_s = from_s.min(duration_s - SHOWN_S).max(0.0);
        Window {
            finding: number,
            customer,
            from_s,
            to_s: (from_s + SHOWN_S).min(duration_s),
            look: match fault {
                Some(Fault::Hum) => Look::Low,
                _ => Look::Wide,
            },
        }
    }
}

/// Whether there is anything to see in the sound of one side.
fn is_seen(finding: &Finding<'_>) -> bool {
    let kind = finding.first.kind;
    matches!(
        kind,
        AlertKind::LineNoise
            | AlertKind::Clipping
            | AlertKind::NoisyEnvironment
            | AlertKind::LowLevel
            | AlertKind::OneWayAudio
    )
}
