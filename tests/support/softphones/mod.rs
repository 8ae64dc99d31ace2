//! Real softphones on loopback, a real customer who judges what arrives, and the driver between.
//!
//! Every port is chosen free; everything ends with the test. None needs a sound card.

#![allow(dead_code, unused_imports)]

mod baresip;
mod customer;
mod linphone;
mod lossy;

pub(crate) use baresip::{Baresip, Control};
pub(crate) use customer::{Customer, Verdict};
pub(crate) use linphone::Linphone;
pub(crate) use lossy::Lossy;

use sidetone::softphone::driver::{Softphone, drive};
use sidetone::softphone::{
    Action, Adapter, Answer, Leg, LegId, Order, Phase, Port, Signal, SignalKind,
};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Patience with real processes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A TCP port nobody listens on.
pub(crate) fn free_tcp_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// An even UDP port nobody has, the next one being free as well (RTP and RTCP).
pub(crate) fn free_media_port() -> u16 {
    loop {
        let port = free_udp_port() & !1;
        if UdpSocket::bind(("127.0.0.1", port)).is_ok()
            && UdpSocket::bind(("127.0.0.1", port + 1)).is_ok()
        {
            return port;
        }
    }
}

/// A UDP port nobody has.
pub(crate) fn free_udp_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// Waits for something that takes a moment.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that ends with the test.
pub(crate) struct Program(pub(crate) Child);

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        Self(command.spawn().unwrap_or_else(|error| {
            panic!("{} does not start: {error}", name.display());
        }))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A softphone under the driver, with the station's end of the port in the test's hands.
pub(crate) struct Driven {
    adapter: Adapter,
    signals: mpsc::Receiver<Signal>,
    orders: mpsc::Sender<Order>,
    number: u64,
    /// The calls as told last.
    pub(crate) legs: Vec<Leg>,
}

impl Driven {
    pub(crate) fn start(softphone: impl Softphone + 'static) -> Self {
        let (to_station, signals) = mpsc::channel(256);
        let (orders, from_station) = mpsc::channel(16);
        let adapter = softphone.adapter();
        let port = Port {
            signals: to_station,
            orders: from_station,
        };
        tokio::spawn(drive(softphone, port));
        Self {
            adapter,
            signals,
            orders,
            number: 0,
            legs: Vec::new(),
        }
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> SignalKind {
        let signal = tokio::time::timeout(PATIENCE, self.signals.recv())
            .await
            .expect("the softphone tells something")
            .expect("the driver runs");
        assert_eq!(signal.adapter, self.adapter);
        match &signal.kind {
            SignalKind::Legs(legs) => self.legs.clone_from(legs),
            SignalKind::Down { .. } => self.legs.clear(),
            _ => {}
        }
        signal.kind
    }

    /// Takes signals until one is as wanted.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(&SignalKind) -> Option<T>) -> T {
        loop {
            let kind = self.next().await;
            if let Some(found) = wanted(&kind) {
                return found;
            }
        }
    }

    /// Takes signals until the calls are as wanted; they may be so already.
    pub(crate) async fn until_legs(&mut self, wanted: impl Fn(&[Leg]) -> bool) {
        while !wanted(&self.legs) {
            self.next().await;
        }
    }

    /// Takes signals until there is exactly one call, in this phase; its id.
    pub(crate) async fn until_one(&mut self, phase: Phase) -> LegId {
        self.until_legs(|legs| legs.len() == 1 && legs[0].phase == phase)
            .await;
        self.legs[0].id.clone()
    }

    /// Takes signals until this call is in this phase.
    pub(crate) async fn until_phase(&mut self, leg: &LegId, phase: Phase) {
        self.until_legs(|legs| legs.iter().any(|l| l.id == *leg && l.phase == phase))
            .await;
    }

    /// Gives an order and waits for its answer.
    pub(crate) async fn order(&mut self, leg: &LegId, action: Action) -> Answer {
        self.number += 1;
        let number = self.number;
        let order = Order {
            adapter: self.adapter,
            number,
            leg: Some(leg.clone()),
            call: Uuid::nil(),
            action,
        };
        self.orders.send(order).await.expect("the driver runs");
        self.until(|kind| match kind {
            SignalKind::Answer { order, answer } if *order == number => Some(answer.clone()),
            _ => None,
        })
        .await
    }
}

/// What every adapter owes: the call is told, a hold reaches the customer, and so does its end.
/// The customer must have been started and judges for itself.
pub(crate) async fn hold_and_resume(driven: &mut Driven) {
    let leg = driven.until_one(Phase::Active).await;
    assert_eq!(driven.order(&leg, Action::Hold).await, Answer::Accepted);
    driven.until_phase(&leg, Phase::Held).await;
    // Held is held: nothing more is done, and the customer would object to a second re-INVITE.
    assert_eq!(driven.order(&leg, Action::Hold).await, Answer::Accepted);
    driven.until_phase(&leg, Phase::Held).await;
    assert_eq!(driven.order(&leg, Action::Resume).await, Answer::Accepted);
    driven.until_phase(&leg, Phase::Active).await;
    driven.until_legs(<[Leg]>::is_empty).await;
}

/// Prints how long something took, many times.
pub(crate) fn print_distribution(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let ms = |at: usize| times[at].as_secs_f64() * 1000.0;
    let last = times.len() - 1;
    println!(
        "{what}, {} times: median {:.2} ms, p95 {:.2} ms, longest {:.2} ms",
        times.len(),
        ms(last / 2),
        ms(last * 95 / 100),
        ms(last)
    );
}
