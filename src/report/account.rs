//! One call's account: every fact in, one report out.

use super::line::Line;
use super::quality::{self, Measured, Quality};
use super::rounded;
use super::side::{SideAccount, SideFigures, put_agent, put_customer};
use super::spans::Spans;
use super::talk::{During, Talk};
use crate::alerts::{HeadsetFact, How, Mute};
use crate::overtalk::party;
use crate::softphone::Direction;
use sidetone_dsp::measurement::{OvertalkEvent, OvertalkParties, Side};
use sidetone_dsp::second::SecondSummary;
use sidetone_dsp::units::FRAMES_PER_SECOND;
use sidetone_wire::call_report::{
    CallReport, HoldSpan, MuteSpan, OvertalkSpan, QuickDisconnectSpan,
};
use sidetone_wire::vocabulary::{self, HoldOutcome, Provenance};
use std::time::Duration;

/// How the quick disconnect was opened, and what came of it.
#[derive(Debug)]
struct Pulled {
    provenance: Provenance,
    hold: Option<HoldOutcome>,
}

/// A call that runs. Times of spans are since its start.
#[derive(Debug)]
pub(super) struct Account {
    since: Duration,
    /// How long it rang or was dialled before it began, and who began it.
    waited: Option<(Duration, Direction)>,
    muted: bool,
    mute_known: bool,
    /// A softphone tells of this call.
    softphone: bool,
    far_end_usable: bool,
    /// Where the analyser's frame 0 lies since the call's start, by the latest second.
    frame_zero: Option<Duration>,
    talk: Talk,
    agent: SideAccount,
    customer: SideAccount,
    line: Line,
    overtalks: Spans<OvertalkParties>,
    holds: Spans<()>,
    mutes: Spans<Provenance>,
    quick_disconnects: Spans<Pulled>,
    drifts: Spans<()>,
    by: [(u32, Duration); 2],
}

impl Account {
    pub(super) fn new(since: Duration) -> Self {
        Self {
            since,
            waited: None,
            muted: false,
            mute_known: false,
            softphone: false,
            far_end_usable: true,
            frame_zero: None,
            talk: Talk::default(),
            agent: SideAccount::default(),
            customer: SideAccount::default(),
            line: Line::default(),
            overtalks: Spans::default(),
            holds: Spans::default(),
            mutes: Spans::default(),
            quick_disconnects: Spans::default(),
            drifts: Spans::default(),
            by: [(0, Duration::ZERO); 2],
        }
    }

    /// Another call has the agent: what is heard and muted now belongs to that. A hold goes on.
    pub(super) fn leave(&mut self, at: Duration) {
        let at = self.offset(at);
        self.talk.interrupt();
        self.mutes.end(at);
        self.quick_disconnects.end(at);
        self.drifts.end(at);
    }

    /// The agent is in this call again. If it is still on hold, that is told next.
    pub(super) fn come_back(&mut self, at: Duration) {
        let at = self.offset(at);
        self.holds.end(at);
        self.mutes.not_before(at);
        self.frame_zero = None;
    }

    /// Takes in a fact of the call.
    pub(super) fn see(&mut self, at: Duration, fact: &HeadsetFact) {
        match fact {
            HeadsetFact::Mute(mute) => self.mute(at, *mute),
            HeadsetFact::MuteDrift(true) => self.drifts.begin(self.offset(at), ()),
            HeadsetFact::MuteDrift(false) => self.drifts.end(self.offset(at)),
            HeadsetFact::QuickDisconnect(open) => self.quick_disconnect(at, *open),
            HeadsetFact::Held(true) => {
                self.softphone = true;
                self.talk.interrupt();
                self.holds.begin(self.offset(at), ());
            }
            HeadsetFact::Held(false) => self.holds.end(self.offset(at)),
            HeadsetFact::HoldOutcome(outcome) => {
                if let Some(pulled) = self.quick_disconnects.latest_mut() {
                    pulled.hold = Some(*outcome);
                }
            }
            HeadsetFact::Answered { after, direction } => self.answered(*after, *direction),
            HeadsetFact::FarEndUsable(usable) => self.far_end_usable = *usable,
            HeadsetFact::Overtalk(event) => self.overtalk(*event),
            HeadsetFact::Second(second) => self.second(at, second),
            HeadsetFact::Line(figures) => self.line.figures(figures),
            HeadsetFact::CallStarted { .. }
            | HeadsetFact::CallInFront { .. }
            | HeadsetFact::HoldAtOnce(_)
            | HeadsetFact::CallEnded
            | HeadsetFact::LiveUnderMute(_)
            | HeadsetFact::Gone
            | HeadsetFact::Back
            | HeadsetFact::Battery(_)
            | HeadsetFact::CaptureGap { .. } => {}
        }
    }

