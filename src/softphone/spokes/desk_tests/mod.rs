//! The desk, driven by requests, orders and a clock of its own.

mod anything;
mod calls;
mod orders;

use super::*;
use crate::softphone::spokes::effects::UNDER_WAY;
use crate::softphone::spokes::request::Asked;
use crate::softphone::{Action, Adapter, Answer, Direction, LegId, Order};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A desk with its clock, and what it said.
struct Room {
    desk: Desk,
    now: Instant,
    signals: Vec<SignalKind>,
    delivered: Vec<(Poll, Vec<EventKind>)>,
    /// Polls whose page has gone away.
    gone: BTreeSet<u64>,
}

impl Room {
    fn new() -> Self {
        Self {
            desk: Desk::new(),
            now: Instant::now(),
            signals: Vec::new(),
            delivered: Vec::new(),
            gone: BTreeSet::new(),
        }
    }

    fn ask_from(&mut self, site: &str, target: &str) -> Outcome {
        let asked = Asked::parse(&format!("/Spokes/{target}")).unwrap();
        let site = site.parse().unwrap();
        let outcome = self.desk.request(self.now, &site, asked.request);
        self.settle();
        outcome
    }

    fn ask(&mut self, target: &str) -> Outcome {
        self.ask_from("https://a.example", target)
    }

    fn poll(&mut self) -> Poll {
        match self.ask("CallServices/CallEvents?name=p") {
            Outcome::Later(poll) => poll,
            Outcome::Now(reply) => panic!("{reply:?}"),
        }
    }

    fn call(&mut self, step: &str, id: u64) -> Outcome {
        self.ask(&format!(
            "CallServices/{step}?name=p&callID={{\"Id\":\"{id}\"}}"
        ))
    }

    fn order(&mut self, number: u64, id: u64, action: Action) {
        let order = Order {
            adapter: Adapter::Spokes,
            number,
            leg: Some(LegId::new(format!("https://a.example p#{id}"))),
            call: Uuid::nil(),
            action,
        };
        self.desk.order(self.now, &order);
        self.settle();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.desk.next_tick().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.desk.tick(self.now);
            self.settle();
        }
        self.now = end;
        self.desk.tick(end);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(output) = self.desk.next_output() {
            match output {
                Output::Signal(signal) => self.signals.push(signal),
                Output::Deliver { poll, events } if self.gone.contains(&poll.number) => {
                    self.desk.undelivered(poll, events);
                }
                Output::Deliver { poll, events } => {
                    self.desk.delivered(self.now, poll, &events);
                    let kinds = events.iter().map(|queued| queued.event.kind).collect();
                    self.delivered.push((poll, kinds));
                }
            }
        }
    }

    fn told(&mut self) -> Vec<SignalKind> {
        std::mem::take(&mut self.signals)
    }

    fn legs(&self) -> Vec<(Phase, Option<Direction>, Option<bool>)> {
        let legs = self.desk.legs();
        let facts = legs.iter().map(|leg| (leg.phase, leg.direction, leg.muted));
        facts.collect()
    }

    fn answers(&self) -> Vec<(u64, bool)> {
        let answers = self.signals.iter().filter_map(|signal| match signal {
            SignalKind::Answer { order, answer } => Some((*order, *answer == Answer::Accepted)),
            _ => None,
        });
        answers.collect()
    }
}

const INCOMING: Option<Direction> = Some(Direction::Incoming);
