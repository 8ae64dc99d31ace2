//! The adapters of the configuration, each a task of its own.

use super::baresip::Baresip;
use super::driver::{Softphone, drive};
use super::exec::Exec;
use super::http::Http;
use super::linphone::Linphone;
use super::spokes::{self, HeadsetFacts, SpokesError};
use super::{Adapter, Answer, Order, Port, Signal, SignalKind};
use crate::config::{AdaptersConfig, SpokesConfig};
use std::collections::BTreeMap;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

/// Orders that may wait for one softphone. The station gives one at a time for each call.
const ORDERS: usize = 16;

/// The running adapters. They end when this is dropped.
#[derive(Debug)]
pub struct Softphones {
    orders: BTreeMap<Adapter, mpsc::Sender<Order>>,
    signals: mpsc::Sender<Signal>,
}

/// Starts what is configured, on the runtime this is called on. What they tell goes to `signals`.
#[must_use]
pub fn start(config: &AdaptersConfig, signals: mpsc::Sender<Signal>) -> Softphones {
    let mut softphones = Softphones {
        orders: BTreeMap::new(),
        signals,
    };
    if config.baresip.enabled {
        softphones.add(Baresip::new(config.baresip.address.get()));
    }
    if config.linphone.enabled {
        softphones.add(Linphone::new(config.linphone.pipe.clone()));
    }
    if !config.exec.state.is_empty() {
        softphones.add(Exec::new(config.exec.clone()));
    }
    if config.http.state_url.is_some() {
        softphones.add(Http::new(config.http.clone()));
    }
    softphones
}

impl Softphones {
    fn add(&mut self, softphone: impl Softphone + 'static) {
        let adapter = softphone.adapter();
        let (sender, orders) = mpsc::channel(ORDERS);
        let signals = self.signals.clone();
        self.orders.insert(adapter, sender);
        tokio::spawn(drive(softphone, Port { signals, orders }));
    }

    /// Serves the softphones of browser pages too, if sites are configured.
    ///
    /// # Errors
    /// [`SpokesError`]; the other adapters go on.
    pub fn serve_pages(
        &mut self,
        config: &SpokesConfig,
        headset: watch::Receiver<Option<HeadsetFacts>>,
    ) -> Result<(), SpokesError> {
        let (sender, orders) = mpsc::channel(ORDERS);
        let signals = self.signals.clone();
        spokes::start(config, Port { signals, orders }, headset)?;
        if !config.origins.is_empty() {
            self.orders.insert(Adapter::Spokes, sender);
        }
        Ok(())
    }

    /// Hands an order to its adapter without waiting. One that cannot take it refuses it.
    pub fn order(&self, order: Order) {
        let (order, why) = match self.orders.get(&order.adapter) {
            None => (order, "is switched off"),
            Some(adapter) => match adapter.try_send(order) {
                Ok(()) => return,
                Err(TrySendError::Full(order)) => (order, "has too many orders before it"),
                Err(TrySendError::Closed(order)) => (order, "has ended"),
            },
        };
        let adapter = order.adapter;
        let kind = SignalKind::Answer {
            order: order.number,
            answer: Answer::Refused(format!("{adapter} {why}")),
        };
        if self.signals.try_send(Signal { adapter, kind }).is_err() {
            tracing::warn!("a refusal of {adapter} was lost: nobody takes the softphones' signals");
        }
    }
}
