//! The alert rules and the call's account over a recording, as if it were a live call: the call starts with the file and
//! ends with it, and every fact comes at the time at which it would have come.

use super::report::{AlertReport, rounded};
use crate::alerts::config::AlertConfig;
use crate::alerts::{AlertEngine, AlertOutput, Fact, HeadsetFact, HeadsetId, IdMint, Now};
use crate::report::CallBook;
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::measurement::Measurement;
use sidetone_dsp::units::SampleRate;
use sidetone_wire::alert::AlertDetail;
use sidetone_wire::call_report::CallReport;
use sidetone_wire::vocabulary::AlertState;
use std::time::Duration;
use uuid::Uuid;

const FRAME: Duration = Duration::from_millis(10);
/// The rules want ten ticks a second.
const TICK_FRAMES: u64 = 10;

/// Feeds the rules and keeps what they say.
#[derive(Debug)]
pub(super) struct Replay {
    engine: AlertEngine,
    book: CallBook,
    headset: HeadsetId,
    seconds: SecondAggregator,
    call: Uuid,
    now: Duration,
    said: Vec<AlertOutput>,
    alerts: Vec<(Uuid, AlertReport)>,
}

impl Replay {
    pub(super) fn new(limits: &AlertConfig, rate: SampleRate, stereo: bool) -> Self {
        let mut ids = IdMint::seeded(0);
        let call = ids.mint(0);
        let mut replay = Self {
            call,
            engine: AlertEngine::new(limits.clone(), ids),
            book: CallBook::new(),
            headset: HeadsetId::new("recording"),
            seconds: SecondAggregator::new(rate, stereo.then_some(rate)),
            now: Duration::ZERO,
            said: Vec::new(),
            alerts: Vec::new(),
        };
        replay.tell(HeadsetFact::CallStarted { call });
        replay
    }

    /// The next frame.
    pub(super) fn push(&mut self, measurement: &Measurement) {
        self.now += FRAME;
        if let Some(overtalk) = measurement.overtalk {
            self.tell(HeadsetFact::Overtalk(overtalk));
        }
        if let Some(second) = self.seconds.push(measurement) {
            self.tell(HeadsetFact::Second(second));
        }
        if measurement.frame % TICK_FRAMES == TICK_FRAMES - 1 {
            self.step(Fact::Tick);
        }
    }

    /// The call is over: every alert, in the order of their raises, and what the call came to.
    pub(super) fn finish(mut self, end_s: f64) -> (Vec<AlertReport>, CallReport) {
        self.tell(HeadsetFact::CallEnded);
        let end_s = rounded(end_s, 3);
        let cut = |(_, mut alert): (Uuid, AlertReport)| {
            alert.end_s = alert.end_s.min(end_s);
            alert
        };
        let now = self.moment();
        let report = self
            .book
            .take(now, &self.headset, self.call)
            .unwrap_or_default();
        (self.alerts.into_iter().map(cut).collect(), *report)
    }

    fn tell(&mut self, fact: HeadsetFact) {
        self.book.see(self.moment(), &self.headset, &fact);
        self.step(Fact::About(self.headset.clone(), fact));
    }

    fn moment(&self) -> Now {
        Now {
            monotonic: self.now,
            utc_ms: u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn step(&mut self, fact: Fact) {
        self.engine.step(self.moment(), fact, &mut self.said);
        for said in self.said.drain(..) {
            if let AlertOutput::Alert(alert) = said {
                note(&mut self.alerts, alert.ts, alert.detail);
            }
        }
    }
}

/// Keeps a raise, and what later becomes of it.
fn note(alerts: &mut Vec<(Uuid, AlertReport)>, ts: u64, detail: AlertDetail) {
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let known = alerts.iter_mut().find(|(id, _)| *id == detail.id);
    match (known, detail.state) {
        (Some((_, alert)), AlertState::Cleared) => alert.end_s = seconds(ts),
        (Some((_, alert)), _) => {
            alert.severity = alert.severity.max(detail.severity);
            alert.fault = detail.fault;
            alert.text = detail.text;
            alert.action = detail.action;
        }
        (None, _) => alerts.push((
            detail.id,
            AlertReport {
                kind: detail.kind,
                subject: detail.subject,
                side: detail.side,
                fault: detail.fault,
                start_s: seconds(detail.since),
                end_s: f64::INFINITY,
                severity: detail.severity,
                text: detail.text,
                action: detail.action,
            },
        )),
    }
}
