//! The one task that owns the desk: requests, orders and time go in one after another, so that nothing
//! is locked.
//!
//! *Ends* when the station closes the orders: the daemon ends.

use super::desk::{Desk, Outcome, Output, Poll, Queued};
use super::envelope::{CallEvent, HeadsetFacts, Reply};
use super::request::Request;
use crate::config::WebOrigin;
use crate::softphone::{Adapter, Port, Signal};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// A page's request and where its answer goes. The page is gone if that is closed.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) site: WebOrigin,
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// Nothing to do: looked at again anyway, cheaply.
const IDLE: Duration = Duration::from_secs(60);

pub(super) async fn run(
    mut port: Port,
    mut asks: mpsc::Receiver<Ask>,
    headset: watch::Receiver<Option<HeadsetFacts>>,
) {
    let mut counter = Counter {
        desk: Desk::new(),
        held: HashMap::new(),
        signals: port.signals,
    };
    loop {
        let now = Instant::now();
        let next = counter.desk.next_tick().unwrap_or(now + IDLE);
        tokio::select! {
            order = port.orders.recv() => match order {
                Some(order) => counter.desk.order(Instant::now(), &order),
                None => return,
            },
            Some(ask) = asks.recv() => counter.ask(ask, &headset),
            () = tokio::time::sleep_until(next.into()) => counter.desk.tick(Instant::now()),
        }
        if counter.carry_out().await.is_none() {
            return;
        }
    }
}

/// The desk and the people waiting at it.
struct Counter {
    desk: Desk,
    held: HashMap<Poll, oneshot::Sender<Reply>>,
    signals: mpsc::Sender<Signal>,
}

impl Counter {
    fn ask(&mut self, ask: Ask, headset: &watch::Receiver<Option<HeadsetFacts>>) {
        let device = (ask.request == Request::DeviceInfo)
            .then(|| headset.borrow().clone())
            .flatten();
        if let Some(device) = device {
            // Who asks and has gone meanwhile needs no answer, here and below.
            let _ = ask.reply.send(Reply::Device(device));
            return;
        }
        match self.desk.request(Instant::now(), &ask.site, ask.request) {
            Outcome::Now(reply) => {
                let _ = ask.reply.send(reply);
            }
            Outcome::Later(poll) => {
                self.held.insert(poll, ask.reply);
            }
        }
    }

    /// Does what the desk says. `None`: the station is gone.
    async fn carry_out(&mut self) -> Option<()> {
        while let Some(output) = self.desk.next_output() {
            match output {
                Output::Signal(kind) => {
                    let adapter = Adapter::Spokes;
                    self.signals.send(Signal { adapter, kind }).await.ok()?;
                }
                Output::Deliver { poll, events } => self.deliver(poll, events),
            }
        }
        Some(())
    }

    fn deliver(&mut self, poll: Poll, events: Vec<Queued>) {
        let told: Vec<CallEvent> = events.iter().map(|queued| queued.event).collect();
        let taken = self
            .held
            .remove(&poll)
            .is_some_and(|page| page.send(Reply::Events(told)).is_ok());
        if taken {
            self.desk.delivered(Instant::now(), poll, &events);
        } else if !events.is_empty() {
            self.desk.undelivered(poll, events);
        }
    }
}