    fn offset(&self, at: Duration) -> Duration {
        at.saturating_sub(self.since)
    }

    pub(super) fn mute(&mut self, at: Duration, mute: Mute) {
        self.muted = mute.is_on() == Some(true);
        self.mute_known |= mute.is_on().is_some();
        match mute {
            Mute::On { how, since } => {
                self.mutes.begin(self.offset(since), how.provenance());
            }
            Mute::Off { .. } | Mute::Unknown => self.mutes.end(self.offset(at)),
        }
    }

    pub(super) fn quick_disconnect(&mut self, at: Duration, open: Option<How>) {
        let at = self.offset(at);
        match open {
            Some(how) => {
                let provenance = how.provenance();
                let pulled = Pulled {
                    provenance,
                    hold: None,
                };
                self.quick_disconnects.begin(at, pulled);
            }
            None => self.quick_disconnects.end(at),
        }
    }

    fn answered(&mut self, after: Option<Duration>, direction: Option<Direction>) {
        self.softphone = true;
        self.waited = after.zip(direction);
    }

    fn overtalk(&mut self, event: OvertalkEvent) {
        let OvertalkEvent::Ended {
            start_frame,
            end_frame,
            parties,
        } = event
        else {
            return;
        };
        let zero = self.frame_zero.unwrap_or_default();
        let (start, end) = (zero + frames(start_frame), zero + frames(end_frame));
        self.overtalks.add(start, end, parties);
        let lasted = end.saturating_sub(start);
        if let Some(side) = parties.interrupter {
            let (count, sum) = &mut self.by[usize::from(side == Side::Customer)];
            *count = count.saturating_add(1);
            *sum += lasted;
        }
    }

    fn second(&mut self, at: Duration, second: &SecondSummary) {
        let heard = Duration::from_secs(second.second.saturating_add(1));
        self.frame_zero = Some(self.offset(at).saturating_sub(heard));
        if self.holds.is_open() {
            return;
        }
        let quick_disconnect_open = self.quick_disconnects.is_open();
        let during = During {
            muted: self.muted,
            quick_disconnect_open,
            far_end_usable: self.far_end_usable,
        };
        self.talk.second(second, during);
        if !self.muted && !quick_disconnect_open {
            self.agent.second(&second.agent);
        }
        if let Some(customer) = second.customer.as_ref().filter(|_| self.far_end_usable) {
            self.customer.second(customer);
        }
    }

    /// The call is over.
    pub(super) fn close(mut self, at: Duration) -> CallReport {
        let end = self.offset(at);
        self.holds.end(end);
        self.mutes.end(end);
        self.quick_disconnects.end(end);
        self.drifts.end(end);
        let mut report = CallReport::default();
        self.put_times(end, &mut report);
        let (agent, customer) = (self.agent.figures(), self.customer.figures());
        put_agent(&mut report, &agent);
        put_customer(&mut report, &customer);
        self.line.put(&mut report);
        self.put_quality(&agent, &customer, &mut report);
        self.put_overtalk(&mut report);
        self.put_spans(&mut report);
        self.talk.put(&mut report);
        report
    }

    fn put_times(&self, end: Duration, report: &mut CallReport) {
        let seconds = |span: Duration| rounded(span.as_secs_f64(), 2);
        match self.waited {
            Some((waited, Direction::Incoming)) => report.ring_s = seconds(waited),
            Some((waited, Direction::Outgoing)) => report.dial_s = seconds(waited),
            None => {}
        }
        report.talk_s = seconds(end.saturating_sub(self.holds.total()));
    }

