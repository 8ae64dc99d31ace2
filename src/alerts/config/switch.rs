//! Switching a rule off by its kind.

use super::AlertConfig;
use sidetone_wire::vocabulary::AlertKind;

impl AlertConfig {
    /// Switches the rule of this kind off.
    pub fn switch_off(&mut self, kind: AlertKind) {
        use AlertKind as K;
        let enabled = match kind {
            K::MutedAtCallStart => &mut self.muted_at_call_start.enabled,
            K::TalkingWhileMuted => &mut self.talking_while_muted.enabled,
            K::QdOpenInCall => &mut self.qd_open_in_call.enabled,
            K::HoldFailed => &mut self.hold_failed.enabled,
            K::DoubleTalk => &mut self.double_talk.enabled,
            K::NoisyEnvironment => &mut self.noisy_environment.enabled,
            K::LineNoise => &mut self.line_noise.enabled,
            K::LineUnstable => &mut self.line_unstable.enabled,
            K::OneWayAudio => &mut self.one_way_audio.enabled,
            K::HeadsetGone => &mut self.headset_gone.enabled,
            K::DeviceUnstable => &mut self.device_unstable.enabled,
            K::LowLevel => &mut self.low_level.enabled,
            K::Clipping => &mut self.clipping.enabled,
            K::DeadAir => &mut self.dead_air.enabled,
            K::BatteryLow => &mut self.battery_low.enabled,
        };
        *enabled = false;
    }
}
