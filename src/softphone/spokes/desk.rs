//! Which softphones are registered, what calls they have, and what they are still to be told: a state
//! machine without sockets and clocks.
//!
//! ```text
//! page ── Request ─▶ ┌──────┐ ── Signal ─▶ station
//! page ◀─ Reply ──── │ Desk │
//! page ◀─ Delivery ─ └──────┘ ◀─ Order ─── station
//! ```
//!
//! *Promises*: bounded, whatever is asked: [`SOFTPHONES`], their calls, events and waiting polls. A
//! softphone belongs to the site that registered it; another site neither sees nor changes it. An order
//! gets exactly one answer, at the latest [`ORDER_LIVES`] after it came.
//!
//! *Fails* by forgetting: a page that has not asked for [`SILENT_IN_CALL`] (idle: [`SILENT_IDLE`], for
//! browsers let a page in the background run once a minute) is closed, and its calls are not known any
//! more. When it asks again, it is there again, without having to register.

use super::calls::{Calls, Moved};
use super::effects::HandedOut;
use super::envelope::{CallEvent, EventKind, ListedCall, Reply};
use super::request::{CallId, Request, SoftphoneName, Step};
use crate::config::WebOrigin;
use crate::softphone::{Abilities, Leg, Phase, SignalKind};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most softphones at once.
pub(super) const SOFTPHONES: usize = 8;
/// Most events that wait for one softphone.
pub(super) const EVENTS: usize = 32;
/// Most polls of one softphone that are held: the second is for an event right after another. The
/// oldest is let go for a new one, so that a browser's six connections to one host are never used up.
pub(super) const POLLS: usize = 2;
/// How long a poll is held: below the 5 s after which a page gives it up.
pub(super) const HOLD_POLL: Duration = Duration::from_millis(4500);
/// How long an order waits for its page: the whole budget of a hold (CONTRACT §6).
pub(super) const ORDER_LIVES: Duration = Duration::from_secs(5);
/// How long a cancelled hold is undone if it still comes about.
pub(super) const UNDO_HOLD: Duration = Duration::from_secs(10);
/// After it unregistered, a softphone is there again only by registering: a poll may still be on its way.
pub(super) const LEAVES: Duration = Duration::from_secs(10);
/// A page in a call that has not asked for so long is gone.
pub(super) const SILENT_IN_CALL: Duration = Duration::from_secs(15);
/// A page without a call that has not asked for so long is gone.
pub(super) const SILENT_IDLE: Duration = Duration::from_secs(90);

/// The browsers whose calls are told here.
const BROWSERS: [&str; 9] = [
    "chromium",
    "chrome",
    "google chrome",
    "firefox",
    "msedge",
    "microsoft edge",
    "brave",
    "opera",
    "vivaldi",
];

/// One poll that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Poll {
    pub(super) softphone: u64,
    pub(super) number: u64,
}

/// An event and the order it carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Queued {
    pub(super) event: CallEvent,
    /// The order's number, and when it has waited long enough.
    pub(super) order: Option<(u64, Instant)>,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// Tell the station.
    Signal(SignalKind),
    /// Answer this poll, then say [`Desk::delivered`] or [`Desk::undelivered`].
    Deliver {
        /// Which.
        poll: Poll,
        /// With these; none if it has waited long enough.
        events: Vec<Queued>,
    },
}

/// How a request is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// At once.
    Now(Reply),
    /// By an [`Output::Deliver`].
    Later(Poll),
}

/// One registered softphone.
#[derive(Debug)]
pub(super) struct Softphone {
    pub(super) number: u64,
    pub(super) site: WebOrigin,
    pub(super) name: SoftphoneName,
    pub(super) calls: Calls,
    pub(super) muted: Option<bool>,
    pub(super) queue: VecDeque<Queued>,
    pub(super) handed_out: Vec<HandedOut>,
    pub(super) polls: VecDeque<(Poll, Instant)>,
    /// The next poll is answered at once: the page waits for it before it goes on.
    pub(super) prompt: bool,
    pub(super) seen: Instant,
}