    fn put_overtalk(&self, report: &mut CallReport) {
        if !self.customer.heard() {
            return;
        }
        let [(by_agent, agent_sum), (by_customer, customer_sum)] = self.by;
        report.overtalk_count = Some(self.overtalks.count());
        report.overtalk_s = Some(self.overtalks.total_s());
        report.overtalk_by_agent_count = Some(by_agent);
        report.overtalk_by_agent_s = rounded(agent_sum.as_secs_f64(), 2);
        report.overtalk_by_customer_count = Some(by_customer);
        report.overtalk_by_customer_s = rounded(customer_sum.as_secs_f64(), 2);
        report.overtalks = self
            .overtalks
            .list()
            .map(|span| OvertalkSpan {
                start_s: span.start_s(),
                duration_s: span.duration_s(),
                floor: party(span.about.floor),
                interrupter: party(span.about.interrupter),
            })
            .collect();
    }

    fn put_spans(&self, report: &mut CallReport) {
        if self.softphone {
            report.hold_count = Some(self.holds.count());
            report.held_s = Some(self.holds.total_s());
        }
        if self.mute_known {
            report.mute_count = Some(self.mutes.count());
            report.muted_s = Some(self.mutes.total_s());
        }
        if self.quick_disconnects.count() > 0 {
            report.qd_count = Some(self.quick_disconnects.count());
            report.qd_open_s = Some(self.quick_disconnects.total_s());
        }
        report.mute_drift_s = (self.drifts.count() > 0).then(|| self.drifts.total_s());
        report.holds = self
            .holds
            .list()
            .map(|span| HoldSpan {
                start_s: span.start_s(),
                duration_s: span.duration_s(),
            })
            .collect();
        report.mutes = self
            .mutes
            .list()
            .map(|span| MuteSpan {
                start_s: span.start_s(),
                duration_s: span.duration_s(),
                provenance: span.about,
            })
            .collect();
        report.qd_opens = self
            .quick_disconnects
            .list()
            .map(|span| QuickDisconnectSpan {
                start_s: span.start_s(),
                duration_s: span.duration_s(),
                provenance: span.about.provenance,
                hold: span.about.hold,
            })
            .collect();
    }

    /// The score of the worse direction.
    fn put_quality(&self, agent: &SideFigures, customer: &SideFigures, report: &mut CallReport) {
        let of = |side: &SideFigures, loss_ratio| {
            quality::of(&Measured {
                level_dbov: side.level_dbov,
                noise_dbov_a: side.noise_dbov_a,
                loss_ratio,
                delay_ms: self.line.one_way_ms(),
                dropout_ratio: side.dropout_ratio,
                clipped_ratio: side.clipped_ratio,
                crackle_per_min: side.crackle_per_min,
            })
        };
        let directions = [
            (vocabulary::Side::Agent, of(agent, self.line.uplink_loss())),
            (
                vocabulary::Side::Customer,
                of(customer, self.line.downlink_loss()),
            ),
        ];
        let worse = directions
            .into_iter()
            .filter_map(|(side, quality)| Some((side, quality?)))
            .min_by(|(_, a), (_, b)| a.score.total_cmp(&b.score));
        if let Some((side, quality)) = worse {
            report.quality_side = Some(side);
            put_parts(&quality, report);
        }
    }
}

fn put_parts(quality: &Quality, report: &mut CallReport) {
    let points = |part: Option<f64>| rounded(part?, 1);
    report.quality_score = rounded(quality.score, 1);
    report.quality_level_penalty = rounded(quality.level, 1);
    report.quality_noise_penalty = points(quality.noise);
    report.quality_loss_penalty = points(quality.loss);
    report.quality_delay_penalty = points(quality.delay);
    report.quality_dropout_penalty = points(quality.dropout);
    report.quality_clipping_penalty = points(quality.clipping);
    report.quality_crackle_penalty = points(quality.crackle);
}

fn frames(count: u64) -> Duration {
    Duration::from_millis(count.saturating_mul(1_000 / FRAMES_PER_SECOND as u64))
}
