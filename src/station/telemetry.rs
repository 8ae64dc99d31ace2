//! `telemetry/audio`: one second of a call as published.

use crate::alerts::{HeadsetId, Now};
use crate::softphone::{LineFigures, PathFigures};
use sidetone_devices::audio::api::FarEnd;
use sidetone_dsp::second::SecondSummary;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::{AudioFigures, Telemetry};
use uuid::Uuid;

/// The level that stands for nothing at all (CONTRACT §2).
const FLOOR_DBOV: f64 = -100.0;

/// Share of lost packets, and jitter, from which the way to the customer is not `good`.
const UNSTABLE_LOSS: f64 = 0.02;
const UNSTABLE_JITTER_MS: f64 = 40.0;

/// What goes with a second besides its figures.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) headset: &'a HeadsetId,
    pub(super) call: Uuid,
    pub(super) far_end: FarEnd,
    pub(super) muted: Option<bool>,
    /// Headset and softphone disagree about it.
    pub(super) mute_drift: bool,
    /// How the network carries the call, if the softphone tells.
    pub(super) line: Option<LineFigures>,
}

/// The message of one second.
pub(super) fn audio(now: Now, about: &About<'_>, second: &SecondSummary) -> StationMessage {
    StationMessage::Telemetry(Telemetry::Audio {
        ts: now.utc_ms,
        figures: figures(about, second),
    })
}

/// One second's figures.
pub(super) fn figures(about: &About<'_>, second: &SecondSummary) -> Box<AudioFigures> {
    let agent = &second.agent;
    // What the customer's side holds while the call plays elsewhere is not the customer.
    let customer = second
        .customer
        .as_ref()
        .filter(|_| about.far_end != FarEnd::Elsewhere);
    let far_source = match about.far_end {
        FarEnd::OnHeadset => Some("stream"),
        FarEnd::Mix => Some("mix"),
        FarEnd::Elsewhere | FarEnd::Nowhere => None,
    };
    let line = about.line.unwrap_or_default();
    let (up, down) = (line.uplink, line.downlink);
    Box::new(AudioFigures {
        measured_at: "capture".to_owned(),
        call: Some(about.call),
        headset: Some(about.headset.as_str().to_owned()),
        far_source: far_source.map(str::to_owned),
        uplink: uplink(up).to_owned(),
        uplink_loss_ratio: up.and_then(|path| ratio(path.loss_ratio)),
        uplink_jitter_ms: up.and_then(|path| milliseconds(path.jitter_ms)),
        downlink_loss_ratio: down.and_then(|path| ratio(path.loss_ratio)),
        downlink_jitter_ms: down.and_then(|path| milliseconds(path.jitter_ms)),
        round_trip_ms: line.round_trip_ms.and_then(milliseconds),
        muted: about.muted,
        mute_drift: about.mute_drift.then_some(true),
        agent_level_dbov: level(Some(agent.level.0)),
        customer_level_dbov: level(customer.map(|c| c.level.0)),
        agent_active_speech_level_dbov: level(agent.active_speech_level.map(|l| l.0)),
        customer_active_speech_level_dbov: level(
            customer.and_then(|c| c.active_speech_level).map(|l| l.0),
        ),
        agent_noise_dbov: level(agent.noise.map(|l| l.0)),
        agent_noise_dbov_a: level(agent.noise_a.map(|l| l.0)),
        customer_noise_dbov: level(customer.and_then(|c| c.noise).map(|l| l.0)),
        customer_noise_dbov_a: level(customer.and_then(|c| c.noise_a).map(|l| l.0)),
        agent_snr_db: number(agent.snr.map(|s| s.0), 10.0),
        customer_snr_db: number(customer.and_then(|c| c.snr).map(|s| s.0), 10.0),
        agent_speech_ratio: number(Some(agent.speech_ratio), 1_000.0),
        customer_speech_ratio: number(customer.map(|c| c.speech_ratio), 1_000.0),
        double_talk_ratio: number(customer.map(|_| second.double_talk_ratio), 1_000.0),
        agent_noise_gated: Some(agent.noise_gated),
        ..AudioFigures::default()
    })
}

/// What `uplink` says: the way to the customer, at the limits of `line_unstable` (CONTRACT §3).
fn uplink(path: Option<PathFigures>) -> &'static str {
    match path {
        None => "unknown",
        Some(path) if path.loss_ratio >= UNSTABLE_LOSS || path.jitter_ms >= UNSTABLE_JITTER_MS => {
            "unstable"
        }
        Some(_) => "good",
    }
}

fn ratio(value: f64) -> Option<f64> {
    value
        .is_finite()
        .then(|| (value.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0)
}

fn milliseconds(value: f64) -> Option<u32> {
    value
        .is_finite()
        .then(|| value.round().clamp(0.0, 1e6) as u32)
}

/// A finite number on a grid of `1/steps`; anything else is unknown.
fn number(value: Option<f32>, steps: f64) -> Option<f64> {
    let value = f64::from(value?);
    value.is_finite().then(|| (value * steps).round() / steps)
}

/// A level in tenths of a decibel, floored.
fn level(value: Option<f32>) -> Option<f64> {
    let value = f64::from(value?);
    (!value.is_nan()).then(|| (value.clamp(FLOOR_DBOV, 20.0) * 10.0).round() / 10.0)
}