/// The state machine.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) softphones: Vec<Softphone>,
    pub(super) outputs: VecDeque<Output>,
    /// Who unregistered, and until when that is remembered.
    left: VecDeque<(WebOrigin, SoftphoneName, Instant)>,
    told: Vec<Leg>,
    numbers: u64,
}

impl Desk {
    /// With no softphone.
    #[must_use]
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// What is to be done, one by one.
    pub(super) fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// A page of `site` asks. What the headset is, is not known here.
    pub(super) fn request(&mut self, at: Instant, site: &WebOrigin, request: Request) -> Outcome {
        let reply = match request {
            Request::Register(name) => self.register(at, site, name),
            Request::UnRegister(name) => self.unregister(at, site, &name),
            Request::IsActive(name) => self.with(at, site, name, |_| Reply::Done(true)),
            Request::CallEvents(name) => return self.poll(at, site, name),
            Request::CallManagerState => self.calls_of(site),
            Request::Call {
                softphone,
                id,
                step,
            } => self.step(at, site, softphone, id, step),
            Request::Mute { softphone, muted } => self.with(at, site, softphone, |softphone| {
                softphone.said_muted();
                softphone.muted = Some(muted);
                Reply::Done(true)
            }),
            Request::Attach => Reply::Session,
            Request::Release => Reply::Done(true),
            Request::DeviceEvents => Reply::DeviceEvents,
            Request::DeviceInfo => Reply::Error("no supported devices"),
        };
        self.tell_changes();
        Outcome::Now(reply)
    }

    fn register(&mut self, at: Instant, site: &WebOrigin, name: SoftphoneName) -> Reply {
        self.left.retain(|(s, n, _)| !(s == site && *n == name));
        self.with(at, site, name, |softphone| {
            softphone.prompt = true;
            Reply::Done(true)
        })
    }

    fn unregister(&mut self, at: Instant, site: &WebOrigin, name: &SoftphoneName) -> Reply {
        let Some(index) = self.index(site, name) else {
            // What pages expect to read when they begin by leaving.
            return Reply::Error("Invalid plugin name");
        };
        self.remove(index, "the softphone's page unregistered");
        if self.left.len() >= SOFTPHONES {
            self.left.pop_front();
        }
        self.left
            .push_back((site.clone(), name.clone(), at + LEAVES));
        Reply::Done(true)
    }

    fn step(
        &mut self,
        at: Instant,
        site: &WebOrigin,
        name: SoftphoneName,
        id: Option<CallId>,
        step: Step,
    ) -> Reply {
        let mut undo = false;
        let reply = self.with(at, site, name.clone(), |softphone| {
            let Some(id) = id else {
                return Reply::Done(false);
            };
            softphone.said(id, step);
            let moved = softphone.calls.step(at, id, step);
            match moved {
                Moved::HeldTooLate => undo = softphone.push(EventKind::Resume, id, None),
                Moved::Yes if step == Step::Ended => {
                    // The page asks for events right after it ended a call, and waits for the answer.
                    softphone.push(EventKind::Ended, id, None);
                    softphone.prompt = true;
                }
                Moved::Yes | Moved::No => {}
            }
            Reply::Done(moved != Moved::No)
        });
        if undo && let Some(index) = self.index(site, &name) {
            self.deliver(index);
        }
        reply
    }

    pub(super) fn new_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn calls_of(&self, site: &WebOrigin) -> Reply {
        let mine = self.softphones.iter().filter(|s| s.site == *site);
        let calls = mine.flat_map(|softphone| {
            softphone.calls.iter().map(|call| ListedCall {
                id: call.id,
                active: call.phase == Phase::Active,
                held: call.phase == Phase::Held,
                softphone: softphone.name.to_string(),
            })
        });
        Reply::Calls(calls.collect())
    }

    pub(super) fn index(&self, site: &WebOrigin, name: &SoftphoneName) -> Option<usize> {
        self.softphones
            .iter()
            .position(|softphone| softphone.site == *site && softphone.name == *name)
    }

