//! The life of an alert: raised, updated, cleared, with one id from start to end.
//!
//! *Promises*: one active alert per topic (kind and subject); exactly one clear per raise. If a
//! second headset fires for a topic that another holds, it waits until that one is cleared. What comes and goes too
//! often is held raised ([`super::damping`]).

use super::config::Language;
use super::damping::Damping;
use super::fact::{HeadsetId, Now};
use super::ids::IdMint;
use super::rules::{Finding, Slot, SubjectKind, View};
use super::texts;
use sidetone_wire::alert::{Alert, AlertDetail};
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::vocabulary::{AlertKind, AlertState, ClearReason, Notify};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the engine says.
#[derive(Debug, Clone, PartialEq)]
pub enum AlertOutput {
    /// The alert's state, retained.
    Alert(Box<Alert>),
    /// `alert.raised`, `alert.changed` or `alert.cleared`.
    Event(Box<Event>),
}

/// What tells two retained topics apart.
type Topic = (AlertKind, SubjectKind, Option<HeadsetId>);

fn topic(slot: Slot, headset: &HeadsetId) -> Topic {
    let named = slot.subject == SubjectKind::Headset;
    (slot.kind, slot.subject, named.then(|| headset.clone()))
}

#[derive(Debug)]
struct Active {
    headset: HeadsetId,
    detail: AlertDetail,
    /// The condition is over since then, but the alert is held raised.
    away_since: Option<Duration>,
    /// That it is held was said.
    held_is_said: bool,
}

/// All active alerts.
#[derive(Debug)]
pub(super) struct Lifecycle {
    ids: IdMint,
    active: BTreeMap<Topic, Active>,
    damping: Damping,
}

impl Lifecycle {
    pub(super) fn new(ids: IdMint) -> Self {
        Self {
            ids,
            active: BTreeMap::new(),
            damping: Damping::default(),
        }
    }

    pub(super) fn active(&self) -> impl Iterator<Item = &AlertDetail> {
        self.active.values().map(|active| &active.detail)
    }

    /// The condition holds: raises the alert, or updates it if something a person would act on changed.
    pub(super) fn firing(
        &mut self,
        view: &View<'_>,
        slot: Slot,
        headset: &HeadsetId,
        finding: &Finding,
        out: &mut Vec<AlertOutput>,
    ) {
        let View { now, config, .. } = *view;
        let topic = topic(slot, headset);
        if let Some(active) = self.active.get_mut(&topic) {
            if &active.headset == headset {
                active.away_since = None;
                if differs(&active.detail, finding) {
                    apply(&mut active.detail, now, finding, config.language);
                    active.detail.state = AlertState::Updated;
                    say(now, EventType::AlertChanged, &active.detail, out);
                }
            }
            return;
        }
        let flapping = &config.flapping;
        if !self.damping.may_raise(slot.kind, now.monotonic, flapping) {
            return;
        }
        self.damping.raised(slot.kind, now.monotonic, flapping);
        let mut detail = AlertDetail {
            id: self.ids.mint(now.utc_ms),
            kind: slot.kind,
            subject: subject(slot.subject, headset),
            state: AlertState::Raised,
            severity: finding.severity,
            notify: notify(slot.kind),
            since: now.utc_of(finding.since),
            value: None,
            threshold: None,
            unit: None,
            fault: None,
            side: slot.side,
            headset: Some(headset.as_str().to_owned()),
            call: view.state.call.map(|call| call.id),
            provenance: None,
            confidence: None,
            hold: None,
            text: String::new(),
            action: String::new(),
            reason: None,
        };
        apply(&mut detail, now, finding, config.language);
        say(now, EventType::AlertRaised, &detail, out);
        let active = Active {
            headset: headset.clone(),
            detail,
            away_since: None,
            held_is_said: false,
        };
        self.active.insert(topic, active);
    }

