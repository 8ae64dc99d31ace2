//! The calls of one softphone, as its page tells them.
//!
//! *Promises*: at most [`CALLS`] at once; a call that ended does not come back by a late word about it
//! (pages resume a call once more after its end).
//!
//! *Never* learns when the other side answers: pages do not tell it, so that a call that goes out
//! counts as one in which both can talk.

use super::request::{CallId, SoftphoneName, Step};
use crate::config::WebOrigin;
use crate::softphone::{Direction, Leg, LegId, Phase};
use std::collections::VecDeque;
use std::time::Instant;

/// Most calls of one softphone.
pub(super) const CALLS: usize = 16;
/// How many ended calls are remembered, so that they stay ended.
const ENDED: usize = 32;

/// What became of a hold that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldAsked {
    /// Nothing was asked, or it has been resumed since.
    No,
    /// The softphone was asked.
    Yes,
    /// It is not wanted any more; if it comes about before this moment, it is undone.
    Cancelled(Instant),
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) leg: LegId,
    pub(super) phase: Phase,
    pub(super) direction: Option<Direction>,
    pub(super) hold: HoldAsked,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// As told.
    Yes,
    /// There is no such call, or it cannot do that.
    No,
    /// It is held, and that is not wanted any more.
    HeldTooLate,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Calls {
    /// Two sites may give their softphones and calls the same names.
    owner: String,
    now: Vec<Call>,
    ended: VecDeque<CallId>,
}

impl Calls {
    /// None yet, of this site's softphone.
    pub(super) fn of(site: &WebOrigin, softphone: &SoftphoneName) -> Self {
        Self {
            owner: format!("{site} {softphone}"),
            now: Vec::new(),
            ended: VecDeque::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.now.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.now.iter()
    }

    pub(super) fn by_leg(&mut self, leg: &LegId) -> Option<&mut Call> {
        self.now.iter_mut().find(|call| call.leg == *leg)
    }

    pub(super) fn by_id(&mut self, id: CallId) -> Option<&mut Call> {
        self.now.iter_mut().find(|call| call.id == id)
    }

    /// As the station sees them.
    pub(super) fn legs(&self, muted: Option<bool>) -> impl Iterator<Item = Leg> {
        self.now.iter().map(move |call| Leg {
            id: call.leg.clone(),
            phase: call.phase,
            direction: call.direction,
            muted,
        })
    }

    /// The page tells a step of a call.
    pub(super) fn step(&mut self, at: Instant, id: CallId, step: Step) -> Moved {
        if step == Step::Ended {
            return self.end(id);
        }
        let Some(call) = self.by_id(id) else {
            return self.begin(id, step);
        };
        match (step, call.phase) {
            (Step::Answered, Phase::Ringing | Phase::Dialing) => call.phase = Phase::Active,
            (Step::Held, _) => {
                call.phase = Phase::Held;
                if let HoldAsked::Cancelled(until) = call.hold {
                    call.hold = HoldAsked::No;
                    if at < until {
                        return Moved::HeldTooLate;
                    }
                }
            }
            (Step::Resumed, Phase::Held) => {
                call.phase = Phase::Active;
                call.hold = HoldAsked::No;
            }
            _ => {}
        }
        Moved::Yes
    }

    /// A call that was not known: it begins, or it was begun before this daemon was.
    fn begin(&mut self, id: CallId, step: Step) -> Moved {
        let (phase, direction) = match step {
            Step::Incoming => (Phase::Ringing, Some(Direction::Incoming)),
            Step::Outgoing => (Phase::Active, Some(Direction::Outgoing)),
            Step::Answered => (Phase::Active, None),
            Step::Held => (Phase::Held, None),
            Step::Resumed | Step::Ended => return Moved::No,
        };
        if self.now.len() >= CALLS || self.ended.contains(&id) {
            return Moved::No;
        }
        self.now.push(Call {
            id,
            leg: LegId::new(format!("{}#{}", self.owner, id.get())),
            phase,
            direction,
            hold: HoldAsked::No,
        });
        Moved::Yes
    }

    fn end(&mut self, id: CallId) -> Moved {
        let before = self.now.len();
        self.now.retain(|call| call.id != id);
        if self.now.len() == before {
            return Moved::No;
        }
        if self.ended.len() == ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
        Moved::Yes
    }
}
