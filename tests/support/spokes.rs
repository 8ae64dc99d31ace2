//! The local service for browser softphones, with a certificate of its own, and what it tells the station.

#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use sidetone::softphone::spokes::{HeadsetFacts, Served, Service};
use sidetone::softphone::{
    Action, Adapter, Answer, Leg, LegId, Order, Phase, Port, Signal, SignalKind,
};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// Patience with real processes; no test asserts a time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The station's end of the running service.
pub(crate) struct Station {
    pub(crate) served: Served,
    signals: mpsc::Receiver<Signal>,
    orders: mpsc::Sender<Order>,
    numbers: u64,
    /// As last told.
    pub(crate) legs: Vec<Leg>,
    _headset: watch::Sender<Option<HeadsetFacts>>,
}

impl Station {
    /// Starts the service for pages of `site`, with the certificate in `dir`.
    pub(crate) fn start(dir: &Path, https_port: u16, site: &str) -> Self {
        let (signals, told) = mpsc::channel(64);
        let (orders, ordered) = mpsc::channel(64);
        let headset = HeadsetFacts {
            product: "Bench Headset".to_owned(),
            vendor_id: 0x047f,
            product_id: 0xc056,
        };
        let (facts, known) = watch::channel(Some(headset));
        let service = Service {
            https_port,
            http_port: Some(0),
            sites: vec![site.parse().unwrap()],
            dir: dir.to_owned(),
        };
        let port = Port {
            signals,
            orders: ordered,
        };
        Self {
            served: service.start(port, known).unwrap(),
            signals: told,
            orders,
            numbers: 0,
            legs: Vec::new(),
            _headset: facts,
        }
    }

    /// The next thing it is told, if anything comes within `patience`.
    pub(crate) async fn hear(&mut self, patience: Duration) -> Option<SignalKind> {
        let signal = tokio::time::timeout(patience, self.signals.recv()).await;
        let kind = signal.ok()?.expect("the service runs").kind;
        if let SignalKind::Legs(legs) = &kind {
            self.legs.clone_from(legs);
        }
        Some(kind)
    }

    /// Waits until something is told of which this is true.
    pub(crate) async fn until(&mut self, what: &str, so: impl Fn(&SignalKind) -> bool) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.hear(PATIENCE).await {
                Some(kind) if so(&kind) => return,
                _ => {}
            }
        }
        panic!("waited in vain for {what}; the calls are {:?}", self.legs);
    }

    /// Waits until the only call is in this phase.
    pub(crate) async fn until_phase(&mut self, phase: Phase) -> LegId {
        let only = |legs: &[Leg]| matches!(legs, [leg] if leg.phase == phase);
        if !only(&self.legs) {
            let so = |kind: &SignalKind| matches!(kind, SignalKind::Legs(legs) if only(legs));
            self.until(&format!("{phase:?}"), so).await;
        }
        self.legs[0].id.clone()
    }

    /// Orders something of a call, and waits until a page has it.
    pub(crate) async fn order(&mut self, leg: &LegId, action: Action) {
        self.numbers += 1;
        let number = self.numbers;
        let order = Order {
            adapter: Adapter::Spokes,
            number,
            leg: Some(leg.clone()),
            call: Uuid::nil(),
            action,
        };
        self.orders.send(order).await.unwrap();
        let accepted = SignalKind::Answer {
            order: number,
            answer: Answer::Accepted,
        };
        self.until("the answer", |kind| *kind == accepted).await;
    }
}
