//! How a headset's session speaks: facts to the alerts, events and commands to the outside.

use super::adapters::Adapters;
use super::io::{DspCommand, Output};
use crate::alerts::{AlertEngine, AlertOutput, Fact, HeadsetFact, HeadsetId, IdMint, Now};
use crate::config::HoldConfig;
use crate::report::CallBook;
use crate::softphone::Order;
use sidetone_devices::audio::api::AudioCommand;
use sidetone_devices::headset::UsbPath;
use sidetone_wire::event::{Event, EventDetail, EventType};
use sidetone_wire::message::StationMessage;

/// One moment's way out.
#[derive(Debug)]
pub(super) struct Voice<'a> {
    pub(super) now: Now,
    /// Seconds between two messages of `telemetry/audio`.
    pub(super) telemetry_every_s: u64,
    pub(super) ids: &'a mut IdMint,
    pub(super) adapters: &'a mut Adapters,
    pub(super) hold: &'a HoldConfig,
    pub(super) alerts: &'a mut AlertEngine,
    /// Sees every fact that the alert rules see.
    pub(super) reports: &'a mut CallBook,
    pub(super) scratch: &'a mut Vec<AlertOutput>,
    pub(super) out: &'a mut Vec<Output>,
}

impl Voice<'_> {
    /// Tells the alert rules, and the account of the call.
    pub(super) fn fact(&mut self, headset: &HeadsetId, fact: HeadsetFact) {
        self.reports.see(self.now, headset, &fact);
        let fact = Fact::About(headset.clone(), fact);
        self.alerts.step(self.now, fact, self.scratch);
        self.pass_on();
    }

    /// Passes on what the alert rules said.
    pub(super) fn pass_on(&mut self) {
        for told in self.scratch.drain(..) {
            self.out.push(Output::Message(match told {
                AlertOutput::Alert(alert) => StationMessage::Alert(*alert),
                AlertOutput::Event(event) => StationMessage::Event(*event),
            }));
        }
    }

    /// Publishes an event.
    pub(super) fn event(&mut self, kind: EventType, detail: EventDetail) {
        self.message(StationMessage::Event(Event {
            ts: self.now.utc_ms,
            kind,
            detail,
        }));
    }

    /// Publishes anything.
    pub(super) fn message(&mut self, message: StationMessage) {
        self.out.push(Output::Message(message));
    }

    /// Tells the audio supervisor.
    pub(super) fn audio(&mut self, command: AudioCommand) {
        self.out.push(Output::Audio(command));
    }

    /// Tells an adapter.
    pub(super) fn order(&mut self, order: Order) {
        self.out.push(Output::Softphone(order));
    }

    /// Tells the signal processing.
    pub(super) fn dsp(&mut self, usb: &UsbPath, command: DspCommand) {
        self.out.push(Output::Dsp(usb.clone(), command));
    }
}
