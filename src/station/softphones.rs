//! What adapters tell, carried to the headset each call is on.

use super::Station;
use super::io::Output;
use super::session::Session;
use super::voice::Voice;
use crate::alerts::Now;
use crate::softphone::{Adapter, Signal, SignalKind};

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

    /// Which applications' streams tell of calls has changed.
    fn weigh_applications(&mut self, now: Now) {
        for session in self.sessions.values_mut() {
            session.weigh_application(now, &self.adapters);
        }
    }
}