    /// The condition is over: clears the alert, if this headset has it and it does not come and go.
    pub(super) fn over(
        &mut self,
        view: &View<'_>,
        slot: Slot,
        headset: &HeadsetId,
        out: &mut Vec<AlertOutput>,
    ) {
        let now = view.now;
        let topic = topic(slot, headset);
        let Some(active) = self.active.get_mut(&topic) else {
            return;
        };
        if &active.headset != headset {
            return;
        }
        let away_since = *active.away_since.get_or_insert(now.monotonic);
        let away = now.monotonic.saturating_sub(away_since);
        let flapping = &view.config.flapping;
        let keeps = self.damping.keeps(slot.kind, now.monotonic, away, flapping);
        match keeps {
            None => self.clear(now, slot, headset, ClearReason::Condition, out),
            Some(keep) if !active.held_is_said => {
                active.held_is_said = true;
                let more = texts::comes_and_goes(view.config.language, keep);
                active.detail.text = format!("{} {more}", active.detail.text);
                active.detail.state = AlertState::Updated;
                say(now, EventType::AlertChanged, &active.detail, out);
            }
            Some(_) => {}
        }
    }

    /// Clears the alert at once, if this headset has it.
    pub(super) fn clear(
        &mut self,
        now: Now,
        slot: Slot,
        headset: &HeadsetId,
        reason: ClearReason,
        out: &mut Vec<AlertOutput>,
    ) {
        if self.active.is_empty() {
            return;
        }
        let topic = topic(slot, headset);
        if self
            .active
            .get(&topic)
            .is_some_and(|active| &active.headset == headset)
            && let Some(active) = self.active.remove(&topic)
        {
            cleared(now, active.detail, reason, out);
        }
    }

    /// Clears everything.
    pub(super) fn clear_all(&mut self, now: Now, reason: ClearReason, out: &mut Vec<AlertOutput>) {
        for (_, active) in std::mem::take(&mut self.active) {
            cleared(now, active.detail, reason, out);
        }
    }
}

/// Whether what is now found is worth an update. A figure that drifts is not: it would chatter.
fn differs(detail: &AlertDetail, finding: &Finding) -> bool {
    detail.severity != finding.severity
        || detail.fault != finding.fault
        || finding.side.is_some_and(|side| detail.side != Some(side))
        || detail.hold != finding.hold
        || detail.provenance != finding.how.map(|how| how.provenance())
}

fn apply(detail: &mut AlertDetail, now: Now, finding: &Finding, language: Language) {
    detail.severity = finding.severity;
    detail.value = finding.measure.map(|m| rounded(m.value));
    detail.threshold = finding.measure.map(|m| m.threshold);
    detail.unit = finding.measure.map(|m| m.unit.to_owned());
    detail.fault = finding.fault;
    detail.side = finding.side.or(detail.side);
    detail.hold = finding.hold;
    detail.provenance = finding.how.map(|how| how.provenance());
    detail.confidence = finding.how.and_then(|how| how.confidence());
    let lasting = now.monotonic.saturating_sub(finding.since);
    detail.text = texts::text(language, detail.kind, detail.side, finding, lasting);
    detail.action = texts::action(language, detail.kind, detail.side, finding);
}

/// Three decimals are more than any figure here is worth; a figure is always finite.
fn rounded(value: f64) -> f64 {
    if value.is_finite() {
        (value * 1_000.0).round() / 1_000.0
    } else {
        0.0
    }
}

fn cleared(now: Now, mut detail: AlertDetail, reason: ClearReason, out: &mut Vec<AlertOutput>) {
    detail.state = AlertState::Cleared;
    detail.reason = Some(reason);
    say(now, EventType::AlertCleared, &detail, out);
}

fn say(now: Now, kind: EventType, detail: &AlertDetail, out: &mut Vec<AlertOutput>) {
    out.push(AlertOutput::Alert(Box::new(Alert {
        ts: now.utc_ms,
        detail: detail.clone(),
    })));
    out.push(AlertOutput::Event(Box::new(Event {
        ts: now.utc_ms,
        kind,
        detail: EventDetail {
            alert: Some(detail.clone()),
            ..EventDetail::default()
        },
    })));
}

fn subject(kind: SubjectKind, headset: &HeadsetId) -> String {
    match kind {
        SubjectKind::Agent => "agent".to_owned(),
        SubjectKind::Customer => "customer".to_owned(),
        SubjectKind::Call => "call".to_owned(),
        SubjectKind::Headset => format!("headset-{headset}"),
    }
}

/// Which kinds may make a sound (CONTRACT §3, last column).
fn notify(kind: AlertKind) -> Notify {
    use AlertKind as K;
    match kind {
        K::TalkingWhileMuted | K::LowLevel | K::Clipping | K::DeadAir | K::BatteryLow => {
            Notify::Notice
        }
        _ => Notify::Alarm,
    }
}
