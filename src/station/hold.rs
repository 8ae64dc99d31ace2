//! Putting the customer on hold when the quick disconnect is pulled (CONTRACT §6), as a machine without
//! I/O: what is known comes in with its time, orders and outcomes come out.
//!
//! ```text
//!            pulled                 held, seen           together, if the policy says so
//!   idle ───────────▶ verifying ───────────────▶ holding ─────────────────▶ verifying (resume)
//!                      │  ▲ the next adapter that knows the call
//!            time, "no"▼  │ not held
//!                     reading ──────▶ failed: nobody is left, or five seconds are over
//! ```
//!
//! *Promises*: one order at a time; an adapter is asked once; the state is read before the next is
//! asked; who did not tell the state is told to forget the hold first. *Never* acts outside a call, on
//! a call that is held or gone, or a second time because the agent took the customer back.

use super::adapters::Adapters;
use super::call::{Call, CallTracker, LegKey};
use crate::alerts::Now;
use crate::config::{HoldConfig, ResumePolicy};
use crate::softphone::{Action, Adapter, Answer, Order, Phase};
use sidetone_wire::vocabulary::HoldOutcome;
use std::time::Duration;
use uuid::Uuid;

/// All adapters together have this long (CONTRACT §6).
const BUDGET: Duration = Duration::from_secs(5);

/// An adapter that is asked for the state has this long: it reads anew, on this workstation.
const READING: Duration = Duration::from_millis(300);

/// What the machine wants done or told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// To an adapter.
    Order(Order),
    /// The first adapter is asked.
    Requested { call: Uuid, adapter: Adapter },
    /// The call was seen held, `took` after the first report of the quick disconnect.
    Done {
        call: Uuid,
        adapter: Adapter,
        took: Duration,
    },
    /// Nobody confirmed it.
    Failed {
        call: Uuid,
        adapter: Option<Adapter>,
        reason: &'static str,
    },
    /// For the alert of the quick disconnect.
    Outcome(HoldOutcome),
    /// A gateway holds the call, or no longer.
    GatewayHolds(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    Hold,
    Resume,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// For the call to show it.
    Verifying { until: Duration },
    /// For the adapter to read the state.
    Reading { until: Duration },
}

/// One hold or resume under way.
#[derive(Debug)]
struct Attempt {
    aim: Aim,
    call: Uuid,
    /// The first report of the quick disconnect.
    reported: Duration,
    /// Until when all adapters together may try.
    budget: Duration,
    adapter: Adapter,
    leg: Option<LegKey>,
    order: u64,
    waiting: Waiting,
    tried: Vec<Adapter>,
    /// An adapter of the workstation answered: no gateway is asked.
    answered: bool,
    /// The quick disconnect is together again: nobody else is asked.
    reconnected: bool,
}

/// A hold of ours that stands.
#[derive(Debug)]
struct Holding {
    call: Uuid,
    adapter: Adapter,
    leg: Option<LegKey>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Asking(Attempt),
    Holding(Holding),
    /// Told as failed; a softphone may still do it late (both sides held at once: SIP's next attempt comes
    /// up to four seconds later).
    Late(Attempt),
}

/// What the machine sees of one headset.
pub(super) struct Sight<'a> {
    pub(super) now: Now,
    pub(super) config: &'a HoldConfig,
    pub(super) calls: &'a CallTracker,
    pub(super) adapters: &'a mut Adapters,
}

/// The hold of one headset.
#[derive(Debug, Default)]
pub(super) struct HoldMachine {
    state: State,
}

impl HoldMachine {
    /// The quick disconnect was pulled, first reported at `reported`, and may act.
    pub(super) fn pulled(&mut self, sight: &mut Sight<'_>, reported: Duration) -> Vec<Step> {
        let Some(call) = sight.calls.call() else {
            return Vec::new();
        };
        if let State::Asking(attempt) = &mut self.state
            && attempt.call == call.id
        {
            attempt.reconnected = false;
            return Vec::new();
        }
        if call.held {
            return vec![Step::Outcome(HoldOutcome::AlreadyHeld)];
        }
        let mut attempt = Attempt {
            aim: Aim::Hold,
            call: call.id,
            reported,
            budget: sight.now.monotonic + BUDGET,
            adapter: Adapter::Mqtt,
            leg: None,
            order: 0,
            waiting: Waiting::Verifying {
                until: Duration::ZERO,
            },
            tried: Vec::new(),
            answered: false,
            reconnected: false,
        };
        let Some(order) = attempt.ask_next(sight, call) else {
            // An adapter told of this call and has lost its softphone since.
            return if call.was.is_some() {
                failed(&attempt, None, "softphone_gone")
            } else {
                vec![Step::Outcome(HoldOutcome::NoAdapter)]
            };
        };
        let requested = Step::Requested {
            call: attempt.call,
            adapter: attempt.adapter,
        };
        self.state = State::Asking(attempt);
        vec![requested, order]
    }

