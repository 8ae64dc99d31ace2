//! What may leave the workstation: each signal's switch, and the works council's mode (CONTRACT §9.3,
//! §9.4). Everything the station says passes here before the uplink sees it.
//!
//! *Never* lets a message through because it does not know it: the matches below are exhaustive.

use crate::config::{PrivacyConfig, Signals};
use crate::report::disclose;
use sidetone_wire::call_report::CallReport;
use sidetone_wire::event::EventType;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::Telemetry;
use sidetone_wire::vocabulary::AlertKind;

/// The button whose presses tell the mute.
const MUTE_BUTTON: &str = "phone_mute";

/// The switches in force.
#[derive(Debug, Clone)]
pub(super) struct Disclosure {
    signals: Signals,
}

impl Disclosure {
    /// From the configuration; the works council's mode overrides single switches.
    #[must_use]
    pub(super) fn new(privacy: &PrivacyConfig) -> Self {
        let mut signals = privacy.signals.clone();
        if privacy.aggregate {
            signals.calls = false;
            signals.overtalk = false;
            signals.mute = false;
            // Off hook and on hook would tell the calls all the same.
            signals.buttons = false;
        }
        Self { signals }
    }

    /// Whether calls are told of.
    #[must_use]
    pub(super) fn tells_of_calls(&self) -> bool {
        self.signals.calls
    }

    /// Whether the agent's pseudonym may go along.
    #[must_use]
    pub(super) fn names_the_agent(privacy: &PrivacyConfig) -> bool {
        privacy.agent && !privacy.aggregate
    }

    /// The signals that are kept here, by their names in `privacy.signals`.
    pub(super) fn not_sent(&self) -> impl Iterator<Item = &'static str> {
        let Signals {
            calls,
            mute,
            overtalk,
            buttons,
            volume,
            audio,
        } = self.signals;
        [
            ("calls", calls),
            ("mute", mute),
            ("overtalk", overtalk),
            ("buttons", buttons),
            ("volume", volume),
            ("audio", audio),
        ]
        .into_iter()
        .filter_map(|(name, sent)| (!sent).then_some(name))
    }

    /// The message as far as it may be sent; `None` if not at all.
    #[must_use]
    pub(super) fn filter(&self, message: StationMessage) -> Option<StationMessage> {
        match message {
            StationMessage::Event(mut event) => {
                let detail = &mut event.detail;
                let carried = detail.alert.as_ref().map(|alert| alert.kind);
                let told_by_a_button = detail.button.as_deref() == Some(MUTE_BUTTON);
                if !self.event(event.kind)
                    || carried.is_some_and(|kind| !self.sends_alert(kind))
                    || (told_by_a_button && !self.signals.mute)
                {
                    return None;
                }
                if !self.signals.calls {
                    detail.call = None;
                    if let Some(alert) = &mut detail.alert {
                        alert.call = None;
                    }
                }
                if let Some(report) = &mut detail.report {
                    self.report(report);
                }
                Some(StationMessage::Event(event))
            }
            StationMessage::Alert(mut alert) => {
                if !self.signals.calls {
                    alert.detail.call = None;
                }
                self.sends_alert(alert.detail.kind)
                    .then_some(StationMessage::Alert(alert))
            }
            StationMessage::Telemetry(telemetry) => {
                self.telemetry(telemetry).map(StationMessage::Telemetry)
            }
            other @ (StationMessage::Inventory { .. }
            | StationMessage::State { .. }
            | StationMessage::Hold { .. }) => Some(other),
        }
    }

    fn report(&self, report: &mut CallReport) {
        if !self.signals.mute {
            disclose::without_mute(report);
        }
        if !self.signals.overtalk {
            disclose::without_overtalk(report);
        }
        if !self.signals.audio {
            disclose::without_sound(report);
        }
    }

    fn event(&self, kind: EventType) -> bool {
        use EventType as E;
        match kind {
            E::CallStarted | E::CallHeld | E::CallResumed | E::CallEnded => self.signals.calls,
            E::HoldRequested | E::HoldDone | E::HoldFailed => self.signals.calls,
            E::MuteOn | E::MuteOff => self.signals.mute,
            E::OvertalkStarted | E::OvertalkEnded => self.signals.overtalk,
            E::HookOff | E::HookOn | E::ButtonPressed => self.signals.buttons,
            E::VolumeChanged => self.signals.volume,
            E::DaemonStarted
            | E::DaemonStopped
            | E::HeadsetAdded
            | E::HeadsetRemoved
            | E::QdOpen
            | E::QdClosed
            | E::BatteryChanged
            | E::AcousticShock
            | E::AlertRaised
            | E::AlertChanged
            | E::AlertCleared
            | E::ConfigApplied
            | E::ConfigRefused
            | E::OutboxDropped => true,
        }
    }

    /// Whether alerts of this kind may be sent.
    pub(super) fn sends_alert(&self, kind: AlertKind) -> bool {
        use AlertKind as A;
        match kind {
            A::MutedAtCallStart => self.signals.mute,
            A::TalkingWhileMuted => self.signals.mute && self.signals.audio,
            A::DoubleTalk => self.signals.overtalk,
            A::NoisyEnvironment
            | A::LineNoise
            | A::OneWayAudio
            | A::LowLevel
            | A::Clipping
            | A::DeadAir => self.signals.audio,
            A::QdOpenInCall
            | A::HoldFailed
            | A::LineUnstable
            | A::DeviceUnstable
            | A::HeadsetGone
            | A::BatteryLow => true,
        }
    }

    fn telemetry(&self, telemetry: Telemetry) -> Option<Telemetry> {
        match telemetry {
            Telemetry::Audio { ts, mut figures } => {
                if !self.signals.mute {
                    figures.muted = None;
                    figures.mute_drift = None;
                }
                if !self.signals.overtalk {
                    figures.double_talk_ratio = None;
                }
                if !self.signals.calls {
                    figures.call = None;
                }
                self.signals
                    .audio
                    .then_some(Telemetry::Audio { ts, figures })
            }
            other => Some(other),
        }
    }
}

#[cfg(test)]
mod tests;
