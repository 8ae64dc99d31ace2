//! The rules, one per file. A rule sees every fact about one headset and says, each time, whether
//! its condition holds now; waiting times and hysteresis are the rule's own, raising and clearing
//! are [`super::lifecycle`]'s.

mod battery_low;
mod clipping;
mod dead_air;
mod device_unstable;
mod double_talk;
mod headset_gone;
mod hold_failed;
mod line_noise;
mod line_unstable;
mod low_level;
mod muted_at_call_start;
mod noisy_environment;
mod one_way_audio;
mod qd_open_in_call;
mod seconds;
mod talking_while_muted;

use super::config::AlertConfig;
use super::engine::HeadsetState;
use super::fact::{HeadsetFact, How, Now};
use sidetone_dsp::second::{SecondSummary, SideSecond};
use sidetone_wire::vocabulary::{AlertKind, Fault, HoldOutcome, Severity, Side};
use std::fmt;
use std::time::Duration;

/// Which alert a rule speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its kind.
    pub(super) kind: AlertKind,
    /// Whom it is about.
    pub(super) subject: SubjectKind,
    /// Which side's sound it needs; `None` if it needs no sound.
    pub(super) side: Option<Side>,
}

impl Slot {
    /// An alert about the sound of one side.
    const fn of_side(kind: AlertKind, side: Side) -> Self {
        let subject = match side {
            Side::Customer => SubjectKind::Customer,
            Side::Agent | Side::Both => SubjectKind::Agent,
        };
        Self {
            kind,
            subject,
            side: Some(side),
        }
    }
}

/// The part of a topic's subject that a rule knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SubjectKind {
    /// `agent`.
    Agent,
    /// `customer`.
    Customer,
    /// `call`.
    Call,
    /// `headset-<id>`.
    Headset,
}

/// A condition that holds now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// Since when, on the monotonic clock.
    pub(super) since: Duration,
    /// How bad.
    pub(super) severity: Severity,
    /// The figure that crossed its limit.
    pub(super) measure: Option<Measure>,
    /// What is wrong.
    pub(super) fault: Option<Fault>,
    /// Which side, where only the finding knows.
    pub(super) side: Option<Side>,
    /// How it is known, where that can differ.
    pub(super) how: Option<How>,
    /// What came of the hold.
    pub(super) hold: Option<HoldOutcome>,
    /// Over what time the figure was taken, where the text says so.
    pub(super) window: Duration,
}

impl Finding {
    pub(super) fn new(since: Duration, severity: Severity) -> Self {
        Self {
            window: Duration::ZERO,
            since,
            severity,
            measure: None,
            fault: None,
            side: None,
            how: None,
            hold: None,
        }
    }
}

/// A figure against its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    /// The figure.
    pub(super) value: f64,
    /// Its limit.
    pub(super) threshold: f64,
    /// The unit of both.
    pub(super) unit: &'static str,
}

/// What every rule is asked with.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// When.
    pub(super) now: Now,
    /// The headset as it is after the fact.
    pub(super) state: &'a HeadsetState,
    /// The limits.
    pub(super) config: &'a AlertConfig,
}

impl View<'_> {
    /// The second of one side, where it shows the line and not a mute or nothing at all.
    fn undisturbed<'s>(&self, second: &'s SecondSummary, side: Side) -> Option<&'s SideSecond> {
        let (heard, disturbed) = match side {
            Side::Customer => (second.customer.as_ref(), false),
            Side::Agent | Side::Both => (Some(&second.agent), self.state.mute_disturbs(self.now)),
        };
        heard.filter(|side| !disturbed && !is_silent(side))
    }
}

/// A second with at least this share of digital silence tells nothing about a line.
const SILENT_RATIO: f32 = 0.9;

/// Whether a second holds next to nothing but digital silence.
fn is_silent(side: &SideSecond) -> bool {
    side.digital_silence_ratio >= SILENT_RATIO
}

/// One condition of one headset.
pub(super) trait Rule: fmt::Debug + Send {
    /// Which alert it speaks for.
    fn slot(&self) -> Slot;

    /// Takes in a fact (`None` = time has passed) and says whether the condition holds now.
    fn see(&mut self, view: &View<'_>, fact: Option<&HeadsetFact>) -> Option<Finding>;

    /// Forgets everything: the condition was held back, or a new call begins.
    fn reset(&mut self);
}

/// All rules of one headset.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(muted_at_call_start::MutedAtCallStart::default()),
        Box::new(talking_while_muted::TalkingWhileMuted::default()),
        Box::new(qd_open_in_call::QdOpenInCall::default()),
        Box::new(hold_failed::HoldFailed::default()),
        Box::new(double_talk::DoubleTalk::default()),
        Box::new(noisy_environment::NoisyEnvironment::default()),
        Box::new(line_noise::LineNoise::new(Side::Agent)),
        Box::new(line_noise::LineNoise::new(Side::Customer)),
        Box::new(line_unstable::LineUnstable::default()),
        Box::new(one_way_audio::AgentDead::default()),
        Box::new(one_way_audio::CustomerDead::default()),
        Box::new(low_level::LowLevel::new(Side::Agent)),
        Box::new(low_level::LowLevel::new(Side::Customer)),
        Box::new(clipping::Clipping::new(Side::Agent)),
        Box::new(clipping::Clipping::new(Side::Customer)),
        Box::new(dead_air::DeadAir::default()),
        Box::new(headset_gone::HeadsetGone::default()),
        Box::new(device_unstable::DeviceUnstable::default()),
        Box::new(battery_low::BatteryLow::default()),
    ]
}

/// A length of time from the configuration; nonsense counts as none.
fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
