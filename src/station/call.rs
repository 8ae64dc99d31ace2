//! Which calls run on a headset, and which of them the agent is in (CONTRACT §3; the whole truth table
//! with its reasons is `docs/call-state.md`).
//!
//! *Softphones that an adapter reads are exact*: their calls begin when they are answered and end when
//! they are in the adapter's list no more. *Without one*, the hook switch, the line-busy bit and
//! applications' streams decide ([`Evidence`]). A call that first only the workstation told of and then
//! an adapter, or the other way round, stays one call with one id.
//!
//! *Promises*: at most one call is active; each that starts ends; the one in front is the one the agent
//! is in or was in last.

use super::evidence::{Evidence, STREAM_CONFIDENCE};
use crate::alerts::{How, IdMint, Now};
use crate::softphone::{Adapter, Direction, Leg, LegId, Phase};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// A softphone's call that another adapter's call stood in front of must outlast that one by so long
/// to be a call of its own: two adapters may read the same softphone, one a little later.
const TAKES_OVER: Duration = Duration::from_secs(1);

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndReason {
    HookOn,
    LineIdle,
    StreamClosed,
    PlaybackClosed,
    FarEndSilent,
    HungUp,
    SoftphoneGone,
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
            Self::PlaybackClosed => "playback_closed",
            Self::FarEndSilent => "far_end_silent",
            Self::HungUp => "hung_up",
            Self::SoftphoneGone => "softphone_gone",
            Self::HeadsetGone => "headset_gone",
            Self::Suspend => "suspend",
            Self::Stopped => "stopped",
        }
    }
}

/// A softphone's call, wherever it is in its life.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LegKey {
    pub(super) adapter: Adapter,
    pub(super) id: LegId,
}

/// A call that has started and not ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) id: Uuid,
    pub(super) since: Duration,
    pub(super) how: How,
    pub(super) held: bool,
    /// The softphone's call, where an adapter tells of it.
    pub(super) leg: Option<LegKey>,
    /// The softphone's call it was before its adapter lost the softphone.
    pub(super) was: Option<LegKey>,
    /// How long it rang, if that was seen.
    pub(super) rang: Option<Duration>,
    pub(super) direction: Option<Direction>,
}

/// What the tracker decided.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Started(Call),
    Held(Call),
    Resumed(Call),
    Ended(Call, EndReason),
    /// The agent is in another call now, or in none.
    InFront(Option<Call>),
}

/// A softphone's call on this headset.
#[derive(Debug, Clone)]
struct Seen {
    leg: Leg,
    since: Duration,
    answered: Option<Duration>,
    /// Until when it may be another adapter's view of the call that was in front.
    shadow_until: Option<Duration>,
}

/// The calls on one headset.
#[derive(Debug, Default)]
pub(super) struct CallTracker {
    pub(super) evidence: Evidence,
    /// Any application captures, whoever tells its calls.
    capturing: bool,
    legs: BTreeMap<LegKey, Seen>,
    /// The first is in front.
    calls: Vec<Call>,
    /// The id in front as last told.
    told_front: Option<Uuid>,
    /// A gateway beside the PBX holds the call in front.
    gateway_holds: bool,
}

impl CallTracker {
    /// The call in front.
    pub(super) fn call(&self) -> Option<&Call> {
        self.calls.first()
    }

    pub(super) fn capturing(&self) -> bool {
        self.capturing
    }

    /// Whether our streams are wanted: in a call, or between calls of an application that keeps its
    /// microphone open, and then only to hear the next one begin (CONTRACT §9.1).
    pub(super) fn listens(&self) -> bool {
        self.capturing && (self.call().is_some() || self.evidence.between_calls())
    }

    /// An application captures; `counts` if no adapter tells its calls.
    pub(super) fn capture(&mut self, now: Now, capturing: bool, counts: bool) {
        self.capturing = capturing;
        self.evidence.capture(now, capturing && counts);
    }

    pub(super) fn server_lost(&mut self, now: Now) {
        self.capturing = false;
        self.evidence.server_lost(now);
    }

    pub(super) fn card_gone(&mut self, now: Now) {
        self.capturing = false;
        self.evidence.card_gone(now);
    }

    pub(super) fn gone(&mut self, now: Now) {
        self.capturing = false;
        self.evidence.gone(now);
    }

    /// All calls that `adapter` has on this headset now.
    pub(super) fn legs(&mut self, now: Now, adapter: Adapter, legs: impl Iterator<Item = Leg>) {
        let mut kept = BTreeMap::new();
        for leg in legs {
            let key = LegKey {
                adapter,
                id: leg.id.clone(),
            };
            let known = self.legs.remove(&key);
            let answered = matches!(leg.phase, Phase::Active | Phase::Held);
            let of_another = |key: &LegKey| key.adapter != adapter;
            let shadowed = self
                .call()
                .is_some_and(|front| !front.held && front.leg.as_ref().is_some_and(of_another));
            let mut seen = known.unwrap_or_else(|| Seen {
                leg: leg.clone(),
                since: now.monotonic,
                answered: None,
                shadow_until: None,
            });
            if answered && seen.answered.is_none() {
                seen.answered = Some(now.monotonic);
                seen.shadow_until = shadowed.then_some(Duration::MAX);
            }
            seen.leg = leg;
            kept.insert(key, seen);
        }
        self.legs.retain(|key, _| key.adapter != adapter);
        self.legs.append(&mut kept);
    }

