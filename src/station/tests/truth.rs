//! Mute from three sources, their disagreement, and what is learned of a microphone under mute.

use super::desk::{Desk, clean, zeros};
use crate::softphone::Adapter::Baresip;
use crate::softphone::{Leg, LegId, LineFigures, PathFigures, Phase, SignalKind};
use crate::station::Output;
use sidetone_devices::event::ControlEvent;
use sidetone_wire::event::EventType;
use sidetone_wire::message::StationMessage;
use sidetone_wire::telemetry::Telemetry;
use sidetone_wire::vocabulary::Provenance;

impl Desk {
    /// The softphone says whether it is muted; one that says nothing has no adapter any more.
    fn softphone_mutes(self, muted: Option<bool>) -> Self {
        let Some(muted) = muted else {
            return self.adapter_down(Baresip);
        };
        let leg = Leg {
            id: LegId::new("a"),
            phase: Phase::Active,
            direction: None,
            muted: Some(muted),
        };
        self.signal(Baresip, SignalKind::Legs(vec![leg]))
    }

    fn network(self, figures: LineFigures) -> Self {
        let leg = LegId::new("a");
        self.softphone_mutes(Some(false))
            .signal(Baresip, SignalKind::Line { leg, figures })
    }

    fn telemetry(&self) -> Vec<serde_json::Value> {
        let figures = self.outputs.iter().filter_map(|output| match output {
            Output::Message(StationMessage::Telemetry(Telemetry::Audio { figures, .. })) => {
                serde_json::to_value(figures).ok()
            }
            _ => None,
        });
        figures.collect()
    }

    /// What the inventory last said of `live_under_mute`.
    fn learned(&self) -> Option<bool> {
        let item = self.outputs.iter().rev().find_map(|output| match output {
            Output::Message(StationMessage::Inventory { facts, .. }) => facts.as_ref(),
            _ => None,
        });
        item?.get("live_under_mute")?.as_bool()
    }
}

#[test]
fn a_softphone_that_mutes_from_its_own_window_is_seen() {
    Desk::new()
        .captures()
        .until(5.0)
        .softphone_mutes(Some(false))
        .until(10.0)
        .softphone_mutes(Some(true))
        .until(20.0)
        .softphone_mutes(Some(false))
        .until(21.0)
        .expect_of(
            &["mute."],
            &["10.0 mute.on softphone", "20.0 mute.off softphone"],
        );
}

#[test]
fn a_press_that_the_softphone_answers_is_the_softphones() {
    let desk = Desk::new()
        .captures()
        .until(5.0)
        .softphone_mutes(Some(false))
        .until(8.0)
        .control(ControlEvent::MutePressed)
        .until(8.6)
        .softphone_mutes(Some(true))
        .until(20.0)
        // Un-muted in the window: no press tells of it.
        .softphone_mutes(Some(false))
        .until(30.0)
        .expect_of(
            &["mute.o"],
            &["8.0 mute.on inferred", "20.0 mute.off softphone"],
        );
    let told = desk.telemetry();
    assert!(
        told.iter().all(|t| t.get("mute_drift").is_none()),
        "{told:?}"
    );
}

#[test]
fn headset_and_softphone_that_disagree_are_told_after_two_seconds() {
    let desk = Desk::new()
        .captures()
        .until(5.0)
        .softphone_mutes(Some(false))
        .control(ControlEvent::MuteState {
            muted: true,
            verified: true,
        })
        .until(6.9)
        .softphone_mutes(Some(false))
        .until(15.0)
        .softphone_mutes(Some(true))
        .until(20.0)
        .softphone(None)
        .legs(Baresip, &[])
        .until(25.0);
    let drifts: Vec<bool> = desk
        .telemetry()
        .iter()
        .map(|t| t.get("mute_drift").is_some())
        .collect();
    // Seconds 1 to 7 of the sound, then eight with drift, then none.
    assert_eq!(drifts.iter().filter(|d| **d).count(), 8, "{drifts:?}");
    assert!(
        !drifts[5] && drifts[7] && !drifts[drifts.len() - 1],
        "{drifts:?}"
    );
    let report = desk.outputs.iter().find_map(|output| match output {
        Output::Message(StationMessage::Event(e)) if e.kind == EventType::CallEnded => {
            e.detail.report.clone()
        }
        _ => None,
    });
    let report = report.expect("a report");
    assert_eq!(report.mute_drift_s, Some(7.9));
    assert_eq!(report.mute_count, Some(1));
    assert_eq!(report.mutes[0].provenance, Provenance::Reported);
    assert_eq!(report.mutes[0].start_s, 4.7);
}

#[test]
fn what_a_microphone_does_under_mute_is_learned_published_and_kept() {
    for (under_mute, live) in [(clean(), true), (zeros(), false)] {
        let desk = Desk::new()
            .mixer(false)
            .captures()
            .until(10.0)
            .mixer(true)
            .sound(under_mute, Some(clean()))
            .until(16.0);
        assert_eq!(desk.learned(), None);
        let desk = desk.until(20.0);
        assert_eq!(desk.learned(), Some(live));
        // Unplugged after the call, and back.
        let desk = desk
            .softphone(None)
            .until(30.0)
            .hid(false)
            .card(false)
            .until(60.0)
            .hid(true)
            .card(true)
            .until(61.0);
        assert_eq!(desk.learned(), Some(live));
    }
}

#[test]
fn telemetry_says_how_the_network_is_while_the_softphone_tells() {
    let figures = |loss_ratio| LineFigures {
        uplink: Some(PathFigures {
            loss_ratio,
            jitter_ms: 12.4,
        }),
        downlink: None,
        round_trip_ms: Some(81.6),
    };
    let desk = Desk::new()
        .captures()
        .until(2.0)
        .network(figures(0.001))
        .until(5.0)
        .network(figures(0.031))
        .until(20.0);
    let told = desk.telemetry();
    let uplink: Vec<_> = told
        .iter()
        .map(|t| t["uplink"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(uplink[0], "unknown");
    assert_eq!(uplink[2], "good");
    assert_eq!(uplink[5], "unstable");
    assert_eq!(uplink[uplink.len() - 1], "unknown");
    assert_eq!(told[5]["uplink_loss_ratio"], 0.031);
    assert_eq!(told[5]["uplink_jitter_ms"], 12);
    assert_eq!(told[5]["round_trip_ms"], 82);
    assert!(told[5].get("downlink_loss_ratio").is_none());
}
