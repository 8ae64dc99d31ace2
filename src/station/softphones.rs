//! What adapters tell, carried to the headset each call is on.

use super::Station;
use super::io::Output;
use super::session::Session;
use super::voice::Voice;
use crate::alerts::Now;
use crate::softphone::{Adapter, Signal, SignalKind};
use serde_json::Value;
use sidetone_wire::message::StationMessage;

impl Station {
    /// An adapter told something.
    pub(super) fn softphone(&mut self, now: Now, signal: Signal, out: &mut Vec<Output>) {
        let adapter = signal.adapter;
        match signal.kind {
            SignalKind::Up(abilities) => {
                self.adapters.up(adapter, abilities);
            }
            SignalKind::Down { .. } => {
                if self.adapters.down(adapter) {
                    for session in self.sessions.values_mut() {
                        session.call.adapter_lost(now, adapter);
                    }
                }
                self.weigh_applications(now);
            }
            SignalKind::Legs(legs) => {
                let first = self.adapters.legs(adapter, legs);
                self.place_calls(now);
                self.tell_places(now, adapter);
                if first {
                    for session in self.sessions.values_mut() {
                        session.call.adapter_back(adapter);
                    }
                    self.weigh_applications(now);
                }
            }
            SignalKind::Answer { order, answer } => {
                let voice = voice!(self, now, out);
                for session in self.sessions.values_mut() {
                    session.answered(voice, order, &answer);
                }
            }
            SignalKind::Line { leg, figures } => {
                let voice = voice!(self, now, out);
                for session in self.sessions.values_mut() {
                    session.line(voice, adapter, &leg, figures);
                }
            }
        }
    }

    /// Finds headsets for calls that have none.
    pub(super) fn place_calls(&mut self, now: Now) {
        let headsets: Vec<_> = self.sessions.values().map(Session::candidate).collect();
        if self.adapters.place(now.monotonic, &headsets) {
            for adapter in Adapter::ALL {
                self.tell_places(now, adapter);
            }
        }
    }

    /// Tells each headset the calls of this adapter that are on it.
    fn tell_places(&mut self, now: Now, adapter: Adapter) {
        for (usb, session) in &mut self.sessions {
            session
                .call
                .legs(now, adapter, self.adapters.on(adapter, usb));
        }
    }

    /// Which softphones answer stands in the inventory, by the names of their adapters.
    pub(super) fn tell_softphones(&mut self, out: &mut Vec<Output>) {
        let up = Adapter::ALL
            .into_iter()
            .filter(|one| self.adapters.is_up(*one));
        if up.clone().eq(self.told_softphones.iter().copied()) {
            return;
        }
        self.told_softphones = up.collect();
        out.push(Output::Message(self.softphone_item()));
    }

    /// The inventory's item of softphones; removed while none answers.
    pub(super) fn softphone_item(&self) -> StationMessage {
        let names: Vec<&str> = self
            .told_softphones
            .iter()
            .map(|one| one.as_str())
            .collect();
        let can_hold = self
            .told_softphones
            .iter()
            .any(|one| self.adapters.can_hold(*one));
        let facts = [
            ("adapters".to_owned(), Value::from(names.join(", "))),
            ("can_hold".to_owned(), Value::from(can_hold)),
        ];
        StationMessage::Inventory {
            item: "softphone".to_owned(),
            facts: (!names.is_empty()).then(|| facts.into_iter().collect()),
        }
    }

    /// Which applications' streams tell of calls has changed.
    fn weigh_applications(&mut self, now: Now) {
        for session in self.sessions.values_mut() {
            session.weigh_application(now, &self.adapters);
        }
    }
}
