//! Settings that change while the station runs.

use super::Station;
use super::io::Output;
use crate::alerts::Now;
use crate::alerts::config::AlertConfig;
use crate::config::HoldConfig;
use sidetone_wire::message::StationMessage;
use std::num::NonZeroU16;

/// What can change in the middle of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The alert limits.
    pub alerts: AlertConfig,
    /// What a pulled quick disconnect does; a hold under way goes on as it began.
    pub hold: HoldConfig,
    /// Seconds of a call between two messages of `telemetry/audio`.
    pub telemetry_every_s: NonZeroU16,
}

impl Station {
    /// New settings are in force: calls and the alerts that stand go on, judged by them from now on.
    pub(super) fn configure(&mut self, now: Now, settings: Settings) {
        self.alerts
            .configure(now, settings.alerts, &mut self.scratch);
        self.hold = settings.hold;
        self.telemetry_every_s = u64::from(settings.telemetry_every_s.get());
    }

    /// Says again what stands in retained messages: the headsets and the node's state.
    pub fn say_again(&self, out: &mut Vec<Output>) {
        let here = self.sessions.values().filter(|session| !session.has_left());
        out.extend(here.map(|session| Output::Message(session.headset.inventory())));
        if !self.told_softphones.is_empty() {
            out.push(Output::Message(self.softphone_item()));
        }
        if let Some((state, reason)) = self.condition() {
            out.push(Output::Message(StationMessage::State {
                state,
                reason: reason.map(str::to_owned),
            }));
        }
    }
}