    /// The quick disconnect is together again.
    pub(super) fn together(&mut self, sight: &mut Sight<'_>) -> Vec<Step> {
        match &mut self.state {
            State::Asking(attempt) if attempt.aim == Aim::Hold => {
                attempt.reconnected = true;
                Vec::new()
            }
            State::Holding(_) => self.resume(sight),
            State::Asking(_) | State::Late(_) | State::Idle => {
                if matches!(self.state, State::Late(_)) {
                    self.state = State::Idle;
                }
                Vec::new()
            }
        }
    }

    /// An adapter answered an order.
    pub(super) fn answer(
        &mut self,
        sight: &mut Sight<'_>,
        number: u64,
        answer: &Answer,
    ) -> Vec<Step> {
        let State::Asking(attempt) = &mut self.state else {
            return Vec::new();
        };
        if attempt.order != number {
            return Vec::new();
        }
        let says = !matches!(answer, Answer::Unknown(_));
        if attempt.adapter != Adapter::Mqtt {
            attempt.answered |= says;
        }
        match (attempt.waiting, answer) {
            (Waiting::Verifying { .. }, Answer::Accepted) if attempt.adapter == Adapter::Mqtt => {
                self.succeeded(sight)
            }
            (Waiting::Verifying { .. }, Answer::Accepted) => self.look(sight),
            (Waiting::Verifying { .. }, _) if attempt.adapter == Adapter::Mqtt => {
                self.go_on(sight, says)
            }
            (Waiting::Verifying { .. }, _) => attempt.read(sight),
            (Waiting::Reading { .. }, _) => {
                let steps = self.look(sight);
                if steps.is_empty() {
                    self.go_on(sight, says)
                } else {
                    steps
                }
            }
        }
    }

    /// Looks at what is known now: whether the call shows what was asked, and what the time says.
    pub(super) fn look(&mut self, sight: &mut Sight<'_>) -> Vec<Step> {
        let call = sight.calls.call();
        match &mut self.state {
            State::Idle => Vec::new(),
            State::Holding(holding) => {
                let stands = call.is_some_and(|call| call.id == holding.call && call.held);
                if !stands {
                    self.state = State::Idle;
                }
                Vec::new()
            }
            State::Late(attempt) => match call.filter(|call| call.id == attempt.call) {
                None => {
                    self.state = State::Idle;
                    Vec::new()
                }
                Some(call) if call.held => self.succeeded(sight),
                Some(_) => Vec::new(),
            },
            State::Asking(attempt) => {
                let Some(call) = call.filter(|call| call.id == attempt.call) else {
                    self.state = State::Idle;
                    return Vec::new();
                };
                let phase = call.leg.as_ref().and_then(|key| sight.calls.phase_of(key));
                let wanted = match attempt.aim {
                    Aim::Hold => Phase::Held,
                    Aim::Resume => Phase::Active,
                };
                if phase == Some(wanted) {
                    return self.succeeded(sight);
                }
                if attempt.adapter != Adapter::Mqtt && !sight.adapters.is_up(attempt.adapter) {
                    return self.go_on(sight, true);
                }
                match attempt.waiting {
                    Waiting::Verifying { until } if sight.now.monotonic >= until => {
                        if attempt.adapter == Adapter::Mqtt {
                            self.go_on(sight, false)
                        } else {
                            attempt.read(sight)
                        }
                    }
                    Waiting::Reading { until } if sight.now.monotonic >= until => {
                        self.go_on(sight, false)
                    }
                    _ => Vec::new(),
                }
            }
        }
    }

