//! What holds an alert back (CONTRACT §3 "Inhibition"), as one table.

use super::config::AlertConfig;
use super::engine::HeadsetState;
use super::rules::Slot;
use sidetone_wire::vocabulary::{AlertKind, ClearReason, Side};

/// Why this alert must not be active now, if so. The first reason wins: a disabled rule is
/// `disabled` even when its call also ends.
pub(super) fn held_back(
    slot: Slot,
    state: &HeadsetState,
    config: &AlertConfig,
) -> Option<ClearReason> {
    use AlertKind as K;
    if !enabled(slot.kind, config) {
        return Some(ClearReason::Disabled);
    }
    // The device's own history runs on whether or not there is a call.
    if slot.kind == K::DeviceUnstable {
        return None;
    }
    // An empty battery is mended between calls; a headset that is not here tells none.
    if slot.kind == K::BatteryLow {
        return state.gone.then_some(ClearReason::HeadsetGone);
    }
    if state.call.is_none() {
        return Some(ClearReason::CallEnded);
    }
    if slot.kind == K::HeadsetGone {
        return None;
    }
    if state.gone {
        return Some(ClearReason::HeadsetGone);
    }
    let sound = matches!(
        slot.kind,
        K::DoubleTalk
            | K::NoisyEnvironment
            | K::LineNoise
            | K::OneWayAudio
            | K::TalkingWhileMuted
            | K::LowLevel
            | K::Clipping
            | K::DeadAir
    );
    if sound && (state.held || state.quick_disconnect.is_some()) {
        return Some(ClearReason::Inhibited);
    }
    // Whom a muted agent talks to is not the customer, and a customer who waits may be still.
    if slot.kind == K::OneWayAudio && state.mute.is_on() == Some(true) {
        return Some(ClearReason::Inhibited);
    }
    let hears_far_end = sound && matches!(slot.side, Some(Side::Customer | Side::Both));
    if hears_far_end && !state.far_end_usable {
        return Some(ClearReason::Inhibited);
    }
    None
}

fn enabled(kind: AlertKind, config: &AlertConfig) -> bool {
    use AlertKind as K;
    match kind {
        K::MutedAtCallStart => config.muted_at_call_start.enabled,
        K::TalkingWhileMuted => config.talking_while_muted.enabled,
        K::QdOpenInCall => config.qd_open_in_call.enabled,
        K::HoldFailed => config.hold_failed.enabled,
        K::DoubleTalk => config.double_talk.enabled,
        K::NoisyEnvironment => config.noisy_environment.enabled,
        K::LineNoise => config.line_noise.enabled,
        K::LineUnstable => config.line_unstable.enabled,
        K::OneWayAudio => config.one_way_audio.enabled,
        K::HeadsetGone => config.headset_gone.enabled,
        K::DeviceUnstable => config.device_unstable.enabled,
        K::LowLevel => config.low_level.enabled,
        K::Clipping => config.clipping.enabled,
        K::DeadAir => config.dead_air.enabled,
        K::BatteryLow => config.battery_low.enabled,
    }
}