    /// `adapter` lost its softphone: its call in front goes on as long as anything else tells of it.
    pub(super) fn adapter_lost(&mut self, now: Now, adapter: Adapter) {
        self.legs.retain(|key, _| key.adapter != adapter);
        let of_it = |call: &Call| call.leg.as_ref().is_some_and(|leg| leg.adapter == adapter);
        if let Some(front) = self.calls.first_mut().filter(|call| of_it(call)) {
            front.was = front.leg.take();
            front.how = How::Inferred(STREAM_CONFIDENCE);
            self.evidence.adapter_lost(now);
        }
    }

    /// `adapter` reads its softphone again and has told all calls: what it told of before is its call again.
    pub(super) fn adapter_back(&mut self, adapter: Adapter) {
        if let Some(front) = self.calls.first_mut()
            && let Some(was) = front.was.take_if(|was| was.adapter == adapter)
        {
            // There or not: the list says which, and `decide` ends it if it is not there.
            front.leg = Some(was);
            front.how = How::Softphone;
        }
    }

    /// Where the softphone's call in front stands.
    pub(super) fn phase_of(&self, key: &LegKey) -> Option<Phase> {
        self.legs.get(key).map(|seen| seen.leg.phase)
    }

    /// Calls of other adapters than the one in front that are answered: perhaps the same call.
    pub(super) fn answered_legs(&self) -> impl Iterator<Item = &LegKey> {
        let answered = |seen: &Seen| matches!(seen.leg.phase, Phase::Active | Phase::Held);
        self.legs
            .iter()
            .filter(move |(_, seen)| answered(seen))
            .map(|(key, _)| key)
    }

    /// A softphone's call that rings here.
    pub(super) fn ringing(&self) -> Option<&LegKey> {
        self.legs
            .iter()
            .find(|(_, seen)| seen.leg.phase == Phase::Ringing)
            .map(|(key, _)| key)
    }

    /// The softphone's call in front, if an adapter tells of it.
    pub(super) fn front_leg(&self) -> Option<(&LegKey, &Leg)> {
        let key = self.call()?.leg.as_ref()?;
        self.legs.get(key).map(|seen| (key, &seen.leg))
    }

    /// A gateway holds the call in front, or no longer.
    pub(super) fn gateway_holds(&mut self, holds: bool) {
        self.gateway_holds = holds;
    }

    /// Forgets what the device said; calls must have been ended before.
    pub(super) fn forget(&mut self, now: Now) {
        self.evidence.forget(now);
        self.gateway_holds = false;
    }

    /// Ends every call for a reason from outside.
    pub(super) fn end(&mut self, reason: EndReason) -> Vec<Change> {
        self.evidence.settle_patience();
        self.gateway_holds = false;
        let mut changes = Vec::new();
        if self.told_front.take().is_some() {
            changes.push(Change::InFront(None));
        }
        changes.extend(self.calls.drain(..).map(|call| Change::Ended(call, reason)));
        changes
    }

