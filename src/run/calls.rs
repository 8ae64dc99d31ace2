//! Orders of the station on their way: to an adapter of this workstation, or through the uplink to the
//! gateway beside the PBX.

use crate::config::{CallControl, Config};
use crate::softphone::spokes::HeadsetFacts;
use crate::softphone::{self, Abilities, Action, Adapter, Order, Signal, SignalKind, Softphones};
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use sidetone_devices::hid::leds::{LedWorker, Leds};
use sidetone_wire::hold::{HoldAction, HoldRequest};
use sidetone_wire::message::StationMessage;
use tokio::sync::{mpsc, watch};

/// What can be told to softphones and, for a page, to the headset's lights.
#[derive(Debug)]
pub(super) struct Calls {
    /// Writes the lights; `None` where nothing may ever be written.
    lights: Option<LedWorker>,
    /// The headset that pages are told of.
    facts: watch::Sender<Option<HeadsetFacts>>,
    /// `None` on a simulated desk, which has none.
    softphones: Option<Softphones>,
    /// The agent's extension, where there is a gateway.
    extension: Option<String>,
}

impl Calls {
    /// Starts the configured adapters, if this machine's softphones are read; must be called on the runtime.
    pub(super) fn start(config: &Config, here: bool, signals: mpsc::Sender<Signal>) -> Self {
        let gateway = &config.adapters.mqtt;
        let extension = gateway
            .extension
            .clone()
            .filter(|_| gateway.enabled)
            .map(|extension| extension.to_string());
        if extension.is_some() {
            let abilities = Abilities {
                hold: true,
                ..Abilities::default()
            };
            // The channel is empty yet.
            let _ = signals.try_send(Signal {
                adapter: Adapter::Mqtt,
                kind: SignalKind::Up(abilities),
            });
        }
        let (facts, told) = watch::channel(None);
        let softphones = here.then(|| {
            let mut softphones = softphone::start(&config.adapters, signals);
            if let Err(error) = softphones.serve_pages(&config.spokes, told) {
                tracing::error!("{error}");
            }
            softphones
        });
        let served = here && !config.spokes.origins.is_empty();
        let lights = (served && config.spokes.call_control == CallControl::Auto)
            .then(LedWorker::start)
            .transpose()
            .inspect_err(|error| tracing::error!(%error, "no thread for the headset's lights"))
            .ok()
            .flatten();
        Self {
            lights,
            facts,
            softphones,
            extension,
        }
    }

    /// Lets a headset's lights show this.
    pub(super) fn light(&self, usb: &UsbPath, leds: Leds) {
        if let Some(lights) = &self.lights {
            lights.show(usb, leds);
        }
    }

    /// The headset that pages are told of.
    pub(super) fn tell_pages(&self, headset: Option<&HeadsetIdentity>) {
        self.facts.send_replace(headset.map(HeadsetFacts::from));
    }

    /// Hands over an order; one for the gateway comes back as the message that carries it.
    pub(super) fn order(&self, ts: u64, order: Order) -> Option<StationMessage> {
        if order.adapter == Adapter::Mqtt {
            let action = match order.action {
                Action::Hold => HoldAction::Hold,
                Action::Resume | Action::CancelHold => HoldAction::Resume,
                Action::Read | Action::Answer | Action::HangUp | Action::Mute(_) => return None,
            };
            let request = HoldRequest {
                call: order.call,
                extension: self.extension.clone()?,
                action,
            };
            return Some(StationMessage::Hold {
                ts,
                order: order.number,
                request,
            });
        }
        if let Some(softphones) = &self.softphones {
            softphones.order(order);
        }
        None
    }
}