    /// When [`HoldMachine::look`] has something to decide by time.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match &self.state {
            State::Asking(Attempt {
                waiting: Waiting::Verifying { until } | Waiting::Reading { until },
                ..
            }) => Some(*until),
            State::Idle | State::Holding(_) | State::Late(_) => None,
        }
    }

    /// All is over: the headset left, the computer sleeps.
    pub(super) fn forget(&mut self) {
        self.state = State::Idle;
    }

    fn succeeded(&mut self, sight: &mut Sight<'_>) -> Vec<Step> {
        let (State::Asking(attempt) | State::Late(attempt)) = std::mem::take(&mut self.state)
        else {
            return Vec::new();
        };
        let gateway = attempt.adapter == Adapter::Mqtt;
        if attempt.aim == Aim::Resume {
            return if gateway {
                vec![Step::GatewayHolds(false)]
            } else {
                Vec::new()
            };
        }
        let mut steps = Vec::new();
        if gateway {
            steps.push(Step::GatewayHolds(true));
        }
        steps.extend([
            Step::Done {
                call: attempt.call,
                adapter: attempt.adapter,
                took: sight.now.monotonic.saturating_sub(attempt.reported),
            },
            Step::Outcome(HoldOutcome::Held),
        ]);
        self.state = State::Holding(Holding {
            call: attempt.call,
            adapter: attempt.adapter,
            leg: attempt.leg,
        });
        if attempt.reconnected {
            steps.extend(self.resume(sight));
        }
        steps
    }

    /// The adapter at hand has not done it; `known` if it told the state, or cannot act any more.
    fn go_on(&mut self, sight: &mut Sight<'_>, known: bool) -> Vec<Step> {
        let State::Asking(attempt) = &mut self.state else {
            return Vec::new();
        };
        let call = sight.calls.call().filter(|call| call.id == attempt.call);
        let may = attempt.aim == Aim::Hold
            && !attempt.reconnected
            && sight.now.monotonic < attempt.budget;
        let (last, leg) = (attempt.adapter, attempt.leg.clone());
        if let Some(call) = call.filter(|_| may)
            && let Some(order) = attempt.ask_next(sight, call)
        {
            let cancel = (!known).then(|| {
                Step::Order(Order {
                    adapter: last,
                    number: sight.adapters.number(),
                    leg: leg.map(|key| key.id),
                    call: attempt.call,
                    action: Action::CancelHold,
                })
            });
            return cancel.into_iter().chain([order]).collect();
        }
        let State::Asking(attempt) = std::mem::take(&mut self.state) else {
            return Vec::new();
        };
        let reason = match attempt.aim {
            Aim::Hold => "not_confirmed",
            Aim::Resume => "resume_not_confirmed",
        };
        let steps = failed(&attempt, Some(last), reason);
        if attempt.aim == Aim::Hold && attempt.adapter != Adapter::Mqtt {
            self.state = State::Late(attempt);
        }
        steps
    }

    fn resume(&mut self, sight: &mut Sight<'_>) -> Vec<Step> {
        if sight.config.resume != ResumePolicy::OnReconnect {
            return Vec::new();
        }
        let State::Holding(holding) = std::mem::take(&mut self.state) else {
            return Vec::new();
        };
        let still = sight
            .calls
            .call()
            .is_some_and(|call| call.id == holding.call);
        if !still {
            return Vec::new();
        }
        let now = sight.now.monotonic;
        let number = sight.adapters.number();
        self.state = State::Asking(Attempt {
            aim: Aim::Resume,
            call: holding.call,
            reported: now,
            budget: now + BUDGET,
            adapter: holding.adapter,
            leg: holding.leg.clone(),
            order: number,
            waiting: Waiting::Verifying {
                until: now + holding.adapter.verify_within(),
            },
            tried: vec![holding.adapter],
            answered: true,
            reconnected: true,
        });
        vec![Step::Order(Order {
            adapter: holding.adapter,
            number,
            leg: holding.leg.map(|key| key.id),
            call: holding.call,
            action: Action::Resume,
        })]
    }
}

impl Attempt {
    /// The next adapter that knows the call and was not asked yet.
    fn ask_next(&mut self, sight: &mut Sight<'_>, call: &Call) -> Option<Step> {
        let own = call.leg.clone().into_iter();
        let others = sight.calls.answered_legs().cloned();
        let known = own
            .chain(others)
            .find(|key| !self.tried.contains(&key.adapter) && sight.adapters.can_hold(key.adapter));
        let gateway = !self.answered
            && !self.tried.contains(&Adapter::Mqtt)
            && sight.adapters.can_hold(Adapter::Mqtt);
        let (adapter, leg) = match known {
            Some(key) => (key.adapter, Some(key)),
            None if gateway => (Adapter::Mqtt, None),
            None => return None,
        };
        let now = sight.now.monotonic;
        self.adapter = adapter;
        self.leg = leg;
        self.order = sight.adapters.number();
        self.tried.push(adapter);
        self.waiting = Waiting::Verifying {
            until: (now + adapter.verify_within()).min(self.budget),
        };
        Some(Step::Order(Order {
            adapter,
            number: self.order,
            leg: self.leg.clone().map(|key| key.id),
            call: self.call,
            action: Action::Hold,
        }))
    }

    /// Asks the adapter for the state before anybody else is asked.
    fn read(&mut self, sight: &mut Sight<'_>) -> Vec<Step> {
        self.order = sight.adapters.number();
        self.waiting = Waiting::Reading {
            until: sight.now.monotonic + READING,
        };
        vec![Step::Order(Order {
            adapter: self.adapter,
            number: self.order,
            leg: self.leg.clone().map(|key| key.id),
            call: self.call,
            action: Action::Read,
        })]
    }
}

fn failed(attempt: &Attempt, adapter: Option<Adapter>, reason: &'static str) -> Vec<Step> {
    let failed = Step::Failed {
        call: attempt.call,
        adapter,
        reason,
    };
    match attempt.aim {
        Aim::Hold => vec![failed, Step::Outcome(HoldOutcome::Failed)],
        Aim::Resume => vec![failed],
    }
}