    /// When [`CallTracker::decide`] may decide otherwise without anything happening.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let shadows = self.legs.values().filter_map(|seen| seen.shadow_until);
        let local = match self.call() {
            Some(call) if call.leg.is_some() => None,
            call => self.evidence.deadline(call.map(|call| call.how)),
        };
        shadows
            .filter(|until| *until != Duration::MAX)
            .chain(local)
            .min()
    }

    /// Weighs what is known now.
    pub(super) fn decide(&mut self, now: Now, ids: &mut IdMint) -> Vec<Change> {
        let mut changes = Vec::new();
        self.end_hung_up(now, &mut changes);
        self.adopt();
        self.follow_holds(&mut changes);
        self.bring_to_front(now, ids, &mut changes);
        self.weigh_evidence(now, ids, &mut changes);
        self.tell_front(&mut changes);
        changes
    }

    /// Softphones' calls that are in their lists no more.
    fn end_hung_up(&mut self, now: Now, changes: &mut Vec<Change>) {
        let legs = &self.legs;
        let over = |call: &Call| call.leg.as_ref().is_some_and(|key| !legs.contains_key(key));
        let front_ended = self.calls.first().is_some_and(over);
        let ended: Vec<Call> = self.calls.extract_if(.., |call| over(call)).collect();
        if ended.is_empty() {
            return;
        }
        if front_ended {
            self.gateway_holds = false;
            for seen in self.legs.values_mut() {
                if let Some(until) = &mut seen.shadow_until {
                    *until = (*until).min(now.monotonic + TAKES_OVER);
                }
            }
        }
        self.evidence.spend();
        self.evidence.settle_patience();
        changes.extend(
            ended
                .into_iter()
                .map(|call| Change::Ended(call, EndReason::HungUp)),
        );
    }

    /// A call only the workstation told of, and now an adapter tells of one: it is the same.
    fn adopt(&mut self) {
        let Some(front) = self.calls.first_mut().filter(|call| call.leg.is_none()) else {
            return;
        };
        let answered = |phase| move |(_, seen): &(&LegKey, &Seen)| seen.leg.phase == phase;
        let found = self
            .legs
            .iter()
            .find(answered(Phase::Active))
            .or_else(|| self.legs.iter().find(answered(Phase::Held)));
        if let Some((key, seen)) = found {
            front.leg = Some(key.clone());
            front.was = None;
            front.how = How::Softphone;
            front.direction = seen.leg.direction;
            self.evidence.settle_patience();
        }
    }

    /// Calls that went on hold, and the one in front that came back from it.
    fn follow_holds(&mut self, changes: &mut Vec<Change>) {
        for (place, call) in self.calls.iter_mut().enumerate() {
            let phase = call
                .leg
                .as_ref()
                .and_then(|key| self.legs.get(key))
                .map(|seen| seen.leg.phase);
            let by_gateway = place == 0 && self.gateway_holds;
            let held = by_gateway
                || match phase {
                    Some(Phase::Held) => true,
                    // What no adapter tells of goes on as it was.
                    None => call.held && call.leg.is_none() && call.was.is_some(),
                    Some(_) => false,
                };
            if held && !call.held {
                call.held = true;
                changes.push(Change::Held(call.clone()));
            } else if !held && call.held && place == 0 {
                call.held = false;
                changes.push(Change::Resumed(call.clone()));
            }
        }
    }

    /// If the agent is not in the call in front, takes the one they are in.
    fn bring_to_front(&mut self, now: Now, ids: &mut IdMint, changes: &mut Vec<Change>) {
        if self.call().is_some_and(|call| !call.held) {
            return;
        }
        let in_its_own_right =
            |seen: &Seen| seen.shadow_until.is_none_or(|until| now.monotonic >= until);
        let candidate = |phase| {
            self.legs
                .iter()
                .find(move |(_, seen)| seen.leg.phase == phase && in_its_own_right(seen))
                .map(|(key, seen)| (key.clone(), seen.clone()))
        };
        let active = candidate(Phase::Active);
        let held = candidate(Phase::Held).filter(|_| self.calls.is_empty());
        let Some((key, seen)) = active.or(held) else {
            return;
        };
        let known = |call: &Call| call.leg.as_ref() == Some(&key);
        if let Some(place) = self.calls.iter().position(known) {
            if place == 0 && self.gateway_holds {
                return;
            }
            let mut call = self.calls.remove(place);
            if call.held {
                call.held = false;
                changes.push(Change::Resumed(call.clone()));
            }
            self.calls.insert(0, call);
            return;
        }
        let mut call = Call {
            id: ids.mint(now.utc_ms),
            since: now.monotonic,
            how: How::Softphone,
            held: false,
            leg: Some(key),
            was: None,
            rang: seen.answered.map(|at| at.saturating_sub(seen.since)),
            direction: seen.leg.direction,
        };
        changes.push(Change::Started(call.clone()));
        if seen.leg.phase == Phase::Held {
            call.held = true;
            changes.push(Change::Held(call.clone()));
        }
        self.evidence.settle_patience();
        self.calls.insert(0, call);
    }

    /// Begin and end of a call no adapter tells of.
    fn weigh_evidence(&mut self, now: Now, ids: &mut IdMint, changes: &mut Vec<Change>) {
        match self.calls.first() {
            Some(call) if call.leg.is_some() => {}
            Some(call) => {
                if let Some(reason) = self.evidence.over(now, call.how) {
                    let reason = if call.was.is_some() && reason == EndReason::StreamClosed {
                        EndReason::SoftphoneGone
                    } else {
                        reason
                    };
                    self.evidence.settle_patience();
                    self.gateway_holds = false;
                    let call = self.calls.remove(0);
                    changes.push(Change::Ended(call, reason));
                }
            }
            None => {
                if let Some(how) = self.evidence.begins(now) {
                    self.evidence.settle_patience();
                    let call = Call {
                        id: ids.mint(now.utc_ms),
                        since: now.monotonic,
                        how,
                        held: false,
                        leg: None,
                        was: None,
                        rang: None,
                        direction: None,
                    };
                    self.calls.insert(0, call.clone());
                    changes.push(Change::Started(call));
                }
            }
        }
    }

    /// Says if another call is in front than was told last, before whatever else is told of it.
    fn tell_front(&mut self, changes: &mut Vec<Change>) {
        let front = self.calls.first();
        let id = front.map(|call| call.id);
        if id != self.told_front {
            self.told_front = id;
            changes.push(Change::InFront(front.cloned()));
        }
    }
}