    /// The site's softphone of this name, which is there by asking.
    pub(super) fn with(
        &mut self,
        at: Instant,
        site: &WebOrigin,
        name: SoftphoneName,
        act: impl FnOnce(&mut Softphone) -> Reply,
    ) -> Reply {
        let index = match self.index(site, &name) {
            Some(index) => index,
            None if self.softphones.len() >= SOFTPHONES => {
                return Reply::Error("Too many softphones are registered");
            }
            None if self.has_left(at, site, &name) => return Reply::Error("Invalid plugin name"),
            None => self.add(at, site.clone(), name),
        };
        match self.softphones.get_mut(index) {
            Some(softphone) => {
                softphone.seen = at;
                act(softphone)
            }
            None => Reply::Error("Invalid plugin name"),
        }
    }

    fn has_left(&self, at: Instant, site: &WebOrigin, name: &SoftphoneName) -> bool {
        let mut left = self.left.iter();
        left.any(|(s, n, until)| s == site && n == name && at < *until)
    }

    fn add(&mut self, at: Instant, site: WebOrigin, name: SoftphoneName) -> usize {
        if self.softphones.is_empty() {
            self.outputs
                .push_back(Output::Signal(SignalKind::Up(Abilities {
                    hold: true,
                    control: true,
                    applications: BROWSERS.map(str::to_owned).into(),
                })));
            self.told.clear();
            self.outputs
                .push_back(Output::Signal(SignalKind::Legs(Vec::new())));
        }
        let number = self.new_number();
        self.softphones.push(Softphone {
            number,
            calls: Calls::of(&site, &name),
            site,
            name,
            muted: None,
            queue: VecDeque::new(),
            handed_out: Vec::new(),
            polls: VecDeque::new(),
            prompt: false,
            seen: at,
        });
        self.softphones.len() - 1
    }

    pub(super) fn remove(&mut self, index: usize, reason: &str) {
        let softphone = self.softphones.remove(index);
        for queued in softphone.queue {
            self.give_up(&queued, reason);
        }
        for (poll, _) in softphone.polls {
            let events = Vec::new();
            self.outputs.push_back(Output::Deliver { poll, events });
        }
        if self.softphones.is_empty() {
            self.told.clear();
            let reason = reason.to_owned();
            self.outputs
                .push_back(Output::Signal(SignalKind::Down { reason }));
        }
    }

    /// Tells the calls if they are not as last told.
    pub(super) fn tell_changes(&mut self) {
        let legs = self.legs();
        if legs != self.told {
            self.tell(legs);
        }
    }

    /// All calls of all softphones.
    pub(super) fn legs(&self) -> Vec<Leg> {
        let softphones = self.softphones.iter();
        softphones
            .flat_map(|softphone| softphone.calls.legs(softphone.muted))
            .collect()
    }

    pub(super) fn tell(&mut self, legs: Vec<Leg>) {
        self.told.clone_from(&legs);
        self.outputs
            .push_back(Output::Signal(SignalKind::Legs(legs)));
    }
}

impl Softphone {
    pub(super) fn silent_at(&self) -> Instant {
        let patience = if self.calls.is_empty() {
            SILENT_IDLE
        } else {
            SILENT_IN_CALL
        };
        self.seen + patience
    }

    /// Has an event for the page. If too many wait, the oldest that carries out no order goes; `false` if all
    /// do.
    pub(super) fn push(
        &mut self,
        kind: EventKind,
        call: CallId,
        order: Option<(u64, Instant)>,
    ) -> bool {
        if self.queue.len() >= EVENTS
            && let Some(oldest) = self.queue.iter().position(|queued| queued.order.is_none())
        {
            self.queue.remove(oldest);
        }
        let room = self.queue.len() < EVENTS;
        if room {
            let event = CallEvent { kind, call };
            self.queue.push_back(Queued { event, order });
        }
        room
    }

    /// Undoes what was asked and is not wanted any more.
    pub(super) fn cancel_hold(&mut self, call: CallId) -> Vec<Queued> {
        let mine =
            |queued: &Queued| queued.event.kind == EventKind::Hold && queued.event.call == call;
        let (cancelled, kept): (VecDeque<_>, VecDeque<_>) = self.queue.drain(..).partition(mine);
        self.queue = kept;
        cancelled.into()
    }
}

#[cfg(test)]
#[path = "desk_tests/mod.rs"]
mod tests;
